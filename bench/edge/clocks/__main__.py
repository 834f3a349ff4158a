"""`python -m bench.edge.clocks [--cameras N]`: clocks of a fleet, wrong by up to 30 s, and the verdicts on them.

Time is simulated. Offsets of RTCP and GA/T 1400 come as the sources report them, GB/T 28181 answers go through the
platform's queries, ONVIF goes over HTTP on loopback, and pictures are drawn and read by the real models. A verdict is
the centre's own, on the twenty minutes after the first thirty.
"""

import argparse
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.edge.clocks.pictures import FONTS, overlay, photographs
from bench.evaluation.photographs import Image
from center.assessment.recording.facts import HourFacts
from center.assessment.recording.reading import clock_off
from edge_agent.clock_text.picture_clock import EVERY_S, PictureClock
from edge_agent.clock_text.reader import TimeReader
from edge_agent.frames import Frame
from edge_agent.gb28181.beijing_time import BeijingTime
from edge_agent.gb28181.devices.events import Event, StatusTaken
from edge_agent.gb28181.devices.queries import DeviceQueries
from edge_agent.gb28181.manscdp.message_types import DeviceStatus
from edge_agent.health.clock_skew import ClockSkew
from edge_agent.onvif.client import OnvifClient
from edge_agent.onvif.device_time import device_time
from edge_agent.onvif.http_exchange import HttpAddress
from engines.catalog.catalog import Catalog
from provisioning.contracts.config.camera import Area
from provisioning.contracts.query.archive import ZONE
from provisioning.contracts.wire.messages import CameraFacts, ClockQuality, ClockReading, ClockSource
from provisioning.demo.simulators.onvif import OnvifCamera, OnvifServer
from provisioning.sip.edition import Version
from provisioning.sip.moment import Now

BEGIN_MS: Final = 1_795_900_000_000
MINUTES: Final = 50
WARM: Final = 30
LIMIT_MS: Final = 5000
MOST_SKEW_S: Final = 30.0
STEP_S: Final = 5.0
DEVICE: Final = "34020000001180000001"


@dataclass(slots=True)
class SimulatedClock:
    """Passes where it is told to."""

    elapsed_s: float = 0.0

    def now_ms(self) -> int:
        return BEGIN_MS + round(self.elapsed_s * 1000)

    def monotonic_s(self) -> float:
        return self.elapsed_s

    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        self.elapsed_s += timeout_s
        return event.is_set()


Feed = Callable[[ClockSkew, SimulatedClock], None]
"""Hands a camera's measurements of the last step to the estimate."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of camera, and its share of the fleet."""

    name: str
    share: float
    sources: tuple[ClockSource, ...]


KINDS: Final = (
    Kind("RTSP, RTCP reports", 0.30, (ClockSource.RTCP,)),
    Kind("RTSP, ONVIF", 0.20, (ClockSource.ONVIF,)),
    Kind("RTSP, picture alone", 0.15, (ClockSource.PICTURE,)),
    Kind("GB/T 28181", 0.15, (ClockSource.SIP,)),
    Kind("GB/T 28181 and picture", 0.05, (ClockSource.SIP, ClockSource.PICTURE)),
    Kind("GA/T 1400 and ONVIF", 0.12, (ClockSource.PUSHED, ClockSource.ONVIF)),
    Kind("GA/T 1400 alone", 0.03, (ClockSource.PUSHED,)),
)
Shows = Callable[[datetime], datetime]
BAD: Final[dict[str, Shows]] = {
    "stuck": lambda _at: datetime.fromtimestamp(BEGIN_MS / 1000 + 60, ZONE).replace(tzinfo=None),
    "jumps": lambda at: at + timedelta(seconds=23 * (at.minute % 3)),
    "another zone": lambda at: at - timedelta(hours=8),
    "half hidden": lambda at: at,
}
"""Picture clocks of no use: each is to be unknown, or right."""
HIDDEN: Final = 0.5


@dataclass(slots=True)
class Outcome:
    """Verdicts on one kind of camera."""

    cameras: int = 0
    right: int = 0
    wrong: int = 0
    unknown: int = 0
    errors_ms: list[float] = field(default_factory=list)
    """Errors of the estimates that were best at the end."""


