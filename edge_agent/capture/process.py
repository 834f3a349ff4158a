"""Captures a camera in a child process: a decoder that crashes takes its camera for seconds, and nothing else."""

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
from edge_agent.capture.camera_capture import Captured, CaptureLimits
from edge_agent.capture.fork_server import Child, ForkError, ForkServer
from edge_agent.clock import Clock
from edge_agent.errors import Crashed, SourceError, Stalled
from edge_agent.frames import (
    CaptureStats,
    DetectionRequest,
    Frame,
    Reduced,
    Selected,
    SelectReason,
    Skipped,
    SkipReason,
)
from edge_agent.source_kinds import Timeouts
from edge_agent.sources.gb28181.channel import MediaChannel
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.recorder.replay_request import ReplayRequest
from edge_agent.sources.rtsp.source import Password
from provisioning.contracts.causes import streams
from provisioning.contracts.config import processes

_LOOK_UP_S: Final = 0.5
"""Seconds between looks at `stop` while the child is silent."""
_GOODBYE_S: Final = 1.0
"""Seconds for a child to close its stream at the next packet after `StopCapture`; then it is killed."""
_LAST_WORDS: Final = 100
_SILENT: Final = 3
"""Read timeouts without a sign of life after which a child is killed; FFmpeg itself gives up after two."""
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
        errors.Overrun,
    )
}


