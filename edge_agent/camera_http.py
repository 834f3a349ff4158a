"""Speaks HTTP to a camera. Its answers are foreign: bounded in time and bytes, nothing decompressed, no cookie kept.

Digest (RFC 7616) is answered wherever it is offered; basic where nothing else is, and only if the caller allows it.
"""

import base64
import secrets
import ssl
from collections.abc import Callable, Sequence
from typing import Final

import aiohttp

from provisioning.net import digest_answer
from provisioning.net.digest import Account

_MAX_LINE: Final = 8190
_ALGORITHMS: Final = frozenset({"MD5", "SHA-256"})
_MAX_CHALLENGES: Final = 4


class TooLongError(Exception):
    """The body of an answer has more bytes than are allowed."""


def session(
    tls: ssl.SSLContext, timeout: aiohttp.ClientTimeout, *, traces: Sequence[aiohttp.TraceConfig] = ()
) -> aiohttp.ClientSession:
    """Opens a session with one connection at a time, closed after each answer; `timeout` is that of a request."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=tls, limit=1, force_close=True),
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        max_line_size=_MAX_LINE,
        max_field_size=_MAX_LINE,
        trace_configs=list(traces),
    )


def login(
    challenges: Sequence[str], account: Account, method: str, path: str, *, may_be_basic: bool = False
) -> str | None:
    """Returns the `Authorization` that the camera wants; None where it wants one that is not known here."""
    for challenge in challenges[:_MAX_CHALLENGES]:
        value = digest_answer.answer(challenge, account, method, path, _token, algorithms=_ALGORITHMS)
        if value is not None and value.isprintable():
            return value
    if may_be_basic and any(challenge.partition(" ")[0].lower() == "basic" for challenge in challenges):
        return f"Basic {base64.b64encode(f'{account.username}:{account.password}'.encode()).decode()}"
    return None


async def body(answer: aiohttp.ClientResponse, most: int, came: Callable[[int], object] = lambda _count: None) -> bytes:
    """Reads the body of an answer; `came` is called with the number of bytes of each part.

    Raises:
        TooLongError: it has more than `most` bytes, or says so: then not one byte of it is read.
    """
    if (answer.content_length or 0) > most:
        raise TooLongError
    data = bytearray()
    async for chunk in answer.content.iter_any():
        came(len(chunk))
        data += chunk
        if len(data) > most:
            raise TooLongError
    return bytes(data)


def _token(length: int) -> str:
    return secrets.token_hex(length // 2)
