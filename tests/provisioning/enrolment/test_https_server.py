"""The enrolment service's door: what nobody may take more of than is meant for him; the rest is the acceptor's."""

import json
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

import pytest

from provisioning.contracts.fleet.enrolment import ENROL, HELLO, MAX_REQUEST_BYTES
from provisioning.enrolment.https_server import Limits
from provisioning.home.home import Home
from tests.provisioning.serving import HOST, Box, new_home, serving
from tests.support.waiting import LONG_S


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path)


@pytest.fixture
def service(home: Home) -> Iterator[None]:
    with serving(home):
        yield


@pytest.fixture
def box(home: Home, tmp_path: Path) -> Box:
    return Box(home, tmp_path / "box")


def connected(home: Home, box: Box) -> ssl.SSLSocket:
    plain = socket.create_connection((HOST, home.config.enrolment_port), LONG_S)
    return box.context().wrap_socket(plain, server_hostname=HOST)


def ends(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.usefixtures("service")
def test_a_giant_body_is_not_read(box: Box) -> None:
    status, answer = box.post(ENROL, b" " * (MAX_REQUEST_BYTES + 1))
    assert (status, answer["error"]) == (413, "too_large")


@pytest.mark.usefixtures("service")
def test_a_giant_body_in_pieces_is_not_read(home: Home, box: Box) -> None:
    with connected(home, box) as client:
        client.sendall(b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            client.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.usefixtures("service")
def test_what_is_no_http_is_answered_in_json(home: Home, box: Box) -> None:
    with connected(home, box) as client:
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "malformed"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\n",
        b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ],
    ids=["nothing", "half the headers", "half the body"],
)
def test_a_slow_client_is_shown_the_door(home: Home, box: Box, sent: bytes) -> None:
    with serving(home, limits=Limits(timeout_s=3.0)):
        began_s = time.monotonic()
        # On a slow machine it is shown the door in the handshake already.
        with suppress(OSError), connected(home, box) as client:
            client.sendall(sent)
            while client.recv(65536):
                pass
        assert time.monotonic() - began_s > 2.5


def test_no_more_than_so_many_come_at_once(home: Home, box: Box) -> None:
    with (
        serving(home, limits=Limits(timeout_s=LONG_S, connections=2)),
        socket.create_connection((HOST, home.config.enrolment_port), LONG_S) as first,
        socket.create_connection((HOST, home.config.enrolment_port), LONG_S),
        ThreadPoolExecutor(1) as pool,
    ):
        third = pool.submit(box.ask, "GET", HELLO)
        has_waited = not wait([third], 0.5).done
        first.close()
        assert third.result(LONG_S)[0] == 200
        assert has_waited


def test_one_address_has_its_share_alone(home: Home) -> None:
    with (
        serving(home, limits=Limits(per_address=1, timeout_s=600)),
        socket.create_connection((HOST, home.config.enrolment_port), LONG_S),
        socket.create_connection((HOST, home.config.enrolment_port), LONG_S) as second,
    ):
        assert ends(second)


def test_a_request_a_connection(home: Home, box: Box) -> None:
    with serving(home), connected(home, box) as client:
        client.sendall(b"GET /v1/hello HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    assert answer.count(b"HTTP/1.1 200 ") == 1
    assert b"aiohttp" not in answer


def test_tls_1_2_is_not_spoken(home: Home, box: Box) -> None:
    context = box.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        serving(home),
        socket.create_connection((HOST, home.config.enrolment_port), LONG_S) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname=HOST)
