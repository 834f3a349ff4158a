"""Serves the desk: admits requests, and passes a recording's bytes from the connection to the camera.

They pass through memory alone: connection → pipe of a few MiB → FFmpeg in the camera's thread. When that is busy the
pipe is full, then TCP's window, and the sender waits.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from hmac import compare_digest
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import web

from edge_agent.clock import Backoff, Clock
from edge_agent.desk.browser.admission import Admission, OpenPermit, no_permit
from edge_agent.desk.browser.door import BrowserDoor
from edge_agent.desk.browser.protocol import camera_of
from edge_agent.desk.errors import DeskError, Refused
from edge_agent.desk.http_server import DeskLimits, HttpsServer, UploadBody, closing_json, problem
from edge_agent.desk.key_files import server_context, token
from edge_agent.desk.protocol import AskHealth, AskStanding, AskUpload, End, Progress, parse_request
from edge_agent.desk.uploads import Desk, Upload
from edge_agent.errors import SpoolError
from edge_agent.sources.upload.byte_pipe import BytePipe
from edge_agent.sources.upload.container import Container, UnusableRecordingError, recognise
from edge_agent.sources.upload.recording import IncomingRecording, RecordingStart
from edge_agent.sources.upload.source import Uploads
from provisioning.contracts.causes import pictures
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Recording

_log = logging.getLogger(__name__)

_PIPE_BYTES: Final = 4 * 1024 * 1024
_TELL_S: Final = 0.5
_SETTLE_S: Final = 0.1
"""Between two checks once all has been decoded, and only the redactor's queue is waited for."""
_LOOK_UP_S: Final = 0.2
_WRITE_S: Final = 10.0
"""Seconds after which a client that does not read its progress counts as gone."""


