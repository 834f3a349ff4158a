"""What nobody can take too much of: bodies, memory, time, tries, connections. The server stays up through all of it."""

import json
import logging
import ssl
import threading
from contextlib import ExitStack
from pathlib import Path

import cv2
import pytest

from edge_agent.clock import SystemClock
from edge_agent.sources.pushed.bounded_decoder import BoundedDecoder
from edge_agent.sources.pushed.picture_queue import PictureQueue
from edge_agent.viid.connections import ViidLimits
from edge_agent.viid.server import ViidServer
from provisioning.contracts.config import processes
from tests.edge_agent.viid.device import DEVICE, OTHER, sub_image, two_wheeler
from tests.edge_agent.viid.promises import Promised
from tests.edge_agent.viid.serving import SERVER_ID, Site, serving, sources
from tests.edge_agent.world import FakeClock, noise
from tests.support.pki import Pki
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

JPEG = cv2.imencode(".jpg", noise(1))[1].tobytes()
PATH = "/VIID/NonMotorVehicles"
MIB = 1024 * 1024


def pictures(number: int, size_bytes: int = 100_000) -> list[bytes]:
    """JPEGs of one size, all different, padded behind their end."""
    made = [cv2.imencode(".jpg", noise(seed))[1].tobytes() for seed in range(number)]
    return [each + bytes(size_bytes - len(each)) for each in made]


def test_a_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path, max_body_bytes=4096) as site, site.device() as device:
        device.register()
        assert device.post(PATH, b" " * 4097).status == 413
        assert device.post("/VIID/Faces", b" " * 4097).status == 413
        assert device.post(PATH, b"[]").status == 200
        assert site.counts() == {"received": 3, "refused": 2}


def test_a_chunked_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path, max_body_bytes=4096) as site, site.device() as device:
        device.register()
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nUser-Identify: {DEVICE}\r\nTransfer-Encoding: chunked\r\n\r\n"
        device.send(head.encode() + b"2000\r\n" + b" " * 0x2000 + b"\r\n0\r\n\r\n")
        assert device.receive().status == 413
        assert site.pictures.budget.taken_bytes() == 0


def test_a_device_is_busy_when_its_own_pictures_wait(tmp_path: Path) -> None:
    with serving(tmp_path, memory_bytes=4 * MIB) as site, site.device() as device, site.device(OTHER) as other:
        device.register()
        other.register()
        codes = [device.post(PATH, two_wheeler(sub_image(each))) for each in pictures(12)]
        statuses = [reply.status for reply in codes]
        assert statuses == sorted(statuses)
        assert set(statuses) == {200, 429}  # a quarter of 4 MiB: ten pictures
        assert {code for reply in codes for _, code in reply.codes} == {0, 2}
        assert other.post(PATH, two_wheeler(sub_image(JPEG))).status == 200
        accepted = site.counts()["accepted"]
        assert site.counts() == {"received": 12, "accepted": accepted, "busy": 12 - accepted}
        site.come_out(accepted)
        assert device.post(PATH, two_wheeler(sub_image(JPEG))).status == 200


def test_what_was_busy_is_taken_when_it_comes_again(tmp_path: Path) -> None:
    with serving(tmp_path, memory_bytes=4 * MIB) as site, site.device() as device:
        device.register()
        body = two_wheeler(*(sub_image(each, "14") for each in pictures(12)))
        first = device.post(PATH, body)
        assert (first.status, first.codes[0][1]) == (429, 2)
        site.come_out(site.counts()["accepted"])
        assert device.post(PATH, body).codes[0][1] == 0
        assert site.counts()["accepted"] == 12


def test_without_memory_a_request_waits_and_then_is_busy(tmp_path: Path) -> None:
    with serving(tmp_path, memory_bytes=MIB, limits=ViidLimits(patience_s=0.1)) as site, site.device() as device:
        device.register()
        assert site.pictures.budget.try_take_bytes(MIB)
        reply = device.post(PATH, two_wheeler(sub_image(JPEG)))
        assert (reply.status, reply.code) == (429, 2)
        site.pictures.budget.give_bytes(MIB)
        assert device.post(PATH, two_wheeler(sub_image(JPEG))).status == 200
        assert site.counts() == {"received": 2, "busy": 1, "accepted": 1}


def test_memory_that_comes_back_lets_a_waiting_request_in(tmp_path: Path) -> None:
    with serving(tmp_path, memory_bytes=MIB, limits=ViidLimits(patience_s=60)) as site, site.device() as device:
        device.register()
        assert site.pictures.budget.try_take_bytes(MIB)
        timer = threading.Timer(0.2, site.pictures.budget.give_bytes, [MIB])
        timer.start()
        assert device.post(PATH, two_wheeler(sub_image(JPEG))).status == 200
        timer.join()