class CaptureProcess:
    """Captures in a child process, one for each attempt; the selector's memory goes from one to the next."""

    def __init__(
        self,
        camera: processes.Camera,
        timeouts: Timeouts,
        clock: Clock,
        server: ForkServer,
        password: Password,
        channel: MediaChannel[Media | ReplayRequest] | None = None,
    ) -> None:
        """`password` is called here, in the agent: the process is sent its own camera's alone.

        `channel`: of a registered device, whose sessions the agent holds while the process gets their socket; or of a
        recorder, whose pieces the process plays.
        """
        self._id = camera.id
        self._camera = camera.model_copy(update={"name": "", "policy": processes.Policy()})
        self._timeouts = timeouts
        self._clock = clock
        self._server = server
        self._password = password
        self._channel = channel
        self._lock = threading.Lock()
        self._orders = CaptureLimits()
        self._child: Child | None = None
        self._memory: wire.SavedSelectorState | None = None
        self._last_ms: int | None = None
        self._counted = _Counted()

    @property
    def pid(self) -> int | None:
        """Process id of the child that captures at the moment."""
        child = self._child
        return None if child is None else child.pid

    def obey(self, orders: CaptureLimits) -> None:
        with self._lock:
            self._orders = orders
            if self._child is not None:
                _send(self._child, wire.SetLimits(orders=orders))

    def answer(self, at_ms: int, *, take: bool) -> None:
        with self._lock:
            if self._child is not None:
                _send(self._child, wire.DetectionDone(at_ms=at_ms, take=take))

    def selected(self, stop: threading.Event) -> Iterator[Captured]:
        """Make one attempt in a child process, as `Capturing.selected`.

        Raises:
            SourceError: as the source raised it there; `Crashed` if its process fell, `Stalled` if that was silent.
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

    def _attempt(
        self, opening: AbstractContextManager[Media | ReplayRequest | None], stop: threading.Event
    ) -> Iterator[Captured]:
        """Run one process.

        It is forked before a device is asked to send: a default socket buffer holds a fraction of a second.
        """
        password = self._password()
        child = self._fork()
        try:
            with opening as media:
                self._begin(child, password, media)
                yield from self._messages(child, media, stop)
        finally:
            with self._lock:
                self._child = None
            self._counted.begin_anew()
            self._end(child)

    def _fork(self) -> Child:
        try:
            return self._server.fork()
        except ForkError as error:
            raise Crashed(self._id, streams.NO_PROCESS(error=error)) from error

    def _begin(self, child: Child, password: str | None, media: Media | ReplayRequest | None) -> None:
        with self._lock:  # orders that come meanwhile come after the start
            start = wire.StartCapture(
                camera=self._camera,
                password=password,
                media=wire.ExpectedMedia.of(media) if isinstance(media, Media) else None,
                replay=media if isinstance(media, ReplayRequest) else None,
                memory=self._memory,
                last_ms=self._last_ms,
                orders=self._orders,
            )
            _send(child, start, *_descriptors(media))
            self._child = child

    def _messages(self, child: Child, media: Media | ReplayRequest | None, stop: threading.Event) -> Iterator[Captured]:
        for report, image in self._reports(child, media, stop):
            match report:
                case wire.CaptureOver():
                    return
                case wire.SourceFailed(error=name, reason=reason):
                    raise _ERRORS.get(name, SourceError)(self._id, reason)
                case wire.ProcessEnded(exit_code=code):
                    raise Crashed(self._id, streams.DECODER_CRASHED(how=_how(code)))
                case wire.PictureSkipped() | wire.StatsReport():
                    yield self._word(report)
                case wire.DetectionRequested() if image is not None:
                    reduced = Reduced(image, (report.whole_width, report.whole_height))
                    yield DetectionRequest(self._id, report.captured_at_ms, reduced, report.is_taken)
                case wire.PictureSelected() if image is not None:
                    self._memory = report.memory
                    self._reached(report.captured_at_ms)
                    frame = Frame(self._id, report.captured_at_ms, report.clock, report.source_key, image)
                    yield Selected(frame, report.reason)
                    _send(child, wire.PictureReceived())

    def _word(self, report: wire.PictureSkipped | wire.StatsReport) -> Skipped | CaptureStats:
        if isinstance(report, wire.PictureSkipped):
            return Skipped(self._id, report.reason, report.message)
        if self._counted.is_new(report):
            self._reached(report.at_ms)
        return self._counted.sighting(self._id, report)

    def _reports(
        self, child: Child, media: Media | ReplayRequest | None, stop: threading.Event
    ) -> Iterator[tuple[wire.Report, NDArray[np.uint8] | None]]:
        """Yield the child's reports while its media session lasts. Checks `stop` twice a second."""
        child.channel.settimeout(_LOOK_UP_S)
        heard_s = self._clock.monotonic_s()
        silent_s = self._timeouts.connect_s + _SILENT * self._timeouts.read_s
        while not stop.is_set():
            trouble = media.ended() if isinstance(media, Media) else None
            if trouble is not None:
                raise trouble
            try:
                captured = self._next(child)
            except TimeoutError:
                if self._clock.monotonic_s() - heard_s <= silent_s:
                    continue
                self._server.kill(child)
                raise Stalled(self._id, streams.DECODER_SILENT(seconds=f"{silent_s:g}")) from None
            heard_s, silent_s = self._clock.monotonic_s(), _SILENT * self._timeouts.read_s
            self._note_time(captured[0])
            yield captured

    def _note_time(self, report: wire.Report) -> None:
        """Note the newest capture time. The picture of an event was captured some moments ago and does not count."""
        match report:
            case wire.StatsReport(at_ms=at_ms) | wire.DetectionRequested(captured_at_ms=at_ms):
                self._last_ms = at_ms
            case wire.PictureSelected(captured_at_ms=at_ms, reason=reason) if reason is not SelectReason.EVENT:
                self._last_ms = at_ms
            case _:
                return

    def _reached(self, at_ms: int) -> None:
        if self._channel is not None:
            self._channel.reach(at_ms)

    def _next(self, child: Child) -> tuple[wire.Report, NDArray[np.uint8] | None]:
        """Receive the next report, and the picture that comes with it.

        Raises:
            TimeoutError: none came within `_LOOK_UP_S`.
            Crashed: the channel is closed, or the message is malformed.
        """
        try:
            data, descriptors = _received(child)
        except ConnectionResetError:
            # It ended with orders unread, and Linux reports that ahead of the reports that it had sent.
            data, descriptors = _received(child)
        try:
            if not data:
                raise Crashed(self._id, streams.DECODER_GONE())
            report = wire.read_report(data)
            if not isinstance(report, wire.PictureSelected | wire.DetectionRequested):
                return report, None
            return report, wire.picture_in(descriptors, report.width, report.height)
        except wire.NonsenseError as error:
            self._server.kill(child)
            raise Crashed(self._id, streams.DECODER_NONSENSE(detail=error)) from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _end(self, child: Child) -> None:
        """Ask the child to end, so that the camera's session is closed. Reports still on their way are dropped."""
        _send(child, wire.StopCapture())
        child.channel.settimeout(_GOODBYE_S)
        try:
            for _ in range(_LAST_WORDS):
                report, _ = self._next(child)
                if isinstance(report, wire.ProcessEnded):
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
    """Adds up counters that begin anew with each process, so that they only grow."""

    def __init__(self) -> None:
        self._pictures = self._passed_over = self._clock_changes = self._received_bytes = 0
        self._cpu_ms = 0.0
        self._newest = (0, 0, 0.0, 0, 0)

    def is_new(self, seen: wire.StatsReport) -> bool:
        """True if a picture more was examined than at the report before."""
        return seen.pictures > self._newest[0]

    def sighting(self, camera_id: str, seen: wire.StatsReport) -> CaptureStats:
        self._newest = (
            *(seen.pictures, seen.passed_over, seen.decode_cpu_ms, seen.clock_changes),
            seen.received_bytes,
        )
        return CaptureStats(
            camera_id=camera_id,
            at_ms=seen.at_ms,
            pictures=self._pictures + seen.pictures,
            passed_over=self._passed_over + seen.passed_over,
            moving=seen.moving,
            decode_cpu_ms=self._cpu_ms + seen.decode_cpu_ms,
            sender_offset_ms=seen.sender_offset_ms,
            scores=seen.scores,
            clock_changes=self._clock_changes + seen.clock_changes,
            received_bytes=self._received_bytes + seen.received_bytes,
        )

    def begin_anew(self) -> None:
        pictures, passed_over, cpu_ms, clock_changes, received_bytes = self._newest
        self._pictures += pictures
        self._passed_over += passed_over
        self._cpu_ms += cpu_ms
        self._clock_changes += clock_changes
        self._received_bytes += received_bytes
        self._newest = (0, 0, 0.0, 0, 0)


def _received(child: Child) -> tuple[bytes, list[int]]:
    """Receive one message and its descriptors; empty once the channel is closed and drained."""
    data, descriptors, _, _ = socket.recv_fds(child.channel, wire.MAX_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
    return data, descriptors


def _send(child: Child, command: wire.Command, *descriptors: int) -> None:
    """Send without waiting: a child that does not read is killed as one without a sign of life."""
    try:
        socket.send_fds(child.channel, [wire.encode(command)], descriptors, socket.MSG_DONTWAIT)
    except OSError:
        return  # its end is on the way, with the cause


def _descriptors(media: Media | ReplayRequest | None) -> list[int]:
    return [media.sock.fileno()] if isinstance(media, Media) and media.sock is not None else []


def _how(exit_code: int) -> str:
    if exit_code < 0:
        return signal.Signals(-exit_code).name
    return f"exit {exit_code}"
