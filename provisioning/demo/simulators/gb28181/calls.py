"""Media sessions of one device: INVITE, ACK, BYE, and the control of a playback."""

import math
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from provisioning.demo.simulators.gb28181 import manscdp, moments, sdp, sip_text
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.line import (
    T1_S,
    T2_S,
    CloseMedia,
    DeviceSignalling,
    KeyFrame,
    Leg,
    OpenMedia,
    Purpose,
    StartMedia,
    SteerMedia,
)
from provisioning.demo.simulators.gb28181.moments import DeviceClock, Instant
from provisioning.demo.simulators.gb28181.sdp import MediaOrder, SdpOffer
from provisioning.demo.simulators.gb28181.sip_text import SipMessage

_ACK_WITHIN_S: Final = 32.0
_HANGS_UP_AFTER_S: Final = 2.0
_MEDIA_AFTER_BYE_S: Final = 3.0
_MEDIA_FIRST_S: Final = 0.5
_REFUSED_BY: Final = {DeviceFault.BUSY: 486, DeviceFault.NOT_ACCEPTABLE: 488, DeviceFault.INVITE_CHALLENGED: 401}


class _State(Enum):
    OPENING = auto()
    """Its socket is being opened, or the 200 is held back."""
    ANSWERED = auto()
    """The 200 is sent and repeated until the ACK."""
    TALKING = auto()


@dataclass(slots=True)
class _Call:
    invite: SipMessage
    offer: SdpOffer
    channel: str
    leg: Leg
    tag: str
    y: str
    state: _State = _State.OPENING
    ok: bytes = b""
    local: tuple[str, int] = ("", 0)
    size_bytes: int = -1
    due_s: float = math.inf
    interval_s: float = T1_S
    gives_up_s: float = math.inf
    repeats: int = 0
    """Number of 200s still to be sent although acknowledged."""
    hangs_up_s: float = math.inf


