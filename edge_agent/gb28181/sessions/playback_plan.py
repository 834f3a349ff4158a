"""Plans a span of recordings in pieces, and resumes each where it broke off.

Each recording is invited by itself. Devices play across the gap between two without a sign, and some begin each file at
timestamp 0: the capture time of a picture would be unknown from there on.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from edge_agent.gb28181.sessions.invite import Span

_END_MS: Final = 10_000
"""Distance to its end at which a piece is whole: only keyframes are decoded, and the last may lie so far before the
end."""
_STEP_MS: Final = 1_000
"""Less than this is no progress, and no recording."""
_TRIES: Final = 3
"""Attempts on end without progress after which a piece is left out."""


class PlaybackPlan:
    """Plans one camera's span. It outlives attempts: the next one goes on where the last broke off."""

    def __init__(self, span: Span, *, whole_ms: int = _END_MS) -> None:
        """`whole_ms`: distance to its end at which a piece is whole where the device does not say that it is over."""
        self.span = span
        self._whole_ms = whole_ms
        self.left_out: list[Span] = []
        """Pieces, or the rest of them, that could not be fetched."""
        self.missing: list[Span] = []
        """Parts of the span of which the device has no recording."""
        self._pieces: deque[Span] = deque()
        self.is_listed = False
        """True once the device's recordings are known."""
        self._began_ms = span.started_at_ms
        self._reached_ms = span.started_at_ms
        self._tries = 0

    @property
    def is_over(self) -> bool:
        """True once nothing is left to fetch."""
        return self.is_listed and not self._pieces

    @property
    def reached_ms(self) -> int:
        """Returns the time up to which the span is dealt with."""
        return self.span.ended_at_ms if self.is_over else self._reached_ms

    def list_recordings(self, recordings: Sequence[Span]) -> None:
        """Plans the device's recordings: each piece of the span once, though recordings overlap."""
        self.is_listed = True
        at_ms = self.span.started_at_ms
        for recording in sorted(recordings):
            began_ms, ended_ms = max(at_ms, recording.started_at_ms), min(self.span.ended_at_ms, recording.ended_at_ms)
            if ended_ms - began_ms >= _STEP_MS:
                self._note_missing(at_ms, began_ms)
                self._pieces.append(Span(began_ms, ended_ms))
                at_ms = ended_ms
        self._note_missing(at_ms, self.span.ended_at_ms)
        self._begin()

    def list_unknown(self) -> None:
        """Plans the span as a whole: the device does not list its recordings."""
        self.is_listed = True
        self._pieces.append(self.span)
        self._begin()

    @property
    def piece(self) -> Span | None:
        """Returns the piece to invite now: from the newest picture on, in whole seconds as they go over the wire."""
        if not self._pieces:
            return None
        return Span(self._reached_ms // 1000 * 1000, self._pieces[0].ended_at_ms)

    def reach(self, at_ms: int) -> None:
        """Notes the capture time of a picture. One beyond the piece is ignored: the device's timestamps jumped."""
        if self._pieces and self._reached_ms < at_ms <= self._pieces[0].ended_at_ms:
            self._reached_ms = at_ms

    def end(self, *, is_said: bool, is_lost: bool = False) -> None:
        """Ends an attempt at this piece.

        `is_said`: the device announced that it has no more of it. `is_lost`: it sent more, which did not come.
        """
        if not self._pieces:
            return
        ended_at_ms = self._pieces[0].ended_at_ms
        if not is_lost and (is_said or self._reached_ms >= ended_at_ms - self._whole_ms):
            if self._reached_ms < ended_at_ms - _END_MS:
                self._note_missing(self._reached_ms, ended_at_ms)
            self._next()
            return
        self._tries = 0 if self._reached_ms - self._began_ms >= _STEP_MS else self._tries + 1
        self._began_ms = self._reached_ms
        if self._tries >= _TRIES:
            self.left_out.append(Span(self._reached_ms, ended_at_ms))
            self._next()

    def _note_missing(self, began_ms: int, ended_ms: int) -> None:
        if ended_ms - began_ms >= _STEP_MS:
            self.missing.append(Span(began_ms, ended_ms))

    def _next(self) -> None:
        self._pieces.popleft()
        self._begin()

    def _begin(self) -> None:
        self._tries = 0
        if self._pieces:
            self._began_ms = self._reached_ms = self._pieces[0].started_at_ms
