"""Holds all sessions of a platform, live and over: assigns responses and requests to their dialog.

The endpoint brings here what concerns a dialog (responses to INVITE, CANCEL and BYE; BYE and INFO; a `MediaStatus`; a
device that went offline), and after each call sends what is in `requests_to_send` and takes every `next_event`.
"""

import re
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from edge_agent.gb28181.manscdp import body as manscdp
from edge_agent.gb28181.manscdp.message_types import MediaStatus
from edge_agent.gb28181.media.ssrc import Ssrcs
from edge_agent.gb28181.sessions.dialog import Dialog
from edge_agent.gb28181.sessions.dialog_requests import DialogEnvironment
from edge_agent.gb28181.sessions.dialog_states import LIVE, OVER, DialogState, IllegalDialogEventError
from edge_agent.gb28181.sessions.invite import Cause, Invitation, SessionEnded, SessionEvent
from provisioning.sip import message
from provisioning.sip.errors import ProtocolError
from provisioning.sip.message import Request, Response
from provisioning.sip.moment import Now
from provisioning.sip.peer import Peer
from provisioning.sip.timers import Agenda

MAX_SESSIONS: Final = 4096
"""Sessions open or just over; the media ports bound the open ones far below."""
_BUSY: Final = (486, 600)
_TEARDOWN: Final = re.compile(rb"\s*TEARDOWN\s", re.IGNORECASE)
_TEXT: Final = re.compile(rb"MediaStatus\b[^\0]{0,500}\b121\b")
"""`MediaStatus` 121 in a body that is no XML."""


class ChannelBusyError(ProtocolError):
    """A session of this channel's stream is open, or its BYE is not answered yet. One at a time."""


class TooManySessionsError(ProtocolError):
    """`MAX_SESSIONS` sessions are open or just over."""