class Calls:
    """All sessions of one device, by Call-ID."""

    __slots__ = ("_clock", "_line", "_open")

    def __init__(self, line: DeviceSignalling, clock: DeviceClock) -> None:
        self._line = line
        self._clock = clock
        self._open: dict[str, _Call] = {}

    def __len__(self) -> int:
        return len(self._open)

    def invited(self, request: SipMessage, now: Instant) -> None:
        """Handles an INVITE: refuses it, or opens a session."""
        line, profile = self._line, self._line.profile
        call_id = request.get("call-id")
        if profile.has(DeviceFault.INVITE_IGNORED):
            return
        if (known := self._open.get(call_id)) is not None:
            if known.ok:
                line.resend(known.ok)
            return
        line.counts.invites += 1
        channel = sip_text.user(request.uri)
        status = next((status for fault, status in _REFUSED_BY.items() if profile.has(fault)), 0)
        offer = None
        if not status:
            offer, status = self._judged(request, channel, now)
        if offer is None or status:
            self._refuse(request, status)
            return
        line.reply(request, 100)
        order, y = self._order(offer)
        tag = line.token(8)
        leg = Leg(
            call_id,
            f"{request.get('to')};tag={tag}",
            request.get("from"),
            sip_text.uri(request.get("contact")) or line.platform,
        )
        self._open[call_id] = _Call(request, offer, channel, leg, tag, y)
        line.emit(OpenMedia(call_id, order))

    def media_opened(self, call_id: str, local: tuple[str, int], size_bytes: int, now: Instant) -> None:
        """Answers the INVITE, since its socket is open. `size_bytes`: size of a download, -1 if unknown."""
        call = self._open.get(call_id)
        if call is None:  # cancelled meanwhile
            self._line.emit(CloseMedia(call_id))
            return
        call.local, call.size_bytes = local, size_bytes
        call.gives_up_s = now.mono_s + _ACK_WITHIN_S
        if self._line.profile.has(DeviceFault.MEDIA_BEFORE_200):
            self._line.emit(StartMedia(call_id))
            call.due_s = now.mono_s + _MEDIA_FIRST_S
        else:
            self._answer(call, now)

    def media_failed(self, call_id: str, now: Instant) -> None:
        """Refuses or ends a session whose socket failed or whose connection broke."""
        self._line.counts.media_failed += 1
        call = self._open.pop(call_id, None)
        if call is None:
            return
        if call.state is _State.OPENING:
            self._refuse(call.invite, 500)
        else:
            self._hang_up(call, now)

    def media_ended(self, call_id: str, now: Instant) -> None:
        """Announces the end of a playback, in the manner of this device."""
        call = self._open.get(call_id)
        line = self._line
        line.counts.spans_ended += 1
        if call is None or line.profile.has(DeviceFault.ENDS_SILENTLY):
            return
        body = manscdp.span_ended(line.profile, call.channel, line.token(2))
        method = "INFO" if line.profile.has(DeviceFault.ENDS_BY_INFO) else "MESSAGE"
        line.send_request(now, Purpose.INFO, method, call.leg, None, body)

    def acknowledged(self, request: SipMessage, now: Instant) -> None:
        """Handles an ACK: media begins."""
        call = self._open.get(request.get("call-id"))
        if call is None or call.state is not _State.ANSWERED:
            return
        call.state = _State.TALKING
        call.due_s = call.gives_up_s = math.inf
        profile = self._line.profile
        if profile.has(DeviceFault.REPEATS_200):
            call.repeats, call.due_s = 2, now.mono_s + T1_S
        if profile.has(DeviceFault.HANGS_UP):
            call.hangs_up_s = now.mono_s + _HANGS_UP_AFTER_S
        if not profile.has(DeviceFault.NO_MEDIA) and not profile.has(DeviceFault.MEDIA_BEFORE_200):
            self._line.emit(StartMedia(call.leg.call_id))

    def ended(self, request: SipMessage) -> None:
        """Handles a BYE: answers it, and media ends."""
        line = self._line
        call = self._open.pop(request.get("call-id"), None)
        if call is None:
            line.reply(request, 481)
            return
        line.counts.byes += 1
        if not line.profile.has(DeviceFault.BYE_UNANSWERED):
            line.reply(request, 200)
        after_s = _MEDIA_AFTER_BYE_S if line.profile.has(DeviceFault.MEDIA_AFTER_BYE) else 0.0
        line.emit(CloseMedia(call.leg.call_id, after_s))

    def cancelled(self, request: SipMessage) -> None:
        """Handles a CANCEL: ends a session that is not answered yet."""
        line = self._line
        call = self._open.get(request.get("call-id"))
        line.reply(request, 481 if call is None else 200)
        if call is not None and call.state is _State.OPENING:
            del self._open[call.leg.call_id]
            line.emit(CloseMedia(call.leg.call_id))
            line.reply(call.invite, 487, to_tag=call.tag)

    def informed(self, request: SipMessage) -> None:
        """Handles an INFO: play, pause, seek, change of speed, end."""
        line = self._line
        call = self._open.get(request.get("call-id"))
        if call is None:
            line.reply(request, 481)
            return
        text = request.body.decode("utf-8", "replace")
        verb = text.partition(" ")[0].strip()
        if verb not in {"PLAY", "PAUSE", "TEARDOWN"}:
            line.reply(request, 400)
            return
        line.reply(request, 200)
        call_id = call.leg.call_id
        if verb == "TEARDOWN":
            line.emit(CloseMedia(call_id))
        elif verb == "PAUSE":
            line.emit(SteerMedia(call_id, paused=True))
        else:
            scale = re.search(r"^Scale:[ \t]*(\d{1,3}(?:\.\d{1,3})?)\s*$", text, re.MULTILINE | re.ASCII)
            start = re.search(r"^Range:[ \t]*npt=(\d{1,7}(?:\.\d{1,3})?)-", text, re.MULTILINE | re.ASCII)
            line.emit(
                SteerMedia(
                    call_id,
                    scale=(float(scale[1]) or None) if scale else None,
                    position_s=float(start[1]) if start else None,
                    paused=False,
                )
            )

    def key_frame(self, target: str) -> None:
        """Requests a keyframe as the next picture of a channel; of every channel if `target` is the device."""
        for call in self._open.values():
            if target in {call.channel, self._line.device_id}:
                self._line.emit(KeyFrame(call.leg.call_id))

    @property
    def due_s(self) -> float:
        """Time of the next call of `due`."""
        return min(
            (min(call.due_s, call.hangs_up_s, call.gives_up_s) for call in self._open.values()), default=math.inf
        )

    def due(self, now: Instant) -> None:
        """Repeats 200s and hangs up sessions that are due."""
        for call in list(self._open.values()):
            if min(call.hangs_up_s, call.gives_up_s) <= now.mono_s:
                del self._open[call.leg.call_id]
                self._hang_up(call, now)
            elif call.due_s > now.mono_s:
                continue
            elif call.state is _State.OPENING:
                self._answer(call, now)
            elif call.state is _State.ANSWERED:
                self._line.resend(call.ok)
                call.interval_s = min(2 * call.interval_s, T2_S)
                call.due_s = now.mono_s + call.interval_s
            else:
                self._line.resend(call.ok)
                call.repeats -= 1
                call.due_s = now.mono_s + T1_S if call.repeats else math.inf

    def drop(self) -> None:
        """Ends all sessions without BYE: the connection is gone, or the device boots."""
        for call_id in self._open:
            self._line.emit(CloseMedia(call_id))
        self._open.clear()

    def hang_up(self, now: Instant) -> None:
        """Ends all sessions with BYE."""
        for call in self._open.values():
            self._hang_up(call, now)
        self._open.clear()

    def _judged(self, request: SipMessage, channel: str, now: Instant) -> tuple[SdpOffer | None, int]:
        """Returns the offer, and the status that refuses it (0: accepted)."""
        line, profile = self._line, self._line.profile
        if channel not in {line.device_id, *profile.channel_ids(line.device_id)}:
            return None, 404
        try:
            offer = sdp.parse(request.body)
        except sdp.SdpTextError:
            return None, 488
        same = [call for call in self._open.values() if call.channel == channel and call.offer.span and offer.span]
        if same or len(self._open) >= profile.max_calls:
            return None, 486
        if offer.span is not None:
            if profile.has(DeviceFault.LOCAL_SECONDS):
                start, end = offer.span
                offer = offer._replace(span=(start - moments.BEIJING_S, end - moments.BEIJING_S))
            if not manscdp.spans(profile, self._clock.wall_s(now), *(offer.span or (0, 0))):
                return None, 404
        return offer, 0

    def _order(self, offer: SdpOffer) -> tuple[MediaOrder, str]:
        line, profile = self._line, self._line.profile
        y = offer.y
        if profile.has(DeviceFault.OTHER_Y) or not (y.isdecimal() and len(y) == 10):
            y = f"{1 if offer.span else 0}{profile.domain[3:8]}9{int(line.token(8), 16) % 1000:03d}"
        ssrc = (int(y) + (7919 if profile.has(DeviceFault.OTHER_SSRC) else 0)) & 0xFFFFFFFF
        return MediaOrder(offer.transport, (offer.host, offer.port), ssrc, offer.span, offer.speed), y

    def _answer(self, call: _Call, now: Instant) -> None:
        line = self._line
        body = sdp.answer(call.offer, line.profile, call.channel, call.local, call.y, call.size_bytes)
        call.state = _State.ANSWERED
        call.due_s = now.mono_s + call.interval_s if line.profile.transport == "udp" else math.inf
        headers = [("Contact", line.contact)]
        call.ok = line.reply(
            call.invite, 200, to_tag=call.tag, headers=headers, body=body, content_type="Application/SDP"
        )

    def _refuse(self, request: SipMessage, status: int) -> None:
        line = self._line
        line.counts.invites_refused += 1
        headers = []
        if status == 401:
            asked = f'Digest realm="{line.profile.domain}", nonce="{line.token(16)}", algorithm=MD5'
            headers.append(("WWW-Authenticate", asked))
        line.reply(request, status, to_tag=line.token(8), headers=headers)

    def _hang_up(self, call: _Call, now: Instant) -> None:
        line = self._line
        line.counts.byes_sent += 1
        line.send_request(now, Purpose.BYE, "BYE", call.leg)
        line.emit(CloseMedia(call.leg.call_id))
