"""The fork server's and its children's side: `python -m edge_agent.capture.child CONTROL`, started by `fork_server`.

The module loads all that a camera's process needs, then forks one for each message on the control socket. A child
captures its camera until it is told to stop, and reports on its channel. Passwords and addresses come over the channel
too: nothing of them is in an argument or in the environment.
"""

import gc
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from types import TracebackType
from typing import Final

import cv2

from edge_agent.capture import wire
from edge_agent.capture.camera_capture import Capture, Captured
from edge_agent.clock import Clock, SystemClock
from edge_agent.errors import SourceError
from edge_agent.frames import CaptureStats, DetectionRequest, Selected, Skipped
from edge_agent.sources.gb28181.stream import Gb28181Stream
from edge_agent.sources.recorder.stream import RecorderStream
from edge_agent.sources.rtsp.source import Rtsp
from edge_agent.sources.source import Source
from edge_agent.system.hardening import end_with, forbid_core_dumps, return_memory, show_as
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import PictureCheck

_CONTROL_BYTES: Final = 64
_ALIVE_S: Final = 1.0


def main() -> None:
    """Fork until the agent is gone; in a child, capture a camera."""
    sys.excepthook = _without_text
    forbid_core_dumps()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # sent to the whole group at a stop: the agent ends its cameras in order
    show_as("wayside fork")
    cv2.setNumThreads(1)  # thirty pools of threads would fight over two cores
    control = socket.socket(fileno=int(sys.argv[1]))
    gc.collect()
    gc.freeze()  # a collection in a child must not touch, and so copy, what all share
    channel = _forking(control)
    if channel is not None:
        _capture(channel)


