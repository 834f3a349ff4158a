"""A camera that hands out pictures over HTTP or HTTPS, with a login, and that can also answer what no camera should."""

import base64
import hashlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Literal

from provisioning.net.digest import Account, parse, response
from tests.support.http_server import HOST, HttpServer, SilentHandler
from tests.support.waiting import LONG_S

PATH = "/secret-token/snap.jpg"
REALM = "camera"


@dataclass(frozen=True)
class Given:
    """One answer."""

    body: bytes = b""
    status: int = 200
    type: str = "image/jpeg"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    """`Content-Length`, where it is another than the body's; -1: none, and the body ends with the connection."""
    endless: bool = False
    """The body is repeated until the client has had enough."""
    silent: bool = False
    """The connection is held, and nothing comes."""


class PictureCamera(HttpServer):
    """Answers each GET with what `answer` returns. `login`: how it wants user and password."""

    def __init__(
        self,
        answer: Callable[[int], Given],
        *,
        login: Literal["", "digest", "digest-sha256", "basic", "both"] = "",
        account: Account | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer
        self.login = login
        self.account = account or Account("admin", "s3cret-密码")
        self.paths: list[str] = []
        """Paths of the requests that were let in."""
        self.schemes: list[str] = []
        """First word of each `Authorization`, empty without one."""
        self.poured = 0
        super().__init__(_handler(self), tls)

    @property
    def place(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.place}{PATH}"

    def lets_in(self, authorization: str) -> bool:
        """Returns True if user and password are right."""
        if authorization.startswith("Basic ") and self.login in {"basic", "both"}:
            given = base64.b64decode(authorization[6:]).decode()
            return given == f"{self.account.username}:{self.account.password}"
        claim = parse(authorization)
        if claim is None or not self.login.startswith(("digest", "both")):
            return False
        if self.login == "digest-sha256":
            first, second = (
                _sha(part) for part in (f"{claim.username}:{REALM}:{self.account.password}", f"GET:{claim.uri}")
            )
            return claim.response == _sha(f"{first}:{claim.nonce}:{claim.count}:{claim.cnonce}:auth:{second}")
        return claim.response == response(self.account, claim, "GET")

    def challenges(self) -> list[str]:
        digest = f'Digest realm="{REALM}", qop="auth", nonce="n0nce", opaque="", algorithm='
        return {
            "digest": [digest + "MD5"],
            "digest-sha256": [digest + "SHA-256"],
            "basic": [f'Basic realm="{REALM}"'],
            "both": [f'Basic realm="{REALM}"', digest + "MD5"],
        }[self.login]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _handler(camera: PictureCamera) -> type[BaseHTTPRequestHandler]:
    class Handler(SilentHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802 - the library's name
            authorization = self.headers.get("Authorization", "")
            camera.schemes.append(authorization.partition(" ")[0])
            if camera.login and not camera.lets_in(authorization):
                self.send_response(401)
                for challenge in camera.challenges():
                    self.send_header("WWW-Authenticate", challenge)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            camera.paths.append(self.path)
            _give(self, camera, camera.answer(len(camera.paths) - 1))

    return Handler


def _give(request: BaseHTTPRequestHandler, camera: PictureCamera, given: Given) -> None:
    if given.silent:
        camera.closing.wait(LONG_S)
        return
    request.send_response(given.status)
    if given.type:
        request.send_header("Content-Type", given.type)
    for name, value in given.headers.items():
        request.send_header(name, value)
    length = len(given.body) if given.length is None else given.length
    if length >= 0:
        request.send_header("Content-Length", str(length))
    request.send_header("Connection", "close")
    request.close_connection = True
    request.end_headers()
    try:
        request.wfile.write(given.body)
        while given.endless and not camera.closing.is_set():
            camera.poured += len(given.body)
            request.wfile.write(given.body)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the client has had enough
