"""Carries one recording on its way in: the server puts bytes in at one end, the camera takes pictures out at the other.

Only the camera's own thread decodes and sees a pixel. Capture times are start + offset, and the source key is the same
for all, so a recording that is brought again gives the same observations: the ledger knows them.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.frames import Glance, Reduced, Skipped, SkipReason
from edge_agent.sources import thumbnail
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.still import decode_still
from edge_agent.sources.upload.album import MAX_OFFSET_MS, AlbumError, entries
from edge_agent.sources.upload.byte_pipe import BytePipe
from edge_agent.sources.upload.container import Container, UnusableRecordingError
from edge_agent.sources.upload.video_decoder import grey_of, image_of, moments
from provisioning.contracts import ids
from provisioning.contracts.wire.messages import ClockQuality

SOURCE_KEY: Final = "recording"
AHEAD_MS: Final = 5 * 60 * 1000
"""No capture time lies farther ahead: the archive would not trust it either."""


class RecordingOutcome(StrEnum):
    """End of a recording in the camera's thread."""

    WHOLE = "whole"
    CUT = "cut"
    """The bytes stopped before their end."""
    UNUSABLE = "unusable"
    LEFT = "left"
    """The camera was told to stop, was paused, or fell."""


@dataclass(frozen=True, slots=True)
class RecordingStart:
    """Position of a recording in time. Offsets are from its first picture; `at_ms` is that of the first packet sent.

    Pictures up to `after_ms` are decoded, for those behind them need them, and not shown.
    """

    started_at_ms: int
    at_ms: int = 0
    after_ms: int = -1


@dataclass(frozen=True, slots=True)
class WantedPicture:
    """A picture of which the pixels were wanted: it may be in the ledger."""

    offset_ms: int
    observation_id: str


class IncomingRecording:
    """One recording on its way in. Written by the camera's thread, read by the server's."""

    def __init__(
        self, camera_id: str, container: Container, start: RecordingStart, pipe: BytePipe, ended: Callable[[], None]
    ) -> None:
        """`ended` is called by the camera's thread when it is done with this."""
        self._camera_id = camera_id
        self._container = container
        self._start = start
        self._pipe = pipe
        self._ended = ended
        self.passed_ms = start.after_ms
        """Everything up to here has been looked at, and where it was selected it is in the ledger."""
        self.asked: deque[WantedPicture] = deque()
        self.pictures = 0
        self.skipped: Counter[str] = Counter()
        self.is_held = False
        """True while the recording waits for room in the spool."""
        self.is_given_up = False
        self.outcome: RecordingOutcome | None = None
        self.code = ""
        self.detail = ""

    def glances(self, stop: threading.Event, now_ms: Callable[[], int]) -> Generator[Glance | Skipped]:
        """Yields each picture after `after_ms`. To be run once; the outcome is known when it ends."""
        reader = _Reader(self._pipe, stop)
        latest_ms = self._start.after_ms
        try:
            shown = self._album(reader) if self._container is Container.ALBUM else self._video(reader)
            for offset_ms, item in shown:
                if offset_ms <= self._start.after_ms:
                    continue
                usable = item if isinstance(item, Skipped) else self._possible(item, offset_ms, latest_ms, now_ms())
                if isinstance(usable, Skipped):
                    self.skipped[usable.reason] += 1
                else:
                    latest_ms = offset_ms
                    self.pictures += 1
                yield usable
                self.passed_ms = latest_ms
            self._end(RecordingOutcome.CUT if reader.was_cut else RecordingOutcome.WHOLE)
        except UnusableRecordingError as error:
            self._end(RecordingOutcome.CUT if reader.was_cut else RecordingOutcome.UNUSABLE, error.code, str(error))
        except AlbumError as error:
            self._end(
                RecordingOutcome.CUT if reader.was_cut else RecordingOutcome.UNUSABLE,
                "damaged",
                f"the album is damaged: {error}",
            )
        finally:
            self._end(RecordingOutcome.LEFT)

    def give_up(self) -> None:
        """Ends the bytes on the server's behalf; the pictures that came so far are still taken."""
        self.is_given_up = True
        self._pipe.cut()

    def abandon(self) -> None:
        """Ends a recording that no camera will take."""
        self._end(RecordingOutcome.LEFT)

    # --- inside

    def _end(self, outcome: RecordingOutcome, code: str = "", detail: str = "") -> None:
        if self.outcome is None:
            self.code, self.detail, self.outcome = code, detail, outcome
            self._pipe.close()
            self._ended()

    def _possible(self, glance: Glance, offset_ms: int, latest_ms: int, now_ms: int) -> Glance | Skipped:
        """Returns the glance, unless its time cannot be right."""
        if offset_ms <= latest_ms:
            trouble = "its time is not after that of the picture before it"
        elif offset_ms > MAX_OFFSET_MS:
            trouble = "its time lies more than a month after the start"
        elif glance.captured_at_ms > now_ms + AHEAD_MS:
            trouble = "its time lies ahead of now: is the start right?"
        else:
            return glance
        return Skipped(self._camera_id, SkipReason.BROKEN, trouble)

    def _video(self, reader: "_Reader") -> Iterator[tuple[int, Glance | Skipped]]:
        for offset_ms, picture in moments(self._camera_id, reader, self._container, self._start.at_ms):
            if isinstance(picture, Skipped):
                yield offset_ms, picture
            elif offset_ms > self._start.after_ms:  # asked here too: the grey picture costs something
                yield offset_ms, self._glance(offset_ms, grey_of(picture), partial(image_of, picture))

    def _album(self, reader: "_Reader") -> Iterator[tuple[int, Glance | Skipped]]:
        for offset_ms, data in entries(reader.read):
            try:
                image = decode_still(data)
            except UnusablePictureError as error:
                yield offset_ms, Skipped(self._camera_id, error.reason, f"the picture at {offset_ms} ms is {error}")
            else:
                yield offset_ms, self._glance(offset_ms, thumbnail.grey_of(image), partial(_itself, image))

    def _glance(self, offset_ms: int, grey: NDArray[np.uint8], pixels: Callable[[], NDArray[np.uint8]]) -> Glance:
        at_ms = self._start.started_at_ms + offset_ms

        def noted() -> NDArray[np.uint8]:
            self.asked.append(WantedPicture(offset_ms, ids.observation_id(self._camera_id, at_ms, SOURCE_KEY)))
            return pixels()

        def reduced() -> Reduced:  # which puts nothing into the ledger
            return thumbnail.reduced_of(pixels())

        return Glance(self._camera_id, at_ms, ClockQuality.SYNCED, SOURCE_KEY, grey, noted, reduced=reduced)


def _itself(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return image


class _Reader:
    """Lets FFmpeg read from the pipe."""

    def __init__(self, pipe: BytePipe, stop: threading.Event) -> None:
        self._pipe = pipe
        self._stop = stop

    def read(self, size: int) -> bytes:
        return self._pipe.read(size, self._stop)

    @property
    def was_cut(self) -> bool:
        return self._pipe.was_cut
