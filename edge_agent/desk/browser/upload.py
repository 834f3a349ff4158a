"""Takes one file from a browser: remuxes it while it comes, as `wayside-edge ingest` does where it runs.

pieces that the desk asks for → remux, in a thread → pipe of a few MiB → FFmpeg in the camera's thread. A busy redactor
fills the pipe; then no piece is asked for, and the browser waits. Start, size and first MiB identify the recording as
they do for `ingest`, so either goes on where the other broke off.
"""

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Final

from edge_agent.clock import Clock
from edge_agent.desk.browser.piece_file import FileGoneError, PieceFile
from edge_agent.desk.browser.protocol import OpenFile, Turn
from edge_agent.desk.errors import Refused
from edge_agent.desk.protocol import AskUpload, End, Problem, Progress, RecordingRef, RecordingStage
from edge_agent.desk.recording import RecordingError
from edge_agent.desk.remux import Remux
from edge_agent.desk.uploads import Desk, Upload
from edge_agent.errors import SpoolError
from edge_agent.sources.upload.byte_pipe import BytePipe
from edge_agent.sources.upload.container import ENOUGH_BYTES, Container, UnusableRecordingError, demuxer_of
from edge_agent.sources.upload.recording import IncomingRecording, RecordingStart
from provisioning.contracts.fleet.uploads import UploadPermit

_log = logging.getLogger(__name__)

_PIPE_BYTES: Final = 4 * 1024 * 1024
_MEASURE_S: Final = 0.5
_SETTLE_S: Final = 0.1
"""Between two measurements once all has been decoded, and only the redactor's queue is waited for."""


