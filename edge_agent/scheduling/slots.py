"""Hands out slots to decode between keyframes: a tenth of a core each, so only some of the moving cameras at a time.

Pure: time is an argument.
"""

from typing import Final

HOLD_S: Final = 15.0
"""Seconds for which a camera keeps its slot while others wait: a few keyframes' worth."""


class TimedSlots:
    """At most `limit` cameras hold a slot; the limit may be set anew, and counts from the next note on."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._since_s: dict[str, float] = {}
        self._waiting: dict[str, None] = {}  # in the order of coming

    def note(self, camera_id: str, *, moving: bool, now_s: float) -> None:
        """Note a camera's report; a lost camera counts as still."""
        if not moving:
            self._since_s.pop(camera_id, None)
            self._waiting.pop(camera_id, None)
        elif camera_id not in self._since_s:
            self._waiting.setdefault(camera_id)
        self._turn(now_s)

    def holds(self, camera_id: str) -> bool:
        """True if a camera holds a slot."""
        return camera_id in self._since_s

    def __len__(self) -> int:
        """Slots that are held."""
        return len(self._since_s)

    @property
    def is_contended(self) -> bool:
        """True if a camera waits for a slot."""
        return bool(self._waiting)

    def _turn(self, now_s: float) -> None:
        """Move cameras that have had their time behind those that wait, and all others too if the limit was lowered."""
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
