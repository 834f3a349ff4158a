"""Keeps which cameras are paused: one small file each beside the spool, to survive a restart.

A camera is paused when the centre finds a face in one of its pictures. Only a person resumes it
(`wayside-edge resume CAMERA`), with the agent running: it reads the file anew for every picture.
"""

from pathlib import Path
from typing import Final

from edge_agent.errors import SpoolFull
from provisioning.contracts.causes import pictures
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.wire.messages import CodedCause
from provisioning.files import durable

_FOLDER: Final = "paused"


class Pauses:
    """Safe to use from several threads and beside another process."""

    def __init__(self, spool_directory: Path) -> None:
        self._folder = spool_directory / _FOLDER
        self._unwritten: set[str] = set()

    def pause(self, camera_id: str) -> None:
        """Pause a camera, from now on and after a restart.

        Raises:
            SpoolFull: the file could not be written; the camera is paused all the same, until the agent stops.
        """
        self._unwritten.add(camera_id)
        try:
            if not self._folder.is_dir():
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                durable.settle(self._folder.parent)
            durable.write(self._folder / camera_id, english(pictures.LEAK()).encode())
        except OSError as error:
            raise SpoolFull(
                f"camera {camera_id}: paused, but this cannot be written down ({error.strerror}) and would not survive"
                " a restart: free some disk"
            ) from error
        self._unwritten.discard(camera_id)

    def reason(self, camera_id: str) -> CodedCause | None:
        """Return the reason of a camera's pause; None if it is not paused."""
        if camera_id in self._unwritten:
            return pictures.LEAK()
        try:
            (self._folder / camera_id).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:  # cannot tell: then it is
            return pictures.PAUSE_UNREADABLE(error=error.strerror, folder=self._folder)
        return pictures.LEAK()

    def is_paused(self, camera_id: str) -> bool:
        """True if it is paused, or that cannot be read."""
        return self.reason(camera_id) is not None

    def resume(self, camera_id: str) -> bool:
        """End a pause; False when there was none."""
        known = camera_id in self._unwritten
        self._unwritten.discard(camera_id)
        try:
            (self._folder / camera_id).unlink()
        except FileNotFoundError:
            return known
        return True