def measure(cameras: int, bad: int, seed: int = 30) -> tuple[dict[str, Outcome], list[float]]:
    """Simulates a fleet; returns the outcome of each kind, and the processor seconds of each reading."""
    chance, pictures, spent_s = Random(seed), photographs(), list[float]()
    reader = TimeReader.load(Catalog())

    def read(image: Image, near: datetime, area: Area | None) -> datetime | None:
        began_s = time.thread_time()
        try:
            return reader.read(image, near, area)
        finally:
            spent_s.append(time.thread_time() - began_s)

    outcomes: dict[str, Outcome] = {}
    with OnvifServer() as server:
        for kind in KINDS:
            for number in range(round(kind.share * cameras)):
                skew_s = chance.uniform(-MOST_SKEW_S, MOST_SKEW_S)
                clock = SimulatedClock()
                feeds = [
                    _feed(source, skew_s, number, clock, chance, server, pictures, read) for source in kind.sources
                ]
                _judge(outcomes.setdefault(kind.name, Outcome()), feeds, clock, skew_s)
        for name, shows in BAD.items():
            for number in range(bad):
                skew_s = chance.uniform(-MOST_SKEW_S, MOST_SKEW_S)
                clock = SimulatedClock()
                hidden = HIDDEN if name == "half hidden" else 0.0
                feed = _picture(skew_s, number, clock, chance, pictures, read, shows, hidden)
                _judge(outcomes.setdefault(f"picture: {name}", Outcome()), [feed], clock, skew_s)
    return outcomes, spent_s


def _judge(outcome: Outcome, feeds: Sequence[Feed], clock: SimulatedClock, skew_s: float) -> None:
    skew, facts = ClockSkew(), HourFacts()
    while clock.elapsed_s < MINUTES * 60:
        clock.elapsed_s += STEP_S
        for feed in feeds:
            feed(skew, clock)
        if clock.elapsed_s % 60 == 0 and clock.elapsed_s >= WARM * 60:
            told = skew.skew(clock.elapsed_s)
            reported = CameraFacts(clock=told.reading, clock_against=told.against)
            sure_ms, most_ms = clock_off(reported, 0)
            facts = facts.joined(HourFacts(clock_sure_ms=sure_ms, clock_most_ms=most_ms))
    outcome.cameras += 1
    is_off = abs(skew_s * 1000) > LIMIT_MS
    passes = facts.clock_most_ms is not None and facts.clock_most_ms <= LIMIT_MS
    fails = facts.clock_sure_ms is not None and facts.clock_sure_ms > LIMIT_MS
    if passes or fails:
        outcome.right += fails == is_off
        outcome.wrong += fails != is_off
    else:
        outcome.unknown += 1
    last: ClockReading | None = skew.skew(clock.elapsed_s).reading
    if last is not None and last.source is not ClockSource.PUSHED:
        outcome.errors_ms.append(abs(last.skew_ms - skew_s * 1000))


def _feed(
    source: ClockSource,
    skew_s: float,
    number: int,
    clock: SimulatedClock,
    chance: Random,
    server: OnvifServer,
    pictures: Sequence[Image],
    read: Callable[[Image, datetime, Area | None], datetime | None],
) -> Feed:
    match source:
        case ClockSource.RTCP:
            return lambda skew, at: skew.reported(
                skew_s * 1000 - 60 - chance.expovariate(1 / 40), at.now_ms(), at.elapsed_s
            )
        case ClockSource.PUSHED:
            return lambda skew, at: skew.pictured(
                skew_s * 1000 - 300 - chance.expovariate(1 / 1500), at.now_ms(), at.elapsed_s
            )
        case ClockSource.SIP:
            return _sip(skew_s, chance)
        case ClockSource.ONVIF:
            return _onvif(skew_s, f"/{number}/{skew_s}", chance, server)
        case ClockSource.PICTURE:
            return _picture(skew_s, number, clock, chance, pictures, read, lambda at: at, 0.0)


