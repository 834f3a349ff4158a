"""Decides how far retention time has come and what it makes due: pure functions of a state and of what clocks show.

Within one boot retention time advances with the machine's boot clock, whatever the wall clock does. What passed while
the machine was off only the wall clock can say: it is believed for `ALLOWANCE_MS` in all between two confirmations by a
person, and not at all where a stop would exceed that. Something is due only where wall clock and retention time agree
to within `TOLERANCE_MS`, by the earlier of the two. So between two confirmations what is due never advances by more
than the boot clock did, plus `ALLOWANCE_MS`.

A horizon (the moment before which things of one kind are deleted) never advances further than retention time did, plus
`STEP_MS`: a shorter retention in a configuration deletes nothing either before a person has confirmed it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field

DAY_MS: Final = 86_400_000
TOLERANCE_MS: Final = DAY_MS
"""Limit of the difference between wall clock and retention time, either way, while things are deleted."""
ALLOWANCE_MS: Final = 2 * DAY_MS
"""Limit of the off time that is believed, in all, between two confirmations."""
STEP_MS: Final = 2 * DAY_MS
"""Limit of a horizon's advance beyond retention time. A day is due whole, up to a day after its first moment; one more
is left for the hour in which no housekeeping ran."""
_MOST_MS: Final = 2**53


@dataclass(frozen=True, slots=True)
class Clocks:
    """A machine's clocks at one moment; `boot_ms` counts from the boot that `boot_id` names, through suspend."""

    wall_ms: int
    boot_ms: int
    boot_id: str


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)


class Mark(_Kept):
    """A horizon as it was last used, and the retention time of that moment."""

    horizon_ms: int = Field(ge=-_MOST_MS, le=_MOST_MS)
    at_ms: int = Field(ge=0, le=_MOST_MS)


class Retention(_Kept):
    """The state, as it is kept on disk.

    Attributes:
        at_ms: retention time, in milliseconds since 1970.
        wall_ms, boot_ms, boot_id: what the clocks showed then.
        believed_ms: taken from the wall clock since the last confirmation.
        marks: horizons in use, by kind of thing.
        waiting: horizons that wait for a person, by kind of thing.
        begun: why it was begun anew, in words; empty after a confirmation.
    """

    at_ms: int = Field(ge=0, le=_MOST_MS)
    wall_ms: int = Field(ge=0, le=_MOST_MS)
    boot_ms: int = Field(ge=0, le=_MOST_MS)
    boot_id: str = Field(max_length=64)
    believed_ms: int = Field(default=0, ge=0, le=_MOST_MS)
    marks: dict[str, Mark] = Field(default={}, max_length=32)
    waiting: dict[str, int] = Field(default={}, max_length=32)
    begun: str = Field(default="", max_length=500)

    @classmethod
    def begin(cls, now: Clocks, newest_ms: int | None, *, why: str) -> Self:
        """Begin at the wall clock, believed no further than `ALLOWANCE_MS` beyond the newest thing that is kept.

        `newest_ms`: when that was written; None where nothing is kept, so that nothing can be lost.
        """
        at_ms = now.wall_ms if newest_ms is None else min(now.wall_ms, newest_ms)
        return cls(at_ms=at_ms, wall_ms=at_ms, boot_ms=0, boot_id="", begun=why).step(now)

    def step(self, now: Clocks) -> Self:
        """Advance to what the clocks show. Retention time never goes back."""
        if now.boot_id == self.boot_id and now.boot_ms >= self.boot_ms:
            passed_ms, believed_ms = now.boot_ms - self.boot_ms, self.believed_ms
        else:
            away_ms = max(0, min(now.wall_ms - self.wall_ms, now.wall_ms - self.at_ms))
            passed_ms = away_ms if self.believed_ms + away_ms <= ALLOWANCE_MS else 0
            believed_ms = self.believed_ms + passed_ms
        return self.model_copy(
            update={
                "at_ms": self.at_ms + passed_ms,
                "wall_ms": now.wall_ms,
                "boot_ms": now.boot_ms,
                "boot_id": now.boot_id,
                "believed_ms": believed_ms,
            }
        )

    def ahead_ms(self, wall_ms: int) -> int:
        """Milliseconds that the wall clock is ahead of retention time; negative if it is behind."""
        return wall_ms - self.at_ms

    def due_ms(self, wall_ms: int) -> int | None:
        """Returns the moment up to which things have ended; None while the clocks disagree, when nothing has."""
        if abs(self.ahead_ms(wall_ms)) > TOLERANCE_MS:
            return None
        return min(wall_ms, self.at_ms)

    def latest_ms(self, wall_ms: int) -> int:
        """Returns the later of both times: retention that begins now counts from it, and is never too short."""
        return max(wall_ms, self.at_ms)

    def use_horizon(
        self, kind: str, keep_ms: int, wall_ms: int, *, oldest_ms: int | None = None
    ) -> tuple[Self, int | None]:
        """Give the horizon of things that are kept for `keep_ms`; None while nothing of this kind may be deleted.

        `oldest_ms`: when the oldest of them began. It bounds the first horizon, which no other comes before.
        """
        due_ms = self.due_ms(wall_ms)
        if due_ms is None:
            return self, None
        horizon_ms = due_ms - keep_ms
        mark = self.marks.get(kind)
        if mark is None:
            mark = Mark(horizon_ms=horizon_ms if oldest_ms is None else min(horizon_ms, oldest_ms), at_ms=self.at_ms)
        if horizon_ms - mark.horizon_ms > self.at_ms - mark.at_ms + STEP_MS:
            held = self.marks if oldest_ms is None else {**self.marks, kind: mark}
            return self.model_copy(update={"marks": held, "waiting": {**self.waiting, kind: horizon_ms}}), None
        # A horizon that went back, by a longer retention or by the wall clock, is no licence for a leap later on.
        used = Mark(horizon_ms=max(horizon_ms, mark.horizon_ms), at_ms=self.at_ms)
        waiting = {name: each for name, each in self.waiting.items() if name != kind}
        return self.model_copy(update={"marks": {**self.marks, kind: used}, "waiting": waiting}), horizon_ms

    def confirm(self, now: Clocks, keeps_ms: Mapping[str, int]) -> Self:
        """Take the wall clock as the time, as a person has, and what is due by it then as due.

        `keeps_ms`: how long each kind of thing is kept.
        """
        marks = dict(self.marks)
        for kind, mark in marks.items():
            # Behind a time that was set back no horizon may count from a later one.
            marks[kind] = mark.model_copy(update={"at_ms": min(mark.at_ms, now.wall_ms)})
        for kind, keep_ms in keeps_ms.items():
            marks[kind] = Mark(horizon_ms=now.wall_ms - keep_ms, at_ms=now.wall_ms)
        set_anew = {"at_ms": now.wall_ms, "believed_ms": 0, "marks": marks, "waiting": {}, "begun": ""}
        return self.step(now).model_copy(update=set_anew)
