"""Names states, faults, steps, events and clocks of maintenance orders on the pages, with their colours."""

from typing import Final

from center.console import labels
from center.console.language import Language
from center.errors import marked
from center.orders.history import ClockName, TermState
from center.orders.states import MaintenanceState, OrderEvent, StepKind
from center.orders.views import OrderView

STATES: Final = {
    MaintenanceState.OPEN: marked("Unassigned"),
    MaintenanceState.ASSIGNED: marked("Assigned"),
    MaintenanceState.ACCEPTED: marked("Accepted"),
    MaintenanceState.ON_SITE: marked("On site"),
    MaintenanceState.MENDED: marked("Repaired, being checked"),
    MaintenanceState.WELL: marked("Awaiting confirmation"),
    MaintenanceState.CLOSED: marked("Closed"),
    MaintenanceState.VOID: marked("Void"),
}
TONES: Final = {
    MaintenanceState.OPEN: "bad",
    MaintenanceState.ASSIGNED: "warn",
    MaintenanceState.ACCEPTED: "warn",
    MaintenanceState.ON_SITE: "warn",
    MaintenanceState.MENDED: "warn",
    MaintenanceState.WELL: "ok",
    MaintenanceState.CLOSED: "off",
    MaintenanceState.VOID: "off",
}
FAULTS: Final = {
    **{state.value: text for state, text in labels.DEVICE_STATES.items()},
    **labels.FAULTY_PARTS,
    "hand": marked("Reported by a user"),
}
"""Names of what an order is for: the state of a camera or agent, a part of the centre, or a user's report."""
STEPS: Final = {
    StepKind.ACCEPT: marked("Accept"),
    StepKind.ARRIVE: marked("Arrived on site"),
    StepKind.PART: marked("Part used"),
    StepKind.NOTE: marked("Add note"),
    StepKind.LEAVE: marked("Leave site"),
    StepKind.DONE: marked("Repair done"),
    StepKind.REOPEN: marked("Fault is back"),
}
"""Names of the buttons of the telephone."""
EVENTS: Final = {
    OrderEvent.OPENED: marked("Opened"),
    OrderEvent.ASSIGNED: marked("Assigned"),
    OrderEvent.ACCEPTED: marked("Accepted"),
    OrderEvent.ARRIVED: marked("Arrived on site"),
    OrderEvent.LEFT: marked("Left the site"),
    OrderEvent.DONE: marked("Repair done"),
    OrderEvent.NOTED: marked("Note"),
    OrderEvent.PARTS: marked("Parts used"),
    OrderEvent.WAITING: marked("Waiting for the owner"),
    OrderEvent.RESUMED: marked("Wait ended"),
    OrderEvent.WELL: marked("Repair proved by the indicator"),
    OrderEvent.RECOVERED: marked("Recovered without a technician"),
    OrderEvent.CONFIRMED: marked("Confirmed"),
    OrderEvent.REOPENED: marked("Reopened"),
    OrderEvent.VOIDED: marked("Voided"),
}
CLOCKS: Final = {
    ClockName.ANSWER: marked("Acceptance"),
    ClockName.ON_SITE: marked("Arrival on site"),
    ClockName.MENDED: marked("Repair"),
}
CLOCK_STATES: Final = {
    TermState.RUNNING: ("warn", marked("Running")),
    TermState.PAUSED: ("off", marked("Paused")),
    TermState.MET: ("ok", marked("Met")),
    TermState.MISSED: ("bad", marked("Missed")),
    TermState.DROPPED: ("off", marked("Dropped")),
}
_MINUTE_MS: Final = 60_000


def title(order: OrderView, _: Language) -> str:
    """Names what the order is about: its camera, its agent, or the part at fault."""
    return order.camera_name or order.camera_id or order.agent_id or fault(order, _)


def fault(order: OrderView, _: Language) -> str:
    """Writes the fault with its cause."""
    name = _(FAULTS[order.fault]) if order.fault in FAULTS else order.fault
    return f"{name} · {order.cause}" if order.cause else name


def duration(span_ms: int, _: Language) -> str:
    """Writes a span in hours and minutes, as the telephone's page does."""
    hours, minutes = divmod(span_ms // _MINUTE_MS, 60)
    if hours:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return _("{minutes} min").format(minutes=minutes)


def left(due_at_ms: int, now_ms: int, _: Language) -> str:
    """Writes how much of a term is left, or by how much it is overdue."""
    if due_at_ms <= now_ms:
        return _("{duration} overdue").format(duration=duration(now_ms - due_at_ms, _))
    return _("{duration} left").format(duration=duration(due_at_ms - now_ms, _))


def term(order: OrderView, now_ms: int, _: Language) -> tuple[str, str]:
    """Returns the tone and the text of the term that runs; a dash for none."""
    if order.waiting:
        return "off", _("Waiting for the owner")
    if order.due_at_ms is None:
        return "", "–"
    return "bad" if order.overdue else "ok", left(order.due_at_ms, now_ms, _)
