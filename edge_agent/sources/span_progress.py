"""Reports how far the fetching of a recorded span has come, what is missing of it, and by which clock it is dated."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, Self, runtime_checkable

from edge_agent.gb28181.sessions.invite import Span
from edge_agent.gb28181.sessions.playback_plan import PlaybackPlan
from provisioning.contracts.config.processes import RecordedSpan


class ClockReference(StrEnum):
    """Source of a recorder's clock offset."""

    STATED = "stated"
    """The configuration states it (`clock_offset_s`)."""
    ONVIF = "onvif"
    """`GetSystemDateAndTime`, within a second."""
    RTSP = "rtsp"
    """`Date` of an RTSP answer, within a second."""
    UNKNOWN = "unknown"
    """None: its times are taken as they are."""


@dataclass(frozen=True, slots=True)
class RecorderClock:
    """Offset of a recorder's clock, as it is applied: capture time = its time − offset."""

    offset_ms: int = 0
    """Its clock minus true time."""
    reference: ClockReference = ClockReference.UNKNOWN


@dataclass(frozen=True, slots=True)
class SpanProgress:
    """Progress of one span. With `is_over`, what is neither missing nor left out has been fetched."""

    span: RecordedSpan
    reached_ms: int
    """Capture time up to which the span is dealt with, Unix milliseconds."""
    missing: tuple[RecordedSpan, ...]
    """Parts of which the recorder has nothing, as far as it says."""
    left_out: tuple[RecordedSpan, ...]
    """Parts that could not be fetched in three attempts."""
    is_over: bool
    clock: RecorderClock

    @property
    def share(self) -> float:
        """Share of the span that is dealt with, 0 to 1."""
        return (self.reached_ms - self.span.started_at_ms) / (self.span.ended_at_ms - self.span.started_at_ms)

    @classmethod
    def of(cls, span: RecordedSpan, plan: PlaybackPlan, clock: RecorderClock) -> Self:
        """Reads the progress of a plan, whose times are capture times."""
        missing, left_out = (
            tuple(RecordedSpan(started_at_ms=each.started_at_ms, ended_at_ms=each.ended_at_ms) for each in pieces)
            for pieces in (_joined(plan.missing), _joined(plan.left_out))
        )
        return cls(span, plan.reached_ms, missing, left_out, plan.is_over, clock)


def _joined(pieces: Sequence[Span]) -> list[Span]:
    """Joins pieces that touch; returns them by time."""
    joined: list[Span] = []
    for piece in sorted(pieces):
        if joined and piece.started_at_ms <= joined[-1].ended_at_ms:
            first = joined.pop()
            piece = Span(first.started_at_ms, max(first.ended_at_ms, piece.ended_at_ms))  # noqa: PLW2901 - the same one
        joined.append(piece)
    return joined


@runtime_checkable
class SpanChannel(Protocol):
    """A `MediaChannel` that fetches a span once, piece by piece."""

    def progress(self) -> SpanProgress:
        """Returns the progress as of now. From any thread."""
