"""Fetches a span of a simulated recorder in the test's own process, and compares each picture with what it shows."""

import threading
from collections.abc import Iterator

import pytest

from edge_agent.clock import Clock, SystemClock
from edge_agent.errors import SourceError
from edge_agent.frames import Glance
from edge_agent.sources.gb28181.channel import ChannelSource
from edge_agent.sources.recorder.playback import RecorderPlayback
from edge_agent.sources.recorder.stream import RecorderStream
from provisioning.contracts.config.processes import RecordedSpan, RecorderSource
from provisioning.contracts.config.recorder import OnvifRecorder, RtspRecorder
from tests.support.recorded_film import Film, moment_in

START_S = 1_795_449_600
FILM = Film()


class Fetching:
    """One span of one simulated recorder, fetched in this process."""

    def __init__(
        self, recorder: RtspRecorder | OnvifRecorder, seconds: int = 20, speed: int = 16, clock: Clock | None = None
    ) -> None:
        span = RecordedSpan(started_at_ms=START_S * 1000, ended_at_ms=(START_S + seconds) * 1000)
        source = RecorderSource(recorder=recorder.id, channel="1", span=span, speed=speed)
        clock = clock or SystemClock()
        self.channel = RecorderPlayback("gate", source, recorder, clock, None)
        self.source = ChannelSource("gate", self.channel, RecorderStream("gate", self.channel.open, clock))
        self.stop = threading.Event()

    def glances(self) -> Iterator[Glance]:
        return (item for item in self.source.frames(self.stop) if isinstance(item, Glance))

    def seconds(self, ahead_s: int = 0) -> list[int]:
        """Fetches all of it; returns the seconds since its start, each checked against what its picture shows."""
        found = []
        for glance in self.glances():
            shown_ms = moment_in(glance.pixels(), glance.captured_at_ms)
            assert shown_ms - ahead_s * 1000 == glance.captured_at_ms
            found.append(round(glance.captured_at_ms / 1000) - START_S)
        return found

    def missing(self) -> list[tuple[int, int]]:
        return _seconds(self.channel.progress().missing)

    def left_out(self) -> list[tuple[int, int]]:
        return _seconds(self.channel.progress().left_out)

    def failure(self) -> SourceError:
        with pytest.raises(SourceError) as failed:
            list(self.glances())
        assert "rtsp://" not in str(failed.value)
        return failed.value


def _seconds(spans: tuple[RecordedSpan, ...]) -> list[tuple[int, int]]:
    return [(each.started_at_ms // 1000 - START_S, each.ended_at_ms // 1000 - START_S) for each in spans]
