"""Runs one session's signalling: requests, responses and timers in; requests and events out (states: `dialog_states`).

A dialog cannot see media: the receiver reports a usable picture, or RTP that should have stopped.
"""

from dataclasses import dataclass
from typing import Final

from edge_agent.gb28181.media import sdp
from edge_agent.gb28181.sessions.dialog_requests import DialogEnvironment, DialogRequests, same_hop
from edge_agent.gb28181.sessions.dialog_states import LIVE, DialogEvent, DialogState, after
from edge_agent.gb28181.sessions.invite import (
    Accepted,
    Cause,
    ChannelFree,
    Invitation,
    PortFree,
    SessionEnded,
    SessionEvent,
)
from provisioning.sip import addresses
from provisioning.sip.challenge import answered
from provisioning.sip.message import Request, Response
from provisioning.sip.moment import Now

_T1_S: Final = 0.5
_T2_S: Final = 4.0
_LASTS_S: Final = {
    DialogState.INVITING: 10.0,
    DialogState.CANCELLING: 5.0,
    DialogState.WAIT_MEDIA: 75.0,
    DialogState.FINISHING: 60.0,
    DialogState.CLOSING: 5.0,
    DialogState.TOMBSTONE: 32.0,
}
"""Seconds that a state lasts before its TIMEOUT. 75 s: keyframes 30 to 75 s apart were reported of real devices; that
no RTP comes at all is noticed by the receiver, within 12 s. 32 s: after timer F no device repeats anything."""
_TIMED_OUT: Final = {DialogState.INVITING: Cause.NO_ANSWER, DialogState.WAIT_MEDIA: Cause.NO_PICTURE}


@dataclass(slots=True)
class _Repeat:
    """A request that is sent again over UDP until there is an answer (RFC 3261, 17.1)."""

    request: Request
    at_s: float
    interval_s: float


