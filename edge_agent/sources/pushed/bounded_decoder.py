"""Decodes pushed and dropped pictures of all cameras, each in its camera's thread, under one limit on memory."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.frames import Glance, Skipped, SkipReason
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.pushed.byte_budget import ByteBudget
from edge_agent.sources.still import MAX_NEED_BYTES, Still
from edge_agent.sources.thumbnail import grey_of
from provisioning.contracts import ids
from provisioning.contracts.wire.messages import ClockQuality

MAX_FILE_BYTES: Final = 32 * 1024 * 1024
"""Bytes of the longest dropped file that is read."""
_FILES_BYTES: Final = 2 * MAX_FILE_BYTES


@dataclass(slots=True, eq=False)
class RawPicture:
    """A picture as it came: bytes in memory that were taken from a budget."""

    camera_id: str
    captured_at_ms: int
    clock: ClockQuality
    source_key: str
    data: bytes = field(repr=False)
    budget: ByteBudget = field(repr=False)

    @property
    def observation_id(self) -> str:
        """Id of the observation that would have come of this picture."""
        return ids.observation_id(self.camera_id, self.captured_at_ms, self.source_key)

    def let_go(self) -> None:
        """Gives the bytes back to the budget: they are needed no more."""
        self.budget.give_bytes(len(self.data))
        self.data = b""


class BoundedDecoder:
    """Decodes for all cameras of an agent. A picture counts until the redactor has let go of its pixels.

    So raw pictures that wait for the redactor are bounded together, whatever number of cameras they come from.
    """

    def __init__(self, total_bytes: int = MAX_NEED_BYTES) -> None:
        """`total_bytes`: at least what one picture may need."""
        self._budget = ByteBudget(total_bytes)
        self.files = ByteBudget(_FILES_BYTES)
        """Budget for dropped files that are read and not decoded yet."""

    def taken_bytes(self) -> int:
        """Returns the bytes of pictures that are decoded and not let go of."""
        return self._budget.taken_bytes()

    def show(self, raw: RawPicture, stop: threading.Event) -> Iterator[Glance | Skipped]:
        """Decodes as soon as there is room: one glance, one `Skipped`, or nothing when `stop` came first.

        A caller's loop still holds its last glance while it waits for the next, for hours perhaps: so a glance loses
        its pixels when the next is asked for.
        """
        shown: list[NDArray[np.uint8]] = []
        skipped: list[Skipped] = []
        try:
            shown += self._pixels(raw.data, stop)
        except UnusablePictureError as error:
            skipped.append(Skipped(raw.camera_id, error.reason, f"a picture is {error}"))
        finally:
            raw.let_go()
        if not shown:
            yield from skipped
            return

        def pixels() -> NDArray[np.uint8]:
            if not shown:
                raise UnusablePictureError(SkipReason.BROKEN, "gone: its pixels were asked for after the next picture")
            return shown[0]

        grey = grey_of(shown[0])
        yield Glance(raw.camera_id, raw.captured_at_ms, raw.clock, raw.source_key, grey, pixels, pushed=True)
        shown.clear()

    def _pixels(self, data: bytes, stop: threading.Event) -> list[NDArray[np.uint8]]:
        """Decodes the one image; empty when it was stopped.

        Raises:
            UnusablePictureError: see `Still`.
        """
        still = Still(data)
        if not self._budget.take_bytes(still.need_bytes, stop):
            return []
        kept_bytes = 0
        try:
            image = still.pixels()
            self._budget.follow(image)
            kept_bytes = image.nbytes
            return [image]
        finally:
            self._budget.give_bytes(still.need_bytes - kept_bytes)
