"""Tracks the upload of each camera and the progress of its recording.

One a camera at a time; the same in any thread.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.desk.errors import Refused
from edge_agent.desk.progress_store import Counts, LedgerReader, Position, Positions
from edge_agent.desk.protocol import AskUpload, End, Progress, RecordingRef, RecordingStage, Standing
from edge_agent.sources.upload.recording import IncomingRecording, RecordingOutcome
from edge_agent.sources.upload.source import Uploads
from provisioning.contracts.wire import messages
from provisioning.contracts.wire.messages import CodedCause

_REMEMBERED: Final = 64
_SAVE_S: Final = 5.0
_ENDS: Final[Mapping[RecordingOutcome | None, End]] = {
    RecordingOutcome.CUT: End.BROKEN,
    RecordingOutcome.LEFT: End.FAILED,
}


class Upload:
    """One recording while it is sent. `measure` and `close` are called from one thread at a time."""

    def __init__(self, desk: "Desk", wanted: AskUpload, uploads: Uploads, after_ms: int, before: Counts) -> None:
        self._desk = desk
        self._uploads = uploads
        self._before = before
        self._saved_s = desk.clock.monotonic_s()
        self._settled_ms = after_ms
        self._is_closed = False
        self.recording = wanted.recording
        self.after_ms = after_ms
        self._incoming: IncomingRecording | None = None
        self.last_end: End | None = None
        """The end that the sender was told last."""
        self.trouble = ""
        """Reason for which the bytes stopped, where the server knows."""

    def offer(self, incoming: IncomingRecording) -> None:
        """Puts the recording before the camera."""
        self._incoming = incoming
        self._desk.remember(self.recording, incoming)
        self._uploads.offer(incoming)

    def measure(self, incoming: IncomingRecording) -> Progress:
        """Measures the progress, and whether it is over. Reads the spool.

        Raises:
            SpoolError: the spool cannot be read.
        """
        outcome = incoming.outcome  # first: once it is known, nothing more passes
        passed_ms = incoming.passed_ms
        is_all_settled = self._settle(incoming, passed_ms)
        end = self._end(incoming, outcome, is_all_settled=is_all_settled)
        self.last_end = end
        counts = self._desk.ledger.counts(self.recording.camera_id).since(self._before)
        self._save(is_complete=end is End.COMPLETE, is_over=end is not None)
        return Progress(
            position_ms=passed_ms,
            settled_ms=self._settled_ms,
            pictures=incoming.pictures,
            skipped=dict(incoming.skipped),
            selected=counts.selected,
            spooled=counts.spooled,
            dropped=counts.dropped,
            held=incoming.is_held,
            end=end,
            code=incoming.code if end is End.UNUSABLE else "",
            detail=self._detail(incoming, end),
        )

    def close(self) -> None:
        """Ends the sender's side. The camera is free once it is done with what came."""
        self._is_closed = True
        if self._incoming is not None:
            self._incoming.give_up()
            self._uploads.withdraw(self._incoming)

    def report(self) -> messages.Recording:
        """Returns the recording's state for the heartbeat to the centre."""
        incoming = self._incoming
        ended = self.last_end or (End.BROKEN if self.is_over else None)
        return messages.Recording(
            started_at_ms=self.recording.started_at_ms,
            position_ms=-1 if incoming is None else max(-1, incoming.passed_ms),
            pictures=0 if incoming is None else incoming.pictures,
            held=incoming is not None and ended is None and incoming.is_held,
            end="" if ended is None else ended.value,
        )

    @property
    def is_over(self) -> bool:
        """True if another upload may begin."""
        return self._is_closed and (self._incoming is None or self._incoming.outcome is not None)

    # --- inside

    def _settle(self, incoming: IncomingRecording, passed_ms: int) -> bool:
        """Finds the offset up to which everything is settled; returns True if that is all that was asked for."""
        asked = [each for each in list(incoming.asked) if each.offset_ms <= passed_ms]
        waiting = self._desk.ledger.unsettled([each.observation_id for each in asked]) if asked else frozenset()
        for each in asked:
            if each.observation_id in waiting:
                break
            incoming.asked.popleft()
        first = incoming.asked[0].offset_ms if incoming.asked else passed_ms + 1
        self._settled_ms = max(self._settled_ms, min(passed_ms, first - 1))
        return not waiting

    def _end(
        self, incoming: IncomingRecording, outcome: RecordingOutcome | None, *, is_all_settled: bool
    ) -> End | None:
        if outcome in {RecordingOutcome.WHOLE, RecordingOutcome.UNUSABLE} and is_all_settled:
            return End.COMPLETE if outcome is RecordingOutcome.WHOLE else End.UNUSABLE
        if self._desk.is_stopping:
            return End.STOPPING
        if self._desk.is_paused(self.recording.camera_id):
            incoming.give_up()
            return End.PAUSED
        return _ENDS.get(outcome)

    def _detail(self, incoming: IncomingRecording, end: End | None) -> str:
        camera = f"camera {self.recording.camera_id}"
        match end:
            case End.UNUSABLE:
                return f"{camera}: {incoming.detail}"
            case End.BROKEN:
                return f"{camera}: {self.trouble or 'the bytes stopped before their end'}"
            case End.PAUSED:
                return _paused(self.recording.camera_id)
            case End.STOPPING:
                return f"{camera}: the agent stops, or takes a new configuration; go on in a moment"
            case End.FAILED:
                return f"{camera}: the agent failed at this recording; its log has the reason"
            case _:
                return ""

    def _save(self, *, is_complete: bool, is_over: bool) -> None:
        now_s = self._desk.clock.monotonic_s()
        if is_over or now_s - self._saved_s >= _SAVE_S:
            self._saved_s = now_s
            self._desk.positions.keep(self.recording.id, Position(settled_ms=self._settled_ms, is_complete=is_complete))


