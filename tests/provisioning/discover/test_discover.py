"""`wayside-provision discover`: real UDP and TCP on loopback, and what hostile answers cost.

responder (UDP) · RTSP speakers (TCP) · a list of devices ──▶ discover ──▶ a camera list that import takes
"""

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.camera_list import reader
from provisioning.discover import proposal, rtsp, udp, ws_discovery
from provisioning.discover.discover import DiscoverOptions, discover
from provisioning.discover.proposal import Proposal
from provisioning.discover.ws_discovery import GarbageError, ProbeMatch, parse, plain, probe
from provisioning.errors import DiscoveryError
from tests.support.office import Technician
from tests.support.waiting import LONG_S

ID = "urn:uuid:1234"
HIKVISION = (
    "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/HIKVISION%20DS-2CD2T47"
    " onvif://www.onvif.org/hardware/DS-2CD2T47 onvif://www.onvif.org/location/hangzhou"
)


def match_xml(relates_to: str, *, scopes: str = HIKVISION, addresses: str = "http://127.0.0.1/onvif/device") -> bytes:
    """As cameras write it: other prefixes, white space, more elements than are read."""
    return f"""<?xml version="1.0" encoding="utf-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
  xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
  xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
 <SOAP-ENV:Header><wsa:MessageID>urn:uuid:x</wsa:MessageID><wsa:RelatesTo>{relates_to}</wsa:RelatesTo>
 </SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>
 <wsa:EndpointReference><wsa:Address>urn:uuid:camera</wsa:Address></wsa:EndpointReference>
 <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes> {scopes} </d:Scopes>
 <d:XAddrs>{addresses}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>
 </d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>""".encode()


Reply = Callable[[str], Iterable[bytes]]


