"""Splits one search of a case into requests that `/lookalikes` takes, and merges their answers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from center.access.permissions import CameraKey
from center.cases.errors import TooManyQuestionsError
from provisioning.contracts.query.archive import MachineColour, ObjectRow
from provisioning.contracts.query.lookalike import (
    MAX_CAMERAS,
    MAX_HITS,
    MAX_MACHINES,
    MAX_SPAN_DAYS,
    LookalikePage,
    LookalikeRequest,
    MachineRef,
)
from provisioning.contracts.wire.messages import MachineClass

MAX_QUESTIONS: Final = 32
_SPAN_MS: Final = MAX_SPAN_DAYS * 86_400_000


@dataclass(frozen=True, slots=True)
class LookalikeQuery:
    """A search of a case. `cameras`: the case's area as far as the caller sees it."""

    case: str
    purpose: str
    asked_by: str
    cameras: frozenset[CameraKey]
    from_ms: int
    to_ms: int
    classes: tuple[MachineClass, ...]
    colours: tuple[MachineColour, ...]
    limit: int


@dataclass(frozen=True, slots=True)
class LookalikeAnswer:
    """Merged answer: machines by (row key, index), each with its best likeness, and counts of the search."""

    hits: dict[tuple[str, int], tuple[ObjectRow, float]]
    questions: int
    days: int
    failed_days: tuple[str, ...]
    recall: float | None
    elsewhere: int
    """Hits left out, of cameras that were not asked about: 0 unless the cluster answered something else."""


def requests(question: LookalikeQuery, machines: Sequence[MachineRef]) -> tuple[LookalikeRequest, ...]:
    """Splits a search by cameras and span into requests. Of `machines` the first `MAX_MACHINES` count.

    Raises:
        TooManyQuestionsError: it would take more than `MAX_QUESTIONS`.
    """
    sources = [f"{key.agent_id}/{key.camera_id}" for key in sorted(question.cameras)]
    starts = range(question.from_ms, question.to_ms, _SPAN_MS)
    count = -(-len(sources) // MAX_CAMERAS) * len(starts)
    if count > MAX_QUESTIONS:
        raise TooManyQuestionsError(count=count, limit=MAX_QUESTIONS)
    return tuple(
        LookalikeRequest(
            case=question.case,
            purpose=question.purpose,
            asked_by=question.asked_by,
            machines=tuple(machines[:MAX_MACHINES]),
            sources=some,
            from_ms=start,
            to_ms=min(start + _SPAN_MS, question.to_ms),
            classes=question.classes,
            colours=question.colours,
            limit=min(question.limit, MAX_HITS),
        )
        for some in (tuple(sources[at : at + MAX_CAMERAS]) for at in range(0, len(sources), MAX_CAMERAS))
        for start in starts
    )


def merged(pages: Iterable[LookalikePage], cameras: frozenset[CameraKey]) -> LookalikeAnswer:
    """Merges all pages. A hit of a camera that is not one of `cameras` is counted and dropped."""
    hits: dict[tuple[str, int], tuple[ObjectRow, float]] = {}
    failed: set[str] = set()
    recalls: list[float] = []
    elsewhere = questions = days = 0
    for page in pages:
        questions += 1
        days += page.days
        failed.update(page.failed_days)
        recalls += [page.recall] if page.recall is not None else []
        for hit in page.hits:
            key = hit.machine.row_key, hit.machine.index
            if CameraKey(hit.machine.row_key.partition(":")[0], hit.machine.camera_id) not in cameras:
                elsewhere += 1
            elif key not in hits or hit.similarity > hits[key][1]:
                hits[key] = hit.machine, hit.similarity
    return LookalikeAnswer(hits, questions, days, tuple(sorted(failed)), min(recalls, default=None), elsewhere)
