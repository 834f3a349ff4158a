"""Watching a camera, against bare PyAV on the same stream: processor time, memory, and memory after many reconnects.

gst-rtsp-server (1080p25, a keyframe every 2 s) ─┬─▶ a capture in a process of its own
                                                 └─▶ bare PyAV, keyframes or all pictures, in a process of its own
"""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.edge.cameras import serving
from bench.edge.film import film
from bench.measure import Comparison
from bench.process import cpu_s, pss_mib, rss_mib
from edge_agent.agent import open_capture
from edge_agent.capture.camera_capture import CaptureLimits, Capturing
from edge_agent.capture.fork_server import ForkServer
from edge_agent.capture.process import CaptureProcess
from edge_agent.clock import SystemClock
from edge_agent.frames import CaptureStats
from provisioning.contracts.config import processes

WINDOW_S: Final = 10.0
WINDOWS: Final = 5
PACE_MS: Final = 10_000.0
"""What 30 cameras are told when 3 pictures a second can be redacted: one in ten seconds each."""
RECONNECTS: Final = (10, 60)
_BARE_IS: Final = "bare PyAV in a process of its own: open, receive, decode"


def measure(scratch: Path) -> Iterator[Comparison]:
    """CPU seconds for each minute of a stream, and MiB."""
    for codec in ("h264", "h265"):
        yield from _codec(scratch, codec)
    yield _reconnects(scratch)


@dataclass
class _Watched:
    """One capture at work."""

    capture: CaptureProcess
    stop: threading.Event
    thread: threading.Thread


def _codec(scratch: Path, codec: str) -> Iterator[Comparison]:
    main, small = scratch / f"main.{codec}", scratch / f"small.{codec}"
    film(main, codec)
    film(small, codec, size=(640, 360), bitrate=400_000)
    with ExitStack() as stack:
        served = stack.enter_context(serving({"main": main, "small": small}))
        place = f"rtsp://127.0.0.1:{served.port}"
        server = ForkServer()
        stack.callback(server.close)
        watched = {
            "quiet": stack.enter_context(_watching(server, f"{place}/main")),
            "closer": stack.enter_context(_watching(server, f"{place}/main", closer=True)),
            "closer by a sub-stream": stack.enter_context(
                _watching(server, f"{place}/main", small=f"{place}/small", closer=True)
            ),
        }
        keyframes = stack.enter_context(_bare(f"{place}/main", "keyframes"))
        every = stack.enter_context(_bare(f"{place}/main", "all"))
        time.sleep(WINDOW_S)  # all are connected, and what grants a closer look has seen movement
        ours: dict[str, list[float]] = {name: [] for name in watched}
        bare: dict[str, list[float]] = {"keyframes": [], "all": []}
        for _ in range(WINDOWS):
            before = _spent(watched, keyframes, every)
            time.sleep(WINDOW_S)
            after = _spent(watched, keyframes, every)
            minutes = WINDOW_S / 60
            parent = (after.pop("parent") - before.pop("parent")) / len(watched)
            for name, spent in after.items():
                figure = (spent - before[name]) / minutes
                if name in ours:
                    ours[name].append(figure + parent / minutes)
                else:
                    bare[name].append(figure)
        for name, baseline in (
            ("quiet", "keyframes"),
            ("quiet", "all"),
            ("closer", "all"),
            ("closer by a sub-stream", "all"),
        ):
            what = {"keyframes": "keyframes", "all": "all 25 pictures a second"}[baseline]
            yield _comparison(
                f"{codec} 1080p25, {name}", "CPU s a minute", ours[name], bare[baseline], f"{_BARE_IS} {what}"
            )
        mine = [pss_mib(watched["quiet"].capture.pid or 0)]
        yield _comparison(
            f"{codec} memory of a camera's process, quiet",
            "MiB PSS",
            mine,
            [pss_mib(keyframes)],
            f"{_BARE_IS} keyframes",
        )


def _spent(watched: dict[str, _Watched], keyframes: int, every: int) -> dict[str, float]:
    spent = {"parent": time.process_time(), "keyframes": cpu_s(keyframes), "all": cpu_s(every)}
    for name, each in watched.items():
        spent[name] = cpu_s(each.capture.pid or 0)
    return spent


def _comparison(name: str, unit: str, ours: list[float], bare: list[float], baseline_is: str) -> Comparison:
    return Comparison(
        name=name,
        unit=unit,
        ours=statistics.median(ours),
        baseline=statistics.median(bare),
        ratio=statistics.median(a / b for a, b in zip(ours, bare, strict=True)),
        baseline_is=baseline_is,
        runs=len(ours),
    )


@contextmanager
def _watching(server: ForkServer, url: str, *, small: str | None = None, closer: bool = False) -> Iterator[_Watched]:
    source = processes.RtspSource(url=url, substream_url=small)
    capture = open_capture(processes.Camera(id="bench", source=source), SystemClock(), server=server)
    assert isinstance(capture, CaptureProcess)
    capture.obey(CaptureLimits(least_ms=PACE_MS, closer=closer))
    stop = threading.Event()

    def watch() -> None:
        for _ in capture.selected(stop):
            pass

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield _Watched(capture, stop, thread)
    finally:
        stop.set()
        thread.join()


@contextmanager
def _bare(url: str, what: str) -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-m", "bench.edge.bare", url, what]) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def _reconnects(scratch: Path) -> Comparison:
    """Memory of the agent's side and of the fork server together after many reconnects, against a few."""
    path = scratch / "reconnect.h264"
    film(path, "h264", size=(640, 360), pictures=50, bitrate=400_000)
    few, many = RECONNECTS
    server = ForkServer()
    with serving({"main": path}) as served:
        source = processes.RtspSource(url=f"rtsp://127.0.0.1:{served.port}/main")
        capture = open_capture(processes.Camera(id="bench", source=source), SystemClock(), server=server)
        try:
            _reconnect(capture, few)
            early = rss_mib() + rss_mib(server.pid)
            _reconnect(capture, many - few)
            late = rss_mib() + rss_mib(server.pid)
        finally:
            server.close()
    return _comparison(
        f"memory after {many} reconnects", "MiB RSS", [late], [early], f"after {few}: the agent's side and fork server"
    )


def _reconnect(capture: Capturing, times: int) -> None:
    for _ in range(times):
        stop = threading.Event()
        for item in capture.selected(stop):
            if isinstance(item, CaptureStats):
                stop.set()
