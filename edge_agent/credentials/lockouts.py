"""Counts wrong passwords, and locks a device's address out after too many.

Time is an argument; the table is bounded.
"""

from dataclasses import dataclass
from typing import Final

TRIES: Final = 5
LOCKED_S: Final = 60.0
"""Five tries a minute guess nothing, and a technician who has corrected a password waits one minute."""
_MAX_TABLE: Final = 4096


@dataclass(slots=True)
class _Tries:
    failed: int = 0
    last_s: float = 0.0


class Lockouts:
    """Counts wrong passwords by device and address: a guesser elsewhere does not lock the device itself out."""

    def __init__(self) -> None:
        self._tries: dict[tuple[str, str], _Tries] = {}

    def is_locked(self, device_id: str, source: str, now_s: float) -> bool:
        """True while not even the right password is checked."""
        tries = self._tries.get((device_id, source))
        if tries is None:
            return False
        if now_s - tries.last_s >= LOCKED_S:
            del self._tries[device_id, source]
            return False
        return tries.failed >= TRIES

    def failed(self, device_id: str, source: str, now_s: float) -> None:
        """Counts a wrong password."""
        tries = self._tries.pop((device_id, source), _Tries())
        tries.failed += 1
        tries.last_s = now_s
        self._tries[device_id, source] = tries
        if len(self._tries) > _MAX_TABLE:
            del self._tries[next(iter(self._tries))]

    def succeeded(self, device_id: str, source: str) -> None:
        """Forgets the failures: the right password came."""
        self._tries.pop((device_id, source), None)
