"""A superior platform by GA/T 1400, written from the protocol: digest, registration, lists, and whatever goes wrong."""

import hashlib
import json
import re
import ssl
from collections import Counter
from typing import Any, Final

from tests.support.rude_http import RudeServer

SUPERIOR_ID: Final = "34000000005030000001"
CENTRE_ID: Final = "34020000005030000009"
USER: Final = "wayside"
PASSWORD: Final = "Up-Pass1"
LISTS: Final = {
    "/VIID/Images": ("ImageListObject", "Image"),
    "/VIID/MotorVehicles": ("MotorVehicleListObject", "MotorVehicleObject"),
    "/VIID/NonMotorVehicles": ("NonMotorVehicleListObject", "NonMotorVehicleObject"),
}


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


class Superior(RudeServer):
    """Takes lists of devices that registered with the right password."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, server_id: str = SUPERIOR_ID, realm: str = "viid") -> None:
        super().__init__(tls)
        self._realm = realm.encode("latin-1").decode()
        self.server_id = server_id
        self.registered: set[str] = set()
        self.calls: list[tuple[str, Any]] = []
        """Path and body of every request that was admitted, in order."""
        self.objects: Counter[str] = Counter()
        """How often each id came."""
        self.bodies: list[bytes] = []
        self.codes: dict[str, int] = {}
        """StatusCode of an object by its id; others are taken."""
        self.status = 200
        self.by_path: dict[str, tuple[int, bytes]] = {}
        """Answers of paths that are not as they should be."""
        challenge = f'Digest realm="{realm}", qop="auth", nonce="dcd98b7102dd2f0e", opaque="", algorithm=MD5'
        self.answer_headers = {"WWW-Authenticate": challenge}

    def keep_connections(self) -> None:
        """Answer several requests over one connection."""
        handler: Any = self._server.RequestHandlerClass
        handler.protocol_version, handler.disable_nagle_algorithm = "HTTP/1.1", True

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if path == "/VIID/System/Time":
            return 200, json.dumps(
                {"SystemTimeObject": {"VIIDServerID": self.server_id, "LocalTime": "19700101"}}
            ).encode()
        if path in self.by_path:
            return self.by_path[path]
        device_id = headers.get("user-identify", "")
        if path in {"/VIID/System/Register", "/VIID/System/UnRegister"}:
            if not self._is_right(path, headers.get("authorization", "")):
                return 401, self._single(path, 4)
            (self.registered.add if path.endswith("/Register") else self.registered.discard)(device_id)
        elif device_id not in self.registered:
            return 401, self._single(path, 4)
        content = json.loads(body)
        self.calls.append((path, content))
        self.bodies.append(body)
        if path not in LISTS:
            return self.status, self._single(path, 0)
        outer, inner = LISTS[path]
        ids = [_id_of(each) for each in content[outer][inner]]
        self.objects.update(ids)
        entries = [self._entry(path, self.codes.get(each, 0), each) for each in ids]
        return self.status, json.dumps({"ResponseStatusListObject": {"ResponseStatusObject": entries}}).encode()

    def of(self, path: str) -> list[Any]:
        """Objects of one list path, in the order in which they came."""
        outer, inner = LISTS[path]
        return [each for called, content in self.calls if called == path for each in content[outer][inner]]

    def _is_right(self, path: str, authorization: str) -> bool:
        fields = dict(re.findall(r'(\w+)="?([^",]+)"?', authorization))
        if not fields:
            return False
        ha1, ha2 = _md5(f"{USER}:{self._realm}:{PASSWORD}"), _md5(f"POST:{path}")
        middle = ":".join((fields["nonce"], fields["nc"], fields["cnonce"], fields["qop"]))
        return bool(fields["uri"] == path and fields["response"] == _md5(f"{ha1}:{middle}:{ha2}"))

    def _single(self, path: str, code: int) -> bytes:
        return json.dumps({"ResponseStatusObject": self._entry(path, code, "")}).encode()

    @staticmethod
    def _entry(path: str, code: int, subject: str) -> dict[str, object]:
        return {
            "Id": subject,
            "RequestURL": path,
            "StatusCode": code,
            "StatusString": "",
            "LocalTime": "19700101000000",
        }


def _id_of(item: dict[str, Any]) -> str:
    if "ImageInfo" in item:
        return str(item["ImageInfo"]["ImageID"])
    return str(item.get("MotorVehicleID") or item["NonMotorVehicleID"])
