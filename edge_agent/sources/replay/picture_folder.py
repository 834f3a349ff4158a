"""Replays a picture, or the pictures of a folder in the order of their names, at equal distances in time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge_agent.errors import NoPicture, NotFound
from edge_agent.frames import Skipped, SkipReason
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.replay.reader import RecordedPicture
from edge_agent.sources.still import decode_still
from provisioning.contracts.causes import pictures

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
_MAX_FILE_BYTES: Final = 64 * 1024 * 1024


class PictureFolder:
    """Reads a folder of pictures.

    Names appear in no key and no message: people put names, plates and places into them.
    """

    def __init__(self, camera_id: str, path: Path, interval_s: float) -> None:
        self._camera_id = camera_id
        self._path = path
        self.step_ms = round(interval_s * 1000)

    def length_ms(self) -> int:
        return len(self._files()) * self.step_ms

    def pictures(self) -> Iterator[RecordedPicture]:
        """Yields the pictures in the order of their names.

        Raises:
            NotFound: the path is not there or may not be read.
            NoPicture: the folder is empty.
        """
        files = self._files()
        for index, file in enumerate(files):
            yield RecordedPicture(index * self.step_ms, self._picture(file, f"picture {index + 1} of {len(files)}"))

    def _files(self) -> list[Path]:
        """Lists the files. One that is no picture counts too, so that it is reported and the others' ordinals stay."""
        try:
            if self._path.is_file():
                return [self._path]
            files = sorted(file for file in self._path.iterdir() if file.is_file() and not file.name.startswith("."))
        except OSError as error:
            raise NotFound(self._camera_id, pictures.RECORDING_UNREADABLE(error=error.strerror)) from None
        if not files:
            raise NoPicture(self._camera_id, pictures.FOLDER_EMPTY())
        return files

    def _picture(self, file: Path, which: str) -> NDArray[np.uint8] | Skipped:
        try:
            if file.stat().st_size > _MAX_FILE_BYTES:
                return Skipped(self._camera_id, SkipReason.TOO_LARGE, f"{which} is over {_MAX_FILE_BYTES} bytes")
            return decode_still(file.read_bytes())
        except OSError as error:
            return Skipped(self._camera_id, SkipReason.BROKEN, f"{which} cannot be read ({error.strerror})")
        except UnusablePictureError as error:
            return Skipped(self._camera_id, error.reason, f"{which} is {error}")
