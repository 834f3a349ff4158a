"""A span is fetched by a camera like the live one: same id, zones and cover, another source."""

import pytest

from edge_agent.errors import NotFound
from edge_agent.sources.recorder.span_camera import span_camera
from provisioning.contracts.config.processes import Camera, Gb28181Source, Policy, RecordedSpan, RecorderSource, Zone
from provisioning.contracts.config.recorder import Gb28181Recorder, OnvifRecorder, RtspRecorder

HOUR = RecordedSpan(started_at_ms=1_795_449_600_000, ended_at_ms=1_795_453_200_000)
NVR = "34020000001180000001"
CHANNEL = "34020000001320000001"
LOGIN = {"username": "admin", "password_sealed": "0" * 64}
GATE = Camera.model_validate(
    {
        "id": "gate",
        "name": "North gate",
        "source": {"kind": "rtsp", "url": "rtsp://10.0.0.9/live"},
        "policy": Policy(always_cover=((0.0, 0.0, 1.0, 0.1),)),
        "zones": (Zone(name="court", polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))),),
        "bearing_deg": 90,
    }
)
PLAYED = RtspRecorder(
    id="gate-nvr", form="hikvision", url="rtsp://10.0.0.5:554", zone="+08:00", speed=4, channels={"gate": "1"}
)
ASKED = OnvifRecorder(id="yard-nvr", url="http://10.0.0.6/onvif/device_service", speed=8, channels={"yard": "video-3"})
REGISTERED = Gb28181Recorder.model_validate(
    {"id": "gb-nvr", "device_id": NVR, "speed": 4, "channels": {"gate": CHANNEL}, **LOGIN}
)


def test_all_but_the_source_is_the_live_cameras() -> None:
    made = span_camera(GATE, [ASKED, PLAYED], HOUR)
    assert made.source == RecorderSource(recorder="gate-nvr", channel="1", span=HOUR, speed=4)
    assert made.model_copy(update={"source": GATE.source}) == GATE


@pytest.mark.parametrize(("wanted", "given"), [(None, 4), (1, 1), (2, 2), (16, 4)])
def test_no_more_is_asked_for_than_the_recorder_may_be(wanted: int | None, given: int) -> None:
    source = span_camera(GATE, [PLAYED], HOUR, wanted).source
    assert isinstance(source, RecorderSource)
    assert source.speed == given


@pytest.mark.parametrize(("wanted", "given"), [(None, 4), (1, None), (8, 4)])
def test_a_recorder_that_registers_is_asked_by_its_own_protocol(wanted: int | None, given: int | None) -> None:
    source = span_camera(GATE, [REGISTERED], HOUR, wanted).source
    assert isinstance(source, Gb28181Source)
    assert (source.device_id, source.channel_id, source.span, source.speed) == (NVR, CHANNEL, HOUR, given)


def test_a_registered_camera_without_a_recorder_is_asked_itself() -> None:
    live = Gb28181Source.model_validate({"device_id": NVR, "channel_id": CHANNEL, "stream": 1, **LOGIN})
    source = span_camera(GATE.model_copy(update={"source": live}), [ASKED], HOUR).source
    assert source == live.model_copy(update={"span": HOUR})


def test_a_camera_of_no_recorder_has_no_past_to_ask_for() -> None:
    with pytest.raises(NotFound, match=r"camera gate: no recorder has a channel of this camera: give one"):
        span_camera(GATE, [ASKED], HOUR)
