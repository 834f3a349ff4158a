"""Starts the demo's processes, each in its own session, watches them, and ends all of them and their descendants.

Descendants include those that forked twice and those that fled into another session: this process makes itself their
reaper (`PR_SET_CHILD_SUBREAPER`), so an orphan becomes its child, and a mark in the environment identifies processes
that outlived an earlier demo which was killed. If this process is killed, the kernel sends each direct child a SIGTERM
(`setpriv --pdeathsig`).
"""

import ctypes
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from provisioning.demo import process_table
from provisioning.errors import DemoError

_PR_SET_CHILD_SUBREAPER: Final = 36
_MARK: Final = "WAYSIDE_DEMO"
_STEP_S: Final = 0.05
_BURY_EVERY_S: Final = 2.0
"""Reading the process table takes 3 ms for 80 processes."""
_LOG_LINES: Final = 12
_SWEEP_S: Final = 10.0


class ChildDiedError(DemoError):
    """A process of the demo ended before its time."""


class InterruptedDemoError(DemoError):
    """The user ended the demo: Ctrl-C, SIGTERM, or its terminal closed."""


@dataclass(frozen=True)
class Child:
    """A process of the demo, its log, and the advice if it dies."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    remedy: str
    grace_s: float
    """Seconds between SIGTERM and SIGKILL."""
    is_errand: bool = False
    """True for a process that is to end by itself, while the others go on."""


class Children:
    """Context manager; leaving it ends every process. One per program, which must own no other child process."""

    def __init__(self, directory: Path) -> None:
        """Logs go to `directory`, which also identifies this demo's processes."""
        self._directory = directory
        self._mark = f"{_MARK}={directory}"
        self._children: list[Child] = []
        self._signals = 0
        self._buried_at_s = 0.0
        self._others: set[int] = set()
        """Processes that this program had started before; they are left alone."""
        self._setpriv = shutil.which("setpriv")

    def __enter__(self) -> Self:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise DemoError(f"cannot become the reaper of child processes: {os.strerror(ctypes.get_errno())}")
        # A flag and not an exception: nothing is ever interrupted half way through starting or ending a process.
        self._handlers = {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        self._end_remains()
        self._others = process_table.descendants(process_table.read(), os.getpid())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._end()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        remedy: str,
        grace_s: float = 10.0,
        shown: bool = False,
        is_errand: bool = False,
    ) -> Child:
        """Starts a process; with `shown` it writes to this terminal instead of its log.

        `is_errand`: it is to end by itself, and is asked after with `has_ended`.

        Raises:
            DemoError: the program cannot be run.
        """
        log = self._directory / f"{name}.log"
        guard = [] if self._setpriv is None else [self._setpriv, "--pdeathsig", "TERM"]
        marked = os.environ | {_MARK: str(self._directory)}
        with log.open("wb") as file:
            output = None if shown else file
            try:
                process = subprocess.Popen(  # noqa: S603 - commands are built in street.py, never from input
                    [*guard, *map(str, command)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output if shown else subprocess.STDOUT,
                    env=marked,
                    start_new_session=True,
                )
            except OSError as error:
                raise DemoError(f"{name}: {command[0]} cannot be run ({error.strerror}); {remedy}") from error
        child = Child(name, process, log, remedy, grace_s, is_errand)
        self._children.append(child)
        return child

    def run(self, name: str, command: Sequence[str | Path], *, remedy: str, shown: bool = False) -> Path:
        """Runs a program to its end. Returns its log.

        Raises:
            ChildDiedError: it failed; the text has its last lines.
            InterruptedDemoError: the user ended the demo meanwhile.
        """
        child = self.start(name, command, remedy=remedy, shown=shown)
        while child.process.poll() is None:
            self._step()
        self._children.remove(child)
        if child.process.returncode != 0:
            raise ChildDiedError(_last_words(child))
        return child.log

    def has_ended(self, errand: Child) -> bool:
        """True once an errand has succeeded; it is then no longer watched.

        Raises:
            ChildDiedError: it failed; the text has its last lines.
        """
        if errand.process.poll() is None:
            return False
        self._children.remove(errand)
        if errand.process.returncode != 0:
            raise ChildDiedError(_last_words(errand))
        return True

    def pause(self, seconds: float) -> None:
        """Waits this long while it watches the processes.

        Raises:
            ChildDiedError: a process of the demo ended; the text has its last lines and the remedy.
            InterruptedDemoError: the user ended the demo.
        """
        until = time.monotonic() + seconds
        while True:
            for child in self._children:
                if child.process.poll() is not None and not child.is_errand:
                    raise ChildDiedError(_last_words(child))
            self._step()
            if time.monotonic() >= until:
                return

    def named(self, name: str) -> Child:
        """Returns the running process of this name.

        Raises:
            KeyError: there is none.
        """
        return {child.name: child for child in self._children}[name]

    def stop(self, child: Child) -> None:
        """Ends one process, and stops watching it."""
        self._children.remove(child)
        self._terminate(child)

    def members(self) -> dict[str, set[int]]:
        """Returns process ids by name, descendants included."""
        table = process_table.read()
        behind = {
            child.name: {child.process.pid, *process_table.descendants(table, child.process.pid)}
            for child in self._children
        }
        sessions = {child.process.pid: child.name for child in self._children}
        known = set().union(*behind.values()) if behind else set()
        for pid in process_table.descendants(table, os.getpid()) - known:
            # An orphan that came to us: its session still says whose it was.
            behind.setdefault(sessions.get(table[pid].session, "orphans"), set()).add(pid)
        return behind

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._signals += 1

    def _step(self) -> None:
        if self._signals:
            raise InterruptedDemoError("asked to end")
        if time.monotonic() - self._buried_at_s > _BURY_EVERY_S:
            self._bury()
        time.sleep(_STEP_S)

    def _bury(self) -> None:
        """Reaps orphans that ended, or they would stay as zombies."""
        self._buried_at_s = time.monotonic()
        own = {child.process.pid for child in self._children} | self._others
        for entry in process_table.read().values():
            if entry.ended and entry.parent == os.getpid() and entry.pid not in own:
                os.waitpid(entry.pid, os.WNOHANG)

    def _end(self) -> None:
        """Ends all processes, the youngest first; a second signal cuts the graces short."""
        while self._children:
            self._terminate(self._children.pop())
        self._sweep()

    def _terminate(self, child: Child) -> None:
        if child.process.poll() is None:
            child.process.terminate()
        until = time.monotonic() + child.grace_s
        while child.process.poll() is None and time.monotonic() < until and self._signals < 2:
            time.sleep(_STEP_S)
        if child.process.poll() is None:
            child.process.kill()
            child.process.wait()

    def _sweep(self) -> None:
        """Kills and reaps every descendant that began since this object was entered, until none is left."""
        until = time.monotonic() + _SWEEP_S
        while left := self._relatives():
            if time.monotonic() > until:
                raise DemoError(f"processes {sorted(left)} cannot be killed; end them by hand")
            _signal(left, signal.SIGKILL)
            self._bury()
            time.sleep(_STEP_S)

    def _relatives(self) -> set[int]:
        table = process_table.read()
        marked = {pid for pid in process_table.marked(table, self._mark) if pid in table and not table[pid].ended}
        own = {os.getpid(), *_ancestors(table, os.getpid())}
        theirs = self._others.union(*(process_table.descendants(table, pid) for pid in self._others))
        return (process_table.descendants(table, os.getpid()) - theirs | marked) - own

    def _end_remains(self) -> None:
        """Kills what an earlier, killed demo left on this folder: no demo uses it now, since this one has the lock."""
        table = process_table.read()
        remains = process_table.marked(table, self._mark) - {os.getpid(), *_ancestors(table, os.getpid())}
        _signal(remains, signal.SIGKILL)


def _ancestors(table: Mapping[int, process_table.Entry], pid: int) -> list[int]:
    found: list[int] = []
    while (entry := table.get(pid)) is not None and entry.parent not in {0, *found}:
        found.append(entry.parent)
        pid = entry.parent
    return found


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue  # ended by itself


def _last_words(child: Child) -> str:
    code = child.process.returncode
    how = f"ended with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
    lines = child.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
    excerpt = "".join(f"\n    {line}" for line in lines)
    return f"{child.name} {how}; {child.remedy} (log: {child.log}){excerpt}"
