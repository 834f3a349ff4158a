"""A camera looked at in a process of its own: a decoder that crashes takes its camera for seconds, and nothing else."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent import errors
from edge_agent.capture import wire
from edge_agent.capture.camera_capture import Captured, Orders
from edge_agent.capture.fork_server import Child, ForkError, ForkServer
from edge_agent.clock import Clock
from edge_agent.errors import Crashed, SourceError, Stalled
from edge_agent.frames import Frame, Look, Reduced, Selected, SelectReason, Skipped, SkipReason
from edge_agent.sighting import Sighting
from edge_agent.sources.gb28181.channel import MediaChannel
from edge_agent.sources.gb28181.media import Media
from edge_agent.sources.rtsp.source import Password
from provisioning.contracts.config import processes

_LOOK_UP_S: Final = 0.5
"""How often one who hears nothing looks whether to stop."""
_GOODBYE_S: Final = 1.0
"""A child that is told to stop closes its stream at the next packet; one that does not is killed."""
_LAST_WORDS: Final = 100
_SILENT: Final = 3
"""Times the read timeout without a sign of life; FFmpeg itself gives up after twice."""
_REGISTERED: Final = (12.0, 15.0)
"""Seconds until the first media and without any more after which a receiver of a registered device's gives up."""
_ERRORS: Final = {
    kind.__name__: kind
    for kind in (
        errors.Unreachable,
        errors.NoAnswer,
        errors.TransportRefused,
        errors.WrongCredentials,
        errors.NotFound,
        errors.NoPicture,
        errors.Stalled,
        errors.NoKeyframe,
        errors.Ended,
    )
}


class CaptureProcess:
    """See `Capturing`. Each attempt has a process of its own; what the selector knows goes from one to the next."""

    def __init__(
        self,
        camera: processes.Camera,
        source: processes.RtspSource | processes.Gb28181Source,
        clock: Clock,
        server: ForkServer,
        password: Password,
        channel: MediaChannel | None = None,
    ) -> None:
        """`password` is asked here, in the agent: the process is sent the one word that it needs.

        `channel`: of a registered device. The agent holds the sessions, the process has their socket.
        """
        self._id = camera.id
        self._camera = camera.model_copy(update={"name": "", "policy": processes.Policy()})
        self._connect_s, self._read_s = (
            (source.connect_timeout_s, source.read_timeout_s)
            if isinstance(source, processes.RtspSource)
            else _REGISTERED
        )
        self._clock = clock
        self._server = server
        self._password = password
        self._channel = channel
        self._lock = threading.Lock()
        self._orders = Orders()
        self._child: Child | None = None
        self._memory: wire.Remembered | None = None
        self._last_ms: int | None = None
        self._counted = _Counted()

    @property
    def pid(self) -> int | None:
        """Of the process that looks at the moment."""
        child = self._child
        return None if child is None else child.pid

    def obey(self, orders: Orders) -> None:
        """See `Capturing`."""
        with self._lock:
            self._orders = orders
            if self._child is not None:
                _tell(self._child, wire.Obey(orders=orders))

    def answer(self, at_ms: int, *, take: bool) -> None:
        """See `Capturing`."""
        with self._lock:
            if self._child is not None:
                _tell(self._child, wire.Answer(at_ms=at_ms, take=take))

    def selected(self, stop: threading.Event) -> Iterator[Captured]:
        """See `Capturing`.

        Raises:
            SourceError: what the source raised there; `Crashed` when its process fell, `Stalled` when that was silent.
        """
        if self._channel is None:
            yield from self._attempt(nullcontext(), stop)
            return
        while not (stop.is_set() or self._channel.is_over):
            try:
                yield from self._attempt(self._channel.open(), stop)
            except SourceError as error:
                if not self._channel.excuses(error):
                    raise
            for complaint in self._channel.complaints():
                yield Skipped(self._id, SkipReason.BROKEN, complaint)

    def _attempt(self, opening: AbstractContextManager[Media | None], stop: threading.Event) -> Iterator[Captured]:
        """One process.

        It is there before a device is asked to send: a default socket buffer holds a fraction of a second.
        """
        password = self._password()
        child = self._fork()
        try:
            with opening as media:
                self._begin(child, password, media)
                yield from self._heard(child, media, stop)
        finally:
            with self._lock:
                self._child = None
            self._counted.begin_anew()
            self._end(child)

    def _fork(self) -> Child:
        try:
            return self._server.fork()
        except ForkError as error:
            raise Crashed(self._id, f"{error}; it is tried again") from error

    def _begin(self, child: Child, password: str | None, media: Media | None) -> None:
        with self._lock:  # orders that come meanwhile come after the start
            start = wire.Start(
                camera=self._camera,
                password=password,
                media=None if media is None else wire.Expected.of(media),
                memory=self._memory,
                last_ms=self._last_ms,
                orders=self._orders,
            )
            _tell(child, start, *([] if media is None or media.sock is None else [media.sock.fileno()]))
            self._child = child

    def _heard(self, child: Child, media: Media | None, stop: threading.Event) -> Iterator[Captured]:
        for report, image in self._reports(child, media, stop):
            match report:
                case wire.Over():
                    return
                case wire.Failed(error=name, message=message):
                    raise _ERRORS.get(name, SourceError)(self._id, message)
                case wire.Ended(exit_code=code):
                    raise Crashed(self._id, f"the decoder crashed ({_how(code)}); it is started again")
                case wire.Missed() | wire.Seen():
                    yield self._word(report)
                case wire.Looked() if image is not None:
                    reduced = Reduced(image, (report.whole_width, report.whole_height))
                    yield Look(self._id, report.captured_at_ms, reduced, report.is_taken)
                case wire.Taken() if image is not None:
                    self._memory = report.memory
                    self._reached(report.captured_at_ms)
                    frame = Frame(self._id, report.captured_at_ms, report.clock, report.source_key, image)
                    yield Selected(frame, report.reason)
                    _tell(child, wire.Next())

    def _word(self, report: wire.Missed | wire.Seen) -> Skipped | Sighting:
        if isinstance(report, wire.Missed):
            return Skipped(self._id, report.reason, report.message)
        if self._counted.is_new(report):
            self._reached(report.at_ms)
        return self._counted.sighting(self._id, report)

    def _reports(
        self, child: Child, media: Media | None, stop: threading.Event
    ) -> Iterator[tuple[wire.Report, NDArray[np.uint8] | None]]:
        """What the process says, while the session that it receives lasts. Looks up twice a second."""
        child.channel.settimeout(_LOOK_UP_S)
        heard_s = self._clock.monotonic_s()
        silent_s = self._connect_s + _SILENT * self._read_s
        while not stop.is_set():
            trouble = None if media is None else media.ended()
            if trouble is not None:
                raise trouble
            try:
                said = self._next(child)
            except TimeoutError:
                if self._clock.monotonic_s() - heard_s <= silent_s:
                    continue
                self._server.kill(child)
                raise Stalled(
                    self._id, f"its decoder gave no sign of life for {silent_s:g} s and was ended; it is started again"
                ) from None
            heard_s, silent_s = self._clock.monotonic_s(), _SILENT * self._read_s
            self._note_time(said[0])
            yield said

    def _note_time(self, report: wire.Report) -> None:
        """The picture of an event is one of some moments ago."""
        match report:
            case wire.Seen(at_ms=at_ms) | wire.Looked(captured_at_ms=at_ms):
                self._last_ms = at_ms
            case wire.Taken(captured_at_ms=at_ms, reason=reason) if reason is not SelectReason.EVENT:
                self._last_ms = at_ms
            case _:
                return

    def _reached(self, at_ms: int) -> None:
        if self._channel is not None:
            self._channel.reach(at_ms)

    def _next(self, child: Child) -> tuple[wire.Report, NDArray[np.uint8] | None]:
        """The next word, and the picture that comes with it.

        Raises:
            TimeoutError: none came within `_LOOK_UP_S`.
            Crashed: the channel is closed, or what came makes no sense.
        """
        try:
            data, descriptors = _received(child)
        except ConnectionResetError:
            # It ended before it had read all that it was told, and Linux says so ahead of what it had said itself.
            data, descriptors = _received(child)
        try:
            if not data:
                raise Crashed(self._id, "the process of its decoder is gone; it is started again")
            report = wire.read_report(data)
            if not isinstance(report, wire.Taken | wire.Looked):
                return report, None
            return report, wire.picture_in(descriptors, report.width, report.height)
        except wire.NonsenseError as error:
            self._server.kill(child)
            raise Crashed(self._id, f"the process of its decoder sent {error}; it is started again") from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _end(self, child: Child) -> None:
        """Politely: the camera hears that its session is over. What was on the way goes nowhere."""
        _tell(child, wire.Stop())
        child.channel.settimeout(_GOODBYE_S)
        try:
            for _ in range(_LAST_WORDS):
                report, _ = self._next(child)
                if isinstance(report, wire.Ended):
                    break
            else:
                self._server.kill(child)
        except TimeoutError:
            self._server.kill(child)
        except Crashed:
            pass  # it has ended, which is all that is wanted of it
        finally:
            child.channel.close()