@contextmanager
def responder(reply: Reply, *, host: str = "127.0.0.1", group: str = "") -> Iterator[int]:
    """A camera's UDP port: answers each question as `reply` says, which is given the question's id."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("" if group else host, 0))
        if group:
            made.setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", *map(socket.inet_aton, (group, host)))
            )
        made.settimeout(0.05)
        ends = threading.Event()

        def serve() -> None:
            while not ends.is_set():
                try:
                    question, sender = made.recvfrom(65535)
                except TimeoutError:
                    continue
                found = re.search(rb"<a:MessageID>([^<]+)<", question)
                assert found is not None
                for datagram in reply(found[1].decode()):
                    made.sendto(datagram, sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield made.getsockname()[1]
        finally:
            ends.set()
            thread.join(LONG_S)


@contextmanager
def speaker(answer: bytes, *, host: str = "127.0.0.1") -> Iterator[int]:
    """A TCP port that answers every connection so, and hangs up."""
    with socket.create_server((host, 0)) as server:
        server.settimeout(0.05)
        ends = threading.Event()

        def serve() -> None:
            while not ends.is_set():
                try:
                    line, _ = server.accept()
                except TimeoutError:
                    continue
                with line:
                    line.settimeout(5)
                    line.recv(4096)
                    line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ends.set()
            thread.join(LONG_S)


def look(**wish: Any) -> dict[str, Any]:
    """Ends when all that were asked have answered; those that are silent are waited for in vain."""
    return dict(discover(DiscoverOptions(**{"multicast": False, "wait_s": LONG_S} | wish)).facts)


# --- what an answer says


def test_an_answer_is_read_with_the_words_that_it_has_for_itself() -> None:
    assert parse(match_xml(ID), ID) == ProbeMatch("HIKVISION DS-2CD2T47", "DS-2CD2T47", "hangzhou", ("127.0.0.1",))


def test_the_question_has_the_id_and_asks_for_cameras() -> None:
    question = probe(ID)
    assert ID.encode() in question
    assert b"NetworkVideoTransmitter" in question


@pytest.mark.parametrize(
    ("datagram", "why"),
    [
        (b"", "no XML"),
        (b"\xff\xfe<", "not UTF-8"),
        (b"GET / HTTP/1.1\r\n\r\n", "no XML"),
        (b"<a/>", "no SOAP"),
        (match_xml("urn:uuid:other"), "another question"),
        (match_xml(ID).replace(b"ProbeMatch>", b"Hello>"), "no ProbeMatch"),
        (b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + match_xml(ID)[38:], "document type"),
        (match_xml(ID) + b" " * ws_discovery.MAX_ANSWER_BYTES, "more than"),
        (b"<a>" * 4000 + b"</a>" * 4000, "no SOAP"),
    ],
    ids=["empty", "binary", "http", "other-xml", "other-question", "no-match", "doctype", "large", "deep"],
)
def test_garbage_is_named_and_read_no_further(datagram: bytes, why: str) -> None:
    with pytest.raises(GarbageError, match=why):
        parse(datagram, ID)


@given(st.binary(max_size=600))
def test_no_bytes_do_anything_but_match_or_be_garbage(data: bytes) -> None:
    with pytest.raises(GarbageError) as caught:  # 600 bytes that happen to be an answer to this question are none
        parse(data, ID)
    assert len(str(caught.value)) < 80


@given(st.data())
def test_no_damage_to_an_answer_does_either(data: st.DataObject) -> None:
    whole = bytearray(match_xml(ID))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    try:
        found = parse(bytes(whole), ID)
    except GarbageError:
        return
    assert all(len(text) <= ws_discovery.MAX_TEXT for text in (found.name, found.hardware, found.location))


@given(st.text(max_size=500))
def test_foreign_text_is_one_short_printable_line(text: str) -> None:
    shown = plain(text)
    assert len(shown) <= ws_discovery.MAX_TEXT
    assert shown == "" or shown.isprintable()


@given(st.binary(max_size=6000))
def test_whatever_an_rtsp_port_answers_is_read(data: bytes) -> None:
    found = rtsp.read("10.0.0.5", 554, data)
    assert len(found.software) <= 2 * ws_discovery.MAX_TEXT + 2


# --- who is there


def test_a_camera_that_answers_is_proposed_with_its_makers_path() -> None:
    with (
        responder(lambda asked: [match_xml(asked)]) as port,
        speaker(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: Hikvision\r\n\r\n") as rtsp_port,
    ):
        found = look(onvif=(f"127.0.0.1:{port}",), rtsp=(f"127.0.0.1:{rtsp_port}",))
    by_url = {each["url"]: each for each in found["cameras"]}
    camera = by_url[f"rtsp://127.0.0.1:{rtsp_port}/Streaming/Channels/101"]
    assert camera["name"] == "HIKVISION DS-2CD2T47 DS-2CD2T47"
    assert "ONVIF" in camera["note"]
    assert found["odd"] == []


def test_a_camera_that_answers_garbage_costs_nothing_else() -> None:
    flood = [b"\xff" * 1400, b"<a>" * 200, match_xml("urn:uuid:forged"), b""] * 200
    with (
        responder(lambda _: flood, host="127.0.0.2") as bad,
        responder(lambda asked: [b"garbage", match_xml(asked), match_xml(asked)]) as good,
    ):
        found = look(onvif=(f"127.0.0.2:{bad}", f"127.0.0.1:{good}"))
    assert [each["name"] for each in found["cameras"]] == ["HIKVISION DS-2CD2T47 DS-2CD2T47"]
    assert [each["where"] for each in found["odd"]] == ["127.0.0.2"]
    assert "cannot be read" in found["odd"][0]["why"]


def test_a_camera_whose_first_answer_was_lost_is_asked_again() -> None:
    questions: list[str] = []

    def second_time(asked: str) -> list[bytes]:
        questions.append(asked)
        return [match_xml(asked)] if len(questions) == 2 else []

    with responder(second_time) as port:
        found = look(onvif=(f"127.0.0.1:{port}",), wait_s=4.0)
    assert [each["name"] for each in found["cameras"]] == ["HIKVISION DS-2CD2T47 DS-2CD2T47"]
    assert len(set(questions)) == 2, "a device may keep silent to a question that it has heard"


def asked_on_loopback(place: udp.Place, wait_s: float) -> list[udp.ProbeAnswer]:
    try:
        return udp.probe_devices([place], ["127.0.0.1"], wait_s, lambda: ID)
    except DiscoveryError:
        if place[0] != ws_discovery.MULTICAST[0]:
            raise
        pytest.skip("loopback takes no multicast here")  # the kernel refuses to send to the group


def test_the_multicast_group_is_asked_from_the_given_interface() -> None:
    group = ws_discovery.MULTICAST[0]
    with responder(lambda asked: [match_xml(asked)], group=group) as port:
        answers = asked_on_loopback((group, port), 4.0)
    assert [each.host for each in answers] == ["127.0.0.1"]


@pytest.mark.parametrize("group", ["", ws_discovery.MULTICAST[0]], ids=["one host", "a group"])
def test_the_wait_is_bounded_though_answers_never_end(group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp, "MAX_ANSWERS", 100)
    with responder(lambda _: [b"garbage"] * 120, group=group) as port:
        answers = asked_on_loopback((group or "127.0.0.1", port), LONG_S)
    assert [(each.host, each.match) for each in answers] == [("127.0.0.1", None)]


def test_a_process_whose_wait_is_over_before_it_runs_again_reads_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    has_answered = threading.Event()

    def answer(asked: str) -> Iterator[bytes]:
        yield match_xml(asked)
        has_answered.set()

    def moments() -> Iterator[float]:
        yield 0.0
        assert has_answered.wait(LONG_S)
        while True:
            yield 2 * LONG_S

    monkeypatch.setattr(udp, "time", SimpleNamespace(monotonic=moments().__next__))
    with responder(answer) as port:
        found = look(onvif=(f"127.0.0.1:{port}",))
    assert [each["name"] for each in found["cameras"]] == ["HIKVISION DS-2CD2T47 DS-2CD2T47"]


def test_more_than_can_be_asked_at_a_time_is_refused() -> None:
    with pytest.raises(DiscoveryError, match="at most 512 at a time"):
        look(onvif=tuple(f"10.0.{each // 200}.{each % 200 + 1}" for each in range(udp.MAX_DEVICES + 1)))


def test_nobody_there_is_said_with_what_to_try_and_no_list_is_written(tmp_path: Path) -> None:
    out = tmp_path / "cameras.csv"
    answer = discover(DiscoverOptions(multicast=False, onvif=("127.0.0.1:9",), wait_s=0.1, out=out))
    assert (answer.code, answer.facts["cameras"], answer.facts["file"]) == (1, [], None)
    assert not out.exists()
    assert f"{out} is not written" in str(answer.shown[-1])
    assert "--interface" in str(answer.shown[-1])


def test_rtsp_speakers_are_told_from_others() -> None:
    with (
        speaker(b'RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="Dahua"\r\n\r\n') as dahua,
        speaker(b"HTTP/1.1 400 Bad Request\r\n\r\n") as web,
        speaker(b"RTSP/1.0 200 OK\r\nServer: " + b"x" * 9000) as endless,
        speaker(b"") as silent,
    ):
        found = look(rtsp=tuple(f"127.0.0.1:{port}" for port in (dahua, web, endless, silent)))
    urls = {each["url"]: each["note"] for each in found["cameras"]}
    assert "asks for a password" in urls[f"rtsp://127.0.0.1:{dahua}/cam/realmonitor?channel=1&subtype=0"]
    assert "its path is not known" in urls[f"rtsp://127.0.0.1:{endless}/"]
    odd = {each["where"] for each in found["odd"]}
    assert f"127.0.0.1:{web}" in odd


@pytest.mark.parametrize("text", ["camera.example", "10.0.0.0/8", "10.0.0.5:0", "10.0.0.5:99999", "::1", "10.0.0.5:x"])
def test_what_is_no_place_to_look_at_is_refused(text: str) -> None:
    with pytest.raises(DiscoveryError, match="--rtsp"):
        rtsp.places(text)


def test_a_network_is_every_host_in_it() -> None:
    assert rtsp.places("10.0.0.0/30") == [("10.0.0.1", 554), ("10.0.0.2", 554)]
    assert rtsp.places("10.0.0.5:8554") == [("10.0.0.5", 8554)]


@pytest.mark.parametrize("wish", [{"onvif": ("there",)}, {"onvif": ("10.0.0.5:0",)}, {"interfaces": ("192.0.2.77",)}])
def test_what_cannot_be_asked_is_said(wish: dict[str, Any]) -> None:
    with pytest.raises(DiscoveryError):
        look(**({"onvif": ("127.0.0.1:9",), "wait_s": 0.1} | wish))


# --- devices that register


LISTED = {
    "devices": [
        {
            "device_id": "34020000001110000001",
            "host": "192.0.2.10",
            "there": True,
            "channels": [
                {"channel_id": "34020000001310000001", "name": "东门", "cameras": ["gate"]},
                {"channel_id": "34020000001310000002", "name": "=cmd|' /C calc'!A0", "cameras": []},
            ],
        }
    ],
    "strangers": [
        {"device_id": "34020000001320000009", "host": "192.0.2.11", "software": "IPC", "why": "no camera names it"},
        {"device_id": "?", "host": "192.0.2.12", "software": "", "why": "unknown"},
    ],
}


def test_devices_that_wait_are_proposed_and_import_takes_them(tmp_path: Path) -> None:
    file, out, password = tmp_path / "devices.json", tmp_path / "cameras.csv", tmp_path / "password"
    file.write_text(json.dumps(LISTED), encoding="utf-8")
    password.touch(0o600)
    password.write_text('pass@word,"1"')
    found = look(devices=file, out=out, username="admin", password_file=password)
    assert [(each["kind"], each["channel_id"]) for each in found["cameras"]] == [
        ("gb28181", "34020000001310000002"),
        ("gb28181", "34020000001320000009"),
    ]
    assert out.stat().st_mode & 0o777 == 0o600
    read = reader.read(out)
    assert read.faults == ()
    assert [(row.id, row.password) for row in read.rows] == [
        ("34020000001310000002", 'pass@word,"1"'),
        ("34020000001320000009", 'pass@word,"1"'),
    ]
    assert ",=cmd" not in out.read_text(encoding="utf-8"), "a spreadsheet would run it"


@pytest.mark.parametrize("content", ["", "[]", '{"devices": 3}', '{"devices": [{"device_id": "' + "1" * 99 + '"}]}'])
def test_a_file_that_is_no_list_of_devices(tmp_path: Path, content: str) -> None:
    file = tmp_path / "devices.json"
    file.write_text(content)
    with pytest.raises(DiscoveryError, match="--devices"):
        look(devices=file)
    with pytest.raises(DiscoveryError, match="cannot be read"):
        look(devices=tmp_path / "nowhere")


# --- the list


_NAMES = st.text(max_size=100).map(plain)


@given(st.lists(st.tuples(_NAMES, st.integers(1, 250), st.integers(1, 65535)), max_size=20))
def test_whatever_cameras_are_called_their_lines_are_taken(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[str, int, int]]
) -> None:
    made = proposal.distinct(
        Proposal(proposal.camera_id("cam", name), name, "", url=f"rtsp://10.0.0.{host}:{port}/")
        for name, host, port in found
    )
    path = tmp_path_factory.getbasetemp() / "named.csv"
    path.write_text(proposal.csv_text(made, "", ""), encoding="utf-8", newline="")
    read = reader.read(path)
    assert read.faults == ()
    assert len(read.rows) == len(made)


def test_the_whole_way_from_a_camera_to_an_agents_configuration(tmp_path: Path) -> None:
    technician = Technician(tmp_path / "home")
    technician.sets_up("cabinet-7")
    out, password = tmp_path / "cameras.csv", tmp_path / "password"
    password.touch(0o600)
    password.write_text("Gate-2026")
    with (
        responder(lambda asked: [match_xml(asked)]) as port,
        speaker(b"RTSP/1.0 200 OK\r\nServer: Hikvision\r\n\r\n") as rtsp_port,
    ):
        words = ["discover", "--no-multicast", "--onvif", f"127.0.0.1:{port}", "--rtsp", f"127.0.0.1:{rtsp_port}"]
        words += ["--wait", "0.5", "-o", str(out), "--username", "admin", "--password-file", str(password)]
        done = technician.types(*words, home=False)
    assert done.exit_code == 0, done.output
    assert "cameras import" in done.stdout
    assert "Gate-2026" not in done.output
    answer = technician.asks("cameras", "import", "cabinet-7", out)
    assert len(answer["added"]) == 1
    assert answer["faults"] == []
