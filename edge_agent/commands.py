"""What the commands do. Each returns the exit code: 0, or 2 after one clear line on stderr."""

import importlib.metadata
import json
import signal
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import ParamSpec

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge_agent import ledger as ledgers
from edge_agent import quarantine as quarantines
from edge_agent.agent import Agent
from edge_agent.checks import check as look_at
from edge_agent.clock import SystemClock
from edge_agent.database import reading
from edge_agent.errors import DropReason, EdgeError, RedactionUnavailable
from edge_agent.frames import Redact
from edge_agent.hardening import forbid_core_dumps
from edge_agent.journal import log_to_stderr
from edge_agent.link import PahoLink
from edge_agent.pauses import Pauses
from edge_agent.redactor import Redactors
from engines.errors import EngineError
from provisioning.contracts.config import Camera, EdgeConfig, load
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.messages import Ledger

_P = ParamSpec("_P")
_out = Console(soft_wrap=True)
_err = Console(stderr=True, soft_wrap=True)


def _one_line(command: Callable[_P, int]) -> Callable[_P, int]:
    """An error that we know becomes its own text and exit code 2; any other is a bug and shows as one."""

    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except (ConfigError, EdgeError) as error:
            _err.print(f"[red]error[/red] {escape(str(error))}", highlight=False)
            return 2

    return wrapped


@_one_line
def run(path: Path, *, verbose: bool) -> int:
    """Run until SIGTERM or SIGINT."""
    edge = _config(path)
    forbid_core_dumps()
    log_to_stderr(verbose=verbose)
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        # Only a note: a handler that set an Event could meet its lock held by the very thread it interrupts.
        signal.signal(number, lambda received, _: asked.append(received))
    agent = Agent(edge, _load_redactors, _dialler(edge), SystemClock(), software=f"wayside-edge {_version()}")
    agent.start()
    _out.print(f"ready agent={edge.agent_id} cameras={len(edge.cameras)}", highlight=False)
    agent.watch(lambda: bool(asked))
    agent.stop()
    return 0


@_one_line
def check(path: Path) -> int:
    """Look at everything that `run` needs."""
    edge = _config(path)
    _out.print(f"[green]ok[/green]   configuration: {escape(str(path))}", highlight=False)
    good = True
    for finding in look_at(edge, _load_redactors, _dialler(edge), SystemClock()):
        mark = "[green]ok[/green]  " if finding.is_good else "[red]fail[/red]"
        _out.print(f"{mark} {escape(finding.what)}: {escape(finding.detail)}", highlight=False)
        good = good and finding.is_good
    return 0 if good else 2


@_one_line
def ledger(path: Path, *, as_json: bool) -> int:
    """Print the ledger."""
    edge = _config(path)
    with reading(edge.spool.directory) as db:
        nothing = Ledger(selected=0, spooled=0, archived=0, rejected=0, dropped={}, in_flight=0)
        cameras = {camera.id: nothing for camera in edge.cameras} | ledgers.tally(db)
    every = ledgers.total(cameras)
    if as_json:
        # Not through Rich, which would fold and colour it.
        shown = every.model_dump() | {"cameras": {name: each.model_dump() for name, each in cameras.items()}}
        print(json.dumps(shown))  # noqa: T201 - a program reads this
        return 0
    table = Table("camera", "dropped")
    for title in ("selected", "spooled", "archived", "rejected", "in flight", "adds up"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, each in [*cameras.items(), ("all", every)]:
        drops = "\n".join(f"{reason} {count}" for reason, count in each.dropped.items())
        numbers = (each.selected, each.spooled, each.archived, each.rejected, each.in_flight)
        table.add_row(name, drops, *map(str, numbers), "yes" if each.balanced else "NO")
    _out.print(table)
    return 0


@_one_line
def resume(path: Path, camera_id: str) -> int:
    """End a pause."""
    edge = _config(path)
    if camera_id not in {camera.id for camera in edge.cameras}:
        known = ", ".join(camera.id for camera in edge.cameras)
        raise ConfigError(f"{path}: has no camera {camera_id}; it has {known}")
    was_paused = Pauses(edge.spool.directory).resume(camera_id)
    _out.print(f"camera {camera_id} {'resumes' if was_paused else 'was not paused'}", highlight=False)
    return 0


@_one_line
def quarantine(path: Path) -> int:
    """List what the centre refused."""
    with reading(_config(path).spool.directory) as db:
        rows = quarantines.listing(db)
    table = Table("observation", "camera", "reason", "detail", "bytes kept", title=f"{len(rows)} in quarantine")
    for row in rows:
        table.add_row(row.observation_id, row.camera_id, row.reason, escape(row.detail), str(row.payload_bytes))
    _out.print(table)
    return 0


def _config(path: Path) -> EdgeConfig:
    """Load it. A camera's password is looked at when the camera is opened: a bad one is that camera's trouble alone."""
    edge = load(EdgeConfig, path)
    key = edge.broker.key_file
    if key.exists() and key.stat().st_mode & 0o077:
        raise ConfigError(f"{key}: others may read this private key; run: chmod 600 {key}")
    return edge


def _load_redactors(edge: EdgeConfig) -> Callable[[Camera], Redact]:
    try:
        return Redactors.load(edge, SystemClock()).for_camera
    except EngineError as error:
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, str(error)) from error


def _dialler(edge: EdgeConfig) -> partial[PahoLink]:
    return partial(PahoLink, edge.broker, edge.agent_id)


def _version() -> str:
    try:
        return importlib.metadata.version("wayside")
    except importlib.metadata.PackageNotFoundError:
        return "from source"  # run from a checkout without an install
