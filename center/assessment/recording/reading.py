"""Converts messages into facts. Pure: from a message and its time of arrival alone."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from center.access.permissions import CameraKey
from center.assessment.recording.facts import LADDER_S, Books, HourFacts, Key, bit_of, hour_of, source_bit
from center.fleet.devices import CameraView, CauseKind, DeviceState
from provisioning.contracts.wire.messages import Assessed, CameraFacts, Heartbeat, Ledger, Observed, PictureState

AHEAD_MS: Final = 300_000
"""A sender's clock farther ahead than this is not believed; the archive has the same limit."""
BACKLOG_MS: Final = 72 * 3_600_000
"""An agent keeps a backlog this long through an outage; a message that claims to be older comes from a wrong clock."""
PATIENCE_MS: Final = 120_000
"""Milliseconds that a camera may be *starting* before it counts as not online."""
DUPLICATE: Final = "duplicate"
"""Name of the one drop that loses nothing: the same picture is counted already."""
MAX_SKEW_MS: Final = 2**53
CONTRADICTION: Final = "clock_against:"
"""Begin of the cause for minutes in which two sources contradicted each other; their names follow, joined by `+`."""


@dataclass(slots=True)
class Heard:
    """Facts that are not written yet; joined, so that order and repetition do not matter."""

    hours: dict[Key, HourFacts] = field(default_factory=dict)
    causes: dict[tuple[Key, str], int] = field(default_factory=dict)
    """Minutes by cause: of being offline or unknown, and of failed picture checks."""
    counters: dict[Key, Books] = field(default_factory=dict)

    def hour(self, key: Key, facts: HourFacts) -> None:
        """Joins one more account of an hour."""
        self.hours[key] = self.hours.get(key, HourFacts()).joined(facts)

    def cause(self, key: Key, cause: str, mask: int) -> None:
        """Adds minutes with a cause."""
        self.causes[key, cause] = self.causes.get((key, cause), 0) | mask

    def add_counters(self, key: Key, counters: Books) -> None:
        """Joins one more reading of the counters."""
        self.counters[key] = self.counters[key].joined(counters) if key in self.counters else counters

    def cameras(self) -> set[CameraKey]:
        """Returns the cameras that have facts."""
        keys = (*self.hours, *(key for key, _ in self.causes), *self.counters)
        return {CameraKey(key.agent_id, key.camera_id) for key in keys}

    def of(self, cameras: Collection[CameraKey]) -> "Heard":
        """Returns the facts of these cameras alone."""

        def wanted(key: Key) -> bool:
            return CameraKey(key.agent_id, key.camera_id) in cameras

        return Heard(
            {key: facts for key, facts in self.hours.items() if wanted(key)},
            {(key, cause): mask for (key, cause), mask in self.causes.items() if wanted(key)},
            {key: counters for key, counters in self.counters.items() if wanted(key)},
        )

    def join(self, other: "Heard") -> None:
        """Joins all facts of another one."""
        for key, facts in other.hours.items():
            self.hour(key, facts)
        for (key, cause), mask in other.causes.items():
            self.cause(key, cause, mask)
        for key, counters in other.counters.items():
            self.add_counters(key, counters)


def look(view: CameraView, at_ms: int) -> Heard:
    """Converts the state of a camera at `at_ms`. An unknown state has a cause, and counts as neither."""
    facts = Heard()
    key, bit = Key(view.agent_id, view.camera_id, hour_of(at_ms)), bit_of(at_ms)
    match view.state:
        case DeviceState.ONLINE | DeviceState.REDACTION_UNAVAILABLE:
            facts.hour(key, HourFacts(told=bit))
        case DeviceState.OFFLINE:
            facts.hour(key, HourFacts(told=bit, offline=bit))
            facts.cause(key, _why_offline(view), bit)
        case DeviceState.STARTING if at_ms - view.heard_at_ms > PATIENCE_MS:
            facts.hour(key, HourFacts(told=bit, offline=bit))
            facts.cause(key, "starting", bit)
        case DeviceState.STARTING:
            pass
        case _:
            why = view.state.value if view.state is DeviceState.PAUSED else view.cause_kind.value
            facts.cause(key, f"unknown:{why}", bit)
    return facts


def _why_offline(view: CameraView) -> str:
    if view.cause_kind is CauseKind.AGENT_SILENT:
        return CauseKind.AGENT_SILENT.value
    return view.code or "failed"


