"""Brings one recording to a desk agent, however often the connection breaks."""

import asyncio
import threading
from contextlib import closing
from typing import Final, Protocol

from edge_agent.clock import Backoff, Clock
from edge_agent.desk.client.desk_client import DeskClient
from edge_agent.desk.errors import DeskError
from edge_agent.desk.protocol import End, Progress, RecordingRef, RecordingStage
from edge_agent.desk.recording import RecordingError, SendableRecording

_PASSING: Final = frozenset({"lost", "unreachable", "stopping", "slow", "gone"})
_TRIES: Final = 12
"""Attempts without a step forward: with the waits between them about a minute."""


class ProgressView(Protocol):
    """Shows the progress to a person, or to a program."""

    def show(self, progress: Progress) -> None:
        """Shows the progress that the agent reports."""

    def waits(self, why: str) -> None:
        """Shows that the connection broke and will be tried again."""


class Ingest:
    """Brings one recording to the agent."""

    def __init__(
        self,
        carried: SendableRecording,
        recording: RecordingRef,
        client: DeskClient,
        clock: Clock,
        shown: ProgressView,
        *,
        again: bool,
    ) -> None:
        """`again`: also where all of it is in already."""
        self._carried = carried
        self._recording = recording
        self._client = client
        self._clock = clock
        self._shown = shown
        self._again = again
        self._has_begun = False
        self._position_ms = -1

    def run(self) -> Progress | None:
        """Returns the agent's last progress; None where all of it was in before. Repeats what failed for now.

        Raises:
            DeskError: refused, or given up.
            RecordingError: the file cannot be sent, or not all of it.
        """
        backoff = Backoff(1.0, 10.0)
        failures = 0
        never = threading.Event()
        while True:
            before_ms = self._position_ms
            try:
                ended = asyncio.run(self._attempt())
            except DeskError as error:
                if not self._has_begun or not (error.code in _PASSING or error.code == "busy"):
                    raise
                why = str(error)
            else:
                if ended is None or ended.end is None or not ended.end.may_be_tried_again:
                    return ended
                why = ended.detail
            if self._position_ms > before_ms:
                failures = 0
                backoff.reset()
            failures += 1
            if failures > _TRIES:
                raise DeskError("lost", f"given up after {_TRIES} tries; run it again later, it goes on there. {why}")
            self._shown.waits(why)
            self._clock.wait(never, backoff.next_wait_s())

    async def _attempt(self) -> Progress | None:
        standing = await self._client.standing(self._recording)
        again = self._again and not self._has_begun
        if standing.stage is RecordingStage.COMPLETE and not again:
            return None
        sending = await asyncio.to_thread(self._carried.begin, -1 if again else standing.after_ms)
        with closing(sending.chunks):
            ended = await self._client.send(
                self._recording, sending.at_ms, sending.chunks, self._note_progress, again=again
            )
        self._note_progress(ended)
        if ended.end is End.COMPLETE and sending.broke_off:
            raise RecordingError(
                f"the recording can be read no further than {sending.broke_off}; what came before is in"
            )
        return ended

    def _note_progress(self, progress: Progress) -> None:
        self._has_begun = True
        self._position_ms = max(self._position_ms, progress.position_ms)
        self._shown.show(progress)
