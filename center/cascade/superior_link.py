"""Speaks with one superior: bytes and moments in; bytes, events and counts out. No I/O, no clock, no chance of its own.

After each method the caller drains `data_to_send` and `events`, and calls `handle_timer` when `get_timer` says so.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from center.cascade import documents
from center.cascade.catalog_answer import CatalogAnswer, CatalogPart
from center.cascade.nodes import NodeChange, UpwardCatalog, changes
from center.cascade.superior_asks import AskHandler
from center.cascade.upward_registration import RegistrationFault, RegistrationState, UpwardRegistration
from center.cascade.upward_requests import Token, UpwardDialog, UpwardRequests
from center.cascade.upward_subscriptions import FaultAlarm, SubscriptionKind, UpwardSubscription, UpwardSubscriptions
from provisioning.contracts.config.cascade import Superior
from provisioning.net.digest import Account
from provisioning.net.rates import TokenBuckets
from provisioning.sip import message as sip
from provisioning.sip.edition import Version
from provisioning.sip.inbox import Received, SipInbox
from provisioning.sip.message import Request, Response
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from provisioning.sip.timers import Agenda
from provisioning.sip.transactions import ClientTransactions, Repeat

KEEPALIVES: Final = 3
"""Keepalives in a row without an answer after which we register again."""
DATAGRAM_BYTES: Final = 1400
"""Longest SIP message over UDP that we send: no fragments, also within a VPN."""
STREAM_BYTES: Final = 32 * 1024
PARTS_AT_ONCE: Final[Mapping[Version, int]] = {Version.V2016: 8, Version.V2022: 1}
"""Parts of a catalogue that wait for their answer at a time: the edition of 2022 wants one after the other."""
PARTS_PER_S: Final = 400.0
WAITS_S: Final = 600.0
"""Seconds for which an answer under way waits for a new registration."""
MAX_ANSWERS: Final = 4
"""Catalogue answers under way; one more query takes the place of the oldest, which is dropped and counted."""
_LENGTH_DIGITS: Final = 4
"""Digits that Content-Length grows by."""
_MESSAGES_PER_MINUTE: Final = 60_000
"""Messages a minute of every kind, the answers to ours included, that are read of a superior before they are parsed."""


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """A registration that was granted (`fault` None) or lost."""

    fault: RegistrationFault | None
    status: int = 0


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request of ours that waits for its answer, and what follows from it."""

    kind: str
    answer: CatalogAnswer | None = None
    part: CatalogPart | None = None
    subscription: UpwardSubscription | None = None
    dialog: UpwardDialog | None = None
    """Dialog of a REGISTER, whose answer says nothing of a registration that was begun since."""


class _UnderWay(NamedTuple):
    """An answer to a catalogue query that has not come whole."""

    answer: CatalogAnswer
    catalog: UpwardCatalog
    """The whole catalogue as it was when the query came."""
    since_s: float


