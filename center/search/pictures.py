"""Cuts machines out of redacted pictures, and makes previews, which users who ask at the same time share."""

import asyncio
import io
import threading
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from center.access.permissions import Scope
from center.errors import PictureBrokenError
from center.search.caller import CALLER, shared_task
from center.search.client import Search
from provisioning.contracts.wire.messages import Box

MAX_PIXELS = 64_000_000
"""Largest picture that is decoded. An 8K camera has 33 million pixels; decoding takes three bytes each."""
PARALLEL_DECODES = 4
JPEG_QUALITY = 88
DEFAULT_MARGIN = 0.08
PREVIEW_SIDE_PX = 640
"""Longest side of a preview."""

_decoding = threading.BoundedSemaphore(PARALLEL_DECODES)


def around(box: Box, margin: float, width: int, height: int) -> tuple[int, int, int, int]:
    """Widens `box` on every side by `margin` of its own size, inside the picture. Pixels, x1 and y1 exclusive.

    Returns an area of at least one pixel, also for a box that lies partly or wholly outside.
    """
    grow_x = round((box.x1 - box.x0) * margin)
    grow_y = round((box.y1 - box.y0) * margin)
    x0 = min(max(0, box.x0 - grow_x), width - 1)
    y0 = min(max(0, box.y0 - grow_y), height - 1)
    x1 = max(x0 + 1, min(width, box.x1 + grow_x))
    y1 = max(y0 + 1, min(height, box.y1 + grow_y))
    return x0, y0, x1, y1


def size_of(jpeg: bytes, *, row_key: str) -> tuple[int, int]:
    """Reads width and height from the header alone.

    Raises:
        PictureBrokenError: not a JPEG, or larger than `MAX_PIXELS`.
    """
    return _open(jpeg, row_key).size


def crop(jpeg: bytes, box: Box, *, margin: float, row_key: str) -> bytes:
    """Cuts one machine into a JPEG of its own. Blocks for some 20 ms at 1080p.

    Raises:
        PictureBrokenError: not a JPEG, damaged, or larger than `MAX_PIXELS`.
    """
    with _decoding:
        image = _open(jpeg, row_key)
        try:
            part = image.crop(around(box, margin, image.width, image.height))
        except OSError as error:
            raise PictureBrokenError(row_key=row_key, cause=error) from error
        return _encode(part)


def preview(jpeg: bytes, *, max_side_px: int, row_key: str) -> bytes:
    """Shrinks the whole picture: its longer side is at most `max_side_px`, and at most half of what it was.

    So a preview, whose request is not in the audit, is never the picture itself, whose request is.

    Raises:
        PictureBrokenError: not a JPEG, damaged, or larger than `MAX_PIXELS`.
    """
    with _decoding:
        image = _open(jpeg, row_key)
        max_side_px = max(1, min(max_side_px, max(image.size) // 2))
        try:
            # The decoder halves while it decodes, as often as no side becomes smaller than requested.
            share = max_side_px / max(image.size)
            image.draft("RGB", (int(image.width * share), int(image.height * share)))
            image.load()  # which thumbnail() leaves out where the decoder came to the size that is asked for
            image.thumbnail((max_side_px, max_side_px))
        except OSError as error:
            raise PictureBrokenError(row_key=row_key, cause=error) from error
        return _encode(image)


@dataclass(frozen=True, slots=True)
class Preview:
    """A JPEG, and the width and height of the whole picture, which boxes refer to. Pixels."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    row_key: str
    max_side_px: int


@dataclass(slots=True)
class _Shared:
    """Work on one preview, and the number of callers that wait for it."""

    task: asyncio.Task[Preview]
    callers: int = 0


class PicturePreviews:
    """Makes at most one preview of each picture at a time, and queues one more for all requests that came meanwhile.

    Nothing is cached. The archive is queried after the user's request came, so that a picture that was erased before
    reaches no user; a cache could not promise that. A preview for which nobody waits any more is given up.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._waiting: dict[_Wanted, _Shared] = {}
        """Previews that have not begun: the archive has not been queried."""
        self._begun: dict[_Wanted, _Shared] = {}

    async def of(self, row_key: str, *, max_side_px: int, sight: Scope) -> Preview:
        """Makes a preview whose longer side is at most `max_side_px`, for a user who sees `sight`.

        Raises:
            UnknownObservationError, NoPictureError, PictureBrokenError: there is none to show.
            QueryError: the archive gave no answer.
        """
        await self._search.must_see(row_key, sight=sight)
        return await CALLER.get().wait_for(self._shared(_Wanted(row_key, max_side_px)))

    async def _shared(self, wanted: _Wanted) -> Preview:
        if (shared := self._waiting.get(wanted)) is None:
            begun = self._begun.get(wanted)
            shared = _Shared(shared_task(self._made(wanted, after=None if begun is None else begun.task)))
            self._waiting[wanted] = shared
        shared.callers += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.callers -= 1
            if not shared.callers and shared.task.cancel() and self._waiting.get(wanted) is shared:
                del self._waiting[wanted]

    async def _made(self, wanted: _Wanted, *, after: asyncio.Task[Preview] | None) -> Preview:
        if after is not None:
            await asyncio.wait((after,))
        begun = self._begun[wanted] = self._waiting.pop(wanted)
        try:
            picture = await self._search.preview_source(wanted.row_key)
            width, height = size_of(picture, row_key=wanted.row_key)
            jpeg = await asyncio.to_thread(preview, picture, max_side_px=wanted.max_side_px, row_key=wanted.row_key)
        finally:
            if self._begun.get(wanted) is begun:
                del self._begun[wanted]
        return Preview(jpeg, width, height)


def _open(jpeg: bytes, row_key: str) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(jpeg), formats=("JPEG",))
    except Image.DecompressionBombError as error:
        raise PictureBrokenError(row_key=row_key, cause="it is too large") from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise PictureBrokenError(row_key=row_key, cause="it is no JPEG") from error
    if image.width * image.height > MAX_PIXELS:
        raise PictureBrokenError(row_key=row_key, cause=f"{image.width}×{image.height} is too large")
    return image


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
