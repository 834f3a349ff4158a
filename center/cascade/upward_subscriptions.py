"""Keeps the subscriptions of a superior, one to the catalogue and one to alarms, and what waits to be notified. Pure.

A second subscription to the same takes the place of the first: a superior that was restarted knows the first no more.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from center.cascade.nodes import NodeChange, NodeEvent
from center.cascade.upward_requests import UpwardDialog
from provisioning.sip import addresses
from provisioning.sip.message import Request

MAX_ALARMS: Final = 1000
"""Alarms that wait to be notified; past it the oldest is dropped and counted."""
LONGEST_S: Final = 86_400
DEFAULT_S: Final = 3600


class SubscriptionKind(StrEnum):
    """Subject of a subscription."""

    CATALOG = "catalog"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class FaultAlarm:
    """A camera that stopped to deliver pictures."""

    code: str
    at_ms: int


@dataclass(slots=True)
class UpwardSubscription:
    """A subscription in force."""

    kind: SubscriptionKind
    dialog: UpwardDialog
    own_tag: str
    event: str
    other_number: int
    """CSeq of the superior's last request in the dialog."""
    ends_s: float
    wants_faults: bool
    changes: dict[str, NodeChange] = field(default_factory=dict)
    """Changes to be notified, one a node: bounded by the catalogue."""
    alarms: deque[FaultAlarm] = field(default_factory=deque)
    is_waiting: bool = False
    """True while a NOTIFY waits for its answer."""

    def add_change(self, change: NodeChange) -> None:
        """Adds a change to those that wait: of several of one node the last counts."""
        waiting = self.changes.pop(change.node.code, None)
        is_state = change.event in {NodeEvent.ON, NodeEvent.OFF}
        if waiting is not None and is_state and waiting.event in {NodeEvent.ADD, NodeEvent.UPDATE}:
            change = NodeChange(waiting.event, change.node)
        self.changes[change.node.code] = change

    def add_alarm(self, alarm: FaultAlarm) -> bool:
        """Adds an alarm; returns False where that drops the oldest."""
        self.alarms.append(alarm)
        if len(self.alarms) <= MAX_ALARMS:
            return True
        self.alarms.popleft()
        return False


class UpwardSubscriptions:
    """All subscriptions of one superior. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._by_kind: dict[SubscriptionKind, UpwardSubscription] = {}

    def __iter__(self) -> Iterator[UpwardSubscription]:
        return iter(tuple(self._by_kind.values()))

    def get(self, kind: SubscriptionKind) -> UpwardSubscription | None:
        """Returns the subscription to something; None without one."""
        return self._by_kind.get(kind)

    def add(
        self, kind: SubscriptionKind, request: Request, own_tag: str, now_s: float, *, wants_faults: bool
    ) -> UpwardSubscription:
        """Takes a SUBSCRIBE that begins a dialog."""
        headers = request.headers
        dialog = UpwardDialog(
            call_id=headers.get("Call-ID") or "",
            own=f"{headers.get('To') or ''};tag={own_tag}",
            other=headers.get("From") or "",
        )
        self._by_kind[kind] = UpwardSubscription(
            kind=kind,
            dialog=dialog,
            own_tag=own_tag,
            event=headers.get("Event") or kind.value.capitalize(),
            other_number=addresses.cseq(request)[0],
            ends_s=now_s + life_s(request),
            wants_faults=wants_faults,
        )
        return self._by_kind[kind]

    def of(self, request: Request) -> UpwardSubscription | None:
        """Finds the subscription in whose dialog a request comes."""
        tag = addresses.tag(request.headers.get("To") or "")
        call_id = request.headers.get("Call-ID")
        return next((each for each in self if each.own_tag == tag and each.dialog.call_id == call_id), None)

    def end(self, subscription: UpwardSubscription) -> None:
        """Ends a subscription; what still waited goes with it."""
        if self._by_kind.get(subscription.kind) is subscription:
            del self._by_kind[subscription.kind]

    def expire(self, now_s: float) -> None:
        """Ends the subscriptions that were not renewed."""
        for each in self:
            if each.ends_s <= now_s:
                self.end(each)

    def get_timer(self) -> float | None:
        """Returns the second at which `expire` is due."""
        return min((each.ends_s for each in self), default=None)


def life_s(request: Request) -> int:
    """Returns the life in seconds that a SUBSCRIBE asks for, within `LONGEST_S`."""
    asked_s = addresses.expires(request)
    return DEFAULT_S if asked_s is None else min(asked_s, LONGEST_S)
