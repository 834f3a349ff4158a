"""Runs the commands of `wayside-edge` that read what the agent stores: ledger, resume, quarantine."""

import json
import os
import re
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from edge_agent.cli.command import config_in_use, one_line, out
from edge_agent.clock import SystemClock
from edge_agent.health.pauses import Pauses
from edge_agent.remote_config.upload_commands import read_commands
from edge_agent.spool import ledger as ledgers
from edge_agent.spool import quarantine as quarantines
from edge_agent.spool.database import reading
from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.causes.text import terminal_language
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.ids import CAMERA_PATTERN
from provisioning.contracts.wire.messages import Ledger


@one_line
def ledger(path: Path, *, as_json: bool) -> int:
    edge = config_in_use(path)
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
    out.print(table)
    return 0


@one_line
def resume(path: Path, camera_id: str) -> int:
    """End a camera's pause."""
    edge = config_in_use(path)
    pauses = Pauses(edge.spool.directory)
    is_known = camera_id in {camera.id for camera in edge.cameras}
    # One that a document took away may have pictures left, which wait for this command too.
    is_an_id = re.fullmatch(CAMERA_PATTERN, camera_id) is not None
    if not is_known and not (edge.provisioning is not None and is_an_id and pauses.is_paused(camera_id)):
        known = ", ".join(camera.id for camera in edge.cameras) or "none"
        raise ConfigError(f"{path}: has no camera {camera_id}; it has {known}")
    was_paused = pauses.resume(camera_id)
    out.print(f"camera {camera_id} {'resumes' if was_paused else 'was not paused'}", highlight=False)
    return 0


@one_line
def jobs(path: Path, *, as_json: bool) -> int:
    """List the jobs of the centre, in the order in which they were ordered."""
    kept = read_commands(config_in_use(path).spool.directory).jobs
    now_ms = SystemClock().now_ms()
    states = sorted(((job_id, job.state) for job_id, job in kept.items()), key=lambda each: each[1].ordered_at_ms)
    if as_json:
        print(json.dumps({job_id: state.model_dump(mode="json") for job_id, state in states}))  # noqa: T201
        return 0
    table = Table("job", "camera", "work", "phase", "part", "pictures", "dropped", "cause", title=f"{len(states)} jobs")
    for job_id, state in states:
        drops = "\n".join(f"{reason} {count}" for reason, count in state.dropped.items())
        part = "" if (share := state.share_done(now_ms)) is None else f"{share:.0%}"
        cause = words(state.reason, terminal_language(os.environ)) or ""
        pictures = f"{state.spooled} of {state.selected}"
        table.add_row(
            *(job_id, state.camera_id, state.work.kind, state.phase.value, part, pictures, drops, escape(cause))
        )
    out.print(table)
    return 0


@one_line
def quarantine(path: Path) -> int:
    """List the messages that the centre refused."""
    with reading(config_in_use(path).spool.directory) as db:
        rows = quarantines.listing(db)
    table = Table("observation", "camera", "reason", "detail", "bytes kept", title=f"{len(rows)} in quarantine")
    for row in rows:
        table.add_row(row.observation_id, row.camera_id, row.reason, escape(row.detail), str(row.payload_bytes))
    out.print(table)
    return 0
