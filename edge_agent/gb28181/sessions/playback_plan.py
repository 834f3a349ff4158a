"""What of a span of recordings is still to be fetched, and how far it has come: pieces, resumed where they broke off.

Each recording is asked for by itself. Devices play across the gap between two without a word, and some begin each file
at timestamp 0: then nobody could say any more when a picture was taken.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from edge_agent.gb28181.manscdp.records import Recording
from edge_agent.gb28181.sessions.invite import Span

_END_MS: Final = 10_000
"""So near to its end a piece is whole: what is looked at are keyframes, and the last may lie so far before the end."""
_STEP_MS: Final = 1_000
"""Less than this is no progress, and no recording."""
_TRIES: Final = 3
"""Attempts on end without progress after which a piece is left out."""


class Plan:
    """Of one camera's span. It outlives attempts: the next one goes on where the last broke off."""

    def __init__(self, span: Span) -> None:
        self.span = span
        self.left_out: list[Span] = []
        """Pieces, or what was left of them, that could not be had."""
        self._pieces: deque[Span] = deque()
        self.is_listed = False
        """Whether it is known what the device has recorded."""
        self._began_ms = span.started_at_ms
        self._reached_ms = span.started_at_ms
        self._tries = 0

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to fetch."""
        return self.is_listed and not self._pieces

    def list_recordings(self, recordings: Sequence[Recording]) -> None:
        """What the device has recorded: each piece of the span once, though recordings overlap."""
        self.is_listed = True
        at_ms = self.span.started_at_ms
        for recording in sorted(recordings):
            began_ms, ended_ms = max(at_ms, recording.started_at_ms), min(self.span.ended_at_ms, recording.ended_at_ms)
            if ended_ms - began_ms >= _STEP_MS:
                self._pieces.append(Span(began_ms, ended_ms))
                at_ms = ended_ms
        self._begin()

    def list_unknown(self) -> None:
        """The device does not say what it has: the span is asked for as a whole."""
        self.is_listed = True
        self._pieces.append(self.span)
        self._begin()

    @property
    def piece(self) -> Span | None:
        """To be asked for now: from the newest picture on, in whole seconds as they go over the wire."""
        if not self._pieces:
            return None
        return Span(self._reached_ms // 1000 * 1000, self._pieces[0].ended_at_ms)

    def reach(self, at_ms: int) -> None:
        """A picture with that capture time came. One beyond the piece tells nothing: its timestamps jumped."""
        if self._pieces and self._reached_ms < at_ms <= self._pieces[0].ended_at_ms:
            self._reached_ms = at_ms

    def end(self, *, is_said: bool) -> None:
        """An attempt at this piece is over. `is_said`: the device told that it has no more of it."""
        if not self._pieces:
            return
        if is_said or self._reached_ms >= self._pieces[0].ended_at_ms - _END_MS:
            self._next()
            return
        self._tries = 0 if self._reached_ms - self._began_ms >= _STEP_MS else self._tries + 1
        self._began_ms = self._reached_ms
        if self._tries >= _TRIES:
            self.left_out.append(Span(self._reached_ms, self._pieces[0].ended_at_ms))
            self._next()

    def _next(self) -> None:
        self._pieces.popleft()
        self._begin()

    def _begin(self) -> None:
        self._tries = 0
        if self._pieces:
            self._began_ms = self._reached_ms = self._pieces[0].started_at_ms
