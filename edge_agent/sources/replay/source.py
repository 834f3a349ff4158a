"""Plays a recording in the place of a camera.

Capture times follow from the recording: start + position. With `started_at_ms` the same file gives the same observation
ids at every run, so a replay that was interrupted and begins again repeats nothing. Without it a paced replay starts
now, and one that runs as fast as it is taken ends now, so that no capture time lies ahead.
"""

import threading
from collections.abc import Iterator

from edge_agent.clock import Clock
from edge_agent.errors import NoPicture
from edge_agent.frames import Glance, Skipped
from edge_agent.sources.replay.picture_folder import SUFFIXES, PictureFolder
from edge_agent.sources.replay.reader import Picture, ReplayRecording
from edge_agent.sources.replay.video_file import VideoFile
from edge_agent.sources.thumbnail import glance_of
from provisioning.contracts.causes import pictures
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality


class Replay:
    """Delivers a recording's pictures.

    Source keys are `f` and the picture's ordinal, counted over all rounds of a loop.
    """

    def __init__(self, camera_id: str, source: processes.ReplaySource, clock: Clock) -> None:
        self._camera_id = camera_id
        self._source = source
        self._clock = clock

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped]:
        """Delivers pictures. Returns at the end of the recording unless `loop` is set.

        Raises:
            NotFound: the path is not there or may not be read.
            NoPicture: nothing in it can be shown, or it breaks off.
        """
        known = self._source.started_at_ms
        clock = ClockQuality.ARRIVAL if known is None else ClockQuality.SYNCED
        recording = _recording(self._camera_id, self._source)  # looked up anew: the folder may have come meanwhile
        started_ms = self._start_ms(recording) if known is None else known
        began_s = self._clock.monotonic_s()
        ordinal = 0
        for offset_ms, picture in self._rounds(recording):
            if stop.is_set():
                return
            key = f"f{ordinal}"
            ordinal += 1
            if isinstance(picture, Skipped):
                yield picture
                continue
            if self._source.realtime:
                ahead_s = began_s + offset_ms / 1000 - self._clock.monotonic_s()
                if ahead_s > 0 and self._clock.wait(stop, ahead_s):
                    return
            yield glance_of(self._camera_id, started_ms + offset_ms, clock, key, picture)

    def _start_ms(self, recording: ReplayRecording) -> int:
        now_ms = self._clock.now_ms()
        return now_ms if self._source.realtime else now_ms - recording.length_ms()

    def _rounds(self, recording: ReplayRecording) -> Iterator[tuple[int, Picture]]:
        """Yields every picture with its position, once or for ever."""
        round_ms = 0
        while True:
            shown = offset_ms = 0
            for timed in recording.pictures():
                offset_ms = timed.offset_ms
                shown += not isinstance(timed.picture, Skipped)
                yield round_ms + offset_ms, timed.picture
            if not shown:  # and a loop would spin
                raise NoPicture(self._camera_id, pictures.RECORDING_EMPTY())
            if not self._source.loop:
                return
            round_ms += offset_ms + recording.step_ms


def _recording(camera_id: str, source: processes.ReplaySource) -> ReplayRecording:
    path = source.path
    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        return PictureFolder(camera_id, path, source.interval_s)
    return VideoFile(camera_id, path)
