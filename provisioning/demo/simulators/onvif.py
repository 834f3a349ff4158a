"""Plays the ONVIF device service of any number of cameras on one port, each under its own path.

It has `GetSystemDateAndTime`, and of the media service what leads to a snapshot; a camera may want digest, be silent,
or answer with anything.
"""

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self
from xml.sax.saxutils import escape, unescape

_PARAMETER: Final = re.compile(r'(\w+)="?([^",]*)"?')
_TOKEN: Final = re.compile(rb"<ProfileToken>([^<]{1,64})</ProfileToken>")
_MOST_BYTES: Final = 64 * 1024


@dataclass(slots=True)
class OnvifCamera:
    """Behaviour of a simulated camera, and a count of its calls."""

    skew_s: float = 0.0
    login: tuple[str, str] | None = None
    """User and password; with them each call wants digest, against the specification."""
    algorithm: str = "MD5"
    wants_token: bool = False
    """It refuses each call without a WS-Security login, that for its time too."""
    answer: Callable[[bytes], bytes] | None = None
    """Writes the body of an answer from a request; None: the time of its clock."""
    media_url: str = ""
    """Address of the media service as the camera names it: itself, or any other."""
    snapshot_urls: dict[str, str] = field(default_factory=dict)
    """Address of the picture by the token of the media profile."""
    calls: int = 0
    nonces: set[str] = field(default_factory=set)


def system_date_and_time(at_s: float) -> bytes:
    """Writes the answer of a camera whose clock shows `at_s`."""
    at = datetime.fromtimestamp(at_s, UTC)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
        "<SOAP-ENV:Body><tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>"
        "<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>"
        "<tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone><tt:UTCDateTime>"
        f"<tt:Time><tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute><tt:Second>{at.second}</tt:Second>"
        f"</tt:Time><tt:Date><tt:Year>{at.year}</tt:Year><tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day>"
        "</tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def _enveloped(name: str, content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope'
        ' xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema"'
        ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl">'
        f"<SOAP-ENV:Body><{name}>{content}</{name}></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    ).encode()


def _media_answer(camera: OnvifCamera, body: bytes) -> bytes | None:
    """Writes the answer to a call on the way to a snapshot; None for any other."""
    if b"<GetCapabilities" in body:
        media = f"<tt:Media><tt:XAddr>{escape(camera.media_url)}</tt:XAddr></tt:Media>"
        return _enveloped("tds:GetCapabilitiesResponse", f"<tds:Capabilities>{media}</tds:Capabilities>")
    if b"<GetProfiles" in body:
        profiles = (f'<trt:Profiles token="{escape(each)}" fixed="true"/>' for each in camera.snapshot_urls)
        return _enveloped("trt:GetProfilesResponse", "".join(profiles))
    asked = _TOKEN.search(body)
    if b"<GetSnapshotUri" in body and asked is not None:
        uri = f"<tt:Uri>{escape(camera.snapshot_urls.get(unescape(asked[1].decode()), ''))}</tt:Uri>"
        after = "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:Timeout>PT0S</tt:Timeout>"
        return _enveloped("trt:GetSnapshotUriResponse", f"<trt:MediaUri>{uri}{after}</trt:MediaUri>")
    return None


class OnvifServer:
    """Serves cameras on loopback in a thread."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, now_s: Callable[[], float] = time.time) -> None:
        self.cameras: dict[str, OnvifCamera] = {}
        """By path, `/onvif/device_service` for instance."""
        self.now_s = now_s
        self._server = ThreadingHTTPServer((host, port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str) -> str:
        """Returns the address of the camera of this path."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}{path}"

    def answer(self, path: str, authorization: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Answers a call: status, headers, body."""
        camera = self.cameras.get(path)
        if camera is None:
            return 404, {}, b""
        camera.calls += 1
        if camera.login is not None and not _is_right(camera, camera.login, path, authorization):
            nonce = secrets.token_hex(16)
            camera.nonces.add(nonce)
            asked = f'Digest realm="onvif", qop="auth", nonce="{nonce}", algorithm={camera.algorithm}'
            return 401, {"WWW-Authenticate": asked}, b""
        if camera.wants_token and b"UsernameToken" not in body:
            return 401, {}, b""
        if camera.answer is not None:
            return 200, {}, camera.answer(body)
        content = _media_answer(camera, body)
        if content is None and b"GetSystemDateAndTime" in body:
            content = system_date_and_time(self.now_s() + camera.skew_s)
        return (400, {}, b"") if content is None else (200, {}, content)


def _is_right(camera: OnvifCamera, login: tuple[str, str], path: str, authorization: str) -> bool:
    said = dict(_PARAMETER.findall(authorization.partition(" ")[2]))
    if said.get("nonce") not in camera.nonces or said.get("uri") != path or said.get("username") != login[0]:
        return False
    hashed = hashlib.sha256 if camera.algorithm == "SHA-256" else hashlib.md5
    first, second = (hashed(text.encode()).hexdigest() for text in (f"{login[0]}:onvif:{login[1]}", f"POST:{path}"))
    proof = ":".join([first, said["nonce"], said.get("nc", ""), said.get("cnonce", ""), "auth", second])
    return said.get("response") == hashed(proof.encode()).hexdigest()


def _handler(server: OnvifServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), _MOST_BYTES))
            status, headers, content = server.answer(self.path, self.headers.get("Authorization", ""), body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Keeps calls off the standard error output, where the base class writes each."""

    return Handler