class SuperiorLink:
    """Our side of one superior. Times are monotonic seconds within `Now`."""

    def __init__(
        self,
        settings: Superior,
        account: Account,
        *,
        software: str,
        token: Token,
        local_time: Callable[[int], str],
        jitter: float = 0.0,
    ) -> None:
        """`local_time` writes Unix milliseconds as local time without a zone."""
        self.settings = settings
        self.requests = UpwardRequests(settings, token)
        self.registration = UpwardRegistration(settings, account, self.requests, token, jitter)
        self.subscriptions = UpwardSubscriptions()
        self.catalog = UpwardCatalog()
        self.counts: Counter[tuple[str, str]] = Counter()
        """By (`sent`, kind), (`refused`, name) and (`dropped`, name)."""
        self.sent_bytes = 0
        self._local_time = local_time
        self._peer = Peer(settings.transport, settings.host, settings.port, int(settings.transport == "tcp"))
        sources = TokenBuckets(_MESSAGES_PER_MINUTE)
        self._inbox = SipInbox(sources, lambda _: False, lambda _: True)
        self._out: deque[bytes] = deque()
        self._events: deque[LinkEvent] = deque()
        self._open: ClientTransactions[_Sent] = ClientTransactions()
        self._asks = AskHandler(self, token, local_time, software)
        self._answers: deque[_UnderWay] = deque()
        self._queried: UpwardCatalog | None = None
        """The whole catalogue as the superior last asked for it, until it subscribes to changes."""
        self._agenda: Agenda[str] = Agenda()
        self._missed = 0
        self._sn = 0
        self._next_part_s = 0.0
        self._is_connected = False
        self._is_silent = False
        """True if nothing came back over the TCP connection: it may be dead long before the system says so."""
        self.is_blocked = False
        """True while registering would make a loop."""

    # --- connection

    def connected(self, own_address: tuple[str, int], now: Now) -> None:
        """Takes that datagrams or bytes can be sent; registers."""
        self.requests.own_address = own_address
        self._is_connected, self._is_silent = True, False
        if self._peer.transport == "tcp":
            self._inbox.connection_made(self._peer, now.monotonic_s)
        if not self.is_blocked:
            self._send_register(self.registration.begin(), now)

    def disconnected(self, fault: RegistrationFault, now: Now) -> None:
        """Takes that the connection could not be made, or has ended."""
        self._is_connected = False
        self._inbox.connection_lost(self._peer)
        self._open = ClientTransactions()
        self._out.clear()
        for each in self._answers:
            each.answer.interrupted()
        for subscription in self.subscriptions:
            subscription.is_waiting = False
        is_known = fault is RegistrationFault.CONNECTION_LOST and self.registration.state is RegistrationState.AWAY
        if not is_known:
            self._lose(fault, now)

    def block(self, now: Now) -> None:
        """Ends the registration for as long as it would make a loop."""
        if not self.is_blocked:
            self.is_blocked = True
            self._leave(RegistrationFault.LOOP, now)
            self._events.append(LinkEvent(RegistrationFault.LOOP))

    def unblock(self, now: Now) -> None:
        """Takes that there is no loop any more; registers."""
        if self.is_blocked:
            self.is_blocked = False
            if self._is_connected:
                self._send_register(self.registration.begin(), now)

    def close(self, now: Now) -> None:
        """Ends the registration; the caller waits a moment for the answer."""
        self._leave(None, now)

    @property
    def is_idle(self) -> bool:
        """True if no request of ours waits for an answer."""
        return not len(self._open)

    # --- what comes in

    def receive(self, data: bytes, now: Now) -> None:
        """Takes a datagram, or bytes of the connection."""
        if self._peer.transport == "udp":
            received = self._inbox.receive_datagram(data, self._peer, now.monotonic_s)
        else:
            received = self._inbox.receive_bytes(data, self._peer, now.monotonic_s)
        self._take(received, now)
        self._pump(now)

    def publish(self, catalog: UpwardCatalog, now: Now) -> None:
        """Takes the catalogue as it is now; subscribers are notified of the changes."""
        found = tuple(changes(self.catalog, catalog))
        self.catalog = catalog
        of_catalog = self.subscriptions.get(SubscriptionKind.CATALOG)
        of_alarms = self.subscriptions.get(SubscriptionKind.ALARM)
        for change in found:
            if of_catalog is not None:
                of_catalog.add_change(change)
            if of_alarms is not None and of_alarms.wants_faults and change.is_fault:
                self.counts["dropped", "alarm"] += not of_alarms.add_alarm(FaultAlarm(change.node.code, now.wall_ms))
        self._pump(now)

    # --- timers, output

    def handle_timer(self, now: Now) -> None:
        """Does what is due."""
        self._take(self._inbox.handle_timer(now.monotonic_s), now)
        for each in self._open.due(now.monotonic_s):
            if isinstance(each, Repeat):
                self.write(each.data, "repeat")
            else:
                self._failed(each.context, None, now)
        if self._may_register():
            request = self.registration.due(now.monotonic_s)
            if request is not None:
                self._send_register(request, now)
        if "keepalive" in self._agenda.take_due(now.monotonic_s) and self.registration.is_registered:
            self._send_body("keepalive", documents.keepalive(self.version, self.next_sn(), self.settings.own_id), now)
            self._agenda.plan("keepalive", now.monotonic_s + self.settings.keepalive_s)
        self.subscriptions.expire(now.monotonic_s)
        self._pump(now)

    def get_timer(self) -> float | None:
        """Returns the second at which `handle_timer` is due; it may be early."""
        timers = [
            self._inbox.get_timer(),
            self._open.get_timer(),
            self._agenda.get_timer(),
            self.subscriptions.get_timer(),
            self.registration.get_timer() if self._may_register() else None,
            self._next_part_s if self._may_send_part() else None,
        ]
        return min((at_s for at_s in timers if at_s is not None), default=None)

    def data_to_send(self) -> list[bytes]:
        """Takes the messages to be sent, in their order."""
        out = list(self._out)
        self._out.clear()
        return out

    def events(self) -> list[LinkEvent]:
        """Takes the registrations granted and lost since the last call."""
        out = list(self._events)
        self._events.clear()
        return out

    def hangs_up(self) -> bool:
        """True if the connection is to be closed: what came over it is no SIP, or too much, or nothing came."""
        return bool(self._inbox.hang_ups()) or self._is_dead()

    def dropped(self) -> Counter[str]:
        """Returns the messages that were dropped, by name."""
        found: Counter[str] = Counter(self._inbox.counts)
        found.update({name: count for (what, name), count in self.counts.copy().items() if what == "dropped"})
        return found

    # --- for `AskHandler`

    @property
    def version(self) -> Version:
        """The edition that the superior is written to."""
        return self.requests.version

    def next_sn(self) -> int:
        """Returns the next number of a notification."""
        self._sn += 1
        return self._sn

    def count(self, what: str, name: str) -> None:
        """Counts a refusal or a drop."""
        self.counts[what, name] += 1

    def write(self, data: bytes, kind: str) -> None:
        """Sends bytes, counted as `kind`."""
        self.counts["sent", kind] += 1
        self.sent_bytes += len(data)
        self._out.append(data)

    def send_answer(self, kind: str, body: bytes, now: Now) -> None:
        """Sends a MANSCDP response, a MESSAGE of its own."""
        self._send_body(kind, body, now)

    def begin_catalog(self, sn: int, device_id: str, now: Now) -> None:
        """Begins to answer a catalogue query. A second one for the same node takes the place of the first."""
        own = device_id == self.settings.own_id
        if own:
            self._queried = self.catalog
        nodes = tuple(self.catalog.nodes.values()) if own else self.catalog.beneath(device_id)
        kept = [each for each in self._answers if each.answer.device_id != device_id]
        superseded = len(self._answers) - len(kept[-(MAX_ANSWERS - 1) :])
        self.counts["dropped", "catalog_superseded"] += superseded
        self._answers = deque(kept[-(MAX_ANSWERS - 1) :])
        answer = CatalogAnswer(self.version, sn, device_id, nodes)
        self._answers.append(_UnderWay(answer, self.catalog, now.monotonic_s))

    def begin_subscription(
        self, kind: SubscriptionKind, request: Request, own_tag: str, now: Now, *, wants_faults: bool
    ) -> None:
        """Takes a SUBSCRIBE that begins a dialog.

        Superiors ask for the catalogue first, and subscribe to its changes once they have it. What changed meanwhile
        is notified now: no later change would tell it.
        """
        subscription = self.subscriptions.add(kind, request, own_tag, now.monotonic_s, wants_faults=wants_faults)
        if kind is SubscriptionKind.CATALOG and self._queried is not None:
            self._tell_since(self._queried, subscription)
            self._queried = None

    # --- inside

    def _may_register(self) -> bool:
        return self._is_connected and not self.is_blocked and not self._is_dead()

    def _is_dead(self) -> bool:
        return self._is_silent and self._peer.transport == "tcp"

    def _take(self, received: Received, now: Now) -> None:
        for message, peer in received:
            if isinstance(message, Request):
                self._asks.receive(message, peer, now)
            else:
                sent = self._open.answered(message)
                if sent is not None and message.status >= 200:
                    self._answered(sent, message, now)

    def _answered(self, sent: _Sent, response: Response, now: Now) -> None:
        if sent.kind == "register":
            if self._is_current(sent):
                self._register_answered(response, now)
        elif response.status >= 300:
            self._failed(sent, response, now)
        else:
            self._missed = 0
            if sent.answer is not None and sent.part is not None:
                sent.answer.answered(sent.part)
            if sent.subscription is not None:
                sent.subscription.is_waiting = False

    def _is_current(self, sent: _Sent) -> bool:
        return sent.dialog is self.registration.dialog

    def _register_answered(self, response: Response, now: Now) -> None:
        was_registered = self.registration.is_registered
        following = self.registration.answered(response, now.monotonic_s)
        if following is not None:
            self._send_register(following, now)
        elif self.registration.is_registered and not was_registered:
            self._missed = 0
            self._agenda.plan("keepalive", now.monotonic_s + self.settings.keepalive_s)
            self._events.append(LinkEvent(None))
        elif self.registration.fault is not None and not self.registration.is_registered and not self.is_blocked:
            self._events.append(LinkEvent(self.registration.fault, self.registration.status))

    def _failed(self, sent: _Sent, response: Response | None, now: Now) -> None:
        """Takes that a request got no answer, or a refusal."""
        if sent.kind == "register":
            if not self._is_current(sent):
                return
            self._is_silent = True
            self.registration.timed_out(now.monotonic_s)
            if self.registration.fault is not None and not self.is_blocked:
                self._events.append(LinkEvent(self.registration.fault))
        elif sent.kind == "keepalive":
            self._missed += 1
            forgets_us = response is not None and response.status in {401, 403, 404}
            if self.registration.is_registered and (forgets_us or self._missed >= KEEPALIVES):
                self._is_silent = not forgets_us
                self._lose(RegistrationFault.KEEPALIVE_LOST, now, at_once=True)
        elif sent.answer is not None and sent.part is not None:
            if not sent.answer.failed(sent.part):
                self._drop_answer(sent.answer, "catalog_given_up")
        elif sent.subscription is not None:
            sent.subscription.is_waiting = False
            self.subscriptions.end(sent.subscription)
            self.counts["dropped", "subscription"] += 1
        else:
            self.counts["dropped", "answer"] += 1

    def _leave(self, fault: RegistrationFault | None, now: Now) -> None:
        self._agenda.cancel("keepalive")
        request = self.registration.leave(fault)
        if request is not None and self._is_connected:
            self._send_register(request, now)

    def _lose(self, fault: RegistrationFault, now: Now, *, at_once: bool = False) -> None:
        self.registration.lost(fault, now.monotonic_s, at_once=at_once)
        self._agenda.cancel("keepalive")
        self._missed = 0
        self._events.append(LinkEvent(fault))

    def _drop_answer(self, answer: CatalogAnswer, name: str) -> None:
        kept = deque(each for each in self._answers if each.answer is not answer)
        self.counts["dropped", name] += len(self._answers) - len(kept)
        self._answers = kept

    def _may_send_part(self) -> bool:
        if not self.registration.is_registered or not any(each.answer.has_more for each in self._answers):
            return False
        in_flight = sum(len(each.answer.in_flight) for each in self._answers)
        return in_flight < PARTS_AT_ONCE[self.version]

    def _pump(self, now: Now) -> None:
        """Sends parts of catalogues and notifications, as far as their turn has come."""
        if not self.registration.is_registered:
            for each in tuple(self._answers):
                if now.monotonic_s - each.since_s > WAITS_S:
                    self._drop_answer(each.answer, "catalog_given_up")
            return
        while self._may_send_part() and now.monotonic_s >= self._next_part_s:
            answer = next(each.answer for each in self._answers if each.answer.has_more)
            request = self.requests.message(b"")
            part, body = answer.take_part(self._room(request))
            self._send(replace(request, body=body), _Sent("catalog", answer, part), now)
            self._next_part_s = max(self._next_part_s, now.monotonic_s - 1 / PARTS_PER_S) + 1 / PARTS_PER_S
        of_catalog = self.subscriptions.get(SubscriptionKind.CATALOG)
        if of_catalog is not None:
            for each in self._answers:
                if each.answer.is_done:  # its parts told the states of then, and may have come after notices of newer
                    self._tell_since(each.catalog, of_catalog)
        self._answers = deque(each for each in self._answers if not each.answer.is_done)
        for subscription in self.subscriptions:
            if not subscription.is_waiting:
                self._notify(subscription, now)

    def _tell_since(self, told: UpwardCatalog, subscription: UpwardSubscription) -> None:
        """Plans notices of what has changed since the catalogue was as the superior was told."""
        for change in changes(told, self.catalog):
            subscription.add_change(change)

    def _notify(self, subscription: UpwardSubscription, now: Now) -> None:
        if not (subscription.alarms or subscription.changes):
            return
        left_s = max(0, round(subscription.ends_s - now.monotonic_s))
        request = self.requests.notify(subscription.dialog, subscription.event, left_s, b"")
        if subscription.alarms:
            alarm = subscription.alarms.popleft()
            body = documents.fault_alarm(self.version, self.next_sn(), alarm.code, self._local_time(alarm.at_ms))
        else:
            body = self._changes_body(subscription.changes, self._room(request))
        subscription.is_waiting = True
        sent = _Sent(f"notify_{subscription.kind}", subscription=subscription)
        self._send(replace(request, body=body), sent, now)

    def _changes_body(self, waiting: dict[str, NodeChange], room: int) -> bytes:
        version, own_id, items = self.version, self.settings.own_id, list[str]()
        room -= len(documents.catalog_notice(version, self._sn + 1, own_id, ()))
        while waiting:
            code = next(iter(waiting))
            text = documents.changed_item(version, waiting[code])
            room -= documents.length(text) + documents.BETWEEN
            if items and room < 0:
                break
            items.append(text)
            del waiting[code]
        return documents.catalog_notice(version, self.next_sn(), own_id, items)

    def _room(self, request: Request) -> int:
        """Returns the bytes that the body of a request may have."""
        most = STREAM_BYTES if self._peer.transport == "tcp" else DATAGRAM_BYTES
        return most - len(sip.encode(request)) - _LENGTH_DIGITS

    def _send_body(self, kind: str, body: bytes, now: Now) -> None:
        self._send(self.requests.message(body), _Sent(kind), now)

    def _send_register(self, request: Request, now: Now) -> None:
        self._send(request, _Sent("register", dialog=self.registration.dialog), now)

    def _send(self, request: Request, sent: _Sent, now: Now) -> None:
        self.write(self._open.start(request, self._peer, now.monotonic_s, sent), sent.kind)
