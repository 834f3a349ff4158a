"""Runs `wayside-edge redact` and sums the run up. Each function returns the exit code."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any, ParamSpec

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from edge_agent.clock import SystemClock
from edge_agent.errors import EdgeError
from edge_agent.redact_files import file_policy
from edge_agent.redact_files.errors import NotRedacted, RedactRefused
from edge_agent.redact_files.file_redactor import FileRedactor, Step, Written
from edge_agent.redact_files.job import FileKind, Item, plan
from edge_agent.redact_files.video_file import Movie
from edge_agent.system.hardening import forbid_core_dumps
from engines.errors import EngineError

INTERRUPTED = 130
"""128 + SIGINT, as a shell counts it."""
_P = ParamSpec("_P")
OUT = Console(soft_wrap=True)
_err = Console(stderr=True, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Left:
    """A file of which nothing was written."""

    source: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a run."""

    written: tuple[Written, ...]
    left: tuple[Left, ...]
    took_s: float

    @property
    def exit_code(self) -> int:
        """1 if a file could not be redacted, else 0."""
        return 1 if self.left else 0

    def as_json(self) -> dict[str, Any]:
        """Return paths as text, shares 0..1."""
        return {
            "written": [
                asdict(one) | {"source": str(one.source), "target": str(one.target), "kind": str(one.kind)}
                for one in self.written
            ],
            "not_redacted": [{"source": str(one.source), "reason": one.reason} for one in self.left],
            "took_s": round(self.took_s, 3),
        }

    def show(self, out: Console) -> None:
        """Print one line for each file with a fault, and one for all."""
        for one in self.written:
            if one.replaced:
                text = f"{one.replaced} of {one.frames} frames could not be redacted and are covered from edge to edge"
                out.print(f"[yellow]covered[/yellow] {escape(str(one.target))}: {text}", highlight=False)
        for left in self.left:
            out.print(f"[red]not redacted[/red] {escape(str(left.source))}: {escape(left.reason)}", highlight=False)
        frames = sum(one.frames for one in self.written)
        share = sum(one.covered_share * one.frames for one in self.written) / frames if frames else 0.0
        rate = frames / self.took_s if self.took_s else 0.0
        out.print(
            f"{len(self.written)} written ({frames} pictures and frames, {rate:.1f} a second, "
            f"{share:.0%} covered), {len(self.left)} not redacted",
            highlight=False,
        )


class _Rate(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", style="progress.data.speed")


def one_line(command: Callable[_P, int]) -> Callable[_P, int]:
    """Turn a known error into its own text and exit code 2; any other is a bug and shows as one."""

    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> int:
        forbid_core_dumps()  # raw pictures are in this process's memory
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            return command(*args, **kwargs)
        except (EdgeError, EngineError) as error:
            _err.print(f"[red]error[/red] {escape(str(error))}", highlight=False)
            return 2
        except KeyboardInterrupt:
            _err.print("interrupted; what is written is whole", highlight=False)
            return INTERRUPTED
        finally:
            signal.signal(signal.SIGTERM, before)

    return wrapped


@one_line
def redact(
    source: Path,
    out: Path | None,
    *,
    models_dir: Path | None,
    policy: Sequence[str],
    force: bool,
    as_json: bool,
) -> int:
    """Redact a file or a folder of files."""
    if out is None:
        raise RedactRefused("say with -o where the redacted files go")
    items = plan(source, out, force=force)
    fresh = file_policy.load(models_dir, file_policy.read_policy(policy))
    summary = work(items, FileRedactor(fresh))
    if as_json:
        print(json.dumps(summary.as_json()))  # noqa: T201 - a program reads this
    else:
        summary.show(OUT)
    return summary.exit_code


def work(items: Sequence[Item], redactor: FileRedactor) -> Summary:
    """Redact every item, in order; one that fails does not stop the others."""
    clock = SystemClock()
    began_s = clock.monotonic_s()
    written: list[Written] = []
    left: list[Left] = []
    with progress_bar(sum(_expected(item) for item in items)) as step:
        for item in items:
            try:
                written.append(redactor.redact(item, step))
            except NotRedacted as error:
                left.append(Left(item.source, str(error)))
    return Summary(tuple(written), tuple(left), clock.monotonic_s() - began_s)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _expected(item: Item) -> int:
    """Steps of the progress bar: an estimate for a video whose header does not say."""
    if item.kind is not FileKind.VIDEO:
        return 1
    try:
        with Movie(item.source) as movie:
            return movie.expected or 1
    except NotRedacted:
        return 1  # it is opened again in its turn, and named then


@contextmanager
def progress_bar(total: int) -> Iterator[Step]:
    """Draw a bar on a terminal while the block runs; yields a function that moves it by one."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
    with Progress(*columns, console=_err, disable=not _err.is_terminal, transient=True) as bars:
        task = bars.add_task("redacting", total=total)
        yield lambda: bars.advance(task)
