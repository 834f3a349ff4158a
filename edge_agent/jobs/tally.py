"""Counts the pictures of a job, and keeps the capture time up to which all of them are safe."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.errors import DropReason, EnrolmentError, SpoolFull
from edge_agent.frames import Redacted
from edge_agent.spool.spool import Sign, Spool, drop_for, unsigned
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.commands import JobState


@dataclass(frozen=True, slots=True)
class JobFigures:
    """The counts of a job as of now."""

    reached_ms: int | None
    selected: int
    spooled: int
    dropped: dict[str, int]
    in_flight: int
    """Selected, and neither spooled nor dropped yet."""


class JobTally:
    """Thread-safe: the job's capture offers pictures and looks on, the redactor's worker ends them.

    A job that is interrupted goes on behind `reached_ms`: a picture that was selected and has not come to the spool
    holds that back, and is fetched again.
    """

    def __init__(self, before: JobState) -> None:
        self._lock = threading.Lock()
        self._reached_ms = self._newest_ms = before.reached_ms
        self._selected, self._spooled = before.selected, before.spooled
        self._dropped = Counter(before.dropped)
        if (lost := before.selected - before.spooled - self._dropped.total()) > 0:
            # The agent ended with these under way: they are fetched again, as new ones or as duplicates.
            self._dropped[DropReason.INTERRUPTED] += lost
        self._captured_ms: dict[str, int] = {}
        self._in_flight: set[str] = set()

    def begin(self) -> None:
        """Note that fetching begins behind `reached_ms`. Only while nothing is in flight."""
        with self._lock:
            self._newest_ms = self._reached_ms
            self._captured_ms.clear()

    def seen(self, captured_at_ms: int) -> None:
        """Note the capture time of a picture of the span that was looked at."""
        with self._lock:
            self._newest_ms = max(captured_at_ms, self._newest_ms or 0)
            self._reach()

    def offered(self, observation_id: str, captured_at_ms: int) -> None:
        """Note a picture of the span that is about to be selected."""
        with self._lock:
            self._newest_ms = max(captured_at_ms, self._newest_ms or 0)
            self._captured_ms[observation_id] = captured_at_ms

    def selected(self, observation_id: str) -> None:
        """Note a picture that goes to the redactor."""
        with self._lock:
            self._selected += 1
            self._in_flight.add(observation_id)

    def unselected(self, observation_id: str, reason: DropReason) -> None:
        """Note a picture that was let through, and does not go to the redactor."""
        with self._lock:
            self._selected += 1
            self._end(observation_id, reason)

    def spooled(self, observation_id: str) -> None:
        with self._lock:
            self._spooled += 1
            self._end(observation_id, None)

    def dropped(self, observation_id: str, reason: DropReason) -> None:
        with self._lock:
            self._end(observation_id, reason)

    def figures(self) -> JobFigures:
        with self._lock:
            return JobFigures(
                self._reached_ms, self._selected, self._spooled, dict(self._dropped), len(self._in_flight)
            )

    def _end(self, observation_id: str, reason: DropReason | None) -> None:
        self._in_flight.discard(observation_id)
        if reason is not None:
            self._dropped[reason] += 1
        if reason is not DropReason.INTERRUPTED:  # else it holds `reached_ms` back until it is fetched again
            self._captured_ms.pop(observation_id, None)
        self._reach()

    def _reach(self) -> None:
        if self._newest_ms is not None:
            safe_ms = min([self._newest_ms, *(at_ms - 1 for at_ms in self._captured_ms.values())])
            self._reached_ms = safe_ms if self._reached_ms is None else max(safe_ms, self._reached_ms)


class CountedSpool:
    """Passes pictures on to the spool, and counts them for the job that they belong to, if there is one."""

    def __init__(self, spool: Spool, tally: Callable[[], JobTally | None]) -> None:
        """`tally`: that of the job under way, at each call."""
        self._spool = spool
        self._tally = tally
        self._in_flight: dict[str, JobTally] = {}

    def select(self, observation_id: str, camera_id: str) -> bool:
        """Enter an observation in the ledger, as `Spool.select`."""
        tally = self._tally()
        try:
            is_new = self._spool.select(observation_id, camera_id)
        except SpoolFull:
            if tally is not None:
                tally.unselected(observation_id, DropReason.DISK_FULL)
            raise
        if tally is not None and is_new:
            self._in_flight[observation_id] = tally
            tally.selected(observation_id)
        elif tally is not None:
            tally.unselected(observation_id, DropReason.DUPLICATE)
        return is_new

    def append(self, redacted: Redacted, sign: Sign = unsigned) -> None:
        """Keep a redacted picture, as `Spool.append`."""
        observation_id = redacted.snapshot.observation_id
        try:
            self._spool.append(redacted, sign)
        except (SpoolFull, ContractError, EnrolmentError) as error:
            self._note_drop(observation_id, drop_for(error))
            raise
        if (tally := self._in_flight.pop(observation_id, None)) is not None:
            tally.spooled(observation_id)

    def drop(self, observation_id: str, reason: DropReason) -> None:
        """End a selected observation, as `Spool.drop`."""
        self._spool.drop(observation_id, reason)
        self._note_drop(observation_id, reason)

    def _note_drop(self, observation_id: str, reason: DropReason) -> None:
        if (tally := self._in_flight.pop(observation_id, None)) is not None:
            tally.dropped(observation_id, reason)
