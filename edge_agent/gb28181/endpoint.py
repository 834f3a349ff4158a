"""Implements a GB/T 28181 platform without I/O: bytes, timers and commands in; bytes and events out.

After each method of the first three groups the caller drains `data_to_send`, `hang_ups` and `next_event`. It calls
`handle_timer` when `get_timer` says so.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Final

from edge_agent.gb28181.devices.events import (
    CatalogMissed,
    Event,
    Forget,
    Keep,
    Moved,
    Offline,
    Online,
    Restored,
    SnapshotRefused,
    SubscriptionGivenUp,
)
from edge_agent.gb28181.devices.messages import MessageHandler
from edge_agent.gb28181.devices.onboarding import Onboarding
from edge_agent.gb28181.devices.queries import DeviceQueries, MessageContext, MessageSubject
from edge_agent.gb28181.devices.registrar import Registrar
from edge_agent.gb28181.devices.registrations import THERE, Gone, Registrations
from edge_agent.gb28181.devices.request_factory import RequestFactory
from edge_agent.gb28181.devices.request_sender import Context, RequestSender
from edge_agent.gb28181.devices.settings import Settings, World
from edge_agent.gb28181.devices.subscriptions import Key, Subscriptions
from edge_agent.gb28181.devices.unregistered import UnknownDevice
from edge_agent.gb28181.manscdp import query_bodies
from edge_agent.gb28181.sessions.dialog_requests import DialogEnvironment
from edge_agent.gb28181.sessions.dialogs import Dialogs
from edge_agent.gb28181.sessions.invite import ChannelFree, DeviceRoute, Invitation, PortFree
from provisioning.net.rates import Pacer, TokenBuckets
from provisioning.sip import message as sip
from provisioning.sip.edition import Version
from provisioning.sip.errors import ProtocolError
from provisioning.sip.inbox import Received, SipInbox
from provisioning.sip.message import Request, Response
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from provisioning.sip.transactions import ServerTransactions

ALLOW: Final = ("Allow", "REGISTER, MESSAGE, NOTIFY, INFO, BYE, ACK, CANCEL, OPTIONS")
INVITES_PER_S: Final = 10.0
PER_DEVICE_PER_MINUTE: Final = 6000.0
"""Messages a minute of one device: a recorder that sends its catalog of 2,000 channels in as many messages passes."""
_SHARE_OF_EACH: Final = 12
"""Messages a minute that each configured device adds to one address's share: a site's devices may all share one."""
_CMD_TYPES: Final = {MessageSubject.CATALOG: "Catalog", MessageSubject.RECORDS: "RecordInfo"}


class NotThereError(ProtocolError):
    """The device is not registered, or is not configured."""


class Endpoint:
    """Drives registrations, queries, subscriptions and sessions of one platform.

    No input from outside makes it raise.
    """

    def __init__(self, settings: Settings, world: World, now: Now, restored: Iterable[Restored] = ()) -> None:
        self._settings = settings
        self._world = world
        self._events: deque[Event] = deque()
        self._hang_ups: list[Peer] = []
        self.counts: Counter[str] = Counter()
        """Messages by their result."""

        self._registrations = Registrations({each.device_id: each.heartbeat_s for each in settings.devices})
        self._registrar = Registrar(settings, world, self._registrations, self._emit)
        requests = RequestFactory(settings.platform_id, settings.realm, world.token)
        self._sender = RequestSender(requests, self.route)
        self._out = self._sender.packets
        """Datagrams and bytes to be sent, in their order."""
        self._dialogs = Dialogs(
            DialogEnvironment(settings.platform_id, settings.realm, world.token, self.route, world.account)
        )
        self._queries = DeviceQueries(settings.platform_id, world.calendar, self._sender.message, self._emit)
        self._messages = MessageHandler(
            world.token,
            self._registrations,
            self._queries,
            self._dialogs,
            world.calendar,
            self._sender.message,
            self._emit,
        )
        self._subscriptions = Subscriptions(requests, self.route, self._send_subscribe, self._queries.number)
        self._onboarding = Onboarding(
            world.token,
            self._queries,
            self._subscriptions,
            self._messages.version,
            self._sender.message,
            frozenset(each.device_id for each in settings.devices if each.set_guard),
        )
        self._answers = ServerTransactions()
        self._invites = Pacer(INVITES_PER_S)
        self._open: set[int] = set()
        """Sessions whose device may still send."""
        per_source = settings.per_source_per_minute + _SHARE_OF_EACH * len(settings.devices)
        self._sources = TokenBuckets(per_source)
        self._inbox = SipInbox(self._sources, self._registrations.is_host, self._registrations.is_address)
        self._speakers = TokenBuckets(PER_DEVICE_PER_MINUTE, max_buckets=len(settings.devices) + 1)
        self._now = now
        for each in restored:
            if each.device_id in self._registrations:
                self._queries.restore(each.device_id, each.items, each.catalog_at_ms)
            if each.registration is not None and not self._registrations.restore(each.registration, now):
                self._emit(Forget(each.device_id))

    # --- what comes in

    def receive_datagram(self, data: bytes, peer: Peer, now: Now) -> None:
        """Takes a UDP datagram."""
        self._now = now
        self._handle_messages(self._inbox.receive_datagram(data, peer, now.monotonic_s))

    def connection_made(self, peer: Peer, now: Now) -> None:
        """Takes a new TCP connection."""
        self._now = now
        self._inbox.connection_made(peer, now.monotonic_s)

    def receive_bytes(self, data: bytes, peer: Peer, now: Now) -> None:
        """Takes bytes of a TCP connection."""
        self._now = now
        self._handle_messages(self._inbox.receive_bytes(data, peer, now.monotonic_s))

    def connection_lost(self, peer: Peer, now: Now) -> None:
        """Takes the end of a TCP connection."""
        self._now = now
        self._inbox.connection_lost(peer)
        self._closed(peer)
        self._settle()

    # --- time

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `handle_timer` is due; it may be early."""
        timers = (
            self._registrar.get_timer(),
            self._registrations.get_timer(),
            self._queries.get_timer(),
            self._subscriptions.get_timer(),
            self._onboarding.get_timer(),
            self._sender.get_timer(),
            self._dialogs.get_timer(),
            self._inbox.get_timer(),
        )
        return min((at_s for at_s in timers if at_s is not None), default=None)

    def handle_timer(self, now: Now) -> None:
        """Runs the timers that are due."""
        self._now = now
        self._handle_messages(self._inbox.handle_timer(now.monotonic_s))
        self._registrar.handle_timer(now)
        self._mind_registrations(now)
        self._queries.handle_timer(now)
        for device_id, topic in self._subscriptions.due(now.monotonic_s):
            self._subscriptions.renew((device_id, topic), self._messages.version(device_id))
        self._onboarding.handle_timer(now)
        for context in self._sender.handle_timer(now):
            self._unanswered(context, now)
        self._dialogs.handle_timer(now)
        self._settle()

    # --- what goes out

    def data_to_send(self) -> list[tuple[bytes, Peer]]:
        """Returns the messages to be sent now, each with its address."""
        out = list(self._out)
        self._out.clear()
        return out

    def hang_ups(self) -> list[Peer]:
        """Returns the TCP connections to be closed; they are forgotten here already."""
        peers, self._hang_ups = self._hang_ups, []
        return peers

    def next_event(self) -> Event | None:
        """Returns the next event; None: no more."""
        return self._events.popleft() if self._events else None

    # --- commands

    def query_records(self, device_id: str, channel_id: str, span_ms: tuple[int, int], now: Now) -> int:
        """Queries a channel's recordings, in Unix milliseconds. `RecordsTaken` with the returned number follows.

        Raises:
            NotThereError: the device is not registered.
            TooManyQueriesError: too many queries of this device wait already.
        """
        self._must_be_there(device_id)
        version = self._messages.version(device_id)
        query = self._queries.ask_records(device_id, channel_id, span_ms, version, now)
        self._settle()
        return query

    def take_snapshot(
        self, device_id: str, channel_id: str, url: Callable[[str], str], session_id: str, now: Now
    ) -> None:
        """Commands a device to take one picture and to upload it; `SnapshotUploaded` or `SnapshotRefused` may follow.

        `url`: makes the address to upload to from this machine's host, as the device reaches it.

        Raises:
            NotThereError: the device is not registered, or speaks an edition before 2022.
        """
        self._must_be_there(device_id)
        version, route = self._messages.version(device_id), self.route(device_id)
        if route is None or not version.is_2022:
            raise NotThereError(
                f"device {device_id} does not register as one of GB/T 28181-2022: it takes no snapshots"
            )
        body = query_bodies.snapshot(version, self._queries.number(), channel_id, url(route.host), session_id)
        self._sender.message(body, MessageContext(device_id, MessageSubject.SNAPSHOT), now)
        self._settle()

    def invite_turn_s(self, now: Now) -> float:
        """Takes a turn for an INVITE, returns its monotonic second: after a restart all cameras want theirs at once."""
        return self._invites.turn_s(now.monotonic_s)

    def invite(self, invitation: Invitation, now: Now) -> int:
        """Invites a device to send media; returns the session's number. Raises what `Dialogs.invite` raises."""
        session = self._dialogs.invite(invitation, now)
        self._open.add(session)
        self._settle()
        return session

    def hang_up(self, session: int, now: Now) -> None:
        """Ends a session: its media is not wanted any more."""
        self._dialogs.hang_up(session, now)
        self._settle()

    def close(self, now: Now) -> None:
        """Ends every session because the platform stops. That may take a moment; see `is_idle`."""
        for session in list(self._open):
            self.hang_up(session, now)

    def is_idle(self) -> bool:
        """True once no device sends media, as far as is known."""
        return not self._open

    def picture(self, session: int, now: Now) -> None:
        """Notes that the session's receiver has a usable picture."""
        self._dialogs.picture(session, now)
        self._settle()

    def late_media(self, session: int, now: Now) -> None:
        """Notes that RTP came to the session's port after its end."""
        self._dialogs.late_media(session, now)
        self._settle()

    # --- what is known

    def route(self, device_id: str) -> DeviceRoute | None:
        """Returns the route to a device; None: offline, or over TCP and not heard since our restart."""
        peer = self._registrations.peer(device_id)
        return None if peer is None else DeviceRoute(peer, self._world.own_host(peer), self._settings.port)

    def is_there(self, device_id: str) -> bool:
        """True if a device counts as registered: also one from before our restart that is not overdue yet."""
        return self._registrations.state(device_id) in THERE

    def version(self, device_id: str) -> Version:
        """Returns the edition of GB/T 28181 that a device speaks."""
        return self._messages.version(device_id)

    def online(self) -> int:
        """Returns the number of devices that are online."""
        return self._registrations.count()

    def strangers(self) -> tuple[UnknownDevice, ...]:
        """Returns the unknown devices that tried to register and were refused."""
        return self._registrar.strangers.listing()

    def tallies(self) -> dict[str, int]:
        """Counts messages and REGISTER requests by their result, devices' messages by kind, and open sessions."""
        device_counts: Counter[str] = Counter()
        for each in self._messages.counts.values():
            device_counts.update(each)
        return {
            **self.counts,
            **self._inbox.counts,
            **self._registrar.counts,
            **device_counts,
            "sessions": len(self._dialogs),
        }

    # --- inside

    def _handle_messages(self, messages: Received) -> None:
        for message, peer in messages:
            if isinstance(message, Response):
                self._take_answer(message)
            elif message.method != "ACK":
                self._take_request(message, peer)
        self._settle()

    def _take_request(self, request: Request, peer: Peer) -> None:
        now_s = self._now.monotonic_s
        speaker = self._messages.speaker(request, peer)
        if not self._may_speak(speaker, peer):
            self._inbox.counts["flooded"] += 1
            return
        again = self._answers.answer_to(request, peer, now_s)
        if again is not None:
            self.counts["repeated"] += 1
            self._out.append((again, peer))
            return
        said_by = None
        match request.method:
            case "REGISTER":
                answer = self._registrar.receive(request, peer, self._now)
            case "MESSAGE" | "NOTIFY":
                answer, said_by = self._messages.admit(request, peer, speaker, self._now)
            case "BYE" | "INFO":
                its = self._dialogs.receive_request(request, peer, self._now)
                answer = sip.answer(request, 481, peer) if its is None else its
            case "CANCEL":
                answer = sip.answer(request, 481, peer)
            case "OPTIONS":
                answer = sip.answer(request, 200, peer, to_tag=self._world.token(16), headers=(ALLOW,))
            case _:
                self.counts["unknown_method"] += 1
                answer = sip.answer(request, 405, peer, to_tag=self._world.token(16), headers=(ALLOW,))
        data = sip.encode(answer)
        self._answers.answered(request, peer, data, now_s)
        self._out.append((data, peer))
        if said_by is not None:
            self._messages.hear(said_by, request, peer, self._now)
            if (request.headers.get("Subscription-State") or "").lower().startswith("terminated"):
                self._subscriptions.ended(request.headers.get("Call-ID") or "", now_s)

    def _may_speak(self, speaker: str | None, peer: Peer) -> bool:
        """Counts a message of a device at its own host as the device's; any other message counts as its address's."""
        if not self._registrations.is_host(peer.host):
            return True  # counted already
        now_s = self._now.monotonic_s
        registration = None if speaker is None else self._registrations.registration(speaker)
        if registration is not None and registration.peer.host == peer.host:
            return self._speakers.allow(registration.device_id, now_s)
        return self._sources.allow(peer.host, now_s)

    def _take_answer(self, response: Response) -> None:
        context = self._sender.answered(response)
        if context is None:
            if not self._dialogs.receive_response(response, self._now):
                self.counts["stray_answer"] += 1
        elif response.status < 200:
            return
        elif isinstance(context, MessageContext):
            self._registrations.answered(context.device_id, self._now)
            if response.status >= 300 and context.what in _CMD_TYPES:
                self._queries.refused(context.device_id, _CMD_TYPES[context.what], self._now)
            elif response.status >= 300 and context.what is MessageSubject.SNAPSHOT:
                self._emit(SnapshotRefused(context.device_id))
        else:
            self._registrations.answered(context[0], self._now)
            if self._subscriptions.answered(context, response, self._now.monotonic_s):
                self._subscriptions.renew(context, self._messages.version(context[0]))

    def _unanswered(self, context: Context, now: Now) -> None:
        if not isinstance(context, MessageContext):
            self._subscriptions.unanswered(context, now.monotonic_s)
        elif context.what is MessageSubject.PROBE and self._registrations.silent(context.device_id):
            self._emit(Offline(context.device_id, Gone.SILENT))

    def _mind_registrations(self, now: Now) -> None:
        gone, ask = self._registrations.due(now)
        for device_id, why in gone:
            if why is Gone.EXPIRED:
                self._emit(Forget(device_id))
            self._emit(Offline(device_id, why))
        for device_id in ask:
            self._queries.ask_status(device_id, self._messages.version(device_id), now, MessageSubject.PROBE)

    def _emit(self, event: Event) -> None:
        """Queues an event, and does what follows from it inside the endpoint."""
        self._events.append(event)
        now_s = self._now.monotonic_s
        match event:
            case Online(registration):
                self._onboarding.begin(registration.device_id, now_s)
            case Keep(registration) if self._queries.is_stale(registration.device_id, self._now):
                self._onboarding.begin(registration.device_id, now_s)
            case Moved(registration):
                self._dialogs.device_gone(registration.device_id, self._now)
                self._subscriptions.forget(registration.device_id)
                self._onboarding.begin(registration.device_id, now_s)
            case Offline(device_id):
                self._dialogs.device_gone(device_id, self._now)
                self._queries.gone(device_id)
                self._subscriptions.forget(device_id)
                self._onboarding.end(device_id)
            case CatalogMissed(device_id):
                self._onboarding.ask_list_again(device_id, now_s)

    def _send_subscribe(self, request: Request, route: DeviceRoute, key: Key) -> None:
        self._sender.request(request, route, key, self._now)

    def _must_be_there(self, device_id: str) -> None:
        if self._registrations.peer(device_id) is None:
            raise NotThereError(f"device {device_id} is not registered: look at its platform address and password")

    def _closed(self, peer: Peer) -> None:
        for device_id in self._registrations.closed(peer):
            for topic in self._subscriptions.connection_ended(device_id):
                self._emit(SubscriptionGivenUp(device_id, topic))
            self._emit(Offline(device_id, Gone.CLOSED))

    def _settle(self) -> None:
        """Collects connections to close, and the requests and events of the dialogs."""
        for peer in self._inbox.hang_ups():
            self._hang_ups.append(peer)
            self._closed(peer)
        self._out.extend((sip.encode(request), peer) for request, peer in self._dialogs.requests_to_send())
        while (event := self._dialogs.next_event()) is not None:
            self._events.append(event)
            if isinstance(event, ChannelFree | PortFree):
                self._open.discard(event.session)
