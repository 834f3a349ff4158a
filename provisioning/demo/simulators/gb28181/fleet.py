"""Runs many devices on one event loop: their sockets, their timers, their media."""

import asyncio
import heapq
import io
import math
import secrets
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import aiohttp

from provisioning.demo.simulators.gb28181 import sip_text
from provisioning.demo.simulators.gb28181.counts import Counts
from provisioning.demo.simulators.gb28181.device import SimulatedDevice
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.footage import Footage, Unit
from provisioning.demo.simulators.gb28181.line import (
    CloseMedia,
    Effect,
    KeyFrame,
    MovePort,
    OpenMedia,
    Send,
    StartMedia,
    SteerMedia,
    Upload,
)
from provisioning.demo.simulators.gb28181.media import MediaSender
from provisioning.demo.simulators.gb28181.moments import Instant
from provisioning.demo.simulators.gb28181.sip_text import SipMessage, SipTextError
from provisioning.demo.simulators.gb28181.stream import Stream
from provisioning.demo.simulators.gb28181.wires import TcpWire, UdpWire, Wire

_LEAVE_STEPS: Final = 100
_LEAVE_STEP_S: Final = 0.05
_UPLOAD_S: Final = 60.0
_NOTHING: Final = Footage("h264", (Unit(b"", 0, 0, is_keyframe=True),), 3600)


def now() -> Instant:
    return Instant(time.monotonic(), time.time())


