"""Cameras that a new configuration leaves alone: the same settings, and nothing shared with what differs."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from edge_agent.credentials.camera_password import Unlock, read_password
from edge_agent.remote_config.difference import untouched
from provisioning.contracts.config.processes import Camera, EdgeConfig, Recorder
from provisioning.signing.documents import SealError
from tests.edge_agent.world import edge_config

_RECORDER = TypeAdapter[Recorder](Recorder)


def camera(name: str, host: str = "", **changes: Any) -> Camera:
    source = {"kind": "rtsp", "url": f"rtsp://{host or f'192.0.2.{ord(name[0])}'}/{name}"} | changes.pop("source", {})
    return Camera.model_validate({"id": name, "source": source} | changes)


def channel(name: str, device: str) -> Camera:
    source = {
        "kind": "gb28181", "device_id": device, "channel_id": f"{name}-1",
        "username": device, "password_sealed": "0" * 64,
    }  # fmt: skip
    return Camera.model_validate({"id": name, "source": source})


def sealed(name: str, text: str) -> Camera:
    return camera(name, source={"username": "u", "password_sealed": text * 64})


def opens(passwords: dict[str, str]) -> Unlock:
    def unlock(_: str, text: str) -> str:
        if text[0] not in passwords:
            raise SealError("damaged")
        return passwords[text[0]]

    return unlock


@pytest.fixture
def edge(tmp_path: Path) -> EdgeConfig:
    return edge_config(tmp_path, camera("a"))


def left_alone(
    edge: EdgeConfig, before: list[Camera], after: list[Camera], unlock: Unlock | None = None, **changes: Any
) -> set[str]:
    one = edge.model_copy(update={"cameras": tuple(before)})
    other = edge.model_copy(update={"cameras": tuple(after)} | changes)
    return set(untouched(one, other, partial(read_password, unlock=unlock)))


def test_what_differs_comes_or_goes_is_touched_and_nothing_else(edge: EdgeConfig) -> None:
    before = [camera("a"), camera("b"), camera("c")]
    assert left_alone(edge, before, before) == {"a", "b", "c"}
    after = [camera("a"), camera("b", selector={"max_per_second": 0.5}), camera("d")]
    assert left_alone(edge, before, after) == {"a"}


def test_settings_of_the_whole_agent_touch_no_camera(edge: EdgeConfig) -> None:
    both = [camera("a"), camera("b")]
    assert left_alone(edge, both, both, heartbeat_s=5.0) == {"a", "b"}


def test_a_camera_at_the_host_of_one_that_differs_is_touched(edge: EdgeConfig) -> None:
    before = [camera("a", "192.0.2.9:554"), camera("b")]
    assert left_alone(edge, before, [*before, camera("n", "192.0.2.9:8554")]) == {"b"}
    assert left_alone(edge, [*before, camera("n", "192.0.2.9")], before) == {"b"}
    onvif = camera("n", clock={"onvif_url": "http://192.0.2.9:8000/onvif"})
    assert left_alone(edge, before, [*before, onvif]) == {"b"}


def test_a_channel_of_a_device_of_which_another_differs_is_touched(edge: EdgeConfig) -> None:
    before = [channel("a", "nvr-1"), channel("b", "nvr-2")]
    assert left_alone(edge, before, [*before, channel("c", "nvr-1")]) == {"b"}


def test_a_camera_at_the_host_of_a_recorder_that_differs_is_touched(edge: EdgeConfig) -> None:
    both = [camera("a", "192.0.2.9"), camera("b")]
    recorder = _RECORDER.validate_python(
        {"kind": "rtsp", "id": "nvr", "url": "rtsp://192.0.2.9:554", "form": "hikvision", "zone": "+08:00"}
    )
    assert left_alone(edge, both, both, recorders=(recorder,)) == {"b"}


def test_a_password_that_is_sealed_anew_is_the_same_and_one_that_cannot_be_opened_is_not(edge: EdgeConfig) -> None:
    before, after = [sealed("a", "1")], [sealed("a", "2")]
    assert left_alone(edge, before, after, opens({"1": "word", "2": "word"})) == {"a"}
    assert left_alone(edge, before, after, opens({"1": "word", "2": "other"})) == set()
    assert left_alone(edge, before, after, opens({"1": "word"})) == set()
    assert left_alone(edge, before, after) == set()
