"""Clocks of cameras by ONVIF: once a minute each, spread, and rarely where nothing answers."""

import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from edge_agent.onvif import clock_poll
from edge_agent.onvif.clock_poll import EVERY_S, LONGEST_S, OnvifClocks, clients
from edge_agent.onvif.http_exchange import HttpBounds
from provisioning.contracts.config.processes import Camera
from provisioning.contracts.wire.messages import ClockSource
from provisioning.demo.simulators.onvif import OnvifCamera, OnvifServer
from tests.edge_agent.world import FakeClock
from tests.support.ports import free_port
from tests.support.waiting import LONG_S

HOUR_S = 3600


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_poll, "_BOUNDS", HttpBounds(LONG_S, LONG_S))


@pytest.fixture
def server() -> Iterator[OnvifServer]:
    with OnvifServer() as served:
        yield served


def camera(camera_id: str, **clock: object) -> Camera:
    return Camera.model_validate(
        {"id": camera_id, "source": {"kind": "rtsp", "url": "rtsp://192.0.2.7:554/s"}, "clock": clock}
    )


def polled(cameras: list[Camera], seconds: float) -> list[tuple[float, str, ClockSource, float, float]]:
    """Returns the cameras that are measured in this time, with the second of each."""
    clock, stop = FakeClock(), threading.Event()
    clock.on_wait = lambda _: stop.set() if clock.monotonic_s() > seconds else None
    found: list[tuple[float, str, ClockSource, float, float]] = []
    measured = lambda *each: found.append((clock.monotonic_s(), *each))  # noqa: E731
    OnvifClocks(clients(cameras, clock, None), measured, clock).run(stop)
    return found


def test_each_camera_is_asked_once_a_minute_and_not_all_at_once(server: OnvifServer) -> None:
    names = [f"cam-{number}" for number in range(6)]
    for name in names:
        server.cameras[f"/{name}"] = OnvifCamera(30.0)
    server.now_s = lambda: FakeClock().now_ms() / 1000
    found = polled([camera(name, onvif_url=server.url(f"/{name}")) for name in names], HOUR_S - 1)
    assert Counter(each[1] for each in found) == dict.fromkeys(names, 60)
    assert [each[0] for each in found[:7]] == [0, 10, 20, 30, 40, 50, 60]
    assert {each[2] for each in found} == {ClockSource.ONVIF}
    assert (found[0][3], found[0][4]) == (30_500, 500)


def test_a_camera_that_does_not_answer_is_asked_ever_less_and_holds_up_no_other(server: OnvifServer) -> None:
    server.cameras["/good"] = OnvifCamera()
    server.cameras["/broken"] = OnvifCamera(answer=lambda _: b"<html/>")
    gone = camera("gone", onvif_url=f"http://127.0.0.1:{free_port()}/")
    cameras = [gone, *(camera(name, onvif_url=server.url(f"/{name}")) for name in ("good", "broken"))]
    found = polled(cameras, 24 * HOUR_S)
    assert {each[1] for each in found} == {"good"}
    assert len(found) == pytest.approx(24 * 60, abs=1)
    assert server.cameras["/broken"].calls < 24 * 12


def test_a_camera_that_refuses_the_login_is_left_alone_for_an_hour(server: OnvifServer) -> None:
    server.cameras["/"] = OnvifCamera(login=("a", "b"))
    assert polled([camera("gate", onvif_url=server.url("/"))], 10 * LONGEST_S + 1) == []
    assert server.cameras["/"].calls == 2 * 11


@pytest.mark.parametrize(
    ("clock", "is_asked"), [({}, True), ({"ask_onvif": False}, False), ({"onvif_url": "http://192.0.2.8/x"}, True)]
)
def test_a_stream_s_host_is_asked_unless_it_is_switched_off(clock: dict[str, object], *, is_asked: bool) -> None:
    assert bool(clients([camera("gate", **clock)], FakeClock(), None)) is is_asked


@pytest.mark.parametrize("address", ["url", "onvif_url"])
def test_a_camera_of_snapshots_is_asked(address: str) -> None:
    source = {"kind": "snapshot", address: "http://192.0.2.7:81/x"}
    assert list(clients([Camera.model_validate({"id": "gate", "source": source})], FakeClock(), None)) == ["gate"]


def test_a_device_that_registers_is_asked_only_at_an_address_that_is_given() -> None:
    assert EVERY_S == 60
    folder = {"id": "gate", "source": {"kind": "drop_folder", "path": "/x"}}
    assert clients([Camera.model_validate(folder)], FakeClock(), None) == {}
    given = Camera.model_validate({**folder, "clock": {"onvif_url": "http://192.0.2.8/onvif/device_service"}})
    assert list(clients([given], FakeClock(), None)) == ["gate"]