class DeskServer:
    """Serves one agent's desk, in a thread of its own: `run`."""

    def __init__(
        self,
        settings: processes.Desk,
        cameras: Mapping[str, Uploads],
        spool_directory: Path,
        is_paused: Callable[[str], bool],
        clock: Clock,
        *,
        limits: DeskLimits | None = None,
        open_permit: OpenPermit = no_permit,
    ) -> None:
        """`cameras`: those of kind `upload`. `open_permit`: see `Admission`. Nothing is opened yet."""
        self._settings = settings
        self._limits = limits or DeskLimits()
        self._clock = clock
        self._desk = Desk(cameras, spool_directory, is_paused, clock)
        self._open_permit = open_permit
        self._backoff = Backoff(1.0, 30.0)

    def run(self, stop: threading.Event) -> None:
        """Serves until `stop`. While the port or a file is unusable, the cameras report why."""
        self._desk.heed(stop)
        while not stop.is_set():
            try:
                asyncio.run(self._serve(stop))
            except (DeskError, ConfigError) as error:
                _log.error("desk closed: %s", error)
                self._desk.shut(pictures.DESK_CLOSED(detail=error))
                self._clock.wait(stop, self._backoff.next_wait_s())

    def recordings(self) -> dict[str, Recording]:
        """Returns the last recording of each camera."""
        return self._desk.recordings()

    async def _serve(self, stop: threading.Event) -> None:
        self._token = token(self._settings.token_file).encode()
        tls = server_context(self._settings.tls_cert_file, self._settings.tls_key_file)
        door = HttpsServer(self._settings.host, self._settings.port, tls, self._answer, self._limits)
        self._browsers = self._browser_door()
        self._desk.shut(None)
        self._backoff.reset()
        _log.info("desk open host=%s port=%d", self._settings.host, door.port)
        serving = asyncio.create_task(door.run())
        try:
            while not serving.done() and not await asyncio.to_thread(self._clock.wait, stop, _LOOK_UP_S):
                pass
        finally:
            self._desk.is_closing = True
            if self._browsers is not None:
                await self._browsers.close()
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
            self._desk.is_closing = False

    def _browser_door(self) -> BrowserDoor | None:
        """Returns the door for browsers; None where [desk] names no console, or no address."""
        console = self._settings.console_url
        if console is None:
            return None
        admission = Admission(self._open_permit, console, self._clock)
        return BrowserDoor(self._desk, admission, console, self._clock, self._limits)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            if self._browsers is not None and (camera_id := camera_of(request.raw_path)) is not None:
                return await self._browsers.answer(request, camera_id)
            wanted = parse_request(request.method, request.raw_path, self._clock.now_ms())
            if isinstance(wanted, AskHealth):
                return closing_json(HTTPStatus.OK, b'{"ok":true}')
            self._admit(request)
            if isinstance(wanted, AskStanding):
                standing = await asyncio.to_thread(self._desk.standing, wanted.recording)
                return closing_json(HTTPStatus.OK, codec.encode(standing))
            return await self._receive(request, wanted)
        except Refused as refused:
            return problem(refused.status, refused.code, str(refused))
        except SpoolError as error:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "spool", str(error))

    def _admit(self, request: web.BaseRequest) -> None:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if not compare_digest(given, b"Bearer " + self._token):
            raise Refused(
                "unauthorized", "send `Authorization: Bearer` with the content of the desk agent's token_file"
            )

    # --- one recording

    async def _receive(self, request: web.BaseRequest, wanted: AskUpload) -> web.StreamResponse:
        body = UploadBody(request, self._limits)
        upload = await asyncio.to_thread(self._desk.begin, wanted)
        try:
            body.invite()
            head, container = await _head(body)
            drained, over = _Bell(), _Bell()
            pipe = BytePipe(_PIPE_BYTES, drained.ring)
            start = RecordingStart(wanted.recording.started_at_ms, wanted.at_ms, upload.after_ms)
            incoming = IncomingRecording(wanted.recording.camera_id, container, start, pipe, over.ring)
            pipe.write(head)
            upload.offer(incoming)
            _log.info("recording begins camera=%s at_ms=%d", wanted.recording.camera_id, wanted.at_ms)
            pumping = asyncio.create_task(_pump(body, pipe, drained, upload))
            try:
                return await self._accompany(request, upload, incoming, over)
            finally:
                pumping.cancel()
                with suppress(asyncio.CancelledError):
                    await pumping
        finally:
            upload.close()

    async def _accompany(
        self, request: web.BaseRequest, upload: Upload, incoming: IncomingRecording, over: "_Bell"
    ) -> web.StreamResponse:
        """Reports the progress until the upload is over."""
        response = web.StreamResponse(headers={"Server": "wayside", "Content-Type": "application/x-ndjson"})
        response.force_close()
        camera_id = upload.recording.camera_id
        progress = await asyncio.to_thread(upload.measure, incoming)
        try:
            async with asyncio.timeout(_WRITE_S):
                await response.prepare(request)
            while progress.end is None:
                await _say(response, progress)
                await over.wait(_TELL_S if incoming.outcome is None else _SETTLE_S)
                progress = await asyncio.to_thread(upload.measure, incoming)
            await _say(response, progress)
            await response.write_eof()
        except (ConnectionError, TimeoutError):
            upload.close()
            _log.info("recording let go camera=%s position_ms=%d", camera_id, incoming.passed_ms)
            await asyncio.to_thread(upload.measure, incoming)  # stores the position
            return response
        except SpoolError as error:  # the answer has begun: its missing end is what the sender sees
            _log.error("recording let go camera=%s: %s", camera_id, error)
            return response
        level = logging.INFO if progress.end is End.COMPLETE else logging.WARNING
        _log.log(
            level,
            "recording ended camera=%s end=%s position_ms=%d pictures=%d selected=%d: %s",
            *(camera_id, progress.end, progress.position_ms, progress.pictures, progress.selected),
            progress.detail or "all of it is in",
        )
        return response


async def _say(response: web.StreamResponse, progress: Progress) -> None:
    async with asyncio.timeout(_WRITE_S):
        await response.write(codec.encode(progress) + b"\n")


async def _head(body: UploadBody) -> tuple[bytes, Container]:
    """Reads as many bytes as it takes to recognize the container."""
    head = bytearray()
    try:
        while (container := recognise(bytes(head), is_all=body.is_over)) is None:
            head += await body.read_some()
    except UnusableRecordingError as error:
        raise Refused(error.code, str(error)) from error
    return bytes(head), container


async def _pump(body: UploadBody, pipe: BytePipe, drained: "_Bell", upload: Upload) -> None:
    try:
        while data := await body.read_some():
            pipe.write(data)
            while not pipe.has_room:
                await drained.wait()
        pipe.end()
    except Refused as refused:
        upload.trouble = str(refused)
    finally:
        pipe.cut()  # no effect after `end`


class _Bell:
    """Wakes the event loop from the camera's thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wakes the waiting coroutine: something has changed at the other end."""
        with suppress(RuntimeError):  # the loop is closed: no coroutine waits any more
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, timeout_s: float | None = None) -> None:
        """Waits until it rings, or for so long; a ring that came before counts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._rung.wait()
        self._rung.clear()