class Desk:
    """Gives the cameras to uploads, one recording a camera at a time."""

    def __init__(
        self, cameras: Mapping[str, Uploads], spool_directory: Path, is_paused: Callable[[str], bool], clock: Clock
    ) -> None:
        self._cameras = cameras
        self.is_paused = is_paused
        self.clock = clock
        self.ledger = LedgerReader(spool_directory)
        self.positions = Positions(spool_directory)
        self.is_closing = False
        """True while the server ends, whatever ends it."""
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._now: dict[str, Upload] = {}
        self._seen: OrderedDict[str, IncomingRecording] = OrderedDict()

    def heed(self, stop: threading.Event) -> None:
        """Knows the agent's stop as soon as its cameras do: they may leave a recording before the server ends."""
        self._stop = stop

    @property
    def is_stopping(self) -> bool:
        """True once no recording can be brought any more."""
        return self.is_closing or self._stop.is_set()

    def standing(self, recording: RecordingRef) -> Standing:
        """Returns the progress of a recording.

        Raises:
            Refused: `camera_unknown`.
        """
        self._uploads(recording.camera_id)
        with self._lock:
            now = self._now.get(recording.camera_id)
            if now is not None and not now.is_over and now.recording == recording:
                return Standing(stage=RecordingStage.UNDER_WAY, after_ms=self._after_ms(recording.id))
        saved = self.positions.load(recording.id)
        after_ms = self._after_ms(recording.id)
        if saved is not None and saved.is_complete:
            return Standing(stage=RecordingStage.COMPLETE, after_ms=after_ms)
        return Standing(stage=RecordingStage.NEW if after_ms < 0 else RecordingStage.INTERRUPTED, after_ms=after_ms)

    def check(self, camera_id: str) -> None:
        """Checks that a camera is free for a recording, before a byte of it has come.

        Raises:
            Refused: `camera_unknown`, `paused`, `stopping`, or `busy`.
        """
        self._ready(camera_id)
        with self._lock:
            now = self._now.get(camera_id)
            if now is not None and not now.is_over:
                raise Refused("busy", f"camera {camera_id}: a recording is being sent already; one at a time")

    def begin(self, wanted: AskUpload) -> Upload:
        """Claims the camera for a recording, until `Upload.close`. Reads the spool.

        Raises:
            Refused: `camera_unknown`, `paused`, `busy`, `stopping`, or `gap`.
            SpoolError: the spool cannot be read.
        """
        recording = wanted.recording
        uploads = self._ready(recording.camera_id)
        before = self.ledger.counts(recording.camera_id)
        with self._lock:
            now = self._now.get(recording.camera_id)
            if now is not None and not now.is_over:
                which = "this recording" if now.recording == recording else "another recording"
                raise Refused("busy", f"camera {recording.camera_id}: {which} is being sent already; one at a time")
            after_ms = -1 if wanted.again else self._after_ms(recording.id)
            if wanted.at_ms > max(after_ms, 0):
                raise Refused("gap", f"only what lies up to {after_ms} ms is in: begin at or before that")
            upload = Upload(self, wanted, uploads, after_ms, before)
            self._now[recording.camera_id] = upload
            return upload

    def remember(self, recording: RecordingRef, incoming: IncomingRecording) -> None:
        """Keeps the camera's progress with a recording in memory, while this agent lives."""
        with self._lock:
            self._seen[recording.id] = incoming
            self._seen.move_to_end(recording.id)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)

    def recordings(self) -> dict[str, messages.Recording]:
        """Returns the last recording of each camera, from any thread."""
        with self._lock:
            return {camera_id: upload.report() for camera_id, upload in self._now.items()}

    def shut(self, cause: CodedCause | None) -> None:
        """Reports at every camera why nothing can be brought; None: it can."""
        for uploads in self._cameras.values():
            uploads.shut(cause)

    # --- inside

    def _ready(self, camera_id: str) -> Uploads:
        """Returns a camera that takes recordings; another may be under way."""
        uploads = self._uploads(camera_id)
        if self.is_stopping:
            raise Refused("stopping", "the agent stops, or takes a new configuration; go on in a moment")
        if self.is_paused(camera_id):
            raise Refused("paused", _paused(camera_id))
        return uploads

    def _uploads(self, camera_id: str) -> Uploads:
        if camera_id not in self._cameras:
            raise Refused(
                "camera_unknown",
                f"camera {camera_id}: this agent has no camera of that name for recordings; give it one with"
                ' source = { kind = "upload" }',
            )
        return self._cameras[camera_id]

    def _after_ms(self, recording_id: str) -> int:
        """Returns the offset up to which nothing need come again: decoded by this agent, or settled by another."""
        seen = self._seen.get(recording_id)
        if seen is not None:
            return seen.passed_ms
        saved = self.positions.load(recording_id)
        return -1 if saved is None else saved.settled_ms


def _paused(camera_id: str) -> str:
    return f"camera {camera_id}: paused after a redaction leak; look at it, then: wayside-edge resume {camera_id}"