def _forking(control: socket.socket) -> socket.socket | None:
    """Fork and reap children until the agent is gone, then return None. In a child, return its channel."""
    parent = os.getpid()
    children: dict[int, tuple[int, socket.socket]] = {}
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != control.fileno():
                poll.unregister(descriptor)
                _bury(descriptor, *children.pop(descriptor))
                continue
            command, descriptors, _, _ = socket.recv_fds(control, _CONTROL_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
            if not command:
                return None
            if command.startswith(b"kill "):
                _kill(int(command[5:]), children)
                continue
            (theirs,) = descriptors
            channel = socket.socket(fileno=theirs)
            pid = os.fork()
            if not pid:
                end_with(parent)
                control.close()
                for other, (_, their_channel) in children.items():
                    os.close(other)
                    their_channel.close()
                return channel
            death = os.pidfd_open(pid)
            children[death] = pid, channel
            poll.register(death, select.POLLIN)
            control.send(str(pid).encode())


def _bury(death: int, pid: int, channel: socket.socket) -> None:
    """Reap a child and report its exit code on its channel."""
    os.close(death)
    _, status = os.waitpid(pid, 0)
    with channel:
        message = wire.encode(wire.ProcessEnded(exit_code=os.waitstatus_to_exitcode(status)))
        try:
            channel.send(message, socket.MSG_DONTWAIT)
        except OSError:
            return  # the agent has closed it, or reads no more: it sees the end all the same


def _kill(pid: int, children: dict[int, tuple[int, socket.socket]]) -> None:
    """Kill a child that is not yet reaped: another process may have its number by now."""
    if any(pid == child for child, _ in children.values()):
        os.kill(pid, signal.SIGKILL)


def _capture(channel: socket.socket) -> None:
    """Capture one camera for one attempt, as the first message on the channel orders."""
    data, descriptors, _, _ = socket.recv_fds(channel, wire.MAX_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
    start = wire.read_order(data) if data else wire.StopCapture()
    if isinstance(start, wire.StopCapture):
        os._exit(0)  # its camera's device did not answer
    if not isinstance(start, wire.StartCapture):
        raise wire.NonsenseError("the first message is no start")
    camera, clock = start.camera, SystemClock()
    show_as(camera.id)
    source = _source(start, descriptors, clock)
    speaker = _Speaker(channel, clock)
    memory = None if start.memory is None else start.memory.memory()
    capture = Capture(camera, source, clock, memory=memory, alive=speaker.alive)
    capture.obey(start.orders)
    stop, taken_over = threading.Event(), threading.Event()
    listen = partial(_listen, channel, capture, stop, taken_over)
    threading.Thread(target=listen, name="orders", daemon=True).start()
    is_recorded = start.replay is not None or (start.media is not None and start.media.started_at_ms is not None)
    try:
        for item in capture.selected(stop):
            taken_over.clear()
            speaker.say(item, capture)
            if is_recorded and isinstance(item, Selected):
                taken_over.wait()  # it can wait for the agent, and none of its pictures is passed over meanwhile
        speaker.send(wire.CaptureOver())
    except SourceError as error:
        speaker.send(wire.SourceFailed(error=type(error).__name__, reason=error.reason))
    os._exit(0)  # nothing is left to be put in order, and FFmpeg is closed


def _source(start: wire.StartCapture, descriptors: Sequence[int], clock: Clock) -> Source:
    """Open the source of the camera's frames; a registered device's media come as descriptors."""
    camera_id, password, its = start.camera.id, start.password, start.camera.source
    if isinstance(its, processes.RtspSource):
        return Rtsp(camera_id, its, clock, lambda: password, last_ms=start.last_ms)
    if start.replay is not None:
        replay = start.replay
        return RecorderStream(camera_id, lambda: nullcontext(replay), clock)
    if start.media is None:
        raise wire.NonsenseError("the start of a camera that does not stream")
    media = start.media.media(descriptors)
    return Gb28181Stream(camera_id, lambda: nullcontext(media), clock)


def _listen(channel: socket.socket, capture: Capture, stop: threading.Event, taken_over: threading.Event) -> None:
    """Read the agent's messages until `StopCapture`. Ends the process when the agent is gone."""
    while True:
        try:
            data = channel.recv(wire.MAX_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            os._exit(0)
        match wire.read_order(data):
            case wire.SetLimits(orders=orders):
                capture.obey(orders)
            case wire.PictureReceived():
                capture.go_on()
                taken_over.set()
            case wire.DetectionDone(at_ms=at_ms, take=take):
                capture.answer(at_ms, take=take)
            case wire.StopCapture():
                stop.set()
                taken_over.set()
                return
            case wire.StartCapture():
                os._exit(1)


class _Speaker:
    """Sends reports to the agent."""

    def __init__(self, channel: socket.socket, clock: Clock) -> None:
        self._channel = channel
        self._clock = clock
        self._said_s = clock.monotonic_s()
        self._scores: Mapping[PictureCheck, float] | None = None

    def alive(self) -> None:
        if self._clock.monotonic_s() - self._said_s >= _ALIVE_S:
            self.send(wire.Alive())

    def say(self, item: Captured, capture: Capture) -> None:
        match item:
            case Selected():
                self._picture(item, capture)
            case DetectionRequest():
                self._detect(item)
            case CaptureStats():
                if item.scores is not self._scores:  # a check has just been at work on a whole picture
                    self._scores = item.scores
                    return_memory()
                self.send(
                    wire.StatsReport(
                        at_ms=item.at_ms,
                        pictures=item.pictures,
                        passed_over=item.passed_over,
                        moving=item.moving,
                        decode_cpu_ms=item.decode_cpu_ms,
                        sender_offset_ms=item.sender_offset_ms,
                        scores=None if item.scores is None else dict(item.scores),
                        clock_changes=item.clock_changes,
                        received_bytes=item.received_bytes,
                    )
                )
            case Skipped():
                self.send(wire.PictureSkipped(reason=item.reason, message=item.message))

    def send(self, report: wire.Report, *descriptors: int) -> None:
        try:
            socket.send_fds(self._channel, [wire.encode(report)], descriptors)
        except ConnectionError:
            os._exit(0)  # the agent is gone, or has no more use for this camera
        self._said_s = self._clock.monotonic_s()

    def _picture(self, selected: Selected, capture: Capture) -> None:
        frame, memory = selected.frame, capture.memory
        height, width = frame.image.shape[:2]
        capture.hold()
        descriptor = wire.picture_file(frame.image)
        try:
            self.send(
                wire.PictureSelected(
                    captured_at_ms=frame.captured_at_ms,
                    clock=frame.clock,
                    source_key=frame.source_key,
                    reason=selected.reason,
                    width=width,
                    height=height,
                    memory=None if memory is None else wire.SavedSelectorState.of(memory),
                ),
                descriptor,
            )
        finally:
            os.close(descriptor)

    def _detect(self, request: DetectionRequest) -> None:
        image, whole = request.reduced.image, request.reduced.size
        height, width = image.shape[:2]
        descriptor = wire.picture_file(image)
        try:
            self.send(
                wire.DetectionRequested(
                    captured_at_ms=request.captured_at_ms,
                    is_taken=request.is_taken,
                    width=width,
                    height=height,
                    whole_width=whole[0],
                    whole_height=whole[1],
                ),
                descriptor,
            )
        finally:
            os.close(descriptor)


def _without_text(kind: type[BaseException], _: BaseException, trace: TracebackType | None) -> None:
    """Print a bug's traceback without its message: FFmpeg's errors hold addresses with passwords."""
    sys.stderr.write("".join(traceback.format_tb(trace)) + f"{kind.__name__} in the process of a camera\n")


if __name__ == "__main__":
    main()
