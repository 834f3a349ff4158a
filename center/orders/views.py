"""Views of maintenance orders that leave the centre. None has a place for a picture."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from center.orders.history import ClockName, TermState
from center.orders.states import MaintenanceState, OrderEvent
from center.orders.terms import DistrictRoster, DistrictTerms, OrderTerms


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class PartUsed(_Shown):
    """A part that a technician used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
    count: int = Field(ge=1, le=10_000, strict=True)


class ClockView(_Shown):
    """A clock of the contract: `answer`, `on_site` or `mended`."""

    name: ClockName
    opening: int
    """1, and one more for each reopening."""
    state: TermState
    term_ms: int
    used_ms: int
    """Milliseconds that the contract counts, until the clock stopped or now."""
    due_at_ms: int
    stopped_at_ms: int | None


class OrderView(_Shown):
    """One order as it stands."""

    id: int
    state: MaintenanceState
    fault: str
    """State of the camera or name of the part that the fault is of; `hand`: entered by a user."""
    agent_id: str
    camera_id: str
    """Both empty where no camera or agent is concerned."""
    camera_name: str
    cause: str
    rule_id: int | None
    """Rule that named the fault; null: entered by a user."""
    district: str
    maintainer: str
    is_key: bool
    assignee: str
    opened_at_ms: int
    due_at_ms: int | None
    """Earliest end of a clock that runs; null: none does."""
    overdue: bool
    """True if a clock that runs is past its end."""
    waiting: bool
    """True while the clocks stop for the owner."""
    needs_confirmation: bool
    ended_at_ms: int | None


class OrderEventView(_Shown):
    """Event in the history of an order."""

    event: OrderEvent
    at_ms: int
    """Time at which the centre received it."""
    told_at_ms: int | None
    """Time that the telephone told; null: it was not told by one."""
    counted_at_ms: int
    """Time that the contract's clocks count."""
    actor: str
    note: str
    parts: tuple[PartUsed, ...]
    step_id: str | None


class OrderDetail(_Shown):
    """One order with its clocks and history."""

    order: OrderView
    terms: OrderTerms
    clocks: tuple[ClockView, ...]
    events: tuple[OrderEventView, ...]
    well_for_ms: int | None
    """Milliseconds for which the indicator has been well; null: not, or not known."""
    confirmable: bool
    """True if the caller may confirm the order now."""


class OrderList(_Shown):
    """A page, newest first. `next_cursor` is for the next page; null at the end."""

    items: tuple[OrderView, ...]
    next_cursor: str | None


class TermsView(DistrictTerms):
    """Terms of one district, and who entered them; empty and 0: the defaults, which nobody has changed."""

    changed_by: str
    changed_at_ms: int


class TermsList(_Shown):
    """Terms by district; the first, of the empty district, hold where a district has none of its own."""

    items: tuple[TermsView, ...]


class RosterView(DistrictRoster):
    """Duty roster of one district."""

    on_duty: str
    """Technician on duty now; empty: none."""


class RosterList(_Shown):
    """Duty rosters by district."""

    items: tuple[RosterView, ...]


class ShareInTime(_Shown):
    """Clocks that were met among those that were met or missed. `share` null: none was."""

    met: int
    missed: int
    share: float | None


class MaintainerMonth(_Shown):
    """Figures of one maintainer, of the orders that were opened in one month."""

    maintainer: str
    orders: int
    live: int
    """Orders that have not ended."""
    mended: int
    """Orders that are well again by a repair."""
    recovered: int
    """Orders whose fault went before a technician accepted."""
    void: int
    mttr_ms: int | None
    """Mean time from the opening until the indicator was well, all hours; of the orders that were mended."""
    counted_mttr_ms: int | None
    """The same by the hours that the contract counts."""
    first_time_fixes: int
    first_time_share: float | None
    in_time: int
    """Orders that were mended and missed no clock."""
    in_time_share: float | None
    """Their share of those that were mended or missed a clock."""
    answer: ShareInTime
    on_site: ShareInTime
    mended_clock: ShareInTime
    by_told_time: int
    """Orders with a clock that was stopped at a time that a telephone told."""


class OrderMonth(_Shown):
    """Figures of a month by maintainer, as of `as_of_ms`."""

    month: str
    as_of_ms: int
    is_final: bool
    """True if the month is over and every order of it has ended for good."""
    maintainers: tuple[MaintainerMonth, ...]
