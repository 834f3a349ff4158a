"""Names verdicts and causes of the assessment for people. `docs/assessment.md` has the arithmetic behind each."""

from typing import Final

from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.report import IndicatorFinding
from center.console.language import Language
from center.errors import marked
from provisioning.contracts.wire.messages import PictureCheck

INDICATORS: Final = {
    Indicator.ONLINE: marked("Online"),
    Indicator.CLOCK: marked("Clock"),
    Indicator.TIMELINESS: marked("Timeliness"),
    Indicator.PICTURE: marked("Picture there"),
    Indicator.PLACE: marked("Place"),
    Indicator.CODE: marked("GB code"),
    Indicator.SNAPSHOT: marked("Normal picture"),
    Indicator.DELIVERY: marked("Delivery"),
    Indicator.COMPLETENESS: marked("Books close"),
}
VERDICTS: Final = {
    IndicatorVerdict.PASS: marked("Pass"),
    IndicatorVerdict.FAIL: marked("Fail"),
    IndicatorVerdict.EXCUSED: marked("Excused"),
    IndicatorVerdict.UNKNOWN: marked("Unknown"),
}
TONES: Final = {
    IndicatorVerdict.PASS: "ok",
    IndicatorVerdict.FAIL: "bad",
    IndicatorVerdict.EXCUSED: "warn",
    IndicatorVerdict.UNKNOWN: "off",
}
CHECKS: Final = {
    PictureCheck.DARK: marked("Dark"),
    PictureCheck.BRIGHT: marked("Too bright"),
    PictureCheck.BLURRED: marked("Blurred"),
    PictureCheck.FROZEN: marked("Frozen"),
    PictureCheck.OCCLUDED: marked("Covered lens"),
    PictureCheck.COLOUR_CAST: marked("Colour cast"),
    PictureCheck.STRIPE: marked("Stripes"),
    PictureCheck.NOISE: marked("Noise"),
    PictureCheck.SIGNAL_LOST: marked("Signal lost"),
    PictureCheck.SCENE_MOVED: marked("Scene moved"),
    PictureCheck.LOW_CONTRAST: marked("Low contrast"),
}
CAUSES: Final = {
    **{check.value: text for check, text in CHECKS.items()},
    "maintenance": marked("Planned maintenance"),
    "never_heard": marked("No agent has told of it"),
    "state_not_known": marked("Nobody knows its state"),
    "clock_not_told": marked("Its clock was not told"),
    "no_pictures": marked("No pictures"),
    "not_known_whether_due": marked("Not known whether one was due"),
    "not_registered": marked("Not in the register"),
    "not_looked_at": marked("Its picture was not looked at"),
    "nothing_ended": marked("No picture has ended yet"),
    "nothing_selected": marked("No picture was selected"),
    "books_not_told_twice": marked("Its agent's counters were not told in two hours yet"),
    "clock_off": marked("Its clock is off"),
    "late_pictures": marked("Pictures come late"),
    "no_picture_in_an_hour": marked("An hour without a picture"),
    "rejected": marked("Pictures were rejected"),
    "dropped": marked("Pictures were dropped"),
    "books_do_not_close": marked("The counters do not add up"),
    "place_missing": marked("No place is known"),
    "place_zero": marked("Its place is 0, 0"),
    "place_swapped": marked("Longitude and latitude are swapped"),
    "place_implausible": marked("Its place is not plausible"),
    "place_outside_district": marked("Its place is outside the district"),
    "place_duplicate": marked("Others stand at the same place"),
    "code_missing": marked("No code is known"),
    "code_duplicate": marked("Others have the same code"),
    "code_other_region": marked("Its code is of another region"),
    "code_not_20_digits": marked("Its code has not 20 digits"),
    "code_no_such_province": marked("Its code names no province"),
    "code_not_a_camera": marked("Its code is not a camera's"),
    "agent_silent": marked("Its agent was silent"),
    "agent_revoked": marked("Its agent was revoked"),
    "agent_pending": marked("Its agent has not enrolled"),
    "broker_away": marked("The broker was away"),
    "paused": marked("Paused"),
    "starting": marked("Starting"),
    "unreachable": marked("Unreachable"),
    "no_answer": marked("It does not answer"),
    "transport_refused": marked("No RTSP over TCP"),
    "wrong_credentials": marked("Wrong user or password"),
    "login_ignored": marked("The device does not log in"),
    "not_found": marked("No such stream"),
    "no_picture": marked("No video that can be decoded"),
    "stalled": marked("The stream stalled"),
    "ended": marked("The stream was closed"),
    "crashed": marked("Its decoder fell"),
    "silent": marked("The device was silent"),
    "stale": marked("No keyframe"),
    "undecodable": marked("Its pictures do not decode"),
    "over": marked("The recording is over"),
    "failed": marked("Failed"),
}
GAPS: Final = {
    "centre_stopped": marked("The centre was stopped"),
    "broker_away": marked("The broker was away"),
    "not_watched": marked("The centre's machine slept"),
}


def cause(word: str, _: Language) -> str:
    """Writes one cause; one that only a newer agent knows is passed on as it is."""
    word = word.removeprefix("unknown:")
    return _(CAUSES[word]) if word in CAUSES else word


def rate(finding: IndicatorFinding) -> str:
    """Writes a rate, `98.2 %`, or a dash where nothing is known."""
    share = finding.tally.rate
    # Rounded down: 99.96 % has not reached 100.
    return "–" if share is None else f"{int(share * 1000) / 10:.1f} %"