class BrowserUpload:
    """One file on its way, from `run` until its end. All but `_bring` is of the event loop."""

    def __init__(self, desk: Desk, permit: UploadPermit, opening: OpenFile, clock: Clock, silence_s: float) -> None:
        """`silence_s`: so long without a byte or a request, and the browser counts as gone."""
        self._desk = desk
        self._opening = opening
        self._clock = clock
        self._silence_s = silence_s
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._file = PieceFile(opening.size, self._ring)
        self._room = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"browser {permit.camera_id}")
        self._heard_s = self._loop.time()
        self._has_left = False
        self._is_closed = False
        self._under_way: tuple[Upload, IncomingRecording] | None = None
        self._length_ms: int | None = None
        self._broke_off = ""
        self._progress: Progress | None = None
        self._problem: Problem | None = None
        self._is_known = False
        self.camera_id = permit.camera_id
        self.actor = permit.actor
        self.secret = secrets.token_hex(16)
        self.ends_at_ms = permit.expires_at_ms

    @property
    def is_over(self) -> bool:
        """True once nothing more is taken: the recording has ended, or the browser has gone."""
        return self._has_end or self._has_left or self._is_closed

    @property
    def has_left(self) -> bool:
        """True once the browser has gone, or was told to: it opens the file anew to go on.

        One whose file has ended has not left. It may ask for that end late, or again where the answer was lost.
        """
        return self._has_left or (self._is_closed and not self._has_end)

    def prolong(self, permit: UploadPermit) -> None:
        """Lets the page go on until the end of a further permit, which is for the same account.

        Raises:
            Refused: `other_account`.
        """
        if permit.actor != self.actor:
            raise Refused("other_account", "another account has opened this file")
        self.ends_at_ms = max(self.ends_at_ms, permit.expires_at_ms)

    def heard(self) -> None:
        """Notes a sign of life of the browser."""
        self._heard_s = self._loop.time()

    def put(self, at: int, data: bytes) -> None:
        """Takes a piece of the file."""
        self._file.put(at, data)

    def end(self) -> None:
        """Ends it on the browser's behalf. What has come is processed, and the rest may be brought later."""
        self._has_left = True
        self._wake()

    async def turn(self, wait_s: float) -> Turn:
        """Returns what the page is to do next; waits for that, at most `wait_s`."""
        ends_s = self._loop.time() + wait_s
        while self._file.wants is None and not self.is_over and self._loop.time() < ends_s:
            await self._change(ends_s - self._loop.time())
        return Turn(
            wants=None if self.is_over else self._file.wants,
            length_ms=self._length_ms,
            after_ms=-1 if self._under_way is None else self._under_way[0].after_ms,
            progress=self._progress,
            problem=self._problem,
            known=self._is_known,
        )

    async def run(self) -> None:
        """Takes the file, until its end or that of the browser; then the camera is free."""
        self._thread.start()
        try:
            while not self.is_over:
                settling = self._under_way is not None and self._under_way[1].outcome is not None
                await self._change(_SETTLE_S if settling else _MEASURE_S)
                await self._measure()
                if self._loop.time() - self._heard_s > self._silence_s:
                    self.end()
        finally:
            self._is_closed = True
            self._file.close()
            self._room.set()
            if self._under_way is not None:
                self._under_way[0].close()
            await asyncio.to_thread(self._thread.join)
            if self._under_way is not None:  # it may have begun meanwhile
                self._under_way[0].close()
            self._wake()
        if self._progress is None or self._progress.end is None:
            await self._measure()  # stores the position
        self._log_end()

    # --- inside

    @property
    def _has_end(self) -> bool:
        has_ended = self._progress is not None and self._progress.end is not None
        return has_ended or self._problem is not None or self._is_known

    async def _measure(self) -> None:
        if self._under_way is None:
            return
        try:
            progress = await asyncio.to_thread(self._under_way[0].measure, self._under_way[1])
        except SpoolError as error:
            self._fail("spool", str(error))
            return
        if progress.end is End.COMPLETE and self._broke_off:
            detail = f"it can be read no further than {self._broke_off}; what came before is in"
            progress = progress.model_copy(update={"end": End.UNUSABLE, "code": "damaged", "detail": detail})
        self._progress = progress
        if progress.end is not None:
            self._wake()

    def _log_end(self) -> None:
        progress, problem = self._progress, self._problem
        _log.info(
            "recording from a browser ended camera=%s actor=%s end=%s position_ms=%d pictures=%d selected=%d: %s",
            self.camera_id,
            self.actor,
            "refused" if problem else "known" if self._is_known else (progress and progress.end) or "let go",
            -1 if progress is None else progress.position_ms,
            0 if progress is None else progress.pictures,
            0 if progress is None else progress.selected,
            problem.detail if problem else (progress and progress.detail) or "",
        )

    def _read(self) -> None:
        """Reads the file to its end, in a thread of its own."""
        is_handled = False
        try:
            self._bring()
            is_handled = True
        except FileGoneError:
            is_handled = True
        except (RecordingError, UnusableRecordingError, Refused) as error:
            self._fail(error.code, str(error))
            is_handled = True
        except SpoolError as error:
            self._fail("spool", str(error))
            is_handled = True
        finally:
            if not is_handled:
                self._fail("failed", "the agent has failed; its log says where")
            self._ring()

    def _bring(self) -> None:
        camera_id, started_at_ms = self.camera_id, self._opening.started_at_ms
        remux = Remux(self._file, demuxer=demuxer_of(self._file.piece(0)[:ENOUGH_BYTES]))
        facts = remux.facts()
        self._length_ms = facts.length_ms
        recording = RecordingRef(camera_id, started_at_ms, facts.key)
        standing = self._desk.standing(recording)
        if standing.stage is RecordingStage.COMPLETE:
            self._is_known = True
            return
        sending = remux.begin(standing.after_ms)
        upload = self._desk.begin(AskUpload(recording, sending.at_ms, again=False))
        pipe = BytePipe(_PIPE_BYTES, self._room.set)
        start = RecordingStart(started_at_ms, sending.at_ms, upload.after_ms)
        incoming = IncomingRecording(camera_id, Container.MATROSKA, start, pipe, self._ring)
        upload.offer(incoming)
        self._under_way = upload, incoming
        _log.info("recording from a browser begins camera=%s actor=%s at_ms=%d", camera_id, self.actor, sending.at_ms)
        try:
            with closing(sending.chunks):
                for chunk in sending.chunks:
                    pipe.write(chunk)
                    self._wait_for_room(lambda: pipe.has_room)
            self._broke_off = sending.broke_off
            pipe.end()
        finally:
            pipe.cut()  # no effect after `end`

    def _wait_for_room(self, has_room: Callable[[], bool]) -> None:
        while not has_room():
            if self._is_closed:
                raise FileGoneError
            self._room.wait()
            self._room.clear()

    def _fail(self, code: str, detail: str) -> None:
        self._problem = Problem(error=code, detail=detail[:1000])
        self._ring()

    def _ring(self) -> None:
        """Wakes who waits in the event loop, from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _change(self, timeout_s: float) -> None:
        """Waits for the next change, or so long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return