class _Counted:
    """Makes what each process counts anew into numbers that only grow."""

    def __init__(self) -> None:
        self._pictures = self._passed_over = self._clock_changes = 0
        self._cpu_ms = 0.0
        self._newest = (0, 0, 0.0, 0)

    def is_new(self, seen: wire.Seen) -> bool:
        """Whether a picture more was looked at than at the word before."""
        return seen.pictures > self._newest[0]

    def sighting(self, camera_id: str, seen: wire.Seen) -> Sighting:
        self._newest = (seen.pictures, seen.passed_over, seen.decode_cpu_ms, seen.clock_changes)
        return Sighting(
            camera_id=camera_id,
            at_ms=seen.at_ms,
            pictures=self._pictures + seen.pictures,
            passed_over=self._passed_over + seen.passed_over,
            moving=seen.moving,
            decode_cpu_ms=self._cpu_ms + seen.decode_cpu_ms,
            sender_offset_ms=seen.sender_offset_ms,
            scores=seen.scores,
            clock_changes=self._clock_changes + seen.clock_changes,
        )

    def begin_anew(self) -> None:
        pictures, passed_over, cpu_ms, clock_changes = self._newest
        self._pictures += pictures
        self._passed_over += passed_over
        self._cpu_ms += cpu_ms
        self._clock_changes += clock_changes
        self._newest = (0, 0, 0.0, 0)


def _received(child: Child) -> tuple[bytes, list[int]]:
    """One message and its descriptors; nothing once the channel is closed and empty."""
    data, descriptors, _, _ = socket.recv_fds(child.channel, wire.MAX_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
    return data, descriptors


def _tell(child: Child, word: wire.Order, *descriptors: int) -> None:
    """Without waiting: one that does not listen is not alive, and is ended for that."""
    try:
        socket.send_fds(child.channel, [wire.encode(word)], descriptors, socket.MSG_DONTWAIT)
    except OSError:
        return  # its end is on the way, with the cause


def _how(exit_code: int) -> str:
    if exit_code < 0:
        return signal.Signals(-exit_code).name
    return f"exit {exit_code}; see the agent's log"
