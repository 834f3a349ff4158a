"""Serves the addresses to which devices upload snapshots: bounded, bodies in memory, nothing without an address given.

Devices upload by POST or PUT, the picture as the body or in a form (RFC 7578); the standard leaves it open.
"""

import asyncio
import logging
import os
import re
import threading
from contextlib import closing
from typing import Final

from aiohttp import web

from edge_agent.clock import Backoff, Clock
from edge_agent.host_port import host_port
from edge_agent.sources.jpeg_markers import JPEG
from edge_agent.sources.picture_header import BMP, PNG
from edge_agent.sources.snapshot.uploads import PATH, SnapshotUploads
from provisioning.contracts.causes import snapshots
from provisioning.net.http_acceptor import Acceptor, Bounds, bare, listen

_log = logging.getLogger(__name__)

_BOUNDS: Final = Bounds(connections=256, per_address=64, handshake_s=10.0, idle_s=15.0)
_BACKLOG: Final = 128
_LOOK_S: Final = 0.1
_BODY_S: Final = 30.0
_FORM_BYTES: Final = 8192
"""Bytes that a form may hold beside the picture."""
_MAX_PARTS: Final = 16
_ADDRESS: Final = re.compile(rf"{PATH}([0-9a-f]{{32}})(?:/[^?]*)?")
_BOUNDARY: Final = re.compile(r"boundary=\"?([^\";,\s]{1,70})", re.IGNORECASE)


class SnapshotServer:
    """Serves in one thread."""

    def __init__(self, host: str, uploads: SnapshotUploads, clock: Clock) -> None:
        self._host = host
        self._uploads = uploads
        self._clock = clock

    def run(self, stop: threading.Event) -> None:
        """Serves until `stop`. Where the port cannot be opened, every camera reports it, and it is tried again."""
        backoff = Backoff(1.0, 30.0)
        while not stop.is_set():
            try:
                listener = listen(self._host, self._uploads.port, _BACKLOG)
            except OSError as error:
                why = os.strerror(error.errno) if error.errno else type(error).__name__
                place = host_port(self._host, self._uploads.port)
                self._uploads.closed = snapshots.UPLOAD_CLOSED(place=place, error=why)
                _log.error("snapshot server cannot listen port=%d: %s", self._uploads.port, why)
                self._clock.wait(stop, backoff.next_wait_s())
                continue
            self._uploads.closed = None
            with closing(listener):
                asyncio.run(self._serve(Acceptor(listener, None, self._answer, _BOUNDS), stop))

    async def _serve(self, acceptor: Acceptor, stop: threading.Event) -> None:
        serving = asyncio.create_task(acceptor.run())
        while not (stop.is_set() or serving.done()):
            await asyncio.wait({serving}, timeout=_LOOK_S)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=stop.is_set())

    async def _answer(self, request: web.BaseRequest, _remote: str) -> web.StreamResponse:
        found = _ADDRESS.fullmatch(request.path)
        if request.method not in {"POST", "PUT"} or found is None:
            return bare(404)
        expected = self._uploads.begin(found[1])
        if expected is None:
            return bare(404)
        picture, body = None, b""
        try:
            body = await _body(request, expected.max_bytes + _FORM_BYTES)
            picture = picture_of(body, request.headers.get("Content-Type", ""))
        except TimeoutError:
            return bare(408)
        finally:  # also when the connection ends in the middle
            is_too_large = len(body if picture is None else picture) > expected.max_bytes
            self._uploads.end(expected, None if is_too_large else picture, is_too_large=is_too_large)
        return bare(413 if is_too_large else 200)


async def _body(request: web.BaseRequest, most: int) -> bytes:
    """Reads a body; one that is too large is returned up to there. Raises TimeoutError."""
    data = bytearray()
    async with asyncio.timeout(_BODY_S):
        async for chunk in request.content.iter_any():
            data += chunk
            if len(data) > most:
                break
    return bytes(data)


def picture_of(body: bytes, content_type: str) -> bytes:
    """Returns the picture of an upload: the body, or of a form the first part that is one; empty without one."""
    if not content_type.lower().startswith("multipart/"):
        return body
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return b""
    parts = body.split(b"--" + boundary[1].encode(errors="surrogateescape"), _MAX_PARTS)
    for part in parts:
        _, _, content = part.partition(b"\r\n\r\n")
        if content.startswith((JPEG, PNG, BMP)):
            return content.removesuffix(b"\r\n")
    return b""
