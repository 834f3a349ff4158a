"""Who is not let in, and what each is told."""

import json
import socket
import ssl
import threading
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import pytest

from edge_agent.desk.errors import DeskError
from edge_agent.desk.http_server import DeskLimits
from edge_agent.desk.key_files import client_context
from edge_agent.desk.protocol import End, RecordingStage, Standing
from edge_agent.desk.remux import Remux
from edge_agent.errors import Unreachable
from provisioning.contracts.wire import codec
from tests.edge_agent.desk.premises import (
    CAMERA,
    Opened,
    Papers,
    Premises,
    Watched,
    ingest,
    request,
    rewritten,
    street,
    target,
)
from tests.support.pki import HOST, Pki
from tests.support.waiting import LONG_S, until


def refusal(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["error"]


def last_line(answer: tuple[int, bytes]) -> dict[str, object]:
    assert answer[0] == HTTPStatus.OK, answer[1]
    found: dict[str, object] = json.loads(answer[1].splitlines()[-1])
    return found


def test_nothing_but_health_is_open(closed_desk: Premises) -> None:
    place = closed_desk.papers.place()
    assert request(place, "GET", "/health", token="wrong") == (200, b'{"ok":true}')
    for method, where in (("GET", target()), ("POST", target()), ("GET", target("nowhere"))):
        for wrong in ("", "wrong", place.token + "0"):
            assert refusal(request(place, method, where, b"", token=wrong)) == (401, "unauthorized")
    assert place.token not in repr(place)
    _, body = request(place, "GET", target())
    assert codec.decode(Standing, body) == Standing(stage=RecordingStage.NEW, after_ms=-1)


def test_each_refusal_has_its_word(closed_desk: Premises) -> None:
    place = closed_desk.papers.place()
    asked = {
        ("GET", "/"): (404, "not_found"),
        ("GET", "/cameras/gate/recordings/x"): (404, "not_found"),
        ("GET", target("nowhere")): (404, "camera_unknown"),
        ("POST", target("nowhere")): (404, "camera_unknown"),
        ("PUT", target()): (405, "method"),
        ("POST", target(at_ms=40)): (409, "gap"),
        ("POST", "/cameras/gate/recordings"): (400, "malformed"),
        ("POST", target(started_at_ms=9_999_999_999_999)): (400, "implausible_start"),
        ("POST", target(started_at_ms=0)): (400, "implausible_start"),
        ("POST", target(colour="red")): (400, "malformed"),
    }
    assert {each: refusal(request(place, *each, b"")) for each in asked} == asked
    assert refusal(request(place, "POST", target(), b"GIF89a" + bytes(100))) == (415, "unknown_container")
    assert closed_desk.spool.ledgers() == {}


def test_a_spool_that_cannot_be_read_takes_nothing_and_breaks_off_what_is_under_way(
    papers: Papers, opened: Opened, tmp_path: Path
) -> None:
    desk = opened(held_after=5)
    carried = Remux.of(street(tmp_path / "street.mkv"))
    caught: list[DeskError] = []

    def send() -> None:
        try:
            ingest(papers.place(), carried)
        except DeskError as error:
            caught.append(error)

    sending = threading.Thread(target=send)
    sending.start()
    assert desk.held.reached.wait(LONG_S)
    away = (tmp_path / "spool" / "spool.db").rename(tmp_path / "spool" / "away.db")
    # What was under way is broken off and tried again, and then the reason is told.
    until(lambda: refusal(request(papers.place(), "POST", target(), b""))[1] == "spool")
    sending.join(LONG_S)
    assert [error.code for error in caught] == ["spool"]
    away.rename(away.with_name("spool.db"))


def test_a_plain_mp4_is_told_how_and_one_that_can_stream_is_taken(desk: Premises, tmp_path: Path) -> None:
    file = street(tmp_path / "street.mp4", b_frames=0)
    status, body = request(desk.papers.place(), "POST", target(), file.read_bytes())
    assert (status, json.loads(body)["error"]) == (415, "index_at_end")
    assert "+faststart" in json.loads(body)["detail"]
    fast = rewritten(file, tmp_path / "fast.mp4", "faststart")
    assert last_line(request(desk.papers.place(), "POST", target(), fast.read_bytes()))["end"] == "complete"
    pieces = rewritten(file, tmp_path / "pieces.mp4", "frag_keyframe+empty_moov")
    again = last_line(request(desk.papers.place(), "POST", target(again=1), pieces.read_bytes()))
    assert (again["end"], again["dropped"]) == ("complete", {"duplicate": 50})
    raw = street(tmp_path / "street.mkv", b_frames=0)
    done = last_line(request(desk.papers.place(), "POST", target(again=1), raw.read_bytes()))
    assert (done["end"], done["dropped"]) == ("complete", {"duplicate": 50})
    assert desk.offsets() == [40 * n for n in range(50)]


def test_the_same_recording_by_two_is_refused_to_the_second(papers: Papers, opened: Opened, tmp_path: Path) -> None:
    desk = opened(held_after=5, cameras=(CAMERA, "yard"))
    carried = Remux.of(street(tmp_path / "street.mkv"))
    first = threading.Thread(target=lambda: ingest(papers.place(), carried))
    first.start()
    assert desk.held.reached.wait(LONG_S)
    for again in (carried, Remux.of(street(tmp_path / "other.mkv", 10))):
        with pytest.raises(DeskError, match="is being sent already") as caught:
            ingest(papers.place(), again)
        assert caught.value.code == "busy"
    desk.held.let_go.set()
    done = ingest(papers.place(), carried, camera_id="yard")  # another camera is free
    assert done is not None
    assert done.end is End.COMPLETE
    first.join(LONG_S)
    assert desk.offsets() == desk.offsets("yard") == [40 * n for n in range(50)]


def test_a_paused_camera_takes_nothing_and_one_paused_in_the_middle_goes_on_later(
    papers: Papers, opened: Opened, tmp_path: Path
) -> None:
    desk = opened(held_after=10)
    carried = Remux.of(street(tmp_path / "street.mkv"))
    shown = Watched()
    sending = threading.Thread(target=lambda: ingest(papers.place(), carried, shown=shown))
    sending.start()
    assert desk.held.reached.wait(LONG_S)
    desk.health.pause(CAMERA)
    desk.held.let_go.set()
    sending.join(LONG_S)
    assert shown.progress[-1].end is End.PAUSED
    assert "wayside-edge resume gate" in shown.progress[-1].detail
    with pytest.raises(DeskError, match="wayside-edge resume gate"):
        ingest(papers.place(), carried)
    desk.pauses.resume(CAMERA)
    done = ingest(papers.place(), carried)
    assert done is not None
    assert done.end is End.COMPLETE
    ledger = desk.ledger()
    # What waited for the redactor at the pause was dropped under that name, as of any camera, and the selector does not
    # take the same picture a second time in a row; nothing came twice.
    assert ledger.selected == ledger.spooled + sum(ledger.dropped.values())
    assert 49 <= ledger.selected <= 50
    assert set(ledger.dropped) <= {"paused"}


def test_a_recording_that_cannot_be_read_ends_with_the_reason_and_the_next_is_taken(
    desk: Premises, tmp_path: Path
) -> None:
    place = desk.papers.place()
    whole = street(tmp_path / "street.mkv", 20, b_frames=0).read_bytes()
    nothing = last_line(request(place, "POST", target(), whole[:4] + bytes(4000)))
    assert (nothing["end"], nothing["code"]) == ("unusable", "unreadable")
    assert last_line(request(place, "POST", target(), whole))["end"] == "complete"


def test_a_sender_that_falls_silent_is_shown_the_door(papers: Papers, opened: Opened, tmp_path: Path) -> None:
    desk = opened(limits=DeskLimits(handshake_s=2.0, silence_s=2.0, goodbye_s=0.2))
    whole = street(tmp_path / "street.mkv", 20, b_frames=0).read_bytes()
    place = papers.place()
    head = (
        f"POST {target()} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {place.token}\r\n"
        f"Content-Length: {len(whole)}\r\n\r\n"
    ).encode()

    def answer_to(said: bytes) -> bytes | None:
        """All that comes to one who says this and falls silent; None to one who did so before."""
        answer = b""
        with socket.create_connection((HOST, papers.port), timeout=LONG_S) as plain, suppress(OSError):
            with place.tls.wrap_socket(plain, server_hostname=HOST) as line:
                line.sendall(said)
                while part := line.recv(65536):
                    answer += part
            return answer
        return None

    with socket.create_connection((HOST, papers.port), timeout=LONG_S) as plain:
        assert plain.recv(1) == b""  # no handshake is a door that never opened
    # Again, where the test stood still for as long.
    until(lambda: answer_to(head[:30]) == b"")
    half = head + whole[: len(whole) // 2]
    until(lambda: _has_broken_off(answer_to(half) or b""))
    until(lambda: last_line(request(place, "POST", target(), whole))["end"] == "complete")
    assert desk.offsets() == [40 * n for n in range(20)]


def _has_broken_off(answer: bytes) -> bool:
    return b'"end":"broken"' in answer and b"nothing came for 2 s" in answer


def test_one_address_has_a_share_of_the_connections(papers: Papers, opened: Opened, tmp_path: Path) -> None:
    opened(limits=DeskLimits(per_address=2))
    held = [socket.create_connection((HOST, papers.port), timeout=LONG_S) for _ in range(2)]
    with socket.create_connection((HOST, papers.port), timeout=LONG_S) as third:
        assert third.recv(1) == b""
    for each in held:
        each.close()
    until(lambda: _is_served(papers))


def _is_served(papers: Papers) -> bool:
    try:
        return request(papers.place(), "GET", "/health")[0] == HTTPStatus.OK
    except OSError:
        return False


def test_old_tls_plain_http_and_a_stranger_s_certificate_do_not_get_through(
    closed_desk: Premises, tmp_path: Path
) -> None:
    papers = closed_desk.papers
    old = client_context(papers.identity.ca_file, is_its_own=False)
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((HOST, papers.port), timeout=LONG_S) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain, server_hostname=HOST)
    with socket.create_connection((HOST, papers.port), timeout=LONG_S) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" not in plain.recv(100)
    stranger = Pki(tmp_path / "stranger").issue("enrolment")
    for context in (
        client_context(stranger.ca_file, is_its_own=False),
        client_context(stranger.cert_file, is_its_own=True),
    ):
        with (
            socket.create_connection((HOST, papers.port), timeout=LONG_S) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(plain, server_hostname=HOST)
    own = client_context(papers.identity.cert_file, is_its_own=True)
    with (
        socket.create_connection((HOST, papers.port), timeout=LONG_S) as plain,
        own.wrap_socket(plain, server_hostname="whatever") as line,
    ):
        assert line.version() in {"TLSv1.2", "TLSv1.3"}


def test_a_door_that_cannot_open_is_the_cameras_trouble_until_it_can(
    papers: Papers, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    desk = Premises(tmp_path, papers)
    request.addfinalizer(desk.close)
    with socket.create_server((HOST, papers.port)):
        desk.open()
        until(lambda: desk.health.statuses()[0].state == "offline")
        assert "nothing can listen here" in desk.health.statuses()[0].cause
        with pytest.raises(Unreachable, match="change host or port"):
            next(desk.uploads[CAMERA].frames(threading.Event()))
    until(lambda: _is_served(papers))
    done = ingest(papers.place(), Remux.of(street(tmp_path / "street.mkv", 5)))
    assert done is not None
    assert done.end is End.COMPLETE
