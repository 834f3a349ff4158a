"""Derives the camera that fetches a span of a camera's past: the same id, zones and cover, another source."""

from collections.abc import Sequence

from edge_agent.errors import NotFound
from provisioning.contracts.causes import recorders as causes
from provisioning.contracts.config.processes import Camera, Gb28181Source, RecordedSpan, Recorder, RecorderSource
from provisioning.contracts.config.recorder import Gb28181Recorder


def span_camera(camera: Camera, recorders: Sequence[Recorder], span: RecordedSpan, speed: int | None = None) -> Camera:
    """Returns the camera whose source is `span`, of the first recorder that has a channel of it.

    A GB/T 28181 camera without a recorder is asked itself: its device keeps recordings, or passes the query on.
    `speed`: the wanted multiple of real time, up to the recorder's limit; None: that limit.

    Raises:
        NotFound: no recorder has a channel of the camera.
    """
    for recorder in recorders:
        channel = recorder.channels.get(camera.id)
        if channel is None:
            continue
        most = recorder.speed if speed is None else min(speed, recorder.speed)
        source: Gb28181Source | RecorderSource
        if isinstance(recorder, Gb28181Recorder):
            source = recorder.source(channel, span, most)
        else:
            source = RecorderSource(recorder=recorder.id, channel=channel, span=span, speed=most)
        return camera.model_copy(update={"source": source})
    if isinstance(camera.source, Gb28181Source):
        asked = {"span": span, "speed": None if speed == 1 else speed}
        return camera.model_copy(update={"source": camera.source.model_copy(update=asked)})
    raise NotFound(camera.id, causes.NO_RECORDER())
