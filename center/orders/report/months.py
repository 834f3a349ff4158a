"""Computes the figures of a month by maintainer, from the histories of its orders."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Final

from sqlalchemy import select

from center.access.permissions import Scope
from center.clock import ZONE
from center.orders.duty_hours import counted_ms
from center.orders.history import ClockName, OrderClock, OrderHistory, TermState
from center.orders.order_time import Moment
from center.orders.states import ENDED, MaintenanceState
from center.orders.tables import OrderRecord
from center.orders.terms import OrderTerms
from center.orders.views import MaintainerMonth, OrderMonth, ShareInTime
from center.orders.visibility import in_sight
from center.orders.writer import OrderWriter, clocks_of, history_of

HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class MonthOrder:
    """An order of a month, with its history and clocks."""

    order: OrderRecord
    history: OrderHistory
    clocks: Sequence[OrderClock]

    @property
    def is_mended(self) -> bool:
        """True if a repair mended it, proved by the indicator, and it has not been reopened since."""
        return self.history.well_ms is not None

    @property
    def is_recovered(self) -> bool:
        """True if the fault went by itself, and the order has ended with that."""
        return self.order.state == MaintenanceState.CLOSED and not self.is_mended

    @property
    def mended_ms(self) -> int:
        """Time from each opening until the indicator was well, added up."""
        return sum(each.well_ms - each.begin_ms for each in self.history.openings if each.well_ms is not None)

    @property
    def counted_mended_ms(self) -> int:
        """The same by the hours that the contract counts."""
        calendar = OrderTerms.model_validate_json(self.order.terms).counts_by(is_key=self.order.is_key)
        return sum(
            counted_ms(each.begin_ms, each.well_ms, calendar, self.history.pauses)
            for each in self.history.openings
            if each.well_ms is not None
        )

    @property
    def is_in_time(self) -> bool:
        """True if no clock of any opening was missed."""
        return all(each.state is not TermState.MISSED for each in self.clocks)


def orders_of(writer: OrderWriter, month: str, sight: Scope) -> tuple[list[MonthOrder], Moment]:
    """Reads the orders in sight that were opened in a month, and the moment as of which they stand."""
    query = select(OrderRecord).where(OrderRecord.month == month, in_sight(sight)).order_by(OrderRecord.id)
    with writer.reading() as (session, moment):
        found = []
        for order in session.scalars(query).all():
            history = history_of(session, order.id)
            found.append(MonthOrder(order, history, clocks_of(order, history, moment)))
    return found, moment


def figures_of(month: str, orders: Sequence[MonthOrder], moment: Moment) -> OrderMonth:
    """Computes the figures of a month, by maintainer in the order of their names."""
    is_over = f"{datetime.fromtimestamp(moment.wall_ms / 1000, ZONE):%Y-%m}" > month
    names = sorted({each.order.maintainer for each in orders})
    return OrderMonth(
        month=month,
        as_of_ms=moment.wall_ms,
        is_final=is_over and all(_is_final(each.order, moment) for each in orders),
        maintainers=tuple(_figures(name, [each for each in orders if each.order.maintainer == name]) for name in names),
    )


def _is_final(order: OrderRecord, moment: Moment) -> bool:
    """True if an order has ended, and no fault reopens it any more."""
    if order.state not in ENDED or order.ended_steady_ms is None:
        return False
    term_ms = OrderTerms.model_validate_json(order.terms).reopen_h * HOUR_MS
    return order.state == MaintenanceState.VOID or moment.steady_ms - order.ended_steady_ms >= term_ms


def _figures(maintainer: str, orders: Sequence[MonthOrder]) -> MaintainerMonth:
    mended = [each for each in orders if each.is_mended]
    counted = [each for each in orders if each.order.state != MaintenanceState.VOID]
    first = sum(each.history.is_first_time_fix for each in mended)
    in_time = sum(each.is_in_time for each in mended)
    decided = len(mended) + sum(not each.is_mended and not each.is_in_time for each in counted)
    return MaintainerMonth(
        maintainer=maintainer,
        orders=len(orders),
        live=sum(each.order.state not in ENDED for each in orders),
        mended=len(mended),
        recovered=sum(each.is_recovered for each in orders),
        void=len(orders) - len(counted),
        mttr_ms=_mean(each.mended_ms for each in mended),
        counted_mttr_ms=_mean(each.counted_mended_ms for each in mended),
        first_time_fixes=first,
        first_time_share=_share(first, len(mended)),
        in_time=in_time,
        in_time_share=_share(in_time, decided),
        answer=_clock_share(counted, ClockName.ANSWER),
        on_site=_clock_share(counted, ClockName.ON_SITE),
        mended_clock=_clock_share(counted, ClockName.MENDED),
        by_told_time=sum(each.history.rests_on_told for each in counted),
    )


def _clock_share(orders: Iterable[MonthOrder], name: ClockName) -> ShareInTime:
    states = [clock.state for each in orders for clock in each.clocks if clock.name is name]
    met, missed = states.count(TermState.MET), states.count(TermState.MISSED)
    return ShareInTime(met=met, missed=missed, share=_share(met, met + missed))


def _mean(values: Iterable[int]) -> int | None:
    listed = list(values)
    return round(fmean(listed)) if listed else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
