"""Judges a survey: answers seven questions for each camera from the survey and the register. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from provisioning.camera_list import coordinates, gb_code
from provisioning.contracts.causes import acceptance
from provisioning.contracts.causes.catalogue import english, words
from provisioning.contracts.fleet.survey import CameraSurvey
from provisioning.contracts.wire.messages import CodedCause
from provisioning.errors import CameraListError
from provisioning.home.cameras import CameraRecord

CLOCK_MS: Final = 2000.0
"""Limit of a camera's clock error, as in `WaysideClockSkew`."""


class Question(StrEnum):
    """Question about each camera."""

    REACHABLE = "reachable"
    PICTURE = "picture"
    CLOCK = "clock"
    CODE = "code"
    COORDINATES = "coordinates"
    REDACTION = "redaction"
    ARCHIVED = "archived"


class AcceptanceOutcome(StrEnum):
    """Answer to a question. `open`: it cannot be told from here, and a technician has to look."""

    PASS = "pass"  # noqa: S105 - an outcome
    FAIL = "fail"
    OPEN = "open"
    NONE = "none"
    """Not asked: an id of one's own is no code."""


@dataclass(frozen=True, slots=True)
class CameraFinding:
    """Outcome of one question. `found` is for people, figures or English; if it does not pass, it says what to do.

    Attributes:
        reasons: the same in code, for the reader's language; empty where it is figures alone.
    """

    outcome: AcceptanceOutcome
    found: str = ""
    reasons: tuple[CodedCause, ...] = ()

    @classmethod
    def of(cls, outcome: AcceptanceOutcome, *reasons: CodedCause) -> Self:
        """Makes a finding of coded causes."""
        return cls(outcome, "; ".join(english(each) for each in reasons), reasons)

    def words(self, language: str) -> str:
        """Writes what was found; an older agent's text as it is."""
        said = [words(each, language) for each in self.reasons]
        return "; ".join(each for each in said if each) or self.found


@dataclass(frozen=True, slots=True)
class CameraCard:
    """Findings of one camera."""

    camera_id: str
    name: str
    findings: Mapping[Question, CameraFinding]

    @property
    def outcome(self) -> AcceptanceOutcome:
        """Worst outcome of its findings."""
        outcomes = {each.outcome for each in self.findings.values()}
        return next(
            (each for each in (AcceptanceOutcome.FAIL, AcceptanceOutcome.OPEN) if each in outcomes),
            AcceptanceOutcome.PASS,
        )


def judge(
    records: Sequence[CameraRecord], surveyed: Sequence[CameraSurvey], near: tuple[float, float] | None
) -> list[CameraCard]:
    """Makes a card for each camera of the register. One that the box lacks fails; so does one that only the box has."""
    known = {each.camera_id: each for each in surveyed}
    cards = [_card(record, known.pop(record.id, None), near) for record in records]
    return cards + [_stray(each) for each in known.values()]


def outcome(cards: Sequence[CameraCard]) -> AcceptanceOutcome:
    """Returns the site's outcome: it passes if every camera does, and there is one."""
    if not cards or any(card.outcome is AcceptanceOutcome.FAIL for card in cards):
        return AcceptanceOutcome.FAIL
    return (
        AcceptanceOutcome.OPEN
        if any(card.outcome is AcceptanceOutcome.OPEN for card in cards)
        else AcceptanceOutcome.PASS
    )


def _card(record: CameraRecord, seen: CameraSurvey | None, near: tuple[float, float] | None) -> CameraCard:
    register = {Question.CODE: _code(record.id), Question.COORDINATES: _place(record, near)}
    if seen is None:
        absent = CameraFinding.of(AcceptanceOutcome.FAIL, acceptance.NOT_ON_BOX())
        blank = CameraFinding.of(AcceptanceOutcome.OPEN, acceptance.NOT_SURVEYED())
        asked = dict.fromkeys((Question.PICTURE, Question.CLOCK, Question.REDACTION, Question.ARCHIVED), blank)
        return CameraCard(record.id, record.name, {Question.REACHABLE: absent, **asked, **register})
    return CameraCard(
        record.id,
        record.name,
        {
            Question.REACHABLE: CameraFinding(AcceptanceOutcome.PASS)
            if seen.reached
            else _reported(seen.reason, seen.trouble),
            Question.PICTURE: _picture(seen),
            Question.CLOCK: _clock(seen),
            Question.REDACTION: _redaction(seen),
            Question.ARCHIVED: _archived(seen),
            **register,
        },
    )


