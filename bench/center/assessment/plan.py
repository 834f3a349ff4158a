"""What is planted in the fleet: for each camera the faults that a pass must find, and no others."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from center.assessment.indicators import Indicator
from center.assessment.recording.facts import WHOLE, HourFacts
from provisioning.contracts.wire.messages import PictureCheck

PER_HOUR: Final = 60
"""Pictures of a camera without faults."""


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of one camera before it is written: masks, causes, and what its counters grew by."""

    facts: HourFacts
    causes: tuple[tuple[str, int], ...] = ()
    selected: int = PER_HOUR
    archived: int = PER_HOUR
    rejected: int = 0
    dropped: int = 0


Change = Callable[[Hour, int], Hour | None]
"""What a fault makes of an hour, given its number in the month. None: nobody told of it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault."""

    name: str
    found: tuple[tuple[Indicator, str], ...] = ()
    """Indicators that must fail, and the cause that must be named. None: it is no fault."""
    change: Change = lambda hour, _number: hour
    place: tuple[float, float] | str | None = "own"
    """(longitude, latitude), None: not on file, `own`: inside its district, `shared`: another camera's, `swapped`."""
    code: str | None = None
    """None: a right one, `shared`: another camera's."""
    from_hour: int = 0
    to_hour: int | None = None
    """In service, numbered in the month; None: to its end."""
    maintained: bool = False
    begins_anew_at: int | None = None
    """Its counters start at 0 again in this hour."""


def healthy(number: int) -> Hour:
    """An hour as good cameras have it: now and then a minute is missing, dark or late."""
    gone = 1 << number % 60 if number % 50 == 7 else 0
    dark = 1 << number % 60 if number % 40 == 3 else 0
    late = 1 << number % 60 if number % 30 == 11 else 0
    seen = WHOLE & ~gone
    return Hour(
        HourFacts(
            told=WHOLE,
            offline=gone,
            looked=seen & ~(1 << (number + 30) % 60),
            abnormal=dark & seen,
            pictured=seen,
            within_10s=seen & ~late & ~0xFF,
            within_60s=seen & ~late,
            within_300s=seen,
            within_3600s=seen,
            clock_sure_ms=0 if number % 20 else 300,
            clock_most_ms=700,
        ),
        (*((("unreachable", gone),) if gone else ()), *((("dark", dark & seen),) if dark & seen else ())),
    )


def _with(hour: Hour, **facts: int) -> Hour:
    return replace(hour, facts=replace(hour.facts, **facts))


def _offline(cause: str, mask: int) -> Callable[[Hour, int], Hour]:
    def change(hour: Hour, _number: int) -> Hour:
        facts, seen = hour.facts, ~mask
        return replace(
            _with(
                hour,
                offline=facts.offline | mask,
                looked=facts.looked & seen,
                abnormal=facts.abnormal & seen,
                pictured=facts.pictured & seen,
                within_10s=facts.within_10s & seen,
                within_60s=facts.within_60s & seen,
                within_300s=facts.within_300s & seen,
                within_3600s=facts.within_3600s & seen,
            ),
            causes=((cause, mask),),
        )

    return change


def _clock(off_ms: int) -> Change:
    return lambda hour, _number: _with(hour, clock_sure_ms=off_ms - 200, clock_most_ms=off_ms + 200)


def _check(check: PictureCheck) -> Change:
    mask = 0b111111
    return lambda hour, _number: replace(
        _with(hour, looked=hour.facts.looked | mask, abnormal=hour.facts.abnormal | mask),
        causes=(*(each for each in hour.causes if each[0] != check.value), (check.value, mask)),
    )


def _blind(hour: Hour, _number: int) -> Hour:
    return replace(
        _with(hour, pictured=0, within_10s=0, within_60s=0, within_300s=0, within_3600s=0), selected=0, archived=0
    )


def _late(hour: Hour, _number: int) -> Hour:
    return _with(hour, within_10s=0, within_60s=0, within_300s=0)