class Dialogs:
    """Holds the dialogs of one platform.

    No message of a device raises; one without a meaning is counted in `strange`.
    """

    def __init__(self, environment: DialogEnvironment) -> None:
        self._environment = environment
        self._ssrcs = Ssrcs(environment.platform_id)
        self._dialogs: dict[int, Dialog] = {}
        self._by_call: dict[str, Dialog] = {}
        self._agenda = Agenda[int]()
        """Timers of the dialogs: there may be hundreds, and no other message may pay for them."""
        self._number = 0
        self._outbox: deque[tuple[Request, Peer]] = deque()
        self._events: deque[SessionEvent] = deque()
        self.strange: Counter[str] = Counter()
        """Events that the state table does not expect, by event and state. They changed nothing."""

    # --- commands

    def invite(self, invitation: Invitation, now: Now) -> int:
        """Invites a device to send media; returns the session's number. The session ends with `PortFree` in every case.

        Raises:
            ChannelBusyError: a session of this channel's stream is open.
            TooManySessionsError: `MAX_SESSIONS` are open or just over.
            NoSsrcError: every SSRC is in use.
        """
        if len(self._dialogs) >= MAX_SESSIONS:
            raise TooManySessionsError(f"{MAX_SESSIONS} sessions are open or just over")
        wanted = _kept_apart(invitation)
        if any(_kept_apart(each.invitation) == wanted and each.state not in OVER for each in self._dialogs.values()):
            raise ChannelBusyError(
                f"device {invitation.device_id}, channel {invitation.channel_id}: a session of it is open already"
            )
        its_ssrc = self._ssrcs.take_ssrc(history=invitation.span is not None)
        self._number += 1
        offer = invitation.offer(self._environment.platform_id, its_ssrc).encode()
        dialog = Dialog(self._number, invitation, its_ssrc, offer, self._environment)
        self._dialogs[dialog.number] = self._by_call[dialog.call_id] = dialog
        self._do(dialog, dialog.invite, now)
        if self._environment.route(invitation.device_id) is None:
            self._do(dialog, dialog.device_gone, now)
        return dialog.number

    def hang_up(self, session: int, now: Now) -> None:
        """Ends a session; one that is over already stays as it is."""
        if (dialog := self._dialogs.get(session)) is not None:
            self._do(dialog, dialog.hang_up, now)

    def picture(self, session: int, now: Now) -> None:
        """Notes that the session's receiver has a usable picture."""
        if (dialog := self._dialogs.get(session)) is not None:
            self._do(dialog, dialog.picture, now)

    def late_media(self, session: int, now: Now) -> None:
        """Notes that RTP came to the session's port after its end."""
        if (dialog := self._dialogs.get(session)) is not None:
            self._do(dialog, dialog.late_media, now)

    # --- what comes in

    def receive_response(self, response: Response, now: Now) -> bool:
        """Takes a response; returns False if it belongs to no dialog."""
        dialog = self._by_call.get(response.headers.get("Call-ID") or "")
        if dialog is None:
            return False
        self._do(dialog, lambda then: dialog.receive(response, then), now)
        return True

    def receive_request(self, request: Request, peer: Peer, now: Now) -> Response | None:
        """Returns the response to a BYE or an INFO of a dialog; None for anything else: the caller answers 481.

        A request from another host than the device's is not believed, whatever Call-ID it carries.
        """
        dialog = self._by_call.get(request.headers.get("Call-ID") or "")
        if dialog is None or request.method not in {"BYE", "INFO"} or not self._is_from(dialog, peer):
            return None
        if request.method == "BYE":
            self._do(dialog, dialog.device_bye, now)
        elif tells_file_end(request.body):
            self._do(dialog, dialog.file_end, now)
        return message.answer(request, 200, peer)

    def file_end(self, device_id: str, said_id: str, call_id: str, now: Now) -> bool:
        """Takes `MediaStatus` 121 of a registered device's MESSAGE; returns False if no session was meant.

        `said_id` is the DeviceID in the body: the channel's by the standard, often the device's own. The session is
        found by the Call-ID, else by the channel, else it is the one session of recordings that this device has open.
        """
        named = self._by_call.get(call_id)
        open_ones = [
            each
            for each in self._dialogs.values()
            if each.invitation.device_id == device_id and each.invitation.span is not None and each.state in LIVE
        ]
        of_channel = [each for each in open_ones if each.invitation.channel_id == said_id]
        is_named = named is not None and named.invitation.device_id == device_id
        meant = [named] if named is not None and is_named else of_channel or open_ones
        if len(meant) != 1:
            return False
        self._do(meant[0], meant[0].file_end, now)
        return True

    def device_gone(self, device_id: str, now: Now) -> None:
        """Ends the sessions of a device that has no registration any more, or a new one from elsewhere."""
        for dialog in list(self._dialogs.values()):
            if dialog.invitation.device_id == device_id:
                self._do(dialog, dialog.device_gone, now)

    # --- time, and what goes out

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `handle_timer` is due; it may be early."""
        return self._agenda.get_timer()

    def handle_timer(self, now: Now) -> None:
        """Runs the timers that are due."""
        for number in self._agenda.take_due(now.monotonic_s):
            dialog = self._dialogs[number]
            self._do(dialog, dialog.handle_timer, now)

    def requests_to_send(self) -> list[tuple[Request, Peer]]:
        """Returns the requests to be sent now, each with its address."""
        requests = list(self._outbox)
        self._outbox.clear()
        return requests

    def next_event(self) -> SessionEvent | None:
        """Returns the next event of a session; None: no more."""
        return self._events.popleft() if self._events else None

    def __len__(self) -> int:
        """Returns the number of open sessions."""
        return sum(dialog.state not in OVER for dialog in self._dialogs.values())

    # --- inside

    def _do(self, dialog: Dialog, what: Callable[[Now], None], now: Now) -> None:
        """Runs one step of a dialog, and collects the requests and events that follow."""
        try:
            what(now)
        except IllegalDialogEventError as error:
            self.strange[str(error)] += 1
        route = self._environment.route(dialog.invitation.device_id)
        if route is not None:
            self._outbox.extend((request, route.peer) for request in dialog.outbox)
        dialog.outbox.clear()
        events = list(dialog.events)
        dialog.events.clear()
        self._events.extend(events)
        if any(isinstance(each, SessionEnded) and _is_busy(each) for each in events):
            self._bye_again(dialog)
        if dialog.state is DialogState.BURIED:
            self._ssrcs.give_back(dialog.ssrc)
            self._agenda.cancel(dialog.number)
            del self._dialogs[dialog.number], self._by_call[dialog.call_id]
        elif (at_s := dialog.get_timer()) is not None:
            self._agenda.plan(dialog.number, at_s)
        else:
            self._agenda.cancel(dialog.number)

    def _bye_again(self, refused: Dialog) -> None:
        """Sends BYE again for ended sessions that the device may take to be open still (annex K)."""
        route = self._environment.route(refused.invitation.device_id)
        wanted = _kept_apart(refused.invitation)
        for other in self._dialogs.values():
            if other is not refused and _kept_apart(other.invitation) == wanted and route is not None:
                other.bye_again()
                self._outbox.extend((request, route.peer) for request in other.outbox)
                other.outbox.clear()

    def _is_from(self, dialog: Dialog, peer: Peer) -> bool:
        route = self._environment.route(dialog.invitation.device_id)
        return route is not None and route.peer.host == peer.host


def _is_busy(ended: SessionEnded) -> bool:
    return ended.cause is Cause.REFUSED and ended.status in _BUSY


def _kept_apart(invitation: Invitation) -> tuple[str, str, str]:
    """Returns the key of which one session at a time is allowed: a live stream of a channel, or its recordings."""
    what = str(invitation.stream) if invitation.span is None else "span"
    return invitation.device_id, invitation.channel_id, what


def tells_file_end(body: bytes) -> bool:
    """True for an INFO that announces a recording's end, for which the standard wants a MESSAGE.

    `MediaStatus` 121 as MANSCDP or as loose text, or the device's own TEARDOWN (MANSRTSP).
    """
    try:
        content = manscdp.parse(body).content
    except manscdp.ManscdpError:
        return _TEARDOWN.match(body) is not None or _TEXT.search(body) is not None
    return isinstance(content, MediaStatus) and content.is_end
