"""The client alone, against a real TLS server and its misbehaviours.

EnrolmentClient ──TLS──▶ a service that has another key, drips, floods, breaks off, talks nonsense
"""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.clock import SystemClock
from edge_agent.enrolment.client import EnrolmentClient, EnrolmentTimeouts, read_answer
from edge_agent.enrolment.identity import request
from edge_agent.errors import EnrolmentError
from provisioning.contracts.fleet.enrolment import MAX_ANSWER_BYTES, Enrolled, Hello, Problem, RenewRequest
from tests.edge_agent.enrolment_service import AGENT, EnrolmentService, now_ms, scripted
from tests.edge_agent.issuing import new_key, private_pem
from tests.support.ports import free_port
from tests.support.waiting import LONG_S

QUICK = EnrolmentTimeouts(step_s=0.5, answer_s=1.5)
CLOCK = SystemClock()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[EnrolmentService]:
    with EnrolmentService(tmp_path) as started:
        yield started


def client(service: EnrolmentService, port: int | None = None, patience: EnrolmentTimeouts = QUICK) -> EnrolmentClient:
    return EnrolmentClient.pinned("127.0.0.1", port or service.port, service.pin, CLOCK, patience=patience)


def cause_of(asking: EnrolmentClient) -> tuple[str, str]:
    with pytest.raises(EnrolmentError) as caught:
        asking.hello()
    text = str(caught.value)
    assert "\n" not in text
    return caught.value.cause, text


def test_neither_name_nor_dates_of_a_pinned_certificate_count(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=4000)
    with EnrolmentService(tmp_path, host="elsewhere.example", begins=long_ago) as old:
        assert client(old, patience=EnrolmentTimeouts()).hello().seal_key == old.seal_key.seal.key


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_wrong_pin_is_met_before_a_byte_is_sent(service: EnrolmentService, version: ssl.TLSVersion) -> None:
    service.context.minimum_version = service.context.maximum_version = version
    heard: list[bytes] = []

    def listen(tls: ssl.SSLSocket) -> None:
        heard.append(tls.recv(1))  # or an error, when it went away with our session tickets unread

    with scripted(service.context, listen) as port:
        wrong = EnrolmentClient.pinned("127.0.0.1", port, "ab" * 32, CLOCK)
        cause, text = cause_of(wrong)
    assert b"".join(heard) == b""
    assert cause == "untrusted"
    assert "not the service of the bundle" in text
    assert "nothing was sent" in text
    assert service.pin[:16] in text


def test_the_right_pin_is_met_in_both_versions_of_tls(service: EnrolmentService) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        service.context.minimum_version = ssl.TLSVersion.TLSv1_2
        service.context.maximum_version = version
        assert abs(client(service, patience=EnrolmentTimeouts()).hello().now_ms - now_ms()) < 10_000


def test_nobody_there() -> None:
    port = free_port()
    for host in ("127.0.0.1", "no-such-host.invalid", "a..b", "::1"):
        cause, text = cause_of(EnrolmentClient.pinned(host, port, "ab" * 32, CLOCK, patience=QUICK))
        assert cause == "unreachable"
        assert "check network" in text


