"""The cameras of a configuration for which jobs may be ordered, and the camera that fetches a span."""

from pathlib import Path

import pytest

from edge_agent.errors import NotFound
from edge_agent.jobs.job_site import fetching, site_of
from provisioning.contracts.config.processes import Camera, EdgeConfig, Gb28181Source, RecordedSpan, RecorderSource
from tests.edge_agent.pipelines import PLATFORM
from tests.edge_agent.world import edge_config, replay_camera
from tests.support.gb28181_devices import FIRST_ID

SPAN = RecordedSpan(started_at_ms=1000, ended_at_ms=9000)
RTSP = {"kind": "rtsp", "url": "rtsp://127.0.0.1/a"}
GB28181 = {
    "kind": "gb28181",
    "device_id": FIRST_ID,
    "channel_id": "34020000001310000001",
    "username": FIRST_ID,
    "password_sealed": "0" * 64,
}
NVR = {"kind": "rtsp", "id": "nvr", "url": "rtsp://127.0.0.2:554", "form": "dahua", "zone": "+08:00", "speed": 4}


@pytest.fixture
def edge(tmp_path: Path) -> EdgeConfig:
    cameras = [
        *(Camera.model_validate({"id": name, "source": RTSP}) for name in ("recorded", "alone")),
        Camera.model_validate({"id": "registered", "source": GB28181}),
        Camera.model_validate({"id": "upload", "source": {"kind": "upload"}}),
        replay_camera("film", tmp_path),
    ]
    desk = {"port": 9000, "tls_cert_file": "c", "tls_key_file": "k", "token_file": "t"}
    recorders = [NVR | {"channels": {"recorded": "3"}}]
    return edge_config(tmp_path, *cameras, gb28181=PLATFORM, recorders=recorders, desk=desk)


def test_a_camera_with_a_recorder_or_a_device_of_its_own_has_a_past_and_a_stream_can_be_looked_at(
    edge: EdgeConfig,
) -> None:
    site = site_of(edge)
    assert site.cameras == {"recorded", "alone", "registered", "upload", "film"}
    assert site.recorded == {"recorded", "registered"}
    assert site.live == {"recorded", "alone", "registered"}


def test_a_span_is_fetched_of_the_recorder_at_the_wanted_speed_up_to_its_limit(edge: EdgeConfig) -> None:
    source = fetching(edge, "recorded", SPAN, 16).source
    assert isinstance(source, RecorderSource)
    assert (source.recorder, source.channel, source.span, source.speed) == ("nvr", "3", SPAN, 4)
    own = fetching(edge, "registered", SPAN, 2)
    assert isinstance(own.source, Gb28181Source)
    assert (own.id, own.source.span, own.source.speed) == ("registered", SPAN, 2)


@pytest.mark.parametrize(("camera_id", "code"), [("alone", "no_recorder"), ("gone", "job_camera_gone")])
def test_without_a_recorder_there_is_a_cause(edge: EdgeConfig, camera_id: str, code: str) -> None:
    with pytest.raises(NotFound) as refused:
        fetching(edge, camera_id, SPAN, None)
    assert refused.value.reason.code == code
