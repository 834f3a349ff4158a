"""Computes clocks, visits and figures of one order from its events. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from center.orders.duty_hours import MINUTE_MS, Span, counted_ms, due_ms
from center.orders.states import ENDED, MaintenanceState, OrderEvent, after
from center.orders.terms import OrderTerms

GRACE_MS: Final = MINUTE_MS
"""Time beyond the evidence's minutes before a repair that was told, and is not proved, counts as late."""
_WORK: Final = frozenset({OrderEvent.ACCEPTED, OrderEvent.ARRIVED, OrderEvent.DONE})
DEPARTURES: Final = frozenset({OrderEvent.LEFT, OrderEvent.ASSIGNED, OrderEvent.CONFIRMED, OrderEvent.VOIDED})
"""Events that end a visit."""
_RESUMES: Final = frozenset({OrderEvent.RESUMED, OrderEvent.WELL, OrderEvent.RECOVERED, OrderEvent.VOIDED})


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of an order, on the order's line of time."""

    event: OrderEvent
    line_ms: int
    actor: str = ""
    told: bool = False
    """True: `line_ms` rests on the telephone's time."""


class ClockName(StrEnum):
    ANSWER = "answer"
    ON_SITE = "on_site"
    MENDED = "mended"


class TermState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    """The term ended first, whether or not it was met later."""
    DROPPED = "dropped"
    """The order ended, or the fault went, before the clock was met or missed."""


@dataclass(frozen=True, slots=True)
class OrderClock:
    """One clock of one opening. Times are of the order's line."""

    name: ClockName
    opening: int
    begin_ms: int
    term_ms: int
    due_ms: int
    reminds_ms: int
    """Time of its reminder."""
    lates_ms: int
    """Time of its escalation; later than `due_ms` while the indicator proves a repair that was told."""
    stopped_ms: int | None
    used_ms: int
    """Milliseconds that the contract counts, until it stopped or now."""
    state: TermState

    @property
    def is_live(self) -> bool:
        """True while it was neither met nor dropped."""
        return self.stopped_ms is None and self.state is not TermState.DROPPED


@dataclass(slots=True)
class Opening:
    """One opening of an order: the first, or a reopening after it was well."""

    begin_ms: int
    accepted_ms: int | None = None
    arrived_ms: int | None = None
    well_ms: int | None = None
    recovered_ms: int | None = None


@dataclass(slots=True)
class OrderHistory:
    """An order's events, folded."""

    state: MaintenanceState = MaintenanceState.OPEN
    openings: list[Opening] = field(default_factory=list)
    pauses: list[Span] = field(default_factory=list)
    """Waits for the owner that are over."""
    paused_ms: int | None = None
    """Begin of the wait for the owner that goes on."""
    visits: list[tuple[int, int | None]] = field(default_factory=list)
    """Arrivals with their departures."""
    done_ms: list[int] = field(default_factory=list)
    workers: set[str] = field(default_factory=set)
    """Technicians who accepted, arrived or told it done."""
    rests_on_told: bool = False
    """True: a clock was stopped at a time that a telephone told."""
    ended_ms: int | None = None

    @property
    def is_first_time_fix(self) -> bool:
        """True if one visit at most mended it, and it stayed so."""
        return len(self.openings) == 1 and len(self.done_ms) == 1 and len(self.visits) <= 1

    @property
    def well_ms(self) -> int | None:
        """Time from which the indicator was well, after a repair in the last opening."""
        return self.openings[-1].well_ms

    def clocks(self, terms: OrderTerms, *, is_key: bool, now_ms: int) -> list[OrderClock]:
        """Returns the clocks of each opening, as of `now_ms` on the order's line."""
        calendar = terms.counts_by(is_key=is_key)
        pauses = (
            self.pauses if self.paused_ms is None else [*self.pauses, (self.paused_ms, max(now_ms, self.paused_ms))]
        )
        found = []
        for number, opening in enumerate(self.openings, 1):
            well_ms, is_last = opening.well_ms, number == len(self.openings)
            stops = {
                ClockName.ANSWER: _first(opening.accepted_ms, well_ms),
                ClockName.ON_SITE: _first(opening.arrived_ms, well_ms),
                ClockName.MENDED: well_ms,
            }
            for name, minutes in terms.minutes(is_key=is_key).items():
                clock, term_ms = ClockName(name), minutes * MINUTE_MS
                due = due_ms(opening.begin_ms, term_ms, calendar, pauses)
                remind = due_ms(opening.begin_ms, term_ms - terms.reminds_before_ms(term_ms), calendar, pauses)
                lates = due
                if self.state is MaintenanceState.MENDED and is_last:
                    lates = max(due, self.done_ms[-1] + terms.evidence_min * MINUTE_MS + GRACE_MS)
                stop = stops[clock]
                ended_ms = self._dropped_ms(opening, is_last=is_last)
                until = _first(stop, ended_ms, now_ms)
                found.append(
                    OrderClock(
                        name=clock,
                        opening=number,
                        begin_ms=opening.begin_ms,
                        term_ms=term_ms,
                        due_ms=due,
                        reminds_ms=remind,
                        lates_ms=lates,
                        stopped_ms=stop,
                        used_ms=counted_ms(opening.begin_ms, until or now_ms, calendar, pauses),
                        state=self._state_of(stop, due, ended_ms, is_late=lates <= now_ms),
                    )
                )
        return found

    def _dropped_ms(self, opening: Opening, *, is_last: bool) -> int | None:
        """Returns when an opening ended without a repair."""
        if opening.recovered_ms is not None:
            return opening.recovered_ms
        return self.ended_ms if is_last and self.state is MaintenanceState.VOID else None

    def _state_of(self, stop: int | None, due: int, ended_ms: int | None, *, is_late: bool) -> TermState:
        if stop is not None:
            return TermState.MET if stop <= due else TermState.MISSED
        if ended_ms is not None:
            return TermState.MISSED if due < ended_ms and self.state is not MaintenanceState.VOID else TermState.DROPPED
        if is_late:
            return TermState.MISSED
        return TermState.RUNNING if self.paused_ms is None else TermState.PAUSED


