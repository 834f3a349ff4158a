"""Fetches a span of a device's recordings piece by piece, with the times at which it was recorded.

A session ends in four ways, and each is an end: the device says so (`MediaStatus` 121, by MESSAGE or by INFO), the
media reach the time that was asked for, or they stop. What stopped short is invited again (`playback_plan`), and so is
what came faster than it was taken, at half the speed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from edge_agent.errors import Ended, NoPicture, NotFound, Overrun, SourceError, Stalled, WrongCredentials
from edge_agent.gb28181.sessions.invite import Cause, Span
from edge_agent.gb28181.sessions.playback_plan import PlaybackPlan
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.gb28181.sessions import MediaSessions
from edge_agent.sources.span_progress import RecorderClock, SpanProgress
from provisioning.contracts.causes import gb28181
from provisioning.contracts.config.processes import Gb28181Source, RecordedSpan


class Playback:
    """Opens the sessions of a span. It remembers over all attempts how far it has come."""

    def __init__(self, camera_id: str, source: Gb28181Source, span: RecordedSpan, sessions: MediaSessions) -> None:
        self._camera_id = camera_id
        self._source = source
        self._sessions = sessions
        self._span = span
        self._plan = PlaybackPlan(Span(span.started_at_ms, span.ended_at_ms))
        self._reported = 0
        self._is_said = self._has_begun = False
        self._pictured: Callable[[], None] = lambda: None

    @property
    def is_over(self) -> bool:
        """True once the span has been fetched, or left out."""
        return self._plan.is_over

    @contextmanager
    def open(self) -> Iterator[Media]:
        """Opens a session for the next piece.

        Being stopped, a device that is offline or busy, or a speed that was too high is no attempt at it.

        A device is busy that has not heard of the end of a session: its agent was killed.

        Raises:
            NotFound: the device has nothing of the span, or no such channel.
            SourceError: see `MediaSessions.open`.
        """
        self._is_said = self._has_begun = False
        piece = self._piece()
        is_attempt = is_lost = False
        try:
            with self._sessions.open(self._camera_id, self._source, piece) as session:
                is_attempt = self._has_begun = True
                self._pictured = session.picture
                try:
                    yield session.media
                except Overrun:
                    is_attempt, is_lost = self._source.speed is None, True
                    self._source = _slower(self._source)
                    raise
                finally:
                    self._is_said = session.cause() is Cause.OVER
        except GeneratorExit:
            is_attempt = False
            raise
        except (NotFound, NoPicture, WrongCredentials) as error:
            is_attempt = error.reason.code != gb28181.INVITE_BUSY.code
            raise
        finally:
            if is_attempt:
                self._plan.end(is_said=self._is_said, is_lost=is_lost)

    def reach(self, at_ms: int) -> None:
        self._plan.reach(at_ms)
        self._pictured()

    def excuses(self, error: SourceError) -> bool:
        """True if the device said that the recording is over, stopped without a sign, or hung up."""
        return self._has_begun and (self._is_said or isinstance(error, Ended | Stalled))

    def complaints(self) -> list[str]:
        """Returns the pieces that were left out since the last call."""
        reported, self._reported = self._reported, len(self._plan.left_out)
        return [
            f"a piece of the recording could not be had in three attempts: {piece.ended_at_ms - piece.started_at_ms} ms"
            f" from {piece.started_at_ms} (Unix milliseconds)"
            for piece in self._plan.left_out[reported:]
        ]

    def progress(self) -> SpanProgress:
        """Returns how far it has come; the device's times are taken as they are."""
        return SpanProgress.of(self._span, self._plan, RecorderClock())

    def _piece(self) -> Span:
        """Returns the piece to invite now; queries the recordings first."""
        if not self._plan.is_listed:
            recordings = self._sessions.recordings(self._camera_id, self._source, self._plan.span)
            if recordings is None:
                self._plan.list_unknown()
            elif not recordings:
                raise NotFound(
                    self._camera_id,
                    gb28181.NO_RECORDING(device=self._source.device_id, channel=self._source.channel_id),
                )
            else:
                self._plan.list_recordings([Span(each.started_at_ms, each.ended_at_ms) for each in recordings])
        return self._plan.piece or self._plan.span


def _slower(source: Gb28181Source) -> Gb28181Source:
    """Returns the source at half its speed, from twice real time on in real time."""
    speed = (source.speed or 1) // 2
    return source.model_copy(update={"speed": speed if speed > 1 else None})