def test_no_tls_there(service: EnrolmentService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def speak() -> None:
            other, _ = plain.accept()
            with other:
                other.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                other.recv(4096)

        thread = threading.Thread(target=speak)
        thread.start()
        cause, text = cause_of(client(service, plain.getsockname()[1]))
        thread.join(LONG_S)
    assert cause == "unreachable"
    assert "no TLS" in text


def test_a_service_that_accepts_and_says_nothing(service: EnrolmentService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert cause_of(client(service, silent.getsockname()[1]))[0] == "unreachable"


def _drip(tls: ssl.SSLSocket) -> None:
    tls.recv(4096)
    tls.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        tls.sendall(b"X")
        time.sleep(0.05)


def _hint_for_ever(tls: ssl.SSLSocket) -> None:
    tls.recv(4096)
    while True:
        tls.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


def _silence(tls: ssl.SSLSocket) -> None:
    tls.recv(4096)
    tls.recv(1)


@pytest.mark.parametrize("script", [_drip, _hint_for_ever, _silence])
def test_the_whole_answer_has_a_time(service: EnrolmentService, script: object) -> None:
    assert callable(script)
    with scripted(service.context, script) as port:
        patience = EnrolmentTimeouts(answer_s=1.5)  # without a bound it would never end
        cause, text = cause_of(client(service, port, patience))
    assert cause == "unreachable"
    assert "does not answer in time" in text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200,
        b"HTTP/1.1 200 " + b"O" * 100_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b" " * 100_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 60_000,
        b"HTTP/1.1 200 OK\r\n\r\n<html>login</html>",
        b'HTTP/1.1 200 OK\r\n\r\n{"now_ms":1}',
        b'HTTP/1.1 200 OK\r\n\r\n{"version":2,"now_ms":1,"seal_key":""}',
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n",
        b"HTTP/1.1 500 Oh\r\n\r\nTraceback",
        b"HTTP/1.1 204 Nothing\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_one_line_that_says_where(service: EnrolmentService, raw: bytes) -> None:
    service.be.raw = raw
    cause, text = cause_of(client(service, patience=EnrolmentTimeouts()))
    assert cause in {"answer", "unreachable"}
    assert text.startswith(f"enrolment service 127.0.0.1:{service.port}: ")
    assert len(text) < 900


@settings(max_examples=60)
@given(
    raw=st.one_of(
        st.binary(max_size=400),
        st.builds(lambda body: b"HTTP/1.1 200 OK\r\n" + body, st.binary(max_size=200)),
        st.builds(
            lambda head, body: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + head + b"\r\n" + body,
            st.binary(max_size=10),
            st.binary(max_size=50),
        ),
        st.builds(
            lambda length, body: b"HTTP/1.1 403 No\r\nContent-Length: " + length + b"\r\n\r\n" + body,
            st.binary(max_size=10),
            st.binary(max_size=50),
        ),
    )
)
def test_whatever_a_service_sends_is_an_answer_or_an_enrolment_error(service: EnrolmentService, raw: bytes) -> None:
    service.be.raw = raw
    with pytest.raises(EnrolmentError):
        client(service, patience=EnrolmentTimeouts()).hello()


@given(
    status=st.integers(100, 999),
    body=st.one_of(
        st.binary(max_size=2000),
        st.builds(lambda value: json.dumps(value).encode(), st.recursive(st.none() | st.text(), st.lists)),
        st.builds(
            lambda **fields: json.dumps(fields).encode(),
            version=st.integers(0, 2),
            now_ms=st.integers(),
            seal_key=st.text() | st.just("ab" * 32),
        ),
    ),
    model=st.sampled_from([Hello, Enrolled]),
)
def test_reading_an_answer_gives_it_or_an_enrolment_error(status: int, body: bytes, model: type[Hello]) -> None:
    try:
        read = read_answer(model, status, body)
    except EnrolmentError:
        return
    assert isinstance(read, model)
    assert 200 <= status < 300


def test_an_answer_over_the_limit_is_not_read() -> None:
    good = Hello(now_ms=1, seal_key="ab" * 32).model_dump_json().encode()
    assert read_answer(Hello, 200, good.ljust(MAX_ANSWER_BYTES)).now_ms == 1
    with pytest.raises(EnrolmentError, match="more than"):
        read_answer(Hello, 200, good.ljust(MAX_ANSWER_BYTES + 1))


def test_a_refusal_keeps_its_words_and_cannot_drive_a_terminal() -> None:
    said = Problem(
        error="code_used", detail="used on 2026-11-24:\n\x1b[2Jask \u202efor a new one, 好"
    ).model_dump_json()
    with pytest.raises(EnrolmentError) as caught:
        read_answer(Enrolled, 409, said.encode())
    assert caught.value.cause == "code_used"
    assert str(caught.value) == "used on 2026-11-24:  [2Jask  for a new one, 好"


def test_verified_means_by_authority_and_by_name(service: EnrolmentService, tmp_path: Path) -> None:
    ca, other = tmp_path / "ca.crt", tmp_path / "other.crt"
    ca.write_bytes(service.services.pem)
    other.write_bytes(service.agents.pem)
    assert EnrolmentClient.verified("127.0.0.1", service.port, ca, CLOCK).hello()
    for host, file in (("127.0.0.1", other), ("localhost", ca)):
        cause, text = cause_of(EnrolmentClient.verified(host, service.port, file, CLOCK))
        assert cause == "untrusted"
        assert "not trusted" in text
    with pytest.raises(EnrolmentError, match="no usable certificate"):
        EnrolmentClient.verified("127.0.0.1", service.port, tmp_path / "none.crt", CLOCK)


def test_a_service_that_refuses_our_certificate_in_the_handshake(service: EnrolmentService, tmp_path: Path) -> None:
    key = new_key()
    ca, mine = tmp_path / "ca.crt", tmp_path / "agent.pem"
    ca.write_bytes(service.services.pem)
    mine.write_bytes(service.services.sign(key.public_key(), AGENT) + private_pem(key))  # of the wrong authority
    asking = EnrolmentClient.verified("127.0.0.1", service.port, ca, CLOCK, identity_file=mine)
    with pytest.raises(EnrolmentError, match="broke off") as caught:
        asking.renew(RenewRequest(csr=request(new_key())))
    assert caught.value.cause in {"refused", "unreachable"}  # the alert may be lost behind the broken connection
    assert service.asked == []