def test_nothing_is_kept_of_a_body_that_ends_in_the_middle(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        with site.device() as device:
            device.register()
            head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nUser-Identify: {DEVICE}\r\nContent-Length: {MIB}\r\n\r\n"
            device.send(head.encode() + b" " * 100_000)
        with site.device() as device:
            until(lambda: site.pictures.budget.taken_bytes() == 0)
            assert device.post(PATH, two_wheeler(sub_image(JPEG))).status == 200


def test_a_device_may_push_so_often_a_minute(tmp_path: Path) -> None:
    with serving(tmp_path, clock=FakeClock(), per_device_per_minute=3) as site, site.device() as device:
        device.register()
        replies = [device.post(PATH, b"[]") for _ in range(5)]
        assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
        assert replies[-1].code == 2
        keepalive = device.post("/VIID/System/Keepalive", b"")
        assert keepalive.code == 0
        assert site.counts() == {"received": 3, "busy": 2}


def test_a_slow_body_is_cut_off(tmp_path: Path) -> None:
    with serving(tmp_path, limits=ViidLimits(body_s=2.0, body_rate=10**9)) as site, site.device() as device:
        device.register()
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nUser-Identify: {DEVICE}\r\nContent-Length: 100\r\n\r\n"
        device.send(head.encode() + b"[")
        assert device.receive().status == 408
        assert site.pictures.budget.taken_bytes() == 0


def test_slow_headers_and_idle_connections_are_cut_off(tmp_path: Path) -> None:
    with serving(tmp_path, limits=ViidLimits(idle_s=2.0)) as site, site.device() as slow, site.device() as idle:
        slow.send(b"POST /VIID/System/Register HTTP/1.1\r\nHost: a\r\n")
        assert slow.is_hung_up_on()
        assert idle.request("GET", "/VIID/System/Time").status == 200
        assert idle.is_hung_up_on()


def test_one_address_has_a_share_of_the_connections(tmp_path: Path) -> None:
    with serving(tmp_path, limits=ViidLimits(per_address=3)) as site, ExitStack() as stack:
        held = [stack.enter_context(site.device()) for _ in range(3)]
        for device in held:
            assert device.request("GET", "/VIID/System/Time").status == 200
        one_more = stack.enter_context(site.device())
        with pytest.raises(ConnectionError):
            one_more.request("GET", "/VIID/System/Time")
        elsewhere = stack.enter_context(site.device(source="127.0.0.2"))
        assert elsewhere.request("GET", "/VIID/System/Time").status == 200


def test_wrong_passwords_lock_a_device_out_for_a_minute(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    clock = FakeClock()
    with serving(tmp_path, clock=clock) as site:
        with site.device(password="guessed") as guesser:
            for _ in range(5):
                assert guesser.register().status == 401
        with site.device() as device, site.device(source="127.0.0.2") as elsewhere:
            assert device.post("/VIID/System/Register", b"").status == 403
            assert elsewhere.register().status == 200
            clock.pass_s(61)
            assert device.register().status == 200
        assert site.counts() == {"refused": 5}
    assert f"device turned away device={DEVICE} from=127.0.0.1 count=1" in caplog.text
    assert "guessed" not in caplog.text
    assert "Cam-Pass1" not in caplog.text


JUNK = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET\r\n\r\n",
    b"POST /VIID/System/Register HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
    b"POST /VIID/System/Register HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /VIID/System/Register HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /VIID/System/Time HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: a\r\n" % number for number in range(200)) + b"\r\n",
    b"\x00" * 1000,
]


def test_what_is_no_http_gets_an_error_and_no_line_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving(tmp_path) as site:
        for junk in JUNK:
            with site.device() as robot:
                robot.send(junk)
                assert robot.receive().status in {400, 401, 408}
        with site.device() as device:
            assert device.register().code == 0
    assert caplog.text == ""


def test_a_password_file_that_others_may_read_is_said_at_the_camera(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        (tmp_path / "gate.password").chmod(0o644)
        assert device.register().status == 401
        trouble = site.pictures._lanes[DEVICE].trouble
        assert "others may read this secret" in trouble


def test_https(tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    identity = pki.identities.issue("broker")
    tls = ssl.create_default_context(cafile=str(identity.ca_file))
    tls.check_hostname = False
    with serving(tmp_path, tls_cert_file=identity.cert_file, tls_key_file=identity.key_file) as site:
        with site.device(tls=tls) as device:
            assert device.register().code == 0
            assert device.post(PATH, two_wheeler(sub_image(JPEG))).status == 200
        with site.device() as plain, pytest.raises(ConnectionError):
            plain.request("GET", "/VIID/System/Time")


def test_a_port_that_is_taken_is_said_at_every_camera_and_tried_again(tmp_path: Path) -> None:
    port = free_port()
    cameras = sources(tmp_path)
    settings = processes.Viid(host="127.0.0.1", port=port, server_id=SERVER_ID)
    clock, stop = SystemClock(), threading.Event()
    handed = PictureQueue(cameras, settings.memory_bytes, BoundedDecoder(), clock, Promised())
    server = ViidServer(settings, cameras, handed, clock)
    with serving(tmp_path, port=port):
        thread = threading.Thread(target=server.run, args=(stop,))
        thread.start()
        until(lambda: handed._lanes[DEVICE].shut)
        shut = handed._lanes[DEVICE].shut
        assert shut is not None
        assert (shut.code, shut.params["place"]) == ("receiver_closed", f"127.0.0.1:{port}")
    try:
        with Site(server, handed, port, stop).device() as device:
            until(lambda: not handed._lanes[OTHER].shut)
            assert device.register().code == 0
    finally:
        stop.set()
        thread.join(LONG_S)


def test_json_bombs_are_malformed(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        for bomb in (
            b"[" * 10**6,
            b'{"a":' * 10**5,
            b'{"SceneListObject":' + json.dumps([{}] * 60_000).encode() + b"}",
        ):
            assert device.post(PATH, bomb).status == 400
        assert device.post(PATH, b"[]").status == 200
