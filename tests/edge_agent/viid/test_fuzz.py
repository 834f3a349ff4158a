"""Foreign bytes at every depth through one real server: it answers or hangs up, stays up, and keeps nothing.

bytes ──▶ connection ──▶ head ──▶ Authorization ──▶ JSON ──▶ base64 ──▶ JPEG ──▶ Glance or Skipped
"""

import json
from itertools import count
from pathlib import Path

import cv2
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.frames import Glance, Skipped
from tests.edge_agent.viid.device import DEVICE, Device, sub_image, two_wheeler
from tests.edge_agent.viid.serving import Site, serving
from tests.edge_agent.world import noise

JPEG = cv2.imencode(".jpg", noise(1))[1].tobytes()
PATH = "/VIID/NonMotorVehicles"
BODY = json.dumps(two_wheeler(sub_image(b"\xff\xd8\xffx", "12"), sub_image(b"\xff\xd8\xffy", "11"))).encode()
SOME = settings(max_examples=60)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), min_size=1, max_size=4)


def edited(data: bytes, edits: list[tuple[float, bytes]]) -> bytes:
    """Some bytes replaced by none or more."""
    for place, by in edits:
        at = round(place * len(data))
        data = data[:at] + by + data[at + 1 :]
    return data


def is_up(site: Site) -> bool:
    with site.device(source="127.0.0.2") as device:
        return device.register().status == 200


def exchange(device: Device, data: bytes) -> int:
    """Send, and take what comes: a status, or 0 when it is hung up on."""
    try:
        device.send(data)
        return device.receive().status
    except (ConnectionError, TimeoutError):
        device.hang_up()
        return 0


def request(body: bytes, *headers: str, path: str = PATH) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: a", f"User-Identify: {DEVICE}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_any_bytes_at_all(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        whole = request(BODY, "Expect: 100-continue", 'Authorization: Digest username="u"') + b"\r\n" * 2000

        @SOME
        @given(edits=EDITS)
        def run(edits: list[tuple[float, bytes]]) -> None:
            with site.device() as device:
                # The spare line ends let a body that became too short end.
                assert exchange(device, edited(whole, [(place / 8, by) for place, by in edits])) in STATUSES

        run()
        assert is_up(site)
        assert site.pictures.budget.taken_bytes() == 0


STATUSES = {0, 100, 200, 400, 401, 403, 404, 408, 411, 413, 417, 429, 501, 505}


def test_any_authorization(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        path = "/VIID/System/Register"
        sources = (f"127.0.1.{number}" for number in count(1))  # so that none is locked out

        @SOME
        @given(edits=EDITS)
        def run(edits: list[tuple[float, bytes]]) -> None:
            with site.device(source=next(sources)) as device:
                challenged = device.post(path, b"", User_Identify="34020000001190000009")
                right = device.authorization(challenged, "POST", path).encode()
                wrong = edited(right, edits).replace(b"\r", b"").replace(b"\n", b"")
                head = f"POST {path} HTTP/1.1\r\nHost: a\r\nUser-Identify: {DEVICE}\r\nContent-Length: 0\r\n"
                assert exchange(device, head.encode() + b"Authorization: " + wrong + b"\r\n\r\n") in STATUSES

        run()
        assert is_up(site)


def test_any_json(tmp_path: Path) -> None:
    with serving(tmp_path, per_device_per_minute=10**6) as site, site.device() as device:
        device.register()

        @SOME
        @given(edits=EDITS)
        def run(edits: list[tuple[float, bytes]]) -> None:
            assert exchange(device, request(edited(BODY, edits))) in {200, 400}

        run()
        counts = site.counts()
        assert counts["received"] >= 60
        if waiting := counts.get("accepted", 0):
            assert all(isinstance(item, Skipped) for item in site.come_out(waiting))
        assert site.pictures.budget.taken_bytes() == 0
        assert is_up(site)


def test_any_picture(tmp_path: Path) -> None:
    with serving(tmp_path, per_device_per_minute=10**6) as site, site.device() as device:
        device.register()

        @SOME
        @given(edits=EDITS)
        def run(edits: list[tuple[float, bytes]]) -> None:
            before = site.counts().get("accepted", 0)
            body = json.dumps(two_wheeler(sub_image(edited(JPEG, edits)))).encode()
            assert exchange(device, request(body)) == 200
            if site.counts().get("accepted", 0) > before:  # else it was the same again
                (item,) = site.come_out(1)
                assert isinstance(item, Glance | Skipped)

        run()
        assert site.pictures.budget.taken_bytes() == 0
        assert is_up(site)
