"""A recorder in a configuration: forms of addresses, zones, channels, and what cannot be meant."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.config.recorder import Recorder, RtspRecorder
from provisioning.contracts.fleet.documents import Configuration

READ: TypeAdapter[Recorder] = TypeAdapter(Recorder)
FREE = {"id": "nvr", "kind": "rtsp", "url": "rtsp://10.0.0.5/p?c={channel}&from={start}&to={end}", "zone": "+08:00"}
DEVICE = {"id": "gb", "kind": "gb28181", "device_id": "34020000001180000001", "username": "u"}
SEALED = {"password_sealed": "0" * 64}
SPAN = {"started_at_ms": 1000, "ended_at_ms": 2000}
GATE = {"id": "gate", "source": {"kind": "recorder", "recorder": "nvr", "channel": "1", "span": SPAN}}
EDGE = {
    "agent_id": "a",
    "broker": {"host": "h", "ca_file": "c", "cert_file": "c", "key_file": "k"},
    "models_dir": "m",
    "spool": {"directory": "s"},
}


def test_the_makers_forms() -> None:
    hikvision = RtspRecorder(id="a", form="hikvision", url="rtsp://h:554/", zone="+08:00")
    assert hikvision.template == "rtsp://h:554/Streaming/tracks/{channel}01?starttime={start}&endtime={end}"
    dahua = RtspRecorder(id="a", form="dahua", url="rtsp://h:554", zone="-03:30")
    assert dahua.template == "rtsp://h:554/cam/playback?channel={channel}&subtype=0&starttime={start}&endtime={end}"
    assert dahua.template_time == "%Y_%m_%d_%H_%M_%S"
    assert str(dahua.offset_of_zone) == "UTC-03:30"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"form": "hikvision", "url": "rtsp://h/Streaming"}, "form hikvision has its own path"),
        ({"zone": None}, "zone: state that of the times in the address"),
        ({"url": "rtsp://h/{channel}?from={start}"}, "go together"),
        ({"url": "rtsp://h/{password}"}, "has the fields"),
        ({"url": "rtsp://h/{channel!r}"}, "has the fields"),
        ({"url": "rtsp://h/{channel"}, "no template"),
        ({"url": "rtsp://{channel}/a"}, "the host is no part"),
        ({"url": "rtsp://u:p@h/{channel}"}, "user and password do not belong"),
        ({"url": "rtsp://h/a", "channels": {"a": "1", "b": "2"}}, "address of one channel"),
        ({"time_format": "%Y-%j"}, "time_format"),
        ({"zone": "CST"}, "zone"),
        ({"speed": 17}, "speed"),
        ({"channels": {"gate": "1 2"}}, "channels"),
        ({"username": "u"}, "username goes together"),
    ],
)
def test_what_cannot_be_meant(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        READ.validate_python(FREE | change)


def test_a_recorder_that_registers_has_a_login_and_channels_of_a_catalog() -> None:
    with pytest.raises(ValidationError, match="needs a username"):
        READ.validate_python({**DEVICE, "username": None})
    with pytest.raises(ValidationError, match="ids of the recorder's catalog"):
        READ.validate_python(DEVICE | SEALED | {"channels": {"gate": "a/b"}})


def test_a_span_is_of_a_recorder_that_is_there() -> None:
    assert EdgeConfig.model_validate(EDGE | {"cameras": [GATE], "recorders": [FREE]}).recorders[0].id == "nvr"
    with pytest.raises(ValidationError, match=r"give it in \[\[recorders\]\]"):
        EdgeConfig.model_validate(EDGE | {"cameras": [GATE]})
    with pytest.raises(ValidationError, match="found twice: nvr"):
        EdgeConfig.model_validate(EDGE | {"cameras": [GATE], "recorders": [FREE, FREE]})
    with pytest.raises(ValidationError, match=r"recorder gb is a device that registers: give \[gb28181\]"):
        EdgeConfig.model_validate(EDGE | {"cameras": [GATE], "recorders": [FREE, DEVICE | SEALED]})


def test_a_recorder_and_the_cameras_of_its_device_have_one_login() -> None:
    camera = {"id": "c", "source": {**DEVICE, **SEALED, "channel_id": "1", "username": "other"}}
    del camera["source"]["id"]  # type: ignore[attr-defined]
    server = {"host": "h", "platform_id": "34020000002000000001"}
    with pytest.raises(ValidationError, match="are of one device: give them the same username"):
        EdgeConfig.model_validate(EDGE | {"cameras": [camera], "recorders": [DEVICE | SEALED], "gb28181": server})


def test_a_document_has_recorders_with_sealed_passwords_and_names_no_file() -> None:
    sealed = {**FREE, "username": "u", **SEALED}
    document = Configuration.model_validate({"cameras": [GATE], "recorders": [sealed]})
    assert Configuration.model_validate_json(document.model_dump_json()) == document
    with pytest.raises(ValidationError, match="recorder nvr: a document may not name files"):
        Configuration.model_validate({"cameras": [], "recorders": [{**FREE, "username": "u", "password_file": "f"}]})


def test_a_document_without_recorders_is_as_it_was() -> None:
    assert "recorders" not in Configuration(cameras=()).model_dump()
