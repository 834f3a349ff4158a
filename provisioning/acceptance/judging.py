"""Judges a survey: answers seven questions for each camera from the survey and the register. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provisioning.camera_list import coordinates, gb_code
from provisioning.contracts.fleet.survey import CameraSurvey
from provisioning.contracts.wire.messages import PictureCheck
from provisioning.errors import CameraListError
from provisioning.home.cameras import CameraRecord

CLOCK_MS: Final = 2000.0
"""Limit of a camera's clock error, as in `WaysideClockSkew`."""
CHECK_FIRST: Final = {
    PictureCheck.SIGNAL_LOST: "the cable between camera and recorder",
    PictureCheck.DARK: "infra-red lamp, day/night switch and exposure",
    PictureCheck.BRIGHT: "exposure, backlight compensation and lamps beside the lens",
    PictureCheck.BLURRED: "focus, dirt and condensation",
    PictureCheck.LOW_CONTRAST: "dirt, condensation and sun on the glass",
    PictureCheck.OCCLUDED: "the lens for a leaf, web, tape or spray",
    PictureCheck.COLOUR_CAST: "white balance and infra-red filter",
    PictureCheck.STRIPE: "power supply, earthing and cable",
    PictureCheck.NOISE: "gain, infra-red lamp and cable",
    PictureCheck.FROZEN: "whether a restart of the camera or its encoder helps",
    PictureCheck.SCENE_MOVED: "the mount; where the view is right, wait an hour and survey again",
}
"""Parts to check for each fault of a picture, as in `docs/health.md`."""


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
    """Outcome of one question. `found` is for people; if it does not pass, it says what to do."""

    outcome: AcceptanceOutcome
    found: str = ""


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
        absent = CameraFinding(AcceptanceOutcome.FAIL, "the box does not have it: is the newest configuration applied?")
        blank = CameraFinding(AcceptanceOutcome.OPEN, "not looked at")
        asked = dict.fromkeys((Question.PICTURE, Question.CLOCK, Question.REDACTION, Question.ARCHIVED), blank)
        return CameraCard(record.id, record.name, {Question.REACHABLE: absent, **asked, **register})
    return CameraCard(
        record.id,
        record.name,
        {
            Question.REACHABLE: CameraFinding(AcceptanceOutcome.PASS)
            if seen.reached
            else CameraFinding(AcceptanceOutcome.FAIL, seen.trouble),
            Question.PICTURE: _picture(seen),
            Question.CLOCK: _clock(seen),
            Question.REDACTION: _redaction(seen),
            Question.ARCHIVED: _archived(seen),
            **register,
        },
    )


def _stray(seen: CameraSurvey) -> CameraCard:
    found = CameraFinding(
        AcceptanceOutcome.FAIL, "the register does not have it: the box's own file names it, or an old configuration"
    )
    blank = CameraFinding(AcceptanceOutcome.OPEN, "not in the register")
    return CameraCard(seen.camera_id, "", {each: found if each is Question.REACHABLE else blank for each in Question})


def _picture(seen: CameraSurvey) -> CameraFinding:
    if not seen.reached:
        return CameraFinding(AcceptanceOutcome.OPEN, "no picture to look at")
    if seen.picture_faults:
        named = "; ".join(f"{fault.replace('_', ' ')}: check {CHECK_FIRST[fault]}" for fault in seen.picture_faults)
        return CameraFinding(AcceptanceOutcome.FAIL, named)
    if seen.width is None or seen.height is None:
        return CameraFinding(
            AcceptanceOutcome.OPEN, "only the running agent opens it: look at its newest picture in the console"
        )
    return CameraFinding(AcceptanceOutcome.PASS, f"{seen.width}×{seen.height}")


def _clock(seen: CameraSurvey) -> CameraFinding:
    if seen.clock_ms is None:
        return CameraFinding(
            AcceptanceOutcome.OPEN, "the camera does not tell it: compare its own page with the box, and set NTP"
        )
    off = f"{seen.clock_ms / 1000:+.1f} s"
    certain_ms = abs(seen.clock_ms) - (seen.clock_bound_ms or 0.0)
    if certain_ms > CLOCK_MS:
        return CameraFinding(AcceptanceOutcome.FAIL, f"{off}: set NTP in the camera")
    if abs(seen.clock_ms) + (seen.clock_bound_ms or 0.0) > CLOCK_MS:
        return CameraFinding(
            AcceptanceOutcome.OPEN, f"{off}, give or take {(seen.clock_bound_ms or 0.0) / 1000:.1f} s: look again"
        )
    return CameraFinding(AcceptanceOutcome.PASS, off)


def _code(camera_id: str) -> CameraFinding:
    if not camera_id.isdigit():
        return CameraFinding(AcceptanceOutcome.NONE, "an id of one's own")
    try:
        gb_code.check_camera(camera_id)
    except CameraListError as error:
        return CameraFinding(AcceptanceOutcome.FAIL, str(error))
    return CameraFinding(AcceptanceOutcome.PASS)


def _place(record: CameraRecord, near: tuple[float, float] | None) -> CameraFinding:
    if record.latitude is None or record.longitude is None:
        return CameraFinding(AcceptanceOutcome.FAIL, "none: take them from a GPS receiver and import the list again")
    try:
        coordinates.check(record.latitude, record.longitude, near=near)
    except CameraListError as error:
        return CameraFinding(AcceptanceOutcome.FAIL, str(error))
    return CameraFinding(AcceptanceOutcome.PASS, f"{record.latitude:.5f}, {record.longitude:.5f}")


def _redaction(seen: CameraSurvey) -> CameraFinding:
    if seen.redacted is None:
        if seen.archived:  # nothing is archived that was not redacted
            return CameraFinding(AcceptanceOutcome.PASS, "by what was archived")
        return CameraFinding(AcceptanceOutcome.OPEN, "no picture was redacted yet")
    if not seen.redacted:
        return CameraFinding(
            AcceptanceOutcome.FAIL, seen.redaction_trouble or "no picture could be redacted: see wayside-edge doctor"
        )
    return CameraFinding(AcceptanceOutcome.PASS)


def _archived(seen: CameraSurvey) -> CameraFinding:
    if seen.archived:
        return CameraFinding(AcceptanceOutcome.PASS, f"{seen.archived}")
    found = f"{seen.selected} taken, none confirmed" if seen.selected else "none taken: does the agent run?"
    return CameraFinding(AcceptanceOutcome.FAIL, f"{found}; see wayside-edge doctor")
