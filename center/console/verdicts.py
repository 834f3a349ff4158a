"""Names verdicts and causes of the assessment for people. `docs/assessment.md` has the arithmetic behind each."""

from typing import Final

from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.recording.reading import CONTRADICTION
from center.assessment.report import IndicatorFinding
from center.console.language import Language
from center.errors import marked
from provisioning.contracts.wire.messages import ClockSource, PictureCheck

INDICATORS: Final = {
    Indicator.ONLINE: marked("Online"),
    Indicator.CLOCK: marked("Clock"),
    Indicator.TIMELINESS: marked("Timeliness"),
    Indicator.PICTURE: marked("Picture availability"),
    Indicator.PLACE: marked("Coordinates"),
    Indicator.CODE: marked("GB code"),
    Indicator.SNAPSHOT: marked("Picture quality"),
    Indicator.DELIVERY: marked("Delivery rate"),
    Indicator.COMPLETENESS: marked("Completeness"),
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
    PictureCheck.OCCLUDED: marked("Lens covered"),
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
    "never_heard": marked("Not reported by any agent"),
    "state_not_known": marked("State unknown"),
    "clock_not_told": marked("Clock not reported"),
    "no_pictures": marked("No pictures"),
    "not_known_whether_due": marked("Unknown whether a picture was due"),
    "not_registered": marked("Not in the register"),
    "not_looked_at": marked("Picture not checked"),
    "nothing_ended": marked("No picture processed yet"),
    "nothing_selected": marked("No picture selected"),
    "books_not_told_twice": marked("Agent counters not yet reported in two hours"),
    "clock_off": marked("Clock deviation"),
    "clock_contradiction": marked("Clock sources contradict each other"),
    "late_pictures": marked("Pictures delayed"),
    "no_picture_in_an_hour": marked("No picture for one hour"),
    "rejected": marked("Pictures rejected"),
    "dropped": marked("Pictures dropped"),
    "books_do_not_close": marked("Counters do not add up"),
    "place_missing": marked("Coordinates missing"),
    "place_zero": marked("Coordinates are 0, 0"),
    "place_swapped": marked("Longitude and latitude are swapped"),
    "place_implausible": marked("Coordinates not plausible"),
    "place_outside_district": marked("Location outside the district"),
    "place_duplicate": marked("Same coordinates as another camera"),
    "code_missing": marked("Code missing"),
    "code_duplicate": marked("Same code as another camera"),
    "code_other_region": marked("Code of another region"),
    "code_not_20_digits": marked("Code does not have 20 digits"),
    "code_no_such_province": marked("Unknown province in code"),
    "code_not_a_camera": marked("Code is not a camera code"),
    "agent_silent": marked("Agent not reporting"),
    "agent_revoked": marked("Agent revoked"),
    "agent_pending": marked("Agent not enrolled"),
    "broker_away": marked("Broker unreachable"),
    "paused": marked("Paused"),
    "starting": marked("Starting"),
    "unreachable": marked("Unreachable"),
    "no_answer": marked("No response"),
    "transport_refused": marked("No RTSP over TCP"),
    "wrong_credentials": marked("Wrong user or password"),
    "login_ignored": marked("Device does not authenticate as required"),
    "not_found": marked("Stream not found"),
    "no_picture": marked("No decodable video"),
    "stalled": marked("Stream stalled"),
    "ended": marked("Stream closed"),
    "crashed": marked("Decoder crashed"),
    "silent": marked("Device not responding"),
    "stale": marked("No keyframe"),
    "undecodable": marked("Pictures cannot be decoded"),
    "over": marked("Recording finished"),
    "failed": marked("Other fault"),
}
SOURCES: Final = {
    ClockSource.RTCP: marked("RTCP"),
    ClockSource.SIP: marked("GB/T 28181"),
    ClockSource.ONVIF: marked("ONVIF"),
    ClockSource.PICTURE: marked("Time in the picture"),
    ClockSource.PUSHED: marked("Times of pushed pictures"),
}
"""Sources of a camera's clock."""
GAPS: Final = {
    "centre_stopped": marked("Centre stopped"),
    "broker_away": marked("Broker unreachable"),
    "not_watched": marked("Server of the centre was asleep"),
}


def cause(word: str, _: Language) -> str:
    """Writes one cause; one that only a newer agent knows is passed on as it is."""
    word = word.removeprefix("unknown:")
    if word.startswith(CONTRADICTION):
        return contradiction(word.removeprefix(CONTRADICTION), _)
    return _(CAUSES[word]) if word in CAUSES else word


def contradiction(pair: str, _: Language) -> str:
    """Writes that two sources of a camera's clock contradict each other."""
    names = [_(SOURCES[ClockSource(each)]) if each in set(ClockSource) else each for each in pair.split("+")]
    return _("Clock by {sources}: contradictory").format(sources=" / ".join(names))


def clock_notes(finding: IndicatorFinding, _: Language) -> str:
    """Writes the sources of a camera's clock, and those that contradict each other; empty for other indicators."""
    sources = ", ".join(_(SOURCES[each]) for each in finding.sources)
    notes = [_("by {sources}").format(sources=sources)] if sources else []
    return " · ".join([*notes, *(contradiction(each, _) for each in finding.contradictions)])


def reason(finding: IndicatorFinding, _: Language) -> str:
    """Writes why a finding is as it is: its cause, or how little of the period is known."""
    tally = finding.tally
    if finding.verdict is IndicatorVerdict.UNKNOWN and tally.known:
        return _("{known} of {count} known").format(known=f"{tally.known:,}", count=f"{tally.known + tally.unknown:,}")
    return cause(finding.cause, _) if finding.cause else ""


def rate(finding: IndicatorFinding) -> str:
    """Writes a rate, `98.2 %`, or a dash where nothing is known."""
    share = finding.tally.rate
    # Rounded down: 99.96 % has not reached 100.
    return "–" if share is None else f"{int(share * 1000) / 10:.1f} %"