def _stray(seen: CameraSurvey) -> CameraCard:
    found = CameraFinding.of(AcceptanceOutcome.FAIL, acceptance.STRAY())
    blank = CameraFinding.of(AcceptanceOutcome.OPEN, acceptance.NOT_REGISTERED())
    return CameraCard(seen.camera_id, "", {each: found if each is Question.REACHABLE else blank for each in Question})


def _reported(reason: CodedCause | None, text: str) -> CameraFinding:
    """Makes the finding of a failure in the agent's words; those of an older agent have no code."""
    return CameraFinding(AcceptanceOutcome.FAIL, text, () if reason is None else (reason,))


def _picture(seen: CameraSurvey) -> CameraFinding:
    if not seen.reached:
        return CameraFinding.of(AcceptanceOutcome.OPEN, acceptance.NO_PICTURE_SEEN())
    if seen.picture_faults:
        return CameraFinding.of(AcceptanceOutcome.FAIL, *(acceptance.PICTURE[fault]() for fault in seen.picture_faults))
    if seen.width is None or seen.height is None:
        return CameraFinding.of(AcceptanceOutcome.OPEN, acceptance.ONLY_RUNNING())
    return CameraFinding(AcceptanceOutcome.PASS, f"{seen.width}×{seen.height}")


def _clock(seen: CameraSurvey) -> CameraFinding:
    if seen.clock_ms is None:
        return CameraFinding.of(AcceptanceOutcome.OPEN, acceptance.CLOCK_UNTOLD())
    off = f"{seen.clock_ms / 1000:+.1f}"
    certain_ms = abs(seen.clock_ms) - (seen.clock_bound_ms or 0.0)
    if certain_ms > CLOCK_MS:
        return CameraFinding.of(AcceptanceOutcome.FAIL, acceptance.CLOCK_OFF(off=off))
    if abs(seen.clock_ms) + (seen.clock_bound_ms or 0.0) > CLOCK_MS:
        bound = f"{(seen.clock_bound_ms or 0.0) / 1000:.1f}"
        return CameraFinding.of(AcceptanceOutcome.OPEN, acceptance.CLOCK_UNSURE(off=off, bound=bound))
    return CameraFinding(AcceptanceOutcome.PASS, f"{off} s")


def _code(camera_id: str) -> CameraFinding:
    if not camera_id.isdigit():
        return CameraFinding.of(AcceptanceOutcome.NONE, acceptance.OWN_ID())
    try:
        gb_code.check_camera(camera_id)
    except CameraListError as error:
        return CameraFinding.of(AcceptanceOutcome.FAIL, acceptance.CODE_WRONG(detail=error))
    return CameraFinding(AcceptanceOutcome.PASS)


def _place(record: CameraRecord, near: tuple[float, float] | None) -> CameraFinding:
    if record.latitude is None or record.longitude is None:
        return CameraFinding.of(AcceptanceOutcome.FAIL, acceptance.NO_PLACE())
    try:
        coordinates.check(record.latitude, record.longitude, near=near)
    except CameraListError as error:
        return CameraFinding.of(AcceptanceOutcome.FAIL, acceptance.PLACE_WRONG(detail=error))
    return CameraFinding(AcceptanceOutcome.PASS, f"{record.latitude:.5f}, {record.longitude:.5f}")


def _redaction(seen: CameraSurvey) -> CameraFinding:
    if seen.redacted is None:
        if seen.archived:  # nothing is archived that was not redacted
            return CameraFinding.of(AcceptanceOutcome.PASS, acceptance.BY_ARCHIVED())
        return CameraFinding.of(AcceptanceOutcome.OPEN, acceptance.NONE_REDACTED())
    if not seen.redacted:
        if seen.redaction_trouble:
            return _reported(seen.redaction_reason, seen.redaction_trouble)
        return CameraFinding.of(AcceptanceOutcome.FAIL, acceptance.NOT_REDACTED())
    return CameraFinding(AcceptanceOutcome.PASS)


def _archived(seen: CameraSurvey) -> CameraFinding:
    if seen.archived:
        return CameraFinding(AcceptanceOutcome.PASS, f"{seen.archived}")
    if seen.selected:
        return CameraFinding.of(AcceptanceOutcome.FAIL, acceptance.NONE_CONFIRMED(selected=seen.selected))
    return CameraFinding.of(AcceptanceOutcome.FAIL, acceptance.NONE_TAKEN())