def _sip(skew_s: float, chance: Random) -> Feed:
    events: list[Event] = []
    calendar = BeijingTime()
    queries = DeviceQueries("34020000002000000001", calendar, lambda *_: True, events.append)
    phase_s = chance.randrange(120) * STEP_S

    def feed(skew: ClockSkew, at: SimulatedClock) -> None:
        if (at.elapsed_s - phase_s) % 600:
            return
        trip_s = chance.uniform(0.02, 0.4)
        queries.ask_status(DEVICE, Version.V2016, Now(at.elapsed_s, at.now_ms()))
        its_ms = at.now_ms() + round((trip_s * chance.random() + skew_s) * 1000)
        status = DeviceStatus(True, True, None, "", calendar.text(its_ms), ())
        queries.take_status(DEVICE, status, Now(at.elapsed_s + trip_s, at.now_ms() + round(trip_s * 1000)))
        taken = events.pop()
        if isinstance(taken, StatusTaken) and taken.skew_ms is not None and taken.bound_ms is not None:
            skew.measured(ClockSource.SIP, taken.skew_ms, taken.bound_ms, at.now_ms(), at.elapsed_s)

    return feed


def _onvif(skew_s: float, path: str, chance: Random, server: OnvifServer) -> Feed:
    server.cameras[path] = OnvifCamera(skew_s)

    def feed(skew: ClockSkew, at: SimulatedClock) -> None:
        if at.elapsed_s % 60:
            return
        asked = SimulatedClock(at.elapsed_s + chance.random())
        server.now_s = lambda: asked.now_ms() / 1000
        told = device_time(OnvifClient(HttpAddress.of(server.url(path)), lambda: None, asked), asked)
        skew.measured(ClockSource.ONVIF, told.skew_ms, told.bound_ms, at.now_ms(), at.elapsed_s)

    return feed


def _picture(
    skew_s: float,
    number: int,
    clock: SimulatedClock,
    chance: Random,
    pictures: Sequence[Image],
    read: Callable[[Image, datetime, Area | None], datetime | None],
    shows: Shows,
    hidden: float,
) -> Feed:
    written = overlay(number, pictures, chance, hidden=hidden)
    estimate: list[ClockSkew] = []
    late_ms = [0]

    def picture_at(near: datetime) -> Image:
        its = near - timedelta(milliseconds=late_ms[0]) + timedelta(seconds=skew_s)
        return written.picture(shows(its))

    watched = PictureClock(
        f"cam-{number}",
        None,
        lambda _image, near, area: read(picture_at(near), near, area),
        lambda _id, source, skew_ms, bound_ms: estimate[0].measured(
            source, skew_ms, bound_ms, clock.now_ms(), clock.elapsed_s
        ),
        lambda _id, source: estimate[0].lost(source),
        clock,
    )

    def feed(skew: ClockSkew, at: SimulatedClock) -> None:
        estimate[:] = [skew]
        late_ms[0] = round(60 + min(300, chance.expovariate(1 / 60)))
        arrived_ms = at.now_ms() + chance.randrange(1000)
        watched.see(Frame(f"cam-{number}", arrived_ms, ClockQuality.ARRIVAL, "k", written.photograph))

    return feed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.edge.clocks", description=__doc__)
    parser.add_argument("--cameras", type=int, default=500)
    parser.add_argument("--bad", type=int, default=6, help="cameras of each kind of picture clock that is of no use")
    arguments = parser.parse_args()
    outcomes, spent_s = measure(arguments.cameras, arguments.bad)
    table = Table("cameras", "of them", "right", "wrong", "unknown", "largest error, s")
    for name, each in outcomes.items():
        worst = f"{max(each.errors_ms) / 1000:.2f}" if each.errors_ms else "–"
        table.add_row(name, *map(str, (each.cameras, each.right, each.wrong, each.unknown)), worst)
    console = Console()
    console.print(table)
    fleet = [each for name, each in outcomes.items() if not name.startswith("picture: ")]
    total, known = sum(each.cameras for each in fleet), sum(each.right + each.wrong for each in fleet)
    wrong = sum(each.wrong for each in outcomes.values())
    cpu_s = sum(spent_s) / len(spent_s) if spent_s else 0.0
    console.print(f"{total} cameras: {known / total:.1%} with a verdict, {wrong} wrong verdicts; {len(FONTS)} fonts")
    console.print(f"a reading {cpu_s:.2f} s of a core, a camera and day {cpu_s * 86_400 / EVERY_S:.0f} s")


if __name__ == "__main__":
    main()