class Dialog:
    """Drives one session along its state table. After each call read `outbox` and `events`.

    Methods raise IllegalEventError where the table has no such step; nothing has changed then.
    """

    def __init__(
        self, number: int, invitation: Invitation, its_ssrc: int, offer: bytes, environment: DialogEnvironment
    ) -> None:
        self.number = number
        self.invitation = invitation
        self.ssrc = its_ssrc
        self.state = DialogState.IDLE
        self.outbox: list[Request] = []
        self.events: list[SessionEvent] = []
        self._environment = environment
        self._offer = offer
        self._requests = DialogRequests(invitation, environment)
        self._invites: dict[int, Request] = {}
        self._refusals: dict[int, Request] = {}
        self._accepted_number: int | None = None
        self._repeat: _Repeat | None = None
        self._deadline_s: float | None = None
        self._has_port = True
        self._is_hushed = False

    @property
    def call_id(self) -> str:
        """Call-ID of the whole dialog."""
        return self._requests.call_id

    # --- commands and news

    def invite(self, now: Now) -> None:
        """Sends the first INVITE; repeated over UDP."""
        self._step(DialogEvent.INVITE, now)
        self._send_invite(now)

    def receive(self, response: Response, now: Now) -> None:
        """Takes a response with this dialog's Call-ID."""
        number, method = addresses.cseq(response)
        if method == "BYE" and response.status >= 200:
            self._step(DialogEvent.BYE_ANSWERED, now)
        elif method == "CANCEL" and self.state is DialogState.CANCELLING:
            self._repeat = None  # heard; the INVITE's own answer is still to come
        elif method == "INVITE" and number in self._invites:
            self._answered(response, number, now)

    def picture(self, now: Now) -> None:
        """Notes that the receiver has a usable picture."""
        self._step(DialogEvent.PICTURE, now)

    def late_media(self, now: Now) -> None:
        """Sends one more BYE: RTP came though the session is over."""
        was = self.state
        self._step(DialogEvent.LATE_MEDIA, now)
        if was is DialogState.TOMBSTONE and not self._is_hushed:
            self._is_hushed = True
            self.bye_again()

    def file_end(self, now: Now) -> None:
        """Notes that the device has sent the whole file; the receiver hangs up once it has read the rest."""
        self._step(DialogEvent.FILE_END, now, Cause.OVER)

    def device_bye(self, now: Now) -> None:
        """Ends the session: the device hung up. The caller answers its BYE."""
        self._step(DialogEvent.DEVICE_BYE, now, Cause.DEVICE_BYE)

    def device_gone(self, now: Now) -> None:
        """Ends the session of a device that went offline or registered from elsewhere.

        Sends BYE if there is a route.
        """
        was = self.state
        self._step(DialogEvent.DEVICE_GONE, now, Cause.OFFLINE)
        if was is not DialogState.TOMBSTONE:
            self.bye_again()

    def hang_up(self, now: Now) -> None:
        """Ends the session at our request, by CANCEL or BYE."""
        self._step(DialogEvent.HANG_UP, now, Cause.HUNG_UP)

    def bye_again(self) -> None:
        """Sends one more BYE of a session that is over, unrepeated: the device may not have heard the first."""
        if self.state is DialogState.TOMBSTONE and self._accepted_number is not None:
            self._send(self._requests.bye())

    # --- time

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `handle_timer` is due."""
        times = [self._deadline_s, None if self._repeat is None else self._repeat.at_s]
        return min((at_s for at_s in times if at_s is not None), default=None)

    def handle_timer(self, now: Now) -> None:
        """Runs the state's time-out and the repetitions that are due."""
        if self._deadline_s is not None and now.monotonic_s >= self._deadline_s:
            self._step(DialogEvent.TIMEOUT, now, _TIMED_OUT.get(self.state))
        repeat = self._repeat
        if repeat is not None and now.monotonic_s >= repeat.at_s:
            self._send(repeat.request)
            repeat.interval_s = min(2 * repeat.interval_s, _T2_S)
            repeat.at_s = now.monotonic_s + repeat.interval_s

    # --- inside: states

    def _step(self, event: DialogEvent, now: Now, cause: Cause | None = None, status: int | None = None) -> None:
        """Takes one step of the table, with all that is due in the new state.

        `cause`: why, where it ends the session.
        """
        was, self.state = self.state, after(self.state, event)
        if self.state is was:
            return
        self._repeat = None
        lasts_s = _LASTS_S.get(self.state)
        self._deadline_s = None if lasts_s is None else now.monotonic_s + lasts_s
        if was in LIVE and self.state not in LIVE:
            self.events.append(SessionEnded(self.number, cause or Cause.HUNG_UP, status))
        match self.state:
            case DialogState.CANCELLING:
                for invite in list(self._invites.values())[-1:]:
                    self._send(same_hop(invite, "CANCEL"), repeated_from=now)
            case DialogState.CLOSING if was is not DialogState.CANCELLING:
                self._send(self._requests.bye(), repeated_from=now)
            case DialogState.TOMBSTONE:
                self.events.append(ChannelFree(self.number))
                if not self._invites:  # it was never on its way
                    self._free_port()
            case DialogState.BURIED:
                self._free_port()

    def _free_port(self) -> None:
        if self._has_port:
            self._has_port = False
            self.events.append(PortFree(self.number))

    # --- inside: answers to the INVITE

    def _answered(self, response: Response, number: int, now: Now) -> None:
        if response.status < 200:
            self._step(DialogEvent.PROVISIONAL, now)
            if self.state is DialogState.INVITING:
                self._repeat = None
        elif response.status < 300:
            self._accept(response, number, now)
        elif number in self._refusals:
            self._send(self._refusals[number])  # it has not heard the ACK
        else:
            self._refuse(response, number, now)

    def _accept(self, response: Response, number: int, now: Now) -> None:
        was = self.state
        self._step(DialogEvent.ACCEPTED, now)
        is_first, self._accepted_number = self._accepted_number is None, number
        if is_first:
            contact = response.headers.get("Contact") or ""
            self._requests.set_remote(response.headers.get("To"), addresses.user(contact))
        self._send(self._requests.ack(number))
        if was is DialogState.INVITING:
            self.events.append(self._read(response))
        elif is_first:  # it crossed our CANCEL, or comes later still
            self._send(self._requests.bye(), repeated_from=now if self.state is DialogState.CLOSING else None)

    def _refuse(self, response: Response, number: int, now: Now) -> None:
        again = self._credentials(response, number)
        if again is None:
            self._step(DialogEvent.REFUSED, now, Cause.REFUSED, response.status)
        else:
            self._step(DialogEvent.CHALLENGED, now)
        self._refusals[number] = same_hop(self._invites[number], "ACK", response.headers.get("To"))
        self._send(self._refusals[number])
        if again is not None and self.state is DialogState.INVITING:
            self._send_invite(now, again)
        else:
            self._free_port()  # it will not send

    def _credentials(self, response: Response, number: int) -> tuple[str, str] | None:
        """Returns the header that answers a challenge; None at the second one."""
        known = None if self._refusals else self._environment.credentials(self.invitation.device_id)
        if known is None:
            return None
        return answered(response, known, "INVITE", self._invites[number].uri, self._environment.token)

    def _read(self, response: Response) -> Accepted:
        """Reads the SDP answer. Some devices send none, or nonsense, and send media all the same."""
        route = self._requests.route
        host = "" if route is None else route.peer.host
        try:
            answer = sdp.parse_answer(response.body)
        except sdp.SdpError:
            return Accepted(self.number, None, host, 0)
        codings = tuple(coding for _, coding in answer.rtpmaps)
        return Accepted(self.number, answer.ssrc, answer.host or host, answer.port or 0, codings, answer.filesize)

    # --- inside: what goes out

    def _send_invite(self, now: Now, *extra: tuple[str, str]) -> None:
        request = self._requests.invite(self.ssrc, self._offer, extra)
        if request is not None:
            self._invites[addresses.cseq(request)[0]] = request
            self._send(request, repeated_from=now)

    def _send(self, request: Request | None, *, repeated_from: Now | None = None) -> None:
        """Queues a request, repeated over UDP if asked to; None, without a route, runs into the state's time-out."""
        if request is None:
            return
        self.outbox.append(request)
        route = self._requests.route
        if repeated_from is not None and route is not None and route.peer.transport == "udp":
            self._repeat = _Repeat(request, repeated_from.monotonic_s + _T1_S, _T1_S)
