"""Lists every coded cause, and words one in the reader's language."""

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Final

from provisioning.contracts.causes import (
    acceptance,
    cluster,
    gb28181,
    jobs,
    pictures,
    recorders,
    rollouts,
    snapshots,
    software,
    streams,
    work,
)
from provisioning.contracts.causes.text import ENGLISH, CauseText
from provisioning.contracts.wire.messages import CodedCause


def _texts(module: ModuleType) -> Iterator[CauseText]:
    for value in vars(module).values():
        if isinstance(value, CauseText):
            yield value


MODULES: Final = (
    *(streams, snapshots, recorders, gb28181, pictures, work, jobs),
    *(acceptance, rollouts, cluster, software),
)
CAUSES: Final[Mapping[str, CauseText]] = {
    each.code: each
    for each in (
        *(each for module in MODULES for each in _texts(module)),
        *acceptance.PICTURE.values(),
    )
}
"""Every text that agents, provisioning and the cluster of this release may use, by its code."""


def words(cause: CodedCause | None, language: str) -> str | None:
    """Words a cause; None where there is none, or only a newer agent knows its code or its parameters."""
    text = None if cause is None else CAUSES.get(cause.code)
    if cause is None or text is None or not text.blanks <= cause.params.keys():
        return None
    return text.write(cause, language)


def english(cause: CodedCause) -> str:
    """Words a cause of this release in English."""
    return CAUSES[cause.code].write(cause, ENGLISH)
