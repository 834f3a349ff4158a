"""Calls to simulated cameras over loopback: time, login, silence, floods."""

from collections.abc import Iterator

import pytest

from edge_agent.clock import SystemClock
from edge_agent.errors import OnvifError
from edge_agent.onvif.client import DEVICE, DEVICE_PATH, OnvifClient
from edge_agent.onvif.device_time import device_time
from edge_agent.onvif.http_exchange import HttpAddress, HttpBounds
from provisioning.demo.simulators.onvif import OnvifCamera, OnvifServer
from provisioning.net.digest import Account
from tests.support.ports import free_port
from tests.support.rude_http import Act, RudeServer
from tests.support.waiting import LONG_S, until

CLOCK = SystemClock()
PATIENT = HttpBounds(LONG_S, LONG_S)
LOGIN = Account("operator", "pass word")


class Rude(RudeServer):
    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        return 200, b""


@pytest.fixture
def server() -> Iterator[OnvifServer]:
    with OnvifServer() as served:
        yield served


def client(url: str, account: Account | None = None, bounds: HttpBounds = PATIENT) -> OnvifClient:
    return OnvifClient(HttpAddress.of(url), lambda: account, CLOCK, bounds=bounds)


@pytest.mark.parametrize("skew_s", [0.0, -30.0, 30.0, 28_800.0])
def test_the_skew_lies_within_its_bound(server: OnvifServer, skew_s: float) -> None:
    server.cameras[DEVICE_PATH] = OnvifCamera(skew_s)
    measured = device_time(client(server.url(DEVICE_PATH)), CLOCK)
    assert abs(measured.skew_ms - skew_s * 1000) <= measured.bound_ms + 10


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_digest_is_answered_where_a_camera_wants_it(server: OnvifServer, algorithm: str) -> None:
    camera = server.cameras[DEVICE_PATH] = OnvifCamera(5, ("operator", "pass word"), algorithm)
    measured = device_time(client(server.url(DEVICE_PATH), LOGIN), CLOCK)
    assert (camera.calls, abs(measured.skew_ms - 5000) <= measured.bound_ms + 10) == (2, True)


def test_a_camera_that_wants_the_login_in_the_soap_header_gets_it_there(server: OnvifServer) -> None:
    camera = server.cameras[DEVICE_PATH] = OnvifCamera(5, wants_token=True)
    measured = device_time(client(server.url(DEVICE_PATH), LOGIN), CLOCK)
    assert (camera.calls, abs(measured.skew_ms - 5000) <= measured.bound_ms + 10) == (2, True)


@pytest.mark.parametrize("account", [None, Account("operator", "wrong")])
def test_a_refused_login_is_told_with_its_remedy(server: OnvifServer, account: Account | None) -> None:
    server.cameras[DEVICE_PATH] = OnvifCamera(login=("operator", "pass word"))
    with pytest.raises(OnvifError, match="user and password") as refused:
        device_time(client(server.url(DEVICE_PATH), account), CLOCK)
    assert refused.value.cause == "wrong_credentials"
    assert "wrong'" not in str(refused.value)


def test_the_login_stands_in_the_soap_header_once_the_camera_s_time_is_known(server: OnvifServer) -> None:
    seen: list[bytes] = []

    def answered(request: bytes) -> bytes:
        seen.append(request)
        return b"<Envelope><Body><GetProfilesResponse/></Body></Envelope>"

    server.cameras[DEVICE_PATH] = OnvifCamera(answer=answered)
    client(server.url(DEVICE_PATH), LOGIN).call("GetProfiles", DEVICE, camera_ms=1_795_449_600_123)
    assert b"<u:Created>2026-11-23T16:00:00Z<" in seen[0]
    assert b"pass word" not in seen[0]


@pytest.mark.parametrize(
    ("act", "cause"),
    [
        (Act.HANG_UP_AFTER, "unreachable"),
        (Act.SILENT_AFTER, "no_answer"),
        (Act.DRIP_AFTER, "no_answer"),
        (Act.GARBAGE_AFTER, "garbage"),
        (Act.HUGE_AFTER, "garbage"),
        (Act.REDIRECT, "garbage"),
        (Act.NOT_FOUND, "garbage"),
    ],
)
def test_a_camera_that_misbehaves_costs_bounded_time_and_bytes(act: Act, cause: str) -> None:
    with Rude() as rude:
        rude.script.append(act)
        is_endless = act in {Act.SILENT_AFTER, Act.DRIP_AFTER}
        bounds = HttpBounds(2.0 if is_endless else LONG_S, LONG_S, max_bytes=100_000)
        with pytest.raises(OnvifError) as refused:
            device_time(client(f"http://127.0.0.1:{rude.port}/", bounds=bounds), CLOCK)
        assert refused.value.cause == cause
        until(lambda: rude.requests == 1)  # it may get to it after the client has gone


def test_a_port_where_nothing_listens_is_unreachable() -> None:
    with pytest.raises(OnvifError, match="check address and port") as refused:
        device_time(client(f"http://127.0.0.1:{free_port()}/"), CLOCK)
    assert refused.value.cause == "unreachable"


@pytest.mark.parametrize(
    "url", ["ftp://a/", "http://", "http://u:p@a/", "http://a:99999/", "http://a/b c", "http://a/é"]
)
def test_an_address_of_no_use_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|path|Port"):
        HttpAddress.of(url)