def assessed(message: Assessed, arrived_ms: int, agent_ahead_ms: int | None) -> Heard:
    """Converts an agent's measurements. `agent_ahead_ms`: its own clock minus the centre's, None if not known."""
    found = Heard()
    at_ms = moment(message.assessed_at_ms, arrived_ms)
    bit = bit_of(at_ms)
    for camera_id, facts in message.cameras.items():
        key = Key(message.agent_id, camera_id, hour_of(at_ms))
        judged = bit if facts.scores or facts.faults else 0
        sure_ms, most_ms = clock_off(facts, agent_ahead_ms)
        readings = [each for each in (facts.clock, facts.clock_against) if each is not None]
        measured = HourFacts(
            looked=judged,
            abnormal=judged if facts.faults else 0,
            clock_sure_ms=sure_ms,
            clock_most_ms=most_ms,
            clock_sources=sum({source_bit(each.source) for each in readings}),
        )
        if measured != HourFacts():
            found.hour(key, measured)
        for fault in facts.faults:
            found.cause(key, fault.value, bit)
        if facts.clock_against is not None:
            found.cause(key, CONTRADICTION + "+".join(sorted(each.source.value for each in readings)), bit)
    return found


def clock_off(facts: CameraFacts, agent_ahead_ms: int | None) -> tuple[int | None, int | None]:
    """Returns a camera clock's deviation from the centre's: certainly, and at most; milliseconds. None: not known.

    Of two readings that contradict each other either may be true, and what lies between them.
    """
    if agent_ahead_ms is None:
        return None, None
    spans = [_span(each.skew_ms, each.bound_ms) for each in (facts.clock, facts.clock_against) if each is not None]
    if not spans and (facts.clock_skew_ms is not None or facts.clock_bound_ms is not None):
        spans = [_span(facts.clock_skew_ms or 0.0, facts.clock_bound_ms or 0.0)]  # an agent that names no source
    if not spans:
        return None, None
    low_ms, high_ms = min(low for low, _ in spans) + agent_ahead_ms, max(high for _, high in spans) + agent_ahead_ms
    sure_ms, most_ms = max(0.0, low_ms, -high_ms), max(abs(low_ms), abs(high_ms))
    return round(min(sure_ms, MAX_SKEW_MS)), round(min(most_ms, MAX_SKEW_MS))


def _span(skew_ms: float, bound_ms: float) -> tuple[float, float]:
    return skew_ms - bound_ms, skew_ms + bound_ms


def observed(message: Observed, arrived_ms: int) -> Heard:
    """Converts archived pictures.

    One whose time cannot be true counts for the minute of its arrival, as never timely.
    """
    found = Heard()
    for item in message.items:
        if item.picture is not PictureState.KEPT:
            continue
        at_ms = moment(item.captured_at_ms, arrived_ms)
        bit, late_ms = bit_of(at_ms), arrived_ms - item.captured_at_ms
        in_time = [
            bit if _is_possible(item.captured_at_ms, arrived_ms) and late_ms <= limit_s * 1000 else 0
            for limit_s in LADDER_S
        ]
        found.hour(Key(message.agent_id, item.camera_id, hour_of(at_ms)), HourFacts(0, 0, 0, 0, bit, *in_time))
    return found


def heartbeat(message: Heartbeat, arrived_ms: int) -> Heard:
    """Converts the counters of every camera of an agent."""
    found = Heard()
    hour = hour_of(moment(message.sent_at_ms, arrived_ms))
    for camera_id, ledger in message.cameras.items():
        found.add_counters(Key(message.agent_id, camera_id, hour), _counters(ledger, message.sent_at_ms))
    return found


def _counters(ledger: Ledger, at_ms: int) -> Books:
    return Books(
        at_ms=at_ms,
        selected=ledger.selected,
        archived=ledger.archived,
        rejected=ledger.rejected,
        dropped=sum(n for name, n in ledger.dropped.items() if name != DUPLICATE),
        duplicates=ledger.dropped.get(DUPLICATE, 0),
        in_flight=ledger.in_flight,
    )


def moment(stated_ms: int, arrived_ms: int) -> int:
    """Decides the time of a message: the sender's if it can be true, else that of arrival."""
    return stated_ms if _is_possible(stated_ms, arrived_ms) else arrived_ms


def _is_possible(stated_ms: int, arrived_ms: int) -> bool:
    """True if a message of that time can arrive now."""
    return arrived_ms - BACKLOG_MS <= stated_ms <= arrived_ms + AHEAD_MS
