"""Subscribes to devices' catalogs and alarms, and renews it within the dialog or anew (GB/T 28181-2022, 9.11).

A device forgets its subscriptions when it reboots, and answers 481 to the next renewal. One that refuses is asked again
an hour later: it may have been given new software. One whose TCP connection ended twice while it owed the answer is not
asked again before the agent restarts: the SUBSCRIBE makes it crash, and its video breaks off with it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge_agent.gb28181.devices.request_factory import DialogIds, RequestFactory
from edge_agent.gb28181.manscdp import query_bodies
from edge_agent.gb28181.sessions.invite import DeviceRoute
from provisioning.sip import addresses
from provisioning.sip.edition import Version
from provisioning.sip.message import Request, Response
from provisioning.sip.timers import Agenda

EXPIRES_S: Final = 600
RENEWED_AT: Final = 0.8
SHORTEST_S: Final = 30
AGAIN_S: Final = 120.0
"""Seconds until the next try after no answer."""
REFUSED_S: Final = 3600.0
FALLS: Final = 2
"""Falls in a row after which a subscription is given up."""
_LOST: Final = 481


class Topic(StrEnum):
    """Kind of events that is subscribed to."""

    CATALOG = "catalog"
    ALARM = "alarm"


Key = tuple[str, Topic]
"""Device id and topic."""


@dataclass(slots=True)
class _Subscription:
    line: DialogIds
    event: str
    is_granted: bool = False
    is_waiting: bool = False
    """True while its request awaits the device's answer."""


class Subscriptions:
    """Holds one platform's subscriptions. `send` takes a request and the subscription that its answer belongs to."""

    def __init__(
        self,
        requests: RequestFactory,
        route: Callable[[str], DeviceRoute | None],
        send: Callable[[Request, DeviceRoute, Key], None],
        number: Callable[[], int],
    ) -> None:
        """`number` returns the next SN."""
        self._requests = requests
        self._route = route
        self._send = send
        self._number = number
        self._live: dict[Key, _Subscription] = {}
        self._by_call: dict[str, Key] = {}
        self._agenda: Agenda[Key] = Agenda()
        self._falls: Counter[Key] = Counter()
        """Connections that ended, in a row, while a device owed the answer."""

    def begin(self, device_id: str, topic: Topic, version: Version) -> None:
        """Subscribes, unless that is done, under way or given up."""
        if self._falls[device_id, topic] >= FALLS:
            return
        if (device_id, topic) not in self._live and self._agenda.at_s((device_id, topic)) is None:
            self._anew((device_id, topic), version)

    def renew(self, key: Key, version: Version) -> None:
        """Renews a subscription within its dialog, or subscribes anew."""
        if key in self._live:
            self._subscribe(key, version)
        else:
            self._anew(key, version)

    def answered(self, key: Key, response: Response, now_s: float) -> bool:
        """Takes a final response; returns True if the device has forgotten the subscription: subscribe anew at once."""
        live = self._live.get(key)
        if live is None or response.headers.get("Call-ID") != live.line.call_id:
            return False
        live.is_waiting = False
        self._falls.pop(key, None)
        if 200 <= response.status < 300:
            live.line.to = response.headers.get("To") or live.line.to
            live.is_granted = True
            granted_s = addresses.expires(response)
            life_s = max(SHORTEST_S, min(granted_s or EXPIRES_S, EXPIRES_S))
            self._agenda.plan(key, now_s + RENEWED_AT * life_s)
            return False
        was_granted = live.is_granted
        self._lose(key)
        if was_granted and response.status == _LOST:
            return True
        self._agenda.plan(key, now_s + REFUSED_S)
        return False

    def unanswered(self, key: Key, now_s: float) -> None:
        """Ends a subscription whose request got no answer; plans the next try."""
        if key in self._live:
            self._lose(key)
            self._agenda.plan(key, now_s + AGAIN_S)

    def ended(self, call_id: str, now_s: float) -> None:
        """Ends a subscription that the device has terminated (`Subscription-State: terminated`); plans the next try."""
        key = self._by_call.get(call_id)
        if key is not None:
            self._lose(key)
            self._agenda.plan(key, now_s + AGAIN_S)

    def connection_ended(self, device_id: str) -> list[Topic]:
        """Notes that a device's TCP connection ended; returns the subscriptions that are given up from now on."""
        given_up = []
        for topic in Topic:
            live = self._live.get((device_id, topic))
            if live is not None and live.is_waiting:
                self._falls[device_id, topic] += 1
                if self._falls[device_id, topic] == FALLS:
                    given_up.append(topic)
        return given_up

    def forget(self, device_id: str) -> None:
        """Drops the subscriptions of a device that went offline."""
        for topic in Topic:
            self._lose((device_id, topic))
            self._agenda.cancel((device_id, topic))

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `due` is to be called, at the latest."""
        return self._agenda.get_timer()

    def due(self, now_s: float) -> list[Key]:
        """Returns the subscriptions to be renewed or tried again."""
        return self._agenda.take_due(now_s)

    def __len__(self) -> int:
        """Returns the number of granted subscriptions."""
        return sum(each.is_granted for each in self._live.values())

    def _anew(self, key: Key, version: Version) -> None:
        device_id, topic = key
        number = self._number()
        event = f"Catalog;id={number}" if topic is Topic.CATALOG else "presence"
        line = self._requests.line(device_id)
        self._live[key] = _Subscription(line, event)
        self._by_call[line.call_id] = key
        self._subscribe(key, version)

    def _subscribe(self, key: Key, version: Version) -> None:
        device_id, topic = key
        live, route = self._live[key], self._route(device_id)
        if route is None:
            self._lose(key)
            return
        body = query_bodies.catalog if topic is Topic.CATALOG else query_bodies.alarm_subscription
        headers = (
            ("Contact", self._requests.contact(route)),
            ("Event", live.event),
            ("Expires", str(EXPIRES_S)),
        )
        request = self._requests.request(
            live.line, "SUBSCRIBE", route, headers, body(version, self._number(), device_id)
        )
        live.is_waiting = True
        self._send(request, route, key)

    def _lose(self, key: Key) -> None:
        live = self._live.pop(key, None)
        if live is not None:
            del self._by_call[live.line.call_id]
