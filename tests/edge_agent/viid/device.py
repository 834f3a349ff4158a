"""A device that speaks GA/T 1400 over a plain socket, written from the protocol and not from the server."""

import base64
import hashlib
import json
import re
import socket
import ssl
from dataclasses import dataclass, field
from typing import Any, Self

from tests.support.waiting import LONG_S

DEVICE = "34020000001190000001"
OTHER = "34020000001190000002"
USER = "admin"
PASSWORD = "Cam-Pass1"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> int:
        """The one StatusCode of a single answer."""
        return int(self.json["ResponseStatusObject"]["StatusCode"])

    @property
    def codes(self) -> list[tuple[str, int]]:
        """Id and StatusCode of each entry of a list."""
        entries = self.json["ResponseStatusListObject"]["ResponseStatusObject"]
        return [(entry["Id"], entry["StatusCode"]) for entry in entries]


@dataclass
class Device:
    """One connection, kept as long as the server keeps it."""

    port: int
    device_id: str = DEVICE
    username: str = USER
    password: str = PASSWORD
    source: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    _socket: socket.socket | None = None
    _left: bytes = b""
    sent: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._left = None, b""

    def send(self, data: bytes) -> None:
        if self._socket is None:
            plain = socket.create_connection(("127.0.0.1", self.port), timeout=LONG_S, source_address=(self.source, 0))
            self._socket = plain if self.tls is None else self.tls.wrap_socket(plain, server_hostname="localhost")
        self._socket.sendall(data)

    def receive(self) -> Reply:
        """One response; 100 Continue too."""
        assert self._socket is not None
        head, rest = self._until(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(rest) < length:
            rest += self._more()
        self._left = rest[length:]
        reply = Reply(int(first.split()[1]), headers, rest[:length])
        if headers.get("connection", "").lower() == "close":
            self.hang_up()
        return reply

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        """Header names with _ for -; User-Identify is added unless it is given (empty: left out)."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Host": f"127.0.0.1:{self.port}", "User-Identify": self.device_id} | given
        if method != "GET":
            given = {"Content-Type": "application/VIID+JSON;charset=UTF-8", "Content-Length": str(len(body))} | given
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value)]
        self.send("\r\n".join([*lines, "", ""]).encode() + body)
        return self.receive()

    def post(self, path: str, value: object, **headers: str) -> Reply:
        body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
        return self.request("POST", path, body, **headers)

    def register(self, path: str = "/VIID/System/Register", **headers: str) -> Reply:
        """Both requests."""
        what = path.strip("/").rpartition("/")[2]
        body = {f"{what}Object": {"DeviceID": self.device_id}}
        first = self.post(path, body, **headers)
        assert first.status == 401, first
        return self.post(path, body, Authorization=self.authorization(first, "POST", path), **headers)

    def authorization(self, challenged: Reply, method: str, path: str, count: int = 1) -> str:
        """RFC 2617, qop=auth."""
        challenge = challenged.headers["www-authenticate"]
        realm, nonce = (_quoted(challenge, name) for name in ("realm", "nonce"))
        first, second = md5(f"{self.username}:{realm}:{self.password}"), md5(f"{method}:{path}")
        answer = md5(f"{first}:{nonce}:{count:08x}:0a4f113b:auth:{second}")
        return (
            f'Digest username="{self.username}", realm="{realm}", nonce="{nonce}", uri="{path}", qop=auth,'
            f' nc={count:08x}, cnonce="0a4f113b", response="{answer}"'
        )

    def is_hung_up_on(self) -> bool:
        """Whether the server closes the connection."""
        assert self._socket is not None
        try:
            return self._socket.recv(1) == b""
        except ConnectionError:
            return True

    def _until(self, mark: bytes) -> tuple[bytes, bytes]:
        data = self._left
        while mark not in data:
            data += self._more()
        head, _, rest = data.partition(mark)
        return head, rest

    def _more(self) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the server hung up")
        return data


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def _quoted(header: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', header)
    assert found is not None, header
    return found[1]


def sub_image(data: bytes | None, kind: object = "12", **other: object) -> dict[str, object]:
    """A SubImageInfoObject."""
    image: dict[str, object] = {
        "ImageID": f"{DEVICE}022026112421400100001",
        "EventSort": 12,
        "DeviceID": DEVICE,
        "Type": kind,
        "FileFormat": "Jpeg",
    }
    if data is not None:
        image["Data"] = base64.b64encode(data).decode()
    return image | other


def two_wheeler(*images: dict[str, object], **other: object) -> dict[str, object]:
    """A body with one NonMotorVehicle."""
    thing = {
        "NonMotorVehicleID": f"{DEVICE}02202611242140010000103" + "00001",
        "InfoKind": 1,
        "DeviceID": DEVICE,
        "HasPlate": "0",
        "VehicleColor": "1",
        "SubImageList": {"SubImageInfoObject": list(images)},
    }
    return {"NonMotorVehicleListObject": {"NonMotorVehicleObject": [thing | other]}}
