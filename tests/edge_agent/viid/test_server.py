"""Devices register, keep alive and push, over real sockets; pictures come out at their camera.

device ──HTTP──▶ ViidServer ──▶ Pictures ──▶ frames of one camera
"""

from pathlib import Path

import cv2
import numpy as np

from edge_agent.frames import Glance
from edge_agent.viid.counters import Counters, UnknownViidDevice
from tests.edge_agent.viid.device import DEVICE, OTHER, sub_image, two_wheeler
from tests.edge_agent.viid.serving import SERVER_ID, serving
from tests.edge_agent.world import FakeClock, noise

JPEG = cv2.imencode(".jpg", noise(1))[1].tobytes()
OTHER_JPEG = cv2.imencode(".jpg", noise(2))[1].tobytes()


def test_a_picture_goes_from_a_device_to_its_camera(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        registered = device.register()
        assert (registered.status, registered.code) == (200, 0)
        assert registered.headers["content-type"] == "application/VIID+JSON;charset=UTF-8"
        kept = device.post("/VIID/System/Keepalive", {"KeepaliveObject": {"DeviceID": DEVICE}})
        assert (kept.status, kept.code) == (200, 0)
        body = two_wheeler(sub_image(JPEG, "12"), sub_image(OTHER_JPEG, "14"))
        pushed = device.post("/VIID/NonMotorVehicles", body)
        assert pushed.status == 200
        assert [code for _, code in pushed.codes] == [0]
        assert pushed.codes[0][0] == body["NonMotorVehicleListObject"]["NonMotorVehicleObject"][0]["NonMotorVehicleID"]  # type: ignore[index]
        assert site.pictures.budget.taken_bytes() == len(JPEG) + len(OTHER_JPEG)
        first, second = site.come_out(2)
        assert site.pictures.budget.taken_bytes() == 0
        assert isinstance(first, Glance)
        assert isinstance(second, Glance)
        assert first.pushed
        assert first.camera_id == "gate"
        assert first.source_key != second.source_key
        assert site.counts() == {"received": 1, "accepted": 2}
        assert site.counts(OTHER) == {}
        assert site.server.strangers() == ()


def test_the_pixels_are_those_that_were_sent(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        device.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG)))
        for item in site.pictures.source("gate").frames(site.stop):
            assert isinstance(item, Glance)
            assert np.abs(item.pixels().astype(int) - noise(1)).mean() < 20
            break


def test_unregistering_ends_it(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        assert device.register("/VIID/System/UnRegister").code == 0
        refused = device.post("/VIID/System/Keepalive", {"KeepaliveObject": {"DeviceID": DEVICE}})
        assert refused.status == 401
        assert "nonce" in refused.headers["www-authenticate"]


def test_who_is_not_registered_is_challenged_anew(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        for path in ("/VIID/System/Keepalive", "/VIID/NonMotorVehicles", "/VIID/Faces", "/VIID/APEs"):
            refused = device.post(path, two_wheeler(sub_image(JPEG)))
            assert refused.status == 401
            assert refused.headers["www-authenticate"].startswith('Digest realm="viid", qop="auth", nonce="')
            assert "algorithm=MD5" in refused.headers["www-authenticate"]
        assert site.counts() == {}


def test_three_missed_keepalives_end_a_registration(tmp_path: Path) -> None:
    clock = FakeClock()
    with serving(tmp_path, clock=clock, keepalive_s=10) as site, site.device() as device:
        device.register()
        for _ in range(3):
            clock.pass_s(29)
            assert device.post("/VIID/System/Keepalive", b"").code == 0
        clock.pass_s(29)
        assert device.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG))).status == 200  # that is a word too
        clock.pass_s(31)
        assert device.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG))).status == 401


def test_whoever_is_heard_keeps_its_camera_online(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        heard: list[str] = []
        site.pictures._alive = heard.append
        device.post("/VIID/System/Register", b"")
        assert heard == []
        device.register()
        device.post("/VIID/System/Keepalive", b"")
        device.post("/VIID/Faces", b"")
        device.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG)))
        assert heard == ["gate"] * 4


def test_a_registration_holds_for_its_address_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device, site.device(source="127.0.0.2") as thief:
        device.register()
        stolen = thief.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG)))
        assert stolen.status == 401
        assert device.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG))).status == 200
        assert thief.register().code == 0  # who knows the password may come from anywhere, and then the other may not
        assert device.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(OTHER_JPEG))).status == 401
        assert site.counts() == {"received": 1, "accepted": 1}


def test_an_unknown_device_is_refused_and_listed(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device("34020000001190000099") as device:
        assert device.register().status == 401
        assert device.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG))).status == 401
        (stranger,) = site.server.strangers()
        assert (stranger.device_id, stranger.source, stranger.times) == ("34020000001190000099", "127.0.0.1", 2)


def test_strangers_are_counted_shown_safely_and_bounded() -> None:
    counters = Counters([DEVICE])
    for number in range(200):
        counters.stranger(f"{number}", "192.0.2.1", 1000 + number)
    assert counters.stranger("199", "192.0.2.1", 2000).times == 2
    assert counters.stranger("\x1b[31m", "192.0.2.1", 2000).device_id == "?"
    assert counters.stranger("7" * 65, "192.0.2.1", 2000).device_id == "?"
    strangers = counters.strangers()
    assert len(strangers) == 64
    assert strangers[-1].times == 2
    assert strangers[-2] == UnknownViidDevice("199", "192.0.2.1", 2, 2000)


def test_the_time_is_told_to_anybody(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        told = device.request("GET", "/VIID/System/Time").json["SystemTimeObject"]
        assert told["VIIDServerID"] == SERVER_ID
        assert len(told["LocalTime"]) == 14


def test_two_devices_are_two_cameras(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as one, site.device(OTHER) as other:
        one.register()
        other.register()
        one.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG)))
        other.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG)))
        assert site.come_out(1, "yard")[0].camera_id == "yard"
        assert site.come_out(1, "gate")[0].camera_id == "gate"


def test_what_is_outside_is_not_found(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        for method, path in (("GET", "/"), ("GET", "/VIID/Faces"), ("POST", "/other"), ("DELETE", "/VIID/Faces")):
            assert device.request(method, path).status == 404