def fold(events: Iterable[Happened]) -> OrderHistory:
    """Folds the events of an order, in the order in which the centre received them."""
    found = OrderHistory()
    for each in events:
        if not found.openings:  # the first event opens it
            found.openings.append(Opening(each.line_ms))
            continue
        before, found.state = found.state, after(found.state, each.event)
        _note_times(found.openings[-1], each.event, each.line_ms)
        _note_visits(found.visits, each.event, each.line_ms)
        _note_pauses(found, each.event, each.line_ms)
        if each.event in _WORK:
            found.workers.add(each.actor)
            found.rests_on_told |= each.told
        if each.event is OrderEvent.DONE:
            found.done_ms.append(each.line_ms)
        if each.event is OrderEvent.REOPENED and before is not MaintenanceState.MENDED:
            found.openings.append(Opening(each.line_ms))
        if found.state not in ENDED:
            found.ended_ms = None
        elif before not in ENDED:
            found.ended_ms = each.line_ms
    return found


def _note_times(opening: Opening, event: OrderEvent, at_ms: int) -> None:
    match event:
        case OrderEvent.ACCEPTED:
            opening.accepted_ms = _first(opening.accepted_ms, at_ms)
        case OrderEvent.ARRIVED:
            opening.arrived_ms = _first(opening.arrived_ms, at_ms)
        case OrderEvent.WELL:
            opening.well_ms = max(at_ms, opening.begin_ms)
        case OrderEvent.RECOVERED:
            opening.recovered_ms = max(at_ms, opening.begin_ms)


def _note_visits(visits: list[tuple[int, int | None]], event: OrderEvent, at_ms: int) -> None:
    if event in DEPARTURES and visits and visits[-1][1] is None:
        visits[-1] = visits[-1][0], max(at_ms, visits[-1][0])
    if event is OrderEvent.ARRIVED:
        visits.append((at_ms, None))


def _note_pauses(found: OrderHistory, event: OrderEvent, at_ms: int) -> None:
    if event is OrderEvent.WAITING and found.paused_ms is None:
        found.paused_ms = at_ms
    elif event in _RESUMES and found.paused_ms is not None:
        found.pauses.append((found.paused_ms, max(at_ms, found.paused_ms)))
        found.paused_ms = None


def _first(*moments: int | None) -> int | None:
    return min((each for each in moments if each is not None), default=None)


def next_telling(clocks: Sequence[OrderClock], told: set[str]) -> int | None:
    """Returns when a reminder or an escalation comes next that is not among those told."""
    return min((at_ms for name, at_ms in tellings(clocks) if name not in told), default=None)


def tellings(clocks: Sequence[OrderClock]) -> list[tuple[str, int]]:
    """Returns names and times of the reminders and escalations of the clocks that run."""
    live = [each for each in clocks if each.is_live and each.state is not TermState.PAUSED]
    return [
        (f"{each.opening}-{each.name}-{kind}", at_ms)
        for each in live
        for kind, at_ms in (("soon", each.reminds_ms), ("overdue", each.lates_ms))
    ]
