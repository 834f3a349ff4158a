"""Keeps retention time in a file beside what it decides about, whole and on the disk before anything is deleted by it.

Every call reads the file anew under a lock, so that a command and a running process, or two hosts on one shared file
system, go on from the same state.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from provisioning.files import durable
from provisioning.retention.state import ALLOWANCE_MS, DAY_MS, Clocks, Retention

FILE: Final = "retention.json"
_MOST_BYTES: Final = 64 * 1024
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class WrongDateError(Exception):
    """The date that a person gave is not the wall clock's: the text says both."""


def read_clocks() -> Clocks:
    """Reads this machine's wall clock and boot clock."""
    return Clocks(
        wall_ms=time.time_ns() // 1_000_000,
        boot_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
        boot_id=_BOOT_ID.read_text(encoding="ascii").strip(),
    )


class RetentionClock:
    """The retention time of one folder.

    Raises (all methods):
        OSError: the file cannot be read or written; nothing may be deleted then.
    """

    def __init__(self, folder: Path, *, newest_ms: Callable[[], int | None]) -> None:
        """`newest_ms`: returns when the newest thing there was written. It is called only if no state can be read."""
        self._path = folder / FILE
        self._newest_ms = newest_ms

    def advance(self, now: Clocks) -> Retention:
        """Stores and returns the advanced retention time. With nothing kept, the wall clock is the time.

        So a machine whose clock was wrong during its set-up needs no confirmation.
        """
        with self._locked():
            state = self._stepped(now)
            if state.due_ms(now.wall_ms) is None and self._newest_ms() is None:
                state = Retention.begin(now, None, why=f"{self._path}: begun anew, since nothing was kept")
            return self._save(state)

    def horizon_ms(self, kind: str, keep_ms: int, now: Clocks, *, oldest_ms: int | None = None) -> int | None:
        """Give the moment before which things of this kind may go, see `Retention.use_horizon`; None while none may."""
        with self._locked():
            state, horizon_ms = self._stepped(now).use_horizon(kind, keep_ms, now.wall_ms, oldest_ms=oldest_ms)
            self._save(state)
            return horizon_ms

    def confirm(self, now: Clocks, today: str, keeps_ms: Mapping[str, int]) -> Retention:
        """Takes the wall clock as the time, once an operator's word for `today` (YYYY-MM-DD, UTC) agrees with it.

        See `Retention.confirm`.

        Raises:
            WrongDateError: it does not; nothing is changed.
        """
        shown = day_text(now.wall_ms)
        if today != shown:
            raise WrongDateError(f"today is {today} by your word and {shown} (UTC) by this machine's clock")
        with self._locked():
            return self._save(self._stepped(now).confirm(now, keeps_ms))

    def _stepped(self, now: Clocks) -> Retention:
        state, why = read_state(self._path)
        if state is not None:
            return state.step(now)
        return Retention.begin(now, self._newest_ms(), why=why)

    def _save(self, state: Retention) -> Retention:
        self._leave_to_owner(durable.write(self._path, state.model_dump_json().encode()))
        return state

    def _leave_to_owner(self, path: Path) -> None:
        """Lets the folder's owner read a file that root wrote at the command line."""
        if os.geteuid() == 0:
            owner = self._path.parent.stat()
            os.chown(path, owner.st_uid, owner.st_gid)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self._path.with_suffix(".lock")
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._leave_to_owner(path)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def read_state(path: Path) -> tuple[Retention | None, str]:
    """Read the state without advancing it; where there is none, say why.

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None, f"{path}: there was none; begun from the newest that is kept"
    try:
        if len(text) <= _MOST_BYTES:
            return Retention.model_validate_json(text), ""
    except ValidationError:
        pass  # As a file that is too long: it is damaged.
    return None, f"{path}: was damaged; begun anew from the newest that is kept"


def why_stopped(state: Retention, wall_ms: int) -> str:
    """Explains why nothing is deleted, or nothing of some kinds; empty while nothing is held up."""
    ahead_ms = state.ahead_ms(wall_ms)
    if state.due_ms(wall_ms) is None:
        side = "ahead of" if ahead_ms > 0 else "behind"
        return (
            f"the clock says {day_text(wall_ms)} and is {abs(ahead_ms) / DAY_MS:.1f} days {side} retention time, "
            "so nothing is deleted for its age"
        )
    if state.waiting:
        kinds = ", ".join(f"{kind} before {day_text(horizon_ms)}" for kind, horizon_ms in sorted(state.waiting.items()))
        return f"more is due at once than has passed, so nothing of it is deleted for its age: {kinds}"
    return ""


def facts_of(state: Retention, wall_ms: int) -> dict[str, str]:
    """Describes the state of retention time, for an operator who has to decide."""
    return {
        "clock": _text(wall_ms),
        "retention time": _text(state.at_ms),
        "days apart": f"{abs(state.ahead_ms(wall_ms)) / DAY_MS:.1f}",
        "off time believed, days": f"{state.believed_ms / DAY_MS:.1f} of {ALLOWANCE_MS / DAY_MS:.0f}",
        "begun": state.begun or "-",
        "stopped": why_stopped(state, wall_ms) or "no",
    }


def day_text(at_ms: int) -> str:
    """Write a day as people and `--confirm` do: YYYY-MM-DD, UTC."""
    return f"{_moment(at_ms):%Y-%m-%d}"


def _text(at_ms: int) -> str:
    return f"{_moment(at_ms):%Y-%m-%d %H:%M:%S} UTC"


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(min(max(at_ms, 0), 253_402_300_799_999) / 1000, UTC)