class Fleet:
    """Devices and their platform.

    `devices` are (profile, device id); `hosts` local addresses over which they are spread; with `sockets` UDP devices
    share so many sockets, else each has its own.
    """

    def __init__(
        self,
        server: tuple[str, int],
        devices: Sequence[tuple[DeviceProfile, str]],
        footage: Footage | None = None,
        *,
        hosts: Sequence[str] = ("127.0.0.1",),
        sockets: int | None = None,
        ramp_s: float = 0.0,
    ) -> None:
        self.counts = Counts()
        self._server = server
        self._footage = footage
        self._hosts = hosts
        self._sockets = sockets
        self._ramp_s = ramp_s
        run = secrets.token_hex(3)  # the Call-IDs of this run are not those of the last
        self.devices = [
            SimulatedDevice(profile, device_id, server, f"{number:x}-{run}", self.counts)
            for number, (profile, device_id) in enumerate(devices)
        ]
        self._wires: dict[int, Wire] = {}
        self._index = {device.line.device_id: number for number, device in enumerate(self.devices)}
        self._by_channel: dict[str, int] = {}
        for number, device in enumerate(self.devices):
            self._by_channel |= dict.fromkeys(device.channels, number)
        self._media: dict[str, MediaSender] = {}
        self._timers: list[tuple[float, int]] = []
        self._armed: list[float] = [math.inf] * len(self.devices)
        self._group: asyncio.TaskGroup | None = None
        self._woken = asyncio.Event()

    @property
    def registered(self) -> int:
        """Counts devices that believe they are registered."""
        return sum(device.is_registered for device in self.devices)

    @property
    def sessions(self) -> int:
        """Counts open media sessions."""
        return len(self._media)

    async def run(self) -> None:
        """Runs until cancelled; then closes everything without a message, as at a power cut."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._start())
                try:
                    await self._time()
                finally:
                    self._group = None  # nothing begins any more
        finally:
            for media in list(self._media.values()):
                await media.close()
            for wire in set(self._wires.values()):
                wire.close()

    async def leave(self) -> None:
        """Hangs up and un-registers every device; returns when all were answered, or after 5 s."""
        for number, device in enumerate(self.devices):
            device.leave(now())
            self._settle(number)
        for _ in range(_LEAVE_STEPS):
            if all(math.isinf(device.line.due_s) for device in self.devices):
                return
            await asyncio.sleep(_LEAVE_STEP_S)

    def settle(self, device: SimulatedDevice) -> None:
        """Carries out a device's effects after a request to it (an alarm, to leave)."""
        self._settle(self._index[device.line.device_id])

    def cut(self) -> None:
        """Breaks every TCP connection to the platform; devices connect again."""
        for wire in set(self._wires.values()):
            wire.cut()

    async def _start(self) -> None:
        """Gives every device its socket: all at once, or spread over the ramp."""
        count = len(self.devices)
        shared: list[UdpWire] = []
        begun_s = time.monotonic()
        for number, device in enumerate(self.devices):
            host = self._hosts[number % len(self._hosts)]
            if device.line.profile.transport == "tcp":
                wire: Wire = TcpWire(self._server, host, number, device.line.profile.retry_s, self)
                self._wires[number] = wire
                wire.open()
            else:
                if self._sockets is None or len(shared) < self._sockets:
                    shared.append(UdpWire(self._server, host, None if self._sockets else number, self))
                    shared[-1].open()
                    wire = shared[-1]
                else:
                    wire = shared[number % self._sockets]
                self._wires[number] = wire
                device.connected(wire.local, now())
                self._settle(number)
            wait_s = begun_s + self._ramp_s * (number + 1) / count - time.monotonic()
            if wait_s > 0 or number % 64 == 63:
                await asyncio.sleep(max(0.0, wait_s))

    # What wires and media call.

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None] | None:
        """Runs work beside the devices: an error in it ends them all. None once they are ending."""
        if self._group is None:
            work.close()
            return None
        return self._group.create_task(work)

    def connected(self, number: int, local: tuple[str, int]) -> None:
        """Passes on a TCP device's new connection."""
        self.devices[number].connected(local, now())
        self._settle(number)

    def lost(self, number: int) -> None:
        """Passes on the loss of a TCP device's connection."""
        self.devices[number].connection_lost()
        self._settle(number)

    def received(self, number: int | None, data: bytes) -> None:
        """Passes a message to its device; on a shared socket the message identifies it."""
        if number is None:
            if not data.strip(b"\r\n\0 "):
                return
            try:
                message = sip_text.parse(data)
            except SipTextError:
                self.counts.unreadable += 1
                return
            number = self._whose(message)
            if number is None:
                self.counts.unreadable += 1
                return
            self.devices[number].take(message, now())
        else:
            self.devices[number].receive(data, now())
        self._settle(number)

    def unreadable(self) -> None:
        """Counts a connection without SIP."""
        self.counts.unreadable += 1

    def _whose(self, message: SipMessage) -> int | None:
        key = message.get("call-id").partition("-")[0]
        if message.status:
            number = int(key, 16) if key and len(key) < 8 and not set(key) - set("0123456789abcdef") else -1
            return number if 0 <= number < len(self.devices) else None
        for named in (sip_text.user(message.uri), sip_text.user(message.get("to"))):
            if (found := self._index.get(named, self._by_channel.get(named))) is not None:
                return found
        return None

    # What devices want.

    def _settle(self, number: int) -> None:
        device = self.devices[number]
        outbox = device.line.outbox
        while outbox:
            self._carry_out(number, device, outbox.popleft())
        due_s = device.due_s
        if due_s < self._armed[number]:
            self._armed[number] = due_s
            heapq.heappush(self._timers, (due_s, number))
            if self._timers[0][1] == number:
                self._woken.set()

    def _carry_out(self, number: int, device: SimulatedDevice, effect: Effect) -> None:
        if isinstance(effect, Send):
            self.counts.unsent += not self._wires[number].send(effect.data)
        elif isinstance(effect, MovePort):
            if isinstance(wire := self._wires[number], UdpWire) and self._sockets is None:
                device.moved(wire.move())
        elif isinstance(effect, OpenMedia | CloseMedia | Upload):
            self.spawn(self._work_on(number, device, effect))
        elif (media := self._media.get(effect.call_id)) is None:
            return  # its media is closed already
        elif isinstance(effect, StartMedia):
            media.start()
        elif isinstance(effect, SteerMedia):
            media.steer(scale=effect.scale, position_s=effect.position_s, paused=effect.paused)
        elif isinstance(effect, KeyFrame):
            media.key_frame()

    async def _work_on(self, number: int, device: SimulatedDevice, effect: OpenMedia | CloseMedia | Upload) -> None:
        """Carries out an effect that takes its time."""
        match effect:
            case OpenMedia():
                await self._open_media(number, device, effect)
            case CloseMedia():
                await self._close_media(effect)
            case Upload():
                await self._upload(number, device, effect)

    async def _open_media(self, number: int, device: SimulatedDevice, effect: OpenMedia) -> None:
        call_id, order, profile = effect.call_id, effect.order, device.line.profile

        def ended(whole: bool) -> None:
            (device.calls.media_ended if whole else device.calls.media_failed)(call_id, now())
            self._settle(number)

        footage = self._footage
        if footage is None:  # nothing to send: the session stands, and stays silent
            footage = _NOTHING
            profile = replace(profile, pictures=0)
        media = MediaSender(order, Stream(footage, order, profile), profile, self.counts, ended, self.spawn)
        try:
            local = await media.open(device.line.local[0])
        except OSError:
            device.calls.media_failed(call_id, now())
        else:
            self._media[call_id] = media
            span = order.span
            size = -1 if span is None else int(footage.size_bytes * (span[1] - span[0]) / footage.duration_s)
            device.calls.media_opened(call_id, local, size, now())
        self._settle(number)

    async def _upload(self, number: int, device: SimulatedDevice, effect: Upload) -> None:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_UPLOAD_S)) as session,
                session.post(
                    effect.url, data=io.BytesIO(effect.picture), headers={"Content-Type": "image/jpeg"}
                ) as answer,
            ):
                self.counts.uploads_refused += answer.status >= 300
                self.counts.uploads += answer.status < 300
        except (aiohttp.ClientError, TimeoutError):
            self.counts.uploads_refused += 1
        device.uploaded(effect, now())
        self._settle(number)

    async def _close_media(self, effect: CloseMedia) -> None:
        media = self._media.get(effect.call_id)
        if media is None:
            return
        await asyncio.sleep(effect.after_s)
        self._media.pop(effect.call_id, None)
        await media.close()

    async def _time(self) -> None:
        """Calls `due` of devices at their times."""
        while True:
            self._woken.clear()
            moment = now()
            while self._timers and self._timers[0][0] <= moment.mono_s:
                due_s, number = heapq.heappop(self._timers)
                if due_s > self._armed[number]:
                    continue  # it was armed earlier since
                self._armed[number] = math.inf
                self.devices[number].due(moment)
                self._settle(number)
            wait_s = self._timers[0][0] - time.monotonic() if self._timers else 60.0
            with suppress(TimeoutError):  # wait_for of Python 3.11 loses a cancellation that comes together with it
                async with asyncio.timeout(max(0.0, wait_s)):
                    await self._woken.wait()
