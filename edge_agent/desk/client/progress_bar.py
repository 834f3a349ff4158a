"""Shows the progress of an ingest: a bar for a person, lines of JSON for a program."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from edge_agent.clock import Clock
from edge_agent.desk.protocol import Progress

_HELD: Final = " · waits for room in the spool"


class JsonLines:
    """Writes one JSON object a line to stdout."""

    def __init__(self, clock: Clock) -> None:
        self._pace = IngestSpeed(clock)

    def show(self, progress: Progress) -> None:
        shown = progress.model_dump(mode="json") | {"times_real_time": self._pace.at(progress.position_ms)}
        print(json.dumps(shown), flush=True)  # noqa: T201 - a program reads this

    def waits(self, why: str) -> None:
        print(json.dumps({"waits": why}), flush=True)  # noqa: T201 - a program reads this


class ProgressBar:
    """Shows a bar on stderr, so that stdout holds the result alone."""

    def __init__(self, bar: Bar, task: TaskID, clock: Clock) -> None:
        self._bar = bar
        self._task = task
        self._pace = IngestSpeed(clock)

    def show(self, progress: Progress) -> None:
        pace = self._pace.at(progress.position_ms)
        self._bar.update(
            self._task,
            completed=max(0, progress.position_ms),
            pace="" if pace is None else f"{pace:.1f}× real time",
            found=f"{progress.selected} selected, {progress.spooled} spooled{_HELD if progress.held else ''}",
        )

    def waits(self, why: str) -> None:
        self._bar.console.print(f"[yellow]tries again[/yellow] {escape(why)}", highlight=False)


@contextmanager
def progress_bar(console: Console, title: str, length_ms: int | None, clock: Clock) -> Iterator[ProgressBar]:
    """Shows a bar for as long as the block runs; without a terminal only failures are printed."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[pace]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[found]}"),
    )
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield ProgressBar(bar, bar.add_task(escape(title), total=length_ms, pace="", found=""), clock)


class IngestSpeed:
    """Measures recording time by wall time since the first progress."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began: tuple[float, int] | None = None

    def at(self, position_ms: int) -> float | None:
        """Returns the speed in multiples of real time; None while it is not known."""
        now_s = self._clock.monotonic_s()
        if self._began is None:
            self._began = (now_s, position_ms)
        began_s, began_ms = self._began
        if now_s <= began_s or position_ms <= began_ms:
            return None
        return round((position_ms - began_ms) / 1000 / (now_s - began_s), 2)
