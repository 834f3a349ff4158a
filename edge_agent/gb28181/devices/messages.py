"""Handles MESSAGE and NOTIFY of registered devices: each is answered before its body is read.

The agent files no people: a body about a person's position or an event of a person is answered, dropped and counted.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final, TypeAlias

from edge_agent.gb28181.devices.events import (
    Alarmed,
    Event,
    InfoTaken,
    Keep,
    Online,
    SnapshotRefused,
    SnapshotUploaded,
)
from edge_agent.gb28181.devices.queries import DeviceQueries, MessageContext, MessageSubject
from edge_agent.gb28181.devices.registrations import NotRegisteredError, Registrations
from edge_agent.gb28181.manscdp import body, query_bodies
from edge_agent.gb28181.manscdp.alarms import Alarm
from edge_agent.gb28181.manscdp.body import ManscdpError, ManscdpMessage
from edge_agent.gb28181.manscdp.message_types import (
    CatalogChange,
    CatalogPart,
    DeviceInfo,
    DeviceStatus,
    Keepalive,
    MediaStatus,
    Other,
    RecordPart,
    Result,
    SnapshotsUploaded,
    Unwanted,
)
from edge_agent.gb28181.sessions.dialogs import Dialogs
from provisioning.sip import addresses, message
from provisioning.sip.edition import Version
from provisioning.sip.message import Request, Response
from provisioning.sip.moment import Calendar, Now
from provisioning.sip.peer import Peer

Answer: TypeAlias = CatalogPart | CatalogChange | RecordPart | DeviceInfo | DeviceStatus | Result
_CONFIG: Final = "deviceconfig"
"""CmdType of the one command that the agent gives and that is no query: SnapShotConfig."""
_UNREGISTERED: Final = 403
_UNKNOWN: Final = 404


class MessageHandler:
    """Handles the MESSAGE and NOTIFY requests of one platform's devices."""

    def __init__(
        self,
        token: Callable[[int], str],
        registrations: Registrations,
        queries: DeviceQueries,
        dialogs: Dialogs,
        calendar: Calendar,
        send: Callable[[bytes, MessageContext, Now], bool],
        emit: Callable[[Event], None],
    ) -> None:
        """`send` sends a body to a device."""
        self._token = token
        self._registrations = registrations
        self._queries = queries
        self._dialogs = dialogs
        self._calendar = calendar
        self._send = send
        self._emit = emit
        self.counts: dict[str, Counter[str]] = {}
        """Messages by device id and kind. Bounded: only configured devices, and the kinds are fixed."""

    def speaker(self, request: Request, peer: Peer) -> str | None:
        """Returns the sending device's id: the user of From or Contact, else the device at that address.

        None: unknown.
        """
        for name in ("From", "Contact"):
            user = addresses.user(request.headers.get(name) or "")
            if user in self._registrations:
                return user
        return self._registrations.at(peer)

    def admit(self, request: Request, peer: Peer, device_id: str | None, now: Now) -> tuple[Response, str | None]:
        """Returns the response, and the device id; None where the sender has to register first. The body is not read.

        `device_id`: the result of `speaker`.
        """
        if device_id is None:
            return message.answer(request, _UNKNOWN, peer, to_tag=self._token(16)), None
        try:
            is_back = self._registrations.note_message(device_id, peer, now, moves=False)
        except NotRegisteredError:
            self._count(device_id, "not_registered")
            return message.answer(request, _UNREGISTERED, peer, to_tag=self._token(16)), None
        if is_back:
            self._emit(Online(self._registrations.held(device_id)))
        self._count(device_id, "messages" if request.method == "MESSAGE" else "notifications")
        return message.answer(request, 200, peer, to_tag=self._token(16)), device_id

    def hear(self, device_id: str, request: Request, peer: Peer, now: Now) -> None:
        """Parses the body of an answered request and passes its content on."""
        try:
            parsed = body.parse(request.body)
        except ManscdpError:
            self._count(device_id, "unreadable")
            return
        if parsed.is_mended:
            self._count(device_id, "mended")
        content = parsed.content
        match content:
            case Keepalive():
                self._keepalive(device_id, peer, now)
            case Alarm():
                self._alarm(device_id, parsed, content, now, is_message=request.method == "MESSAGE")
            case MediaStatus():
                if content.is_end:
                    self._dialogs.file_end(device_id, parsed.device_id, request.headers.get("Call-ID") or "", now)
            case SnapshotsUploaded(session_id):
                self._emit(SnapshotUploaded(device_id, session_id))
            case Unwanted():
                self._count(device_id, content.kind)
            case Other():
                self._count(device_id, "other")
            case _:
                self._pass_on(device_id, parsed, content, now)

    def _pass_on(self, device_id: str, parsed: ManscdpMessage, content: Answer, now: Now) -> None:
        """Passes on an answer to a query of ours, or a change of something that was queried."""
        match content:
            case CatalogPart():
                self._queries.take_catalog(device_id, parsed.sn, content, now)
            case CatalogChange():
                self._queries.take_news(device_id, content.items)
            case RecordPart():
                self._queries.take_records(device_id, parsed.sn, content, now)
            case DeviceInfo():
                self._emit(InfoTaken(device_id, content))
            case DeviceStatus():
                self._queries.take_status(device_id, content, now)
            case Result() if parsed.cmd_type.lower() == _CONFIG:
                if not content.is_ok:
                    self._emit(SnapshotRefused(device_id))
            case _:
                if not content.is_ok:
                    self._queries.refused(device_id, parsed.cmd_type, now)

    def version(self, device_id: str) -> Version:
        """Returns the edition of GB/T 28181 that a device speaks; 2016 while it is not registered."""
        registration = self._registrations.registration(device_id)
        return Version.V2016 if registration is None else registration.version

    def _keepalive(self, device_id: str, peer: Peer, now: Now) -> None:
        """Moves the device's address to where the keepalive came from: NAT gives a device another port now and then."""
        before = self._registrations.registration(device_id)
        self._registrations.note_message(device_id, peer, now, moves=True)
        self._registrations.keeps_alive(device_id)
        registration = self._registrations.held(device_id)
        if registration is not before:
            self._emit(Keep(registration))
        self._count(device_id, "keepalives")

    def _alarm(self, device_id: str, parsed: ManscdpMessage, alarm: Alarm, now: Now, *, is_message: bool) -> None:
        self._count(device_id, "alarms")
        self._emit(Alarmed(device_id, parsed.device_id, alarm, self._calendar.at_ms(alarm.alarmed_at)))
        version, command = self.version(device_id), MessageContext(device_id, MessageSubject.COMMAND)
        if is_message:
            answer = query_bodies.alarm_answer(version, parsed.sn or 0, parsed.device_id or device_id)
            self._send(answer, command, now)
        if alarm.needs_reset:
            self._send(query_bodies.alarm_reset(version, self._queries.number(), device_id), command, now)

    def _count(self, device_id: str, what: str) -> None:
        self.counts.setdefault(device_id, Counter())[what] += 1
