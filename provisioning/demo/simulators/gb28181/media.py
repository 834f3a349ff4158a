"""Sends one session's media: opens the socket, and keeps the pace."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Final

from provisioning.demo.simulators.gb28181.counts import Counts
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.sdp import MediaOrder
from provisioning.demo.simulators.gb28181.stream import Burst, Stream

_CONNECT_TRIES: Final = 3
_RETRY_S: Final = 1.0
_LISTEN_S: Final = 30.0
"""Seconds that the platform may take to connect."""
_LATE_S: Final = 0.5
"""A sender that is later than this does not catch up."""
_SEND_BUFFER_BYTES: Final = 1 << 20
_OVERWRITES_EVERY: Final = 40
_OVERWRITTEN_BYTES: Final = 100
_PRIVATE_HEAD: Final = b"\x01\x00\x02\x00" + bytes(range(252))
_SCALE: Final = (1 / 16, 16.0)


class MediaSender:
    """Sender of one session, from its socket to its end."""

    def __init__(
        self,
        order: MediaOrder,
        stream: Stream,
        profile: DeviceProfile,
        counts: Counts,
        ended: Callable[[bool], None],
        spawn: Callable[[Coroutine[None, None, None]], asyncio.Task[None] | None],
    ) -> None:
        """`ended` is called once: with True when a span was sent to its end, with False when the connection failed."""
        self._spawn = spawn
        self._order = order
        self._stream = stream
        self._profile = profile
        self._counts = counts
        self._ended = ended
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._accepted: asyncio.Future[asyncio.StreamWriter] | None = None
        self._task: asyncio.Task[None] | None = None
        self._running = asyncio.Event()
        self._running.set()
        self._frames = 0

    async def open(self, host: str) -> tuple[str, int]:
        """Opens the socket. Returns the address for the answer.

        Raises:
            OSError: the kernel gives none.
        """
        if self._order.transport == "tcp_active":
            loop = asyncio.get_running_loop()
            self._accepted = loop.create_future()
            self._server = await asyncio.start_server(self._accept, host, 0)
            address = self._server.sockets[0].getsockname()
            return address[0], address[1]
        if self._order.transport == "tcp_passive":
            return host, 9  # RFC 4145: the discard port, since this end connects
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._socket.bind((host, 0))
        address = self._socket.getsockname()
        return address[0], address[1]

    def start(self) -> None:
        """Sends until the span is over or `close`."""
        if self._task is None:
            self._task = self._spawn(self._run())

    def steer(self, *, scale: float | None, position_s: float | None, paused: bool | None) -> None:
        """Changes speed, position or pause of a playback; None leaves it as it is."""
        if scale is not None:
            self._stream.scale = min(max(scale, _SCALE[0]), _SCALE[1])
        if position_s is not None:
            self._stream.seek(position_s)
        if paused is not None:
            (self._running.clear if paused else self._running.set)()

    def key_frame(self) -> None:
        """Makes the next picture a keyframe."""
        self._stream.key_frame()

    async def close(self) -> None:
        """Stops sending, and closes the socket."""
        task = self._task
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._server is not None:
            self._server.close()
        if self._writer is not None:
            self._writer.close()
        if self._socket is not None:
            self._socket.close()

    def _accept(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._accepted is None or self._accepted.done():
            writer.close()
        else:
            self._accepted.set_result(writer)

    async def _run(self) -> None:
        try:
            await self._connect()
            await self._pace()
        except (OSError, TimeoutError):
            self._ended(False)
            return
        if self._order.span is not None:
            self._ended(True)

    async def _connect(self) -> None:
        if self._accepted is not None:
            self._writer = await asyncio.wait_for(self._accepted, _LISTEN_S)
        elif self._order.transport == "tcp_passive":
            for tries_left in reversed(range(_CONNECT_TRIES)):
                try:
                    _, self._writer = await asyncio.open_connection(*self._order.remote)
                except OSError:
                    if not tries_left:
                        raise
                    await asyncio.sleep(_RETRY_S)
                else:
                    break
        if self._writer is not None:
            self._writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._profile.has(DeviceFault.PRIVATE_HEAD):
                self._writer.write(_PRIVATE_HEAD)

    async def _pace(self) -> None:
        stream, pace = self._stream, self._profile.pace * self._order.speed
        due_s = time.monotonic()
        while not stream.is_over:
            if not self._running.is_set():
                await self._running.wait()
                due_s = time.monotonic()
            burst = stream.burst()
            for packet in burst.packets:
                await self._send(packet)
            self._count(burst)
            due_s += burst.gap_s / (pace * stream.scale)
            left_s = due_s - time.monotonic()
            if left_s < -_LATE_S:
                due_s = time.monotonic()
            await asyncio.sleep(max(0.0, left_s))
        for packet in stream.rest():
            await self._send(packet)
        if self._writer is not None:
            await self._writer.drain()

    def _count(self, burst: Burst) -> None:
        counts, hurt = self._counts, burst.dropped > 0
        counts.pictures += 1
        counts.pictures_hurt += hurt
        counts.keyframes += burst.is_keyframe
        counts.keyframes_hurt += burst.is_keyframe and hurt
        counts.packets_dropped += burst.dropped

    async def _send(self, packet: bytes) -> None:
        self._counts.media_packets += 1
        self._counts.media_bytes += len(packet)
        if self._socket is not None:
            try:
                self._socket.sendto(packet, self._order.remote)
            except BlockingIOError:
                await asyncio.get_running_loop().sock_sendto(self._socket, packet, self._order.remote)
            except ConnectionRefusedError:
                self._counts.unsent += 1  # the answer to an earlier packet: no socket listens there
        elif self._writer is not None:
            await self._write(self._writer, packet)

    async def _write(self, writer: asyncio.StreamWriter, packet: bytes) -> None:
        length = len(packet).to_bytes(2, "big")
        framed = (b"$\0" if self._profile.has(DeviceFault.DOLLAR_FRAMING) else b"") + length + packet
        self._frames += 1
        if self._profile.has(DeviceFault.OVERWRITTEN) and self._frames % _OVERWRITES_EVERY == 0:
            half = len(framed) // 2
            framed = framed[:half] + os.urandom(2) + framed[half + _OVERWRITTEN_BYTES :]
        if self._profile.has(DeviceFault.BYTEWISE):
            for byte in framed:
                writer.write(bytes([byte]))
                await asyncio.sleep(0)
        else:
            writer.write(framed)
        await writer.drain()
