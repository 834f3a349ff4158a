"""Judges a survey: answers seven questions for each camera from the survey and the register. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provisioning.camera_list import coordinates, gb_code
from provisioning.contracts.fleet.survey import CameraSurvey
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


class Outcome(StrEnum):
    """Answer to a question. `open`: it cannot be told from here, and a technician has to look."""

    PASS = "pass"  # noqa: S105 - an outcome
    FAIL = "fail"
    OPEN = "open"
    NONE = "none"
    """Not asked: an id of one's own is no code."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Outcome of one question. `found` is for people; if it does not pass, it says what to do."""

    outcome: Outcome
    found: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """Findings of one camera."""

    camera_id: str
    name: str
    findings: Mapping[Question, Finding]

    @property
    def outcome(self) -> Outcome:
        """Worst outcome of its findings."""
        outcomes = {each.outcome for each in self.findings.values()}
        return next((each for each in (Outcome.FAIL, Outcome.OPEN) if each in outcomes), Outcome.PASS)


def judge(
    records: Sequence[CameraRecord], surveyed: Sequence[CameraSurvey], near: tuple[float, float] | None
) -> list[Card]:
    """Makes a card for each camera of the register. One that the box lacks fails; so does one that only the box has."""
    known = {each.camera_id: each for each in surveyed}
    cards = [_card(record, known.pop(record.id, None), near) for record in records]
    return cards + [_stray(each) for each in known.values()]


def outcome(cards: Sequence[Card]) -> Outcome:
    """Returns the site's outcome: it passes if every camera does, and there is one."""
    if not cards or any(card.outcome is Outcome.FAIL for card in cards):
        return Outcome.FAIL
    return Outcome.OPEN if any(card.outcome is Outcome.OPEN for card in cards) else Outcome.PASS


def _card(record: CameraRecord, seen: CameraSurvey | None, near: tuple[float, float] | None) -> Card:
    register = {Question.CODE: _code(record.id), Question.COORDINATES: _place(record, near)}
    if seen is None:
        absent = Finding(Outcome.FAIL, "the box does not have it: is the newest configuration applied?")
        blank = Finding(Outcome.OPEN, "not looked at")
        asked = dict.fromkeys((Question.PICTURE, Question.CLOCK, Question.REDACTION, Question.ARCHIVED), blank)
        return Card(record.id, record.name, {Question.REACHABLE: absent, **asked, **register})
    return Card(
        record.id,
        record.name,
        {
            Question.REACHABLE: Finding(Outcome.PASS) if seen.reached else Finding(Outcome.FAIL, seen.trouble),
            Question.PICTURE: _picture(seen),
            Question.CLOCK: _clock(seen),
            Question.REDACTION: _redaction(seen),
            Question.ARCHIVED: _archived(seen),
            **register,
        },
    )


def _stray(seen: CameraSurvey) -> Card:
    found = Finding(Outcome.FAIL, "the register does not have it: the box's own file names it, or an old configuration")
    blank = Finding(Outcome.OPEN, "not in the register")
    return Card(seen.camera_id, "", {each: found if each is Question.REACHABLE else blank for each in Question})


def _picture(seen: CameraSurvey) -> Finding:
    if not seen.reached:
        return Finding(Outcome.OPEN, "no picture to look at")
    if seen.picture_faults:
        named = ", ".join(fault.replace("_", " ") for fault in seen.picture_faults)
        return Finding(Outcome.FAIL, f"{named}: look at lens, light, cable and settings")
    if seen.width is None or seen.height is None:
        return Finding(Outcome.OPEN, "only the running agent opens it: look at its newest picture in the console")
    return Finding(Outcome.PASS, f"{seen.width}×{seen.height}")


def _clock(seen: CameraSurvey) -> Finding:
    if seen.clock_ms is None:
        return Finding(Outcome.OPEN, "the camera does not tell it: compare its own page with the box, and set NTP")
    off = f"{seen.clock_ms / 1000:+.1f} s"
    certain_ms = abs(seen.clock_ms) - (seen.clock_bound_ms or 0.0)
    if certain_ms > CLOCK_MS:
        return Finding(Outcome.FAIL, f"{off}: set NTP in the camera")
    if abs(seen.clock_ms) + (seen.clock_bound_ms or 0.0) > CLOCK_MS:
        return Finding(Outcome.OPEN, f"{off}, give or take {(seen.clock_bound_ms or 0.0) / 1000:.1f} s: look again")
    return Finding(Outcome.PASS, off)


def _code(camera_id: str) -> Finding:
    if not camera_id.isdigit():
        return Finding(Outcome.NONE, "an id of one's own")
    try:
        gb_code.check_camera(camera_id)
    except CameraListError as error:
        return Finding(Outcome.FAIL, str(error))
    return Finding(Outcome.PASS)


def _place(record: CameraRecord, near: tuple[float, float] | None) -> Finding:
    if record.latitude is None or record.longitude is None:
        return Finding(Outcome.FAIL, "none: take them from a GPS receiver and import the list again")
    try:
        coordinates.check(record.latitude, record.longitude, near=near)
    except CameraListError as error:
        return Finding(Outcome.FAIL, str(error))
    return Finding(Outcome.PASS, f"{record.latitude:.5f}, {record.longitude:.5f}")


def _redaction(seen: CameraSurvey) -> Finding:
    if seen.redacted is None:
        if seen.archived:  # nothing is archived that was not redacted
            return Finding(Outcome.PASS, "by what was archived")
        return Finding(Outcome.OPEN, "no picture was redacted yet")
    if not seen.redacted:
        return Finding(Outcome.FAIL, seen.redaction_trouble or "no picture could be redacted: see wayside-edge doctor")
    return Finding(Outcome.PASS)


def _archived(seen: CameraSurvey) -> Finding:
    if seen.archived:
        return Finding(Outcome.PASS, f"{seen.archived}")
    found = f"{seen.selected} taken, none confirmed" if seen.selected else "none taken: does the agent run?"
    return Finding(Outcome.FAIL, f"{found}; see wayside-edge doctor")
