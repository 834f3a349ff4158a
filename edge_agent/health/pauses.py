"""Keeps which cameras are paused and the cause: one small file each beside the spool, to survive a restart.

A camera is paused when the centre finds a face in one of its pictures. Only a person resumes it
(`wayside-edge resume CAMERA`), with the agent running: it reads the file anew for every picture.
"""

from pathlib import Path
from typing import Final

from edge_agent.errors import SpoolFull
from provisioning.files import durable

_FOLDER: Final = "paused"
_MAX_CAUSE: Final = 500


class Pauses:
    """Safe to use from several threads and beside another process."""

    def __init__(self, spool_directory: Path) -> None:
        self._folder = spool_directory / _FOLDER
        self._unwritten: dict[str, str] = {}

    def pause(self, camera_id: str, cause: str) -> None:
        """Pause a camera, from now on and after a restart.

        Raises:
            SpoolFull: the file could not be written; the camera is paused all the same, until the agent stops.
        """
        self._unwritten[camera_id] = cause
        try:
            if not self._folder.is_dir():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                durable.settle(self._folder.parent)
            durable.write(self._folder / camera_id, cause[:_MAX_CAUSE].encode())
        except OSError as error:
            raise SpoolFull(
                f"camera {camera_id}: paused, but this cannot be written down ({error.strerror}) and would not survive"
                " a restart: free some disk"
            ) from error
        del self._unwritten[camera_id]

    def cause(self, camera_id: str) -> str | None:
        """Return the cause of a camera's pause; None if it is not paused."""
        if camera_id in self._unwritten:
            return self._unwritten[camera_id]
        try:
            return (self._folder / camera_id).read_text(encoding="utf-8") or "paused"
        except FileNotFoundError:
            return None
        except OSError as error:  # cannot tell: then it is
            return f"whether it is paused cannot be read ({error.strerror}): check {self._folder}"

    def resume(self, camera_id: str) -> bool:
        """End a pause; False when there was none."""
        known = self._unwritten.pop(camera_id, None) is not None
        try:
            (self._folder / camera_id).unlink()
        except FileNotFoundError:
            return known
        return True
