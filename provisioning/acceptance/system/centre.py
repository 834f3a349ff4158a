"""Asks the centre's API with a token for `wayside-provision accept system`. Changes nothing there, but is audited."""

import http.client
import json
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from cryptography import x509

from provisioning.acceptance.system.measurement import NotMeasuredError
from provisioning.contracts.config.processes import read_secret
from provisioning.contracts.section import ORIGIN_PATTERN
from provisioning.errors import AcceptanceError

_TIMEOUT_S: Final = 30.0
_MAX_BYTES: Final = 16 * 1024 * 1024
_OK, _NO_SESSION, _FORBIDDEN = 200, 401, 403


@dataclass(frozen=True, slots=True)
class CentreTls:
    """TLS as agreed with the centre. `version`: None without TLS."""

    version: str | None
    ends_at: datetime | None


class CentreClient:
    """Client of one centre. A connection for each request; no proxy, and no redirect is followed."""

    def __init__(self, origin: str, token: str, context: ssl.SSLContext) -> None:
        parts = urlsplit(origin)
        self.origin = origin
        self._host, self._port = parts.hostname or "", parts.port
        self._context = context if parts.scheme == "https" else None
        self._token = token

    @classmethod
    def open(cls, origin: str, token_file: Path, ca_file: Path | None) -> "CentreClient":
        """Opens a client. `ca_file`: certificates of authorities; None: those of this machine.

        Raises:
            AcceptanceError: the address or the certificates are unusable.
            ConfigError: the token cannot be read, or others may read it.
        """
        if not re.match(ORIGIN_PATTERN, origin):
            raise AcceptanceError(
                f"--centre {origin[:80]!r}: give https://HOST or https://HOST:PORT; http to this machine alone"
            )
        try:
            context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        except OSError as error:
            raise AcceptanceError(f"--ca-file {ca_file}: holds no certificate that can be read ({error})") from error
        return cls(origin, read_secret(token_file), context)

    def get(self, path: str, query: Sequence[tuple[str, str | int]] = (), *, scope: str = "") -> Any:
        """Returns an answer, read as JSON. `scope`: permission that the token needs for it.

        Raises:
            NotMeasuredError: no answer, a refusal, or no JSON; the text says what to do.
        """
        target = f"/api{path}" + ("?" + urlencode(query) if query else "")
        status, body = self._ask(target)
        if status in {_NO_SESSION, _FORBIDDEN}:
            raise NotMeasuredError(
                f"中心拒绝了 GET /api{path}：令牌无效，或缺少权限 {scope}",
                f"the centre refused GET /api{path}: the token is not valid, or lacks the scope {scope}",
            )
        if status != _OK:
            raise NotMeasuredError(f"GET /api{path} 返回状态 {status}", f"GET /api{path} answered with status {status}")
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise unexpected(path) from error

    def tls(self) -> CentreTls:
        """Connects, and returns the TLS that was agreed.

        Raises:
            NotMeasuredError: no connection, or its certificate is not trusted.
        """
        if self._context is None:
            return CentreTls(None, None)
        connection = self._connection()
        try:
            connection.connect()
            if not isinstance(connection.sock, ssl.SSLSocket):
                return CentreTls(None, None)
            shown = connection.sock.getpeercert(binary_form=True)
            ends_at = None if shown is None else x509.load_der_x509_certificate(shown).not_valid_after_utc
            return CentreTls(connection.sock.version(), None if ends_at is None else ends_at.astimezone(UTC))
        except OSError as error:
            raise self._no_answer(error) from error
        finally:
            connection.close()

    def _ask(self, target: str) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.request(
                "GET", target, headers={"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
            )
            with connection.getresponse() as answer:
                status, body = answer.status, answer.read(_MAX_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise self._no_answer(error) from error
        finally:
            connection.close()
        if len(body) > _MAX_BYTES:
            raise unexpected(target)
        return status, body

    def _connection(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_S)
        return http.client.HTTPSConnection(self._host, self._port, timeout=_TIMEOUT_S, context=self._context)

    def _no_answer(self, error: Exception) -> NotMeasuredError:
        why = str(error)[:200] or type(error).__name__
        return NotMeasuredError(f"{self.origin} 没有应答（{why}）", f"no answer from {self.origin} ({why})")


def unexpected(path: str) -> NotMeasuredError:
    """Makes the error of an answer that is not in the form of this version's API."""
    return NotMeasuredError(
        f"GET /api{path} 的应答不是本版本的格式：中心与本程序的版本是否相同？",
        f"GET /api{path} answered in another form than this version's: have centre and program the same version?",
    )
