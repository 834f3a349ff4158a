"""Who may look between keyframes: it costs a tenth of a core, so only some of the moving cameras at a time, in turns.

Pure: time is an argument.
"""

from typing import Final

HOLD_S: Final = 15.0
"""So long a camera keeps its grant while others wait: a few keyframes' worth of looking closer."""


class Grants:
    """At most `limit` cameras hold one; it may be set anew, and counts from the next note on."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._since_s: dict[str, float] = {}
        self._waiting: dict[str, None] = {}  # in the order of coming

    def note(self, camera_id: str, *, moving: bool, now_s: float) -> None:
        """What a camera says of itself; one that is lost does not move."""
        if not moving:
            self._since_s.pop(camera_id, None)
            self._waiting.pop(camera_id, None)
        elif camera_id not in self._since_s:
            self._waiting.setdefault(camera_id)
        self._turn(now_s)

    def holds(self, camera_id: str) -> bool:
        """Whether it may look closer."""
        return camera_id in self._since_s

    def __len__(self) -> int:
        """How many are held."""
        return len(self._since_s)

    @property
    def is_contended(self) -> bool:
        """Whether somebody waits for one."""
        return bool(self._waiting)

    def _turn(self, now_s: float) -> None:
        """Those who have had their time make room for those who wait, and wait in their turn.

        Where the limit was lowered, so do those who have not.
        """
        for camera_id, since_s in sorted(self._since_s.items(), key=lambda each: each[1]):
            over = len(self._since_s) - self.limit
            if over + len(self._waiting) <= 0 or (over <= 0 and now_s - since_s < HOLD_S):
                break
            del self._since_s[camera_id]
            self._admit(now_s)
            self._waiting[camera_id] = None
        self._admit(now_s)

    def _admit(self, now_s: float) -> None:
        while self._waiting and len(self._since_s) < self.limit:
            camera_id = next(iter(self._waiting))
            del self._waiting[camera_id]
            self._since_s[camera_id] = now_s
