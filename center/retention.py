"""Decides by retention time, so that no clock alone does, what is old enough to be deleted from the records."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from center.clock import NowMs
from center.errors import CenterError, StoreUnavailableError, marked
from provisioning.retention.clock import FILE, RetentionClock, facts_of, read_clocks, read_state, why_stopped
from provisioning.retention.state import Clocks

AUDIT: Final = "audit"
ALARMS: Final = "alarms"
CASES: Final = "cases"
MESSAGES: Final = "messages"
ORDERS: Final = "orders"
"""Kinds of records, as `wayside-center retention` names them."""

ReadClocks = Callable[[], Clocks]


class RetentionStoppedError(CenterError):
    """Never raised: holds the texts for a clock that retention time does not agree with."""

    code = "retention_stopped"
    message = marked("Retention is waiting for confirmation: {cause}.")
    remedy = marked("Correct the clock. If it is correct, confirm: wayside-center retention --confirm DATE")


def machine_clocks(now_ms: NowMs) -> ReadClocks:
    """Read this machine's boot clock beside the centre's wall clock."""
    return lambda: replace(read_clocks(), wall_ms=now_ms())


class Retention:
    """Tells what has ended and what is past its time. Several processes may use one folder. Blocks.

    Raises (all methods):
        StoreUnavailableError: the state or the database cannot be used; nothing may be deleted then.
    """

    def __init__(self, folder: Path, clocks: ReadClocks, *, newest_ms: Callable[[], int | None]) -> None:
        """`newest_ms` reads the time of the newest record, for a start without a state."""
        self._path = folder / FILE
        self._clocks = clocks
        self._clock = RetentionClock(folder, newest_ms=newest_ms)

    def clocks(self) -> Clocks:
        """Reads the clocks by which retention time is kept."""
        return self._clocks()

    def advance(self) -> None:
        """Writes down how far retention time has come."""
        with self._usable():
            self._clock.advance(self._clocks())

    def horizon_ms(self, kind: str, keep_ms: int, *, oldest_ms: int | None = None) -> int | None:
        """Returns the time before which records of a kind may be deleted; None while none may."""
        with self._usable():
            return self._clock.horizon_ms(kind, keep_ms, self._clocks(), oldest_ms=oldest_ms)

    def due_ms(self) -> int | None:
        """Returns the time up to which terms count as ended; None while clocks disagree, when none does."""
        with self._usable():
            now = self._clocks()
            return self._clock.advance(now).due_ms(now.wall_ms)

    def latest_ms(self) -> int:
        """Returns the time from which the term of a new record is counted, so that it is never kept too short."""
        with self._usable():
            now = self._clocks()
            return self._clock.advance(now).latest_ms(now.wall_ms)

    def fault(self) -> RetentionStoppedError | None:
        """Returns the reason that nothing is deleted, without writing anything down."""
        with self._usable():
            now = self._clocks()
            state = read_state(self._path)[0]
            cause = "" if state is None else why_stopped(state.step(now), now.wall_ms)
        return RetentionStoppedError(cause=cause) if cause else None

    def facts(self) -> dict[str, str]:
        """Lists the state of retention time, for a person who has to decide."""
        with self._usable():
            now = self._clocks()
            state, why = read_state(self._path)
        if state is None:
            raise StoreUnavailableError(cause=f"{why} by the centre's start, which has not been")
        return facts_of(state.step(now), now.wall_ms)

    def confirm(self, today: str, keeps_ms: Mapping[str, int]) -> None:
        """Takes the wall clock as right by a person's confirmation of `today`, and what is past its time by it as due.

        Raises:
            WrongDateError: the clock shows another date; nothing is changed.
        """
        with self._usable():
            self._clock.confirm(self._clocks(), today, keeps_ms)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailableError(cause=f"{self._path}: {error.strerror}") from error
