"""Measures how fast a span of a simulated recorder comes, against real time: `python -m bench.edge.recorders`.

The recorder plays film of 512×288 px with five pictures a second and a keyframe each second. Each way fetches in a
process of its own, as an agent does; every picture is compared with the moment that it shows.
"""

import resource
import threading
import time
from contextlib import ExitStack

from edge_agent.agent import open_capture
from edge_agent.capture.fork_server import ForkServer
from edge_agent.clock import SystemClock
from edge_agent.frames import Selected
from edge_agent.sources.recorder.playback import RecorderPlayback
from edge_agent.sources.recorder.span_camera import span_camera
from provisioning.contracts.config.processes import Camera, RecordedSpan, Recorder, RecorderSource, RtspSource, Selector
from provisioning.contracts.config.recorder import OnvifRecorder, RtspRecorder
from tests.support.onvif_recorder import OnvifHolding, OnvifNvr, onvif_nvr
from tests.support.recorded_film import Film, moment_in
from tests.support.rtsp_recorder import Behaviour
from tests.support.rtsp_recorder import RtspRecorder as Simulated

START_S = 1_795_449_600
SECONDS = 240
LIVE = Camera(
    id="gate",
    source=RtspSource(url="rtsp://127.0.0.1/live"),
    selector=Selector(max_per_second=25, change_threshold=0),
)


def main() -> None:
    film = Film()
    for at_s in range(START_S, START_S + SECONDS + 1):
        film.second(at_s)
    held = (START_S - 60, START_S + SECONDS + 60)
    print("way, speed asked, span s, took s, times real time, pictures, wrong times, CPU s of the agent's processes")
    with ExitStack() as stack:
        ranged = stack.enter_context(Simulated(Behaviour({"1": [held]}), film))
        replayed = stack.enter_context(Simulated(Behaviour({"1": [held]}, has_extension=True, tells_range=False), film))
        nvr = OnvifNvr([OnvifHolding("1", "1", *held)], f"{replayed.url}/replay/{{token}}")
        stack.enter_context(onvif_nvr(nvr))
        server = ForkServer()
        stack.callback(server.close)
        plain = {"id": "nvr", "channels": {"gate": "1"}, "speed": 16}
        rtsp = {"url": f"{ranged.url}/replay/{{channel}}", **plain}
        for way, recorder in (
            ("RTSP, Speed", RtspRecorder.model_validate(rtsp)),
            ("RTSP, Scale", RtspRecorder.model_validate(rtsp | {"faster": "scale"})),
            ("ONVIF, Rate-Control: no", OnvifRecorder.model_validate({"url": nvr.url, **plain})),
        ):
            for speed, seconds in ((4, 40), (16, SECONDS)):
                print(f"{way}, {speed}, {seconds}, {_fetched(recorder, speed, seconds, server)}", flush=True)


def _fetched(recorder: Recorder, speed: int, seconds: int, server: ForkServer) -> str:
    span = RecordedSpan(started_at_ms=START_S * 1000, ended_at_ms=(START_S + seconds) * 1000)
    camera = span_camera(LIVE, [recorder], span, speed)
    assert isinstance(camera.source, RecorderSource)
    assert isinstance(recorder, RtspRecorder | OnvifRecorder)
    channel = RecorderPlayback(camera.id, camera.source, recorder, SystemClock(), None)
    capture = open_capture(camera, SystemClock(), None, server, channel)
    began_s, pictures, wrong, decoding_ms = time.monotonic(), 0, 0, 0.0
    used_s = _cpu_s()
    for item in capture.selected(threading.Event()):
        if isinstance(item, Selected):
            at_ms = item.frame.captured_at_ms
            pictures += 1
            wrong += moment_in(item.frame.image, at_ms) != at_ms
        decoding_ms = max(decoding_ms, getattr(item, "decode_cpu_ms", 0.0))
    took_s = time.monotonic() - began_s
    return f"{took_s:.1f}, {seconds / took_s:.1f}, {pictures}, {wrong}, {_cpu_s() - used_s + decoding_ms / 1000:.1f}"


def _cpu_s() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


if __name__ == "__main__":
    main()
