"""Tells a stage that is still starting from one that is faulty or unknown. Pure."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final, NamedTuple

from center.pipeline import causes
from center.pipeline.stages import THIRD_PARTIES, Stage, StageState
from center.pipeline.verdict import StageVerdict

START_MS: Final = 180_000
"""Milliseconds after the start of the centre in which a stage that has not worked yet is starting: a cluster on two
cores takes one to two minutes until its replicas answer."""
NOT_YET: Final = frozenset(
    cause.code
    for cause in (
        causes.NO_CAMERAS,
        causes.CAMERAS_NOT_HEARD,
        causes.NO_AGENTS,
        causes.BROKER_AWAY,
        causes.BROKER_BETWEEN,
        causes.QUERY_AWAY,
        causes.QUERY_BETWEEN,
        causes.QUERY_STRANGE,
        causes.INTAKE_AWAY,
        causes.INTAKE_BETWEEN,
        causes.NO_PARSER,
        causes.ARCHIVE_UNREADABLE,
    )
)
"""Causes by which a part does not answer yet; any other is a fault from the first moment on."""
_RUNNING: Final = frozenset({StageState.GREEN, StageState.AMBER})
INCOMPLETE: Final = NOT_YET | {causes.BROKER_MUTE.code}
"""These, and the broker's whose line is there while its figures are on their way."""


def is_absent(verdict: StageVerdict) -> bool:
    """True if all that is known of a stage is that it does not answer."""
    return _has_only(verdict, NOT_YET)


def as_starting(verdict: StageVerdict, *, worked: AbstractSet[Stage], age_ms: int) -> StageVerdict:
    """Returns the verdict with the state *starting*, its causes kept as the reason, or the verdict as it is.

    Args:
        verdict: as judged.
        worked: stages that have answered since the centre started: their silence is a fault.
        age_ms: time since the centre started.
    """
    silence = verdict.stage in worked and is_absent(verdict)
    if not _has_only(verdict, INCOMPLETE) or silence or age_ms >= START_MS:
        return verdict
    findings = [replace(each, state=StageState.STARTING) for each in verdict.findings]
    return StageVerdict.of(verdict.stage, verdict.figures, findings)


class StartProgress(NamedTuple):
    """Count of the stages that work, and of all that are waited for."""

    running: int
    parts: int


def start_progress(verdicts: Iterable[StageVerdict]) -> StartProgress | None:
    """Counts how far the start is; None as soon as no stage is starting.

    Stages of which nothing is known, such as a notification that is not set up, and third parties are not waited for.
    """
    waited_for = [
        each.state for each in verdicts if each.stage not in THIRD_PARTIES and each.state is not StageState.UNKNOWN
    ]
    if StageState.STARTING not in waited_for:
        return None
    return StartProgress(sum(state in _RUNNING for state in waited_for), len(waited_for))


def _has_only(verdict: StageVerdict, codes: AbstractSet[str]) -> bool:
    return bool(verdict.findings) and all(each.cause.code in codes for each in verdict.findings)
