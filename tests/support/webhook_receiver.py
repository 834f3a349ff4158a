"""A webhook receiver for tests: checks signature and id in its own way, over HTTP or HTTPS."""

import base64
import hashlib
import hmac
import json
import ssl
from typing import Any

from tests.support.rude_http import RudeServer

KEY = bytes(range(32))
KEY_TEXT = "whsec_" + base64.b64encode(KEY).decode()


class Receiver(RudeServer):
    """`alarms` are those that were genuine, by id; what came again is counted once."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.status = 204
        self.letters: list[tuple[dict[str, str], bytes]] = []
        self.alarms: dict[str, dict[str, Any]] = {}
        self.forged = 0

    @property
    def url(self) -> str:
        """As it is configured."""
        return f"{self.origin}/hook"

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Take what is genuine."""
        if path != "/hook":
            return 404, b""
        self.letters.append((headers, body))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        if headers["webhook-signature"] != f"v1,{expected}":
            self.forged += 1
            return 401, b""
        if self.status < 300:
            self.alarms.setdefault(headers["webhook-id"], json.loads(body))
        return self.status, b""
