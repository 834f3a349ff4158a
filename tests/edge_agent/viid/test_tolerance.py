"""What real devices do differently, byte by byte over a socket: each must get in and be understood."""

import base64
import json
from itertools import product
from pathlib import Path

import cv2

from tests.edge_agent.viid.device import DEVICE, OTHER, sub_image, two_wheeler
from tests.edge_agent.viid.serving import serving
from tests.edge_agent.world import noise

JPEG = cv2.imencode(".jpg", noise(1))[1].tobytes()
BODY = json.dumps(two_wheeler(sub_image(JPEG))).encode()
KEEPALIVE = {"KeepaliveObject": {"DeviceID": DEVICE}}


def test_paths_in_any_case_with_and_without_a_slash(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        for prefix, end in product(("/VIID", "/viid", "/Viid"), ("", "/")):
            assert device.register(f"{prefix}/System/Register{end}").code == 0
            assert device.post(f"{prefix}/System/Keepalive{end}", KEEPALIVE).code == 0
            assert device.post(f"{prefix}/NonMotorVehicles{end}?a=b", BODY).status == 200
        assert site.counts() == {"received": 6, "accepted": 1, "duplicate": 5}


HEADERS: list[dict[str, str]] = [
    {"Content_Type": "application/json"},
    {"Content_Type": "APPLICATION/*+JSON"},
    {"Content_Type": "text/plain"},
    {"Content_Type": ""},
    {"Connection": "keepalive"},
    {"Connection": "Keep-Alive", "Keep_Alive": "timeout=5"},
    {"User_Agent": "camera\u00e9"},
]


def test_headers_of_every_hand(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        for headers in HEADERS:
            assert device.register(**headers).code == 0
            assert device.post("/VIID/NonMotorVehicles", BODY, **headers).status == 200
            assert device.post("/VIID/System/Keepalive", KEEPALIVE, **headers).code == 0
        assert site.counts() == {"received": 7, "accepted": 1, "duplicate": 6}


def test_expect_100_continue(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        head = f"POST /VIID/NonMotorVehicles HTTP/1.1\r\nHost: a\r\nUser-Identify: {DEVICE}\r\n"
        device.send(f"{head}Content-Length: {len(BODY)}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert device.receive().status == 100
        device.send(BODY)
        assert device.receive().codes[0][1] == 0


def test_a_refused_device_is_not_told_to_continue(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        head = f"POST /VIID/NonMotorVehicles HTTP/1.1\r\nHost: a\r\nUser-Identify: {DEVICE}\r\n"
        device.send(f"{head}Content-Length: {len(BODY)}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert device.receive().status == 401


def test_chunked(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        head = f"POST /VIID/NonMotorVehicles HTTP/1.1\r\nHost: a\r\nUser-Identify: {DEVICE}\r\n"
        for size in (1, 1000, 10**6):
            chunks = [BODY[at : at + size] for at in range(0, len(BODY), size)]
            device.send(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            device.send(b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n")
            assert device.receive().codes[0][1] == 0
        assert site.counts() == {"received": 3, "accepted": 1, "duplicate": 2}


def test_a_keepalive_without_a_body(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        assert device.post("/VIID/System/Keepalive", b"").code == 0
        assert device.post("/VIID/System/Keepalive", b"", User_Identify="").code == 0
        assert device.post("/VIID/System/Keepalive", KEEPALIVE, User_Identify="").code == 0


def test_who_leaves_out_user_identify_is_known_by_its_body(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as one, site.device(OTHER) as other:
        assert one.register(User_Identify="").code == 0
        assert one.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG)), User_Identify="").codes[0][1] == 0
        assert other.register(User_Identify="").code == 0  # now two are registered at this address
        for device_id, camera_id in ((f"{OTHER}01", "yard"), (DEVICE, "gate")):  # 22 digits: with a channel
            body = two_wheeler(sub_image(JPEG, ShotTime=camera_id), DeviceID=device_id)
            assert one.post("/VIID/NonMotorVehicles", body, User_Identify="").codes[0][1] == 0
        nobody = one.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG), DeviceID=""), User_Identify="")
        assert nobody.codes[0][1] == 4
        assert site.counts(OTHER)["accepted"] == 1
        assert site.counts(DEVICE)["accepted"] == 1  # the second was the same picture again
        assert site.counts(DEVICE)["duplicate"] == 1


def test_user_identify_comes_before_what_the_object_says(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        device.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(JPEG), DeviceID=OTHER))
        assert site.counts(DEVICE)["accepted"] == 1
        assert site.counts(OTHER) == {}


def test_an_authorization_on_every_request_is_checked(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        path = "/VIID/NonMotorVehicles"
        challenged = device.post("/VIID/System/Register", b"")
        first = device.authorization(challenged, "POST", "/VIID/System/Register")
        assert device.post("/VIID/System/Register", b"", Authorization=first).code == 0
        counted = device.authorization(challenged, "POST", path, count=2)
        assert device.post(path, BODY, Authorization=counted).status == 200
        assert device.post(path, BODY, Authorization=first).status == 200  # the same header for ever: no new claim
        device.password = "wrong"
        assert device.post(path, BODY, Authorization=device.authorization(challenged, "POST", path, 3)).status == 401


def test_a_restart_makes_devices_register_again(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        port = site.port
    with serving(tmp_path, port=port) as site, site.device() as device:
        refused = device.post("/VIID/NonMotorVehicles", BODY)
        assert refused.status == 401
        again = device.authorization(refused, "POST", "/VIID/System/Register")
        assert device.post("/VIID/System/Register", b"", Authorization=again).code == 0
        assert device.post("/VIID/NonMotorVehicles", BODY).status == 200


def test_a_picture_that_is_sent_again_is_known_again(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        for _ in range(3):
            assert device.post("/VIID/NonMotorVehicles", BODY).codes[0][1] == 0
        renamed = two_wheeler(sub_image(JPEG, ImageID="another"), NonMotorVehicleID="another")
        assert device.post("/VIID/NonMotorVehicles", renamed).codes[0][1] == 0
        later = two_wheeler(sub_image(JPEG, ShotTime="20261124214001"))
        assert device.post("/VIID/NonMotorVehicles", later).codes[0][1] == 0
        assert site.counts() == {"received": 5, "accepted": 2, "duplicate": 3}


def test_a_picture_that_is_none_is_answered_as_done(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        for data in ("", None, "not base64!", {"a": 1}, 7):
            assert device.post("/VIID/NonMotorVehicles", two_wheeler(sub_image(None, Data=data))).codes[0][1] == 0
        assert site.counts() == {"received": 5, "refused": 5}


def test_plain_base64_of_an_images_data_is_not_asked_for(tmp_path: Path) -> None:
    # Its kind was said in another message, which is not kept.
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        assert device.post("/VIID/Images/340200/Data", base64.b64encode(JPEG)).status == 200
        assert site.counts() == {"received": 1, "dropped_by_policy": 1}


FACES = {"FaceListObject": {"FaceObject": [{"FaceID": "f", "SubImageList": {"SubImageInfoObject": [sub_image(JPEG)]}}]}}


UNREAD = ("Faces", "Persons", "Things", "SubscribeNotifications", "Extend/ExtendFaceRecognition", "Faces/1/Data")


def test_what_is_not_taken_is_answered_as_done_and_never_read(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        for path, body in product(UNREAD, (FACES, b"no json at all", b"")):
            reply = device.post(f"/VIID/{path}", body)
            assert (reply.status, reply.codes) == (200, [("", 0)])
        assert site.counts() == {"received": 18, "dropped_by_policy": 18}
        assert site.pictures.budget.taken_bytes() == 0


def test_pictures_of_people_are_answered_as_done_and_go_nowhere(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        for kind in ("04", "05", "10", "11"):
            body = two_wheeler(sub_image(JPEG, kind), FaceList=FACES["FaceListObject"])
            assert device.post("/VIID/NonMotorVehicles", body).codes[0][1] == 0
        assert site.counts() == {"received": 4, "dropped_by_policy": 4}
        assert site.pictures.budget.taken_bytes() == 0


def test_no_json_is_said_to_be_none(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        reply = device.post("/VIID/NonMotorVehicles", BODY[:-5])
        assert (reply.status, reply.code) == (400, 7)
        assert site.counts() == {"received": 1, "refused": 1}


def test_a_request_byte_by_byte(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        body = json.dumps(KEEPALIVE).encode()
        head = f"POST /VIID/System/Keepalive HTTP/1.1\r\nHost: a\r\nUser-Identify: {DEVICE}\r\n"
        for byte in f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body:
            device.send(bytes([byte]))
        assert device.receive().code == 0


def test_several_requests_at_once_on_one_connection(tmp_path: Path) -> None:
    with serving(tmp_path) as site, site.device() as device:
        device.register()
        head = (
            f"POST /VIID/System/Keepalive HTTP/1.1\r\nHost: a\r\nUser-Identify: {DEVICE}\r\nContent-Length: 0\r\n\r\n"
        )
        device.send(head.encode() * 5)
        assert [device.receive().code for _ in range(5)] == [0] * 5