def _repaired(hour: Hour, number: int) -> Hour:
    return _offline("unreachable", WHOLE)(hour, number) if 240 <= number < 360 else hour


def _after_an_outage(hour: Hour, number: int) -> Hour:
    """Twelve hours without a line, delivered later: late, and nothing else."""
    return _late(hour, number) if 100 <= number < 112 else hour


_POINT: Final = Indicator.PLACE
_CODE: Final = Indicator.CODE
FAULTS: Final = (
    Fault(
        "unreachable for 12 minutes of each hour", ((Indicator.ONLINE, "unreachable"),), _offline("unreachable", 0xFFF)
    ),
    Fault("its agent is silent", ((Indicator.ONLINE, "agent_silent"),), _offline("agent_silent", WHOLE)),
    Fault("clock 8 s off", ((Indicator.CLOCK, "clock_off"),), _clock(8_000)),
    Fault("clock in 1970", ((Indicator.CLOCK, "clock_off"),), _clock(1_795_000_000_000)),
    Fault("clock in 2038", ((Indicator.CLOCK, "clock_off"),), _clock(352_000_000_000)),
    Fault("pictures an hour late", ((Indicator.TIMELINESS, "late_pictures"),), _late),
    Fault("online without pictures", ((Indicator.PICTURE, "no_picture_in_an_hour"),), _blind),
    Fault("a fifth is dropped", ((Indicator.DELIVERY, "dropped"),), lambda h, _n: replace(h, archived=48, dropped=12)),
    Fault(
        "a fifth is rejected", ((Indicator.DELIVERY, "rejected"),), lambda h, _n: replace(h, archived=48, rejected=12)
    ),
    Fault(
        "the books do not close",
        ((Indicator.COMPLETENESS, "books_do_not_close"),),
        lambda hour, number: replace(hour, selected=61) if number % 100 == 50 else hour,
    ),
    *(Fault(f"picture check {each}", ((Indicator.SNAPSHOT, each.value),), _check(each)) for each in PictureCheck),
    Fault("no place on file", ((_POINT, "place_missing"),), place=None),
    Fault("place 0, 0", ((_POINT, "place_zero"),), place=(0.0, 0.0)),
    Fault("place swapped", ((_POINT, "place_swapped"),), place="swapped"),
    Fault("place in the Atlantic", ((_POINT, "place_implausible"),), place=(-30.0, 40.0)),
    Fault("place in another district", ((_POINT, "place_outside_district"),), place=(100.0, 30.0)),
    Fault("place of another camera", ((_POINT, "place_duplicate"),), place="shared"),
    Fault("the camera whose place was copied", ((_POINT, "place_duplicate"),), place="shared"),
    Fault("no code", ((_CODE, "code_missing"),), code=""),
    Fault("19 digits", ((_CODE, "code_not_20_digits"),), code="3301010000132000001"),
    Fault("no such province", ((_CODE, "code_no_such_province"),), code="99010100001320000001"),
    Fault("the code of a recorder", ((_CODE, "code_not_a_camera"),), code="33010100001180000001"),
    Fault("a code of another region", ((_CODE, "code_other_region"),), code="1101010000132{:07d}"),
    Fault("a code that two have", ((_CODE, "code_duplicate"),), code="shared"),
    Fault("the other of the two", ((_CODE, "code_duplicate"),), code="shared"),
)
"""Each is planted once or more."""
EXCUSES: Final = (
    Fault("off for five days of planned maintenance", change=_repaired, maintained=True),
    Fault("came in the middle of the month", from_hour=360),
    Fault("left in the middle of the month", to_hour=300),
    Fault("a new disk: its counters began anew", begins_anew_at=333),
    Fault("cut off for half a day, delivered later", change=_after_an_outage),
    Fault("revoked: nobody knows", change=lambda _hour, _number: None),
)
"""What looks like a fault and is none: nothing of it may be accused."""
