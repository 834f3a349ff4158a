"""Answers the console's pages: who may open a file here, and the turns of one that is open."""

import asyncio
import logging
from dataclasses import replace
from hmac import compare_digest
from http import HTTPStatus
from typing import Final

from aiohttp import web

from edge_agent.clock import Clock
from edge_agent.desk.browser.admission import Admission
from edge_agent.desk.browser.protocol import (
    PIECE_BYTES,
    OpenFile,
    Turn,
    allowed,
    check_start,
    place_of,
    preflight_of,
    shared_with,
)
from edge_agent.desk.browser.upload import BrowserUpload
from edge_agent.desk.errors import Refused
from edge_agent.desk.http_server import DeskLimits, UploadBody, closing_json
from edge_agent.desk.protocol import Problem
from edge_agent.desk.uploads import Desk
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.uploads import UploadPermit
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Message

_log = logging.getLogger(__name__)

_WAIT_S: Final = 2.0
_OPENING_BYTES: Final = 1024


class BrowserDoor:
    """Lets the pages of one console bring files, one a camera at a time. Used in the server's event loop alone."""

    def __init__(self, desk: Desk, admission: Admission, console: str, clock: Clock, limits: DeskLimits) -> None:
        """`console`: origin of the pages."""
        self._desk = desk
        self._admission = admission
        self._console = console
        self._clock = clock
        self._limits = limits
        self._open: dict[str, BrowserUpload] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def answer(self, request: web.BaseRequest, camera_id: str) -> web.StreamResponse:
        """Answers one request of a page. Only answers to the console's own pages may be read by a page."""
        if request.method == "OPTIONS":
            headers = allowed(preflight_of(request.headers), self._console)
            if headers is None:
                return closing_json(HTTPStatus.FORBIDDEN, codec.encode(_OTHER_ORIGIN))
            return web.Response(status=HTTPStatus.NO_CONTENT, headers=headers)
        if request.headers.get("Origin") != self._console:
            return closing_json(HTTPStatus.FORBIDDEN, codec.encode(_OTHER_ORIGIN))
        try:
            return self._json(HTTPStatus.OK, await self._turn(request, camera_id))
        except Refused as refused:
            response = self._json(refused.status, Problem(error=refused.code, detail=str(refused)[:1000]))
            response.force_close()  # its body may be unread
            return response

    async def close(self) -> None:
        """Ends every file that is open: the server ends."""
        for each in self._open.values():
            each.end()
        await asyncio.gather(*self._running)

    # --- inside

    async def _turn(self, request: web.BaseRequest, camera_id: str) -> Turn:
        match request.method:
            case "POST":
                return await self._begin(request, camera_id)
            case "PUT":
                return await self._continue(request, self._session(request, camera_id))
            case "PATCH":
                upload = self._session(request, camera_id, is_prolonging=True)
                permit = await self._permit(request, camera_id)
                self._admission.take(permit)
                upload.prolong(permit)
                return await upload.turn(0.0)
            case "DELETE":
                upload = self._session(request, camera_id, is_prolonging=True)
                upload.end()
                return await upload.turn(0.0)
            case _:
                raise Refused("method", "a file is opened with POST, brought with PUT, and closed with DELETE")

    async def _begin(self, request: web.BaseRequest, camera_id: str) -> Turn:
        permit = await self._permit(request, camera_id)
        opening = await self._opening(request)
        await asyncio.to_thread(self._desk.check, camera_id)
        now = self._open.get(camera_id)
        if now is not None and not now.is_over:
            raise Refused("busy", f"camera {camera_id}: another file is being brought already; one at a time")
        self._admission.take(permit)  # only now: while the camera is busy the page asks again with the same
        upload = BrowserUpload(self._desk, permit, opening, self._clock, self._limits.silence_s)
        self._open[camera_id] = upload
        running = asyncio.create_task(upload.run())
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        return (await upload.turn(_WAIT_S)).model_copy(update={"session": upload.secret})

    async def _continue(self, request: web.BaseRequest, upload: BrowserUpload) -> Turn:
        at = place_of(request.headers)
        if at is not None:
            upload.put(at, await self._piece(request, upload))
        return await upload.turn(_WAIT_S)

    def _session(self, request: web.BaseRequest, camera_id: str, *, is_prolonging: bool = False) -> BrowserUpload:
        upload = self._open.get(camera_id)
        given = request.headers.get("Wayside-Session", "").encode(errors="replace")
        if upload is None or upload.has_left or not compare_digest(given, upload.secret.encode()):
            raise Refused("session_unknown", "no such file is open here any more: open it again")
        if not is_prolonging and self._clock.now_ms() >= upload.ends_at_ms:
            raise Refused("permit_expired", "the permit of this file has ended: bring a further one")
        upload.heard()
        return upload

    async def _permit(self, request: web.BaseRequest, camera_id: str) -> UploadPermit:
        given = request.headers.get("Authorization", "")
        return await asyncio.to_thread(self._admission.check, given, camera_id)

    async def _opening(self, request: web.BaseRequest) -> OpenFile:
        text = await _whole(request, replace(self._limits, upload_bytes=_OPENING_BYTES), None)
        try:
            opening = codec.decode(OpenFile, text)
        except ContractError as error:
            raise Refused("malformed", "the body gives started_at_ms and size, as JSON") from error
        check_start(opening, self._clock.now_ms(), self._limits.upload_bytes)
        return opening

    async def _piece(self, request: web.BaseRequest, upload: BrowserUpload) -> bytes:
        return await _whole(request, replace(self._limits, upload_bytes=PIECE_BYTES), upload)

    def _json(self, status: int, message: Message) -> web.Response:
        return web.Response(
            status=status,
            body=codec.encode(message),
            content_type="application/json",
            headers=shared_with(self._console),
        )


_OTHER_ORIGIN: Final = Problem(
    error="other_origin", detail="this desk takes files from the pages of its [desk] console_url alone"
)


async def _whole(request: web.BaseRequest, limits: DeskLimits, upload: BrowserUpload | None) -> bytes:
    """Reads a small body. Each part of it is a sign of life of the browser."""
    if request.content_length is None or request.content_length > limits.upload_bytes:
        raise Refused("malformed", f"the body states its length, at most {limits.upload_bytes} bytes")
    body, data = UploadBody(request, limits), bytearray()
    while part := await body.read_some():
        data += part
        if upload is not None:
            upload.heard()
    return bytes(data)
