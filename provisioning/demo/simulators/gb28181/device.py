"""Simulates one device: texts and time in, effects out. No socket, no clock, no code of the platform."""

import math
import random
import re
from collections import deque
from typing import Final

from provisioning.demo.simulators.gb28181 import manscdp, moments, sip_text
from provisioning.demo.simulators.gb28181.calls import Calls
from provisioning.demo.simulators.gb28181.counts import Counts
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.line import DeviceSignalling, MovePort, PendingRequest, Purpose, Upload
from provisioning.demo.simulators.gb28181.manscdp import PlatformMessage
from provisioning.demo.simulators.gb28181.moments import DeviceClock, Instant
from provisioning.demo.simulators.gb28181.registration import Registration, RegistrationOutcome
from provisioning.demo.simulators.gb28181.sip_text import SipMessage, SipTextError
from provisioning.demo.simulators.gb28181.subscriptions import Subscriptions

_MISSES: Final = 3
"""Unanswered keepalives in a row after which the device registers anew."""
_BOOT_S: Final = 1.0
_YEAR_S: Final = 365 * 86400
_ALLOW: Final = "INVITE, ACK, CANCEL, BYE, INFO, MESSAGE, SUBSCRIBE, OPTIONS"


class SimulatedDevice:
    """Behaviour of one id. After each call, the caller carries out the effects in `line.outbox` and reads `due_s`."""

    __slots__ = (
        "_guarded",
        "_held",
        "_keepalive_s",
        "_misses",
        "_parts",
        "_random",
        "_shots",
        "_sn",
        "_subscriptions",
        "_waits",
        "_was_registered",
        "calls",
        "clock",
        "line",
        "registration",
    )

    def __init__(
        self, profile: DeviceProfile, device_id: str, server: tuple[str, int], key: str, counts: Counts
    ) -> None:
        self._random = random.Random(f"{profile.seed} {device_id} {key}")  # noqa: S311 - a simulation
        self.line = DeviceSignalling(profile, device_id, counts, self._token, key, server)
        self.clock = DeviceClock(profile.skew_s - (_YEAR_S if profile.has(DeviceFault.CLOCK_A_YEAR_OFF) else 0))
        self.registration = Registration(self.line, self._random)
        self.calls = Calls(self.line, self.clock)
        self._subscriptions = Subscriptions(self.line)
        self._sn = 0
        self._shots = 0
        self._keepalive_s = math.inf
        self._misses = 0
        self._was_registered = False
        self._guarded = not profile.has(DeviceFault.NEEDS_GUARD)
        self._held = False
        """True while an alarm is sent and not reset."""
        self._parts: deque[bytes] = deque()
        self._waits = False
        """True while a part is sent and not answered."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Returns the ids of the device's cameras."""
        return self.line.profile.channel_ids(self.line.device_id)

    @property
    def is_registered(self) -> bool:
        """True while the platform has accepted the registration and it has not expired, as far as the device knows."""
        return self.registration.holds

    @property
    def due_s(self) -> float:
        """Time of the next call of `due`, on the process clock."""
        return min(self.line.due_s, self.registration.due_s, self._keepalive_s, self.calls.due_s)

    def connected(self, local: tuple[str, int], now: Instant) -> None:
        """Registers over a new socket or connection, or continues as its faults say."""
        self.line.local = local
        profile = self.line.profile
        if profile.has(DeviceFault.KEEPALIVE_UNREGISTERED) or (
            self._was_registered and profile.has(DeviceFault.NEVER_REREGISTERS)
        ):
            self._keepalive_s = now.mono_s
        else:
            self.registration.start(now.mono_s)
        self.due(now)

    def moved(self, local: tuple[str, int]) -> None:
        """Notes the new local port (UDP)."""
        self.line.local = local

    def connection_lost(self) -> None:
        """Ends every session and every pending request, since the connection is gone (TCP)."""
        self.line.counts.connections_lost += 1
        self._reset()
        self.registration.start(math.inf)

    def receive(self, data: bytes, now: Instant) -> None:
        """Reads and handles one SIP message."""
        if not data.strip(b"\r\n\0 "):
            return
        try:
            message = sip_text.parse(data)
        except SipTextError:
            self.line.counts.unreadable += 1
            return
        self.take(message, now)

    def take(self, message: SipMessage, now: Instant) -> None:
        """Handles one parsed SIP message."""
        if message.status:
            asked = self.line.answered(message)
            if asked is not None:
                self._answered(asked, message, now)
        elif message.method == "ACK":
            self.calls.acknowledged(message, now)
        elif not self.line.repeats(message):
            self._requested(message, now)

    def due(self, now: Instant) -> None:
        """Performs the actions that are due: repeat, register, keep alive."""
        for asked in self.line.due(now):
            self._unanswered(asked, now)
        self.registration.due(now)
        if now.mono_s >= self._keepalive_s:
            self._keep_alive(now)
        self.calls.due(now)

    def leave(self, now: Instant) -> None:
        """Hangs up and un-registers."""
        self._keepalive_s = math.inf
        self.calls.hang_up(now)
        self.registration.leave(now)

    def raise_alarm(self, now: Instant, *, method: int = manscdp.VIDEO_ALARM, kind: int = 6) -> bool:
        """Sends an alarm of the first channel. Returns whether it was sent: some devices hold it back."""
        line = self.line
        if not self._guarded or (self._held and line.profile.has(DeviceFault.NEEDS_RESET)):
            line.counts.notices_withheld += 1
            return False
        self._held = True
        source = self.channels[0]
        body = manscdp.alarm(line.profile, source, self._next_sn(), self.clock.wall_s(now), method=method, kind=kind)
        self._notify("Alarm", body, now)
        return True

    def _notify(self, command: str, body: bytes, now: Instant) -> None:
        self.line.counts.notices += 1
        if not self._subscriptions.notify(command, body, now):
            self.line.send_request(now, Purpose.NOTICE, "MESSAGE", self.line.new_leg(), None, body)

    def _keep_alive(self, now: Instant) -> None:
        line = self.line
        line.counts.keepalives_sent += 1
        if line.profile.has(DeviceFault.PORT_CHANGES):
            line.emit(MovePort())
        body = manscdp.keepalive(line.profile, line.device_id, self._next_sn())
        line.send_request(now, Purpose.KEEPALIVE, "MESSAGE", line.new_leg(), None, body)
        self._keepalive_s += line.profile.heartbeat_s
        if self._keepalive_s <= now.mono_s:  # it slept; what was missed is not made up for
            self._keepalive_s = now.mono_s + line.profile.heartbeat_s
        if line.profile.has(DeviceFault.UNASKED_CATALOG):
            body = manscdp.unasked_catalog(line.profile, line.device_id)
            line.send_request(now, Purpose.NOTICE, "MESSAGE", line.new_leg(), None, body)

    def _answered(self, asked: PendingRequest, response: SipMessage, now: Instant) -> None:
        good = response.status < 300
        counts = self.line.counts
        if asked.purpose is Purpose.REGISTER:
            self._registered(response, now)
        elif asked.purpose is Purpose.KEEPALIVE:
            self._misses = 0
            if good:
                counts.keepalives_answered += 1
            else:
                counts.keepalives_refused += 1
                self._unknown(now)
        else:
            if not good:
                counts.requests_refused += 1
            if asked.purpose is Purpose.PART:
                self._waits = False
                self._send_part(now)

    def _registered(self, response: SipMessage, now: Instant) -> None:
        profile = self.line.profile
        outcome = self.registration.answered(response, now)
        if self.registration.holds and not profile.has(DeviceFault.IGNORES_DATE):
            self.clock.follow(response.get("date"), now)
        if outcome is RegistrationOutcome.REGISTERED:
            self._was_registered = True
            self._misses = 0
            if not profile.has(DeviceFault.NO_KEEPALIVE):
                # The first one comes early, so that devices that registered at once do not keep alive at once.
                self._keepalive_s = now.mono_s + profile.heartbeat_s * self._random.uniform(0.2, 1.0)
        elif outcome in {RegistrationOutcome.REFUSED, RegistrationOutcome.LEFT} and not profile.has(
            DeviceFault.KEEPALIVE_UNREGISTERED
        ):
            self._keepalive_s = math.inf

    def _unanswered(self, asked: PendingRequest, now: Instant) -> None:
        counts = self.line.counts
        if asked.purpose is Purpose.REGISTER:
            self.registration.unanswered(now)
        elif asked.purpose is Purpose.KEEPALIVE:
            counts.keepalives_lost += 1
            self._misses += 1
            if self._misses >= _MISSES:
                self._misses = 0
                self._unknown(now)
        else:
            counts.requests_unanswered += 1
            if asked.purpose is Purpose.PART:
                self._waits = False
                self._parts.clear()

    def _unknown(self, now: Instant) -> None:
        """Registers anew, since the platform does not know the device any more, or is gone."""
        profile = self.line.profile
        if not profile.has(DeviceFault.NEVER_REREGISTERS) and not profile.has(DeviceFault.KEEPALIVE_UNREGISTERED):
            self._keepalive_s = math.inf
            self.registration.lost(now)

    def _requested(self, request: SipMessage, now: Instant) -> None:
        method = request.method
        if method == "MESSAGE":
            self._received_message(request, now)
        elif method == "INVITE":
            self.calls.invited(request, now)
        elif method == "BYE":
            self.calls.ended(request)
        elif method == "CANCEL":
            self.calls.cancelled(request)
        elif method == "INFO":
            self.calls.informed(request)
        elif method == "SUBSCRIBE":
            self._subscriptions.asked(request, now)
        elif method == "OPTIONS":
            self.line.reply(request, 200, to_tag=self.line.token(8), headers=[("Allow", _ALLOW)])
        else:
            self.line.reply(request, 405, headers=[("Allow", _ALLOW)])

    def _received_message(self, request: SipMessage, now: Instant) -> None:
        document = manscdp.read(request.body)
        tag = self.line.token(8)
        if document is None:
            self.line.reply(request, 400, to_tag=tag)
            return
        early = self.line.profile.has(DeviceFault.ANSWER_BEFORE_200)
        if not early:
            self.line.reply(request, 200, to_tag=tag)
        if document.kind == "Query":
            self.line.counts.queries += 1
            self._asked(document, now)
        elif document.kind == "Control":
            self.line.counts.controls += 1
            self._controlled(document, now)
        if early:
            self.line.reply(request, 200, to_tag=tag)

    def _asked(self, document: PlatformMessage, now: Instant) -> None:
        profile, device_id = self.line.profile, self.line.device_id
        sn = self._next_sn() if profile.has(DeviceFault.SN_NOT_ECHOED) else document.sn
        wall_s = self.clock.wall_s(now)
        parts: list[bytes] = []
        if profile.has(DeviceFault.EMPTY_ANSWER):
            parts = [b""]
        elif document.command == "Catalog":
            parts = manscdp.catalog(profile, device_id, sn)
        elif document.command == "DeviceInfo":
            parts = manscdp.device_info(profile, device_id, sn)
        elif document.command == "DeviceStatus":
            parts = manscdp.device_status(profile, document.target, sn, wall_s, guarded=self._guarded)
        elif document.command == "RecordInfo":
            parts = manscdp.records(profile, document, sn, wall_s)
        self._parts.extend(parts)
        self._send_part(now)

    def _controlled(self, document: PlatformMessage, now: Instant) -> None:
        elements = document.elements
        if "GuardCmd" in elements:
            self._guarded = elements["GuardCmd"] == "SetGuard"
        elif "AlarmCmd" in elements:
            self._held = False
        elif elements.get("TeleBoot") == "Boot":
            self._reset()
            self.registration.start(now.mono_s + _BOOT_S)
        elif "IFrameCmd" in elements or "IFameCmd" in elements:
            self.calls.key_frame(document.target)
        if elements.keys() & {"GuardCmd", "AlarmCmd", "RecordCmd", "UploadURL"}:
            is_refused = "UploadURL" in elements and not self._shoot(document)
            inner = f"<Result>{'ERROR' if is_refused else 'OK'}</Result>\n"
            profile = self.line.profile
            self._parts.append(
                manscdp.write(profile, "Response", document.command, document.sn, document.target, inner)
            )
            self._send_part(now)

    def _shoot(self, document: PlatformMessage) -> bool:
        """Takes a picture and has it uploaded (SnapShotConfig). Returns False for a device that cannot."""
        pictures = self.line.profile.snapshots
        if not pictures:
            return False
        picture = pictures[self._shots % len(pictures)]
        self._shots += 1
        elements = document.elements
        self.line.emit(Upload(elements["UploadURL"], elements.get("SessionID", ""), document.target, picture))
        return True

    def uploaded(self, upload: Upload, now: Instant) -> None:
        """Reports that an upload is over."""
        at = re.sub(r"\D", "", moments.text(self.clock.wall_s(now)))
        file_id = f"{upload.channel_id}02{at}00001"
        files = f"<SnapShotList>\n<SnapShotFileID>{file_id}</SnapShotFileID>\n</SnapShotList>\n"
        inner = f"<SessionID>{upload.session_id}</SessionID>\n{files}"
        profile = self.line.profile
        body = manscdp.write(profile, "Notify", "UploadSnapShotFinished", self._next_sn(), upload.channel_id, inner)
        self.line.send_request(now, Purpose.NOTICE, "MESSAGE", self.line.new_leg(), None, body)

    def _send_part(self, now: Instant) -> None:
        """Sends an answer's next part, once the last one is answered (GB/T 28181-2022, multi-response rules)."""
        if self._waits or not self._parts:
            return
        self._waits = True
        self.line.counts.answers_sent += 1
        self.line.send_request(now, Purpose.PART, "MESSAGE", self.line.new_leg(), None, self._parts.popleft())

    def _reset(self) -> None:
        self.line.forget()
        self.calls.drop()
        self._subscriptions.forget()
        self._parts.clear()
        self._waits = False
        self._keepalive_s = math.inf

    def _next_sn(self) -> str:
        self._sn += 1
        return str(self._sn)

    def _token(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"
