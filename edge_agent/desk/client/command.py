"""Implements `wayside-edge ingest`: sends a recording to a desk agent."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape

from edge_agent.clock import SystemClock
from edge_agent.desk.client.desk_client import AgentAddress, DeskClient
from edge_agent.desk.client.ingest import Ingest
from edge_agent.desk.client.progress_bar import JsonLines, progress_bar
from edge_agent.desk.client.stills import Stills
from edge_agent.desk.errors import DeskError
from edge_agent.desk.key_files import client_context
from edge_agent.desk.protocol import EARLIEST_MS, End, Progress, RecordingRef
from edge_agent.desk.recording import SendableRecording
from edge_agent.desk.remux import Remux
from edge_agent.errors import EdgeError
from provisioning.contracts.config.processes import EdgeConfig, load, read_secret
from provisioning.contracts.errors import ConfigError

_out: Final = Console(soft_wrap=True)
_err: Final = Console(stderr=True, soft_wrap=True)
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - a server's way to say "every address"
_EXAMPLE: Final = "2026-11-24T08:30:00+08:00"


@dataclass(frozen=True, slots=True)
class IngestArguments:
    """Arguments of `wayside-edge ingest` about the recording."""

    path: Path
    camera_id: str
    started_at: str | None
    interval_s: float
    keyframes_only: bool
    again: bool
    as_json: bool


@dataclass(frozen=True, slots=True)
class AgentArguments:
    """Arguments about the agent: its own configuration, on the same machine, or its address and what to trust."""

    config: Path | None
    server: str | None
    ca: Path | None
    token_file: Path | None


def ingest(order: IngestArguments, way: AgentArguments) -> int:
    """Ingests a recording. Returns the exit code: 0, or 2 after one clear line on stderr."""
    try:
        return _ingest(order, way)
    except (ConfigError, EdgeError) as error:
        _err.print(f"[red]error[/red] {escape(str(error))}", highlight=False)
        return 2


def _ingest(order: IngestArguments, way: AgentArguments) -> int:
    clock = SystemClock()
    carried: SendableRecording = (
        Stills(order.path, order.interval_s)
        if Stills.is_one(order.path)
        else Remux.of(order.path, keyframes_only=order.keyframes_only)
    )
    facts = carried.facts()
    if order.started_at is None:
        raise DeskError("implausible_start", f"give --started-at, when it began: {offered(facts.created_at)}")
    began_ms = started_at_ms(order.started_at, clock.now_ms())
    recording = RecordingRef(order.camera_id, began_ms, facts.key)
    client = DeskClient(place(way))
    if order.as_json:
        last = Ingest(carried, recording, client, clock, JsonLines(clock), again=order.again).run()
    else:
        _err.print(f"{facts.what} for camera {order.camera_id}", highlight=False)
        with progress_bar(_err, order.camera_id, facts.length_ms, clock) as bar:
            last = Ingest(carried, recording, client, clock, bar, again=order.again).run()
    return _print_result(order, last)


def place(way: AgentArguments) -> AgentAddress:
    """Returns the agent's address, trust and token.

    Raises:
        ConfigError: a file cannot be used.
        DeskError: `usage`, `certificate`.
    """
    if way.config is not None:
        if any((way.server, way.ca, way.token_file)):
            raise DeskError("usage", "give --config, or --server with --ca and --token-file")
        settings = load(EdgeConfig, way.config).desk
        if settings is None:
            raise ConfigError(f"{way.config}: has no [desk], so this agent takes no recordings; see docs/desk.md")
        host = _ANY.get(settings.host, settings.host)
        tls = client_context(settings.tls_cert_file, is_its_own=True)
        return AgentAddress(host, settings.port, tls, read_secret(settings.token_file))
    if way.server is None or way.ca is None or way.token_file is None:
        raise DeskError("usage", "give --config, or --server with --ca and --token-file")
    host, colon, port = way.server.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 2**16:
        raise DeskError("usage", f"--server {way.server[:80]}: give HOST:PORT")
    tls = client_context(way.ca, is_its_own=False)
    return AgentAddress(host.strip("[]"), int(port), tls, read_secret(way.token_file))


def _print_result(order: IngestArguments, last: Progress | None) -> int:
    if last is None:
        if order.as_json:
            print(json.dumps({"end": "complete", "code": "already"}))  # noqa: T201 - a program reads this
        else:
            _out.print("all of it was in already; nothing was sent. --again looks at it anew", highlight=False)
        return 0
    if last.end is not End.COMPLETE:
        raise DeskError(last.code or str(last.end), last.detail)
    if not order.as_json:
        gone = "".join(f", {n} {name}" for name, n in {**last.skipped, **last.dropped}.items())
        _out.print(
            f"complete: {last.pictures} pictures looked at, {last.selected} selected, {last.spooled} spooled{gone}",
            highlight=False,
        )
    return 0


def started_at_ms(text: str, now_ms: int) -> int:
    """Parses a start as a person writes it, ISO 8601 with a zone, to milliseconds since 1970, UTC. Guesses nothing.

    Raises:
        DeskError: `implausible_start`: no date and time with a zone, before 2000, or in the future.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _error(f"{text[:40]!r} is no date and time: write it like {_EXAMPLE}") from None
    if moment.tzinfo is None:
        raise _error(f"{text[:40]!r} has no zone, and hours apart are other hours: write it like {_EXAMPLE}")
    # Not `timestamp()`: a float of seconds is off by a millisecond now and then.
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    at_ms = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    if at_ms < EARLIEST_MS:
        raise _error(f"{text[:40]!r} lies before the year 2000: a clock that was never set?")
    if at_ms > now_ms:
        raise _error(f"{text[:40]!r} lies in the future")
    return at_ms


def offered(created_at: str | None) -> str:
    """Words the file's own claim about its start, as a hint and no more."""
    if created_at is None:
        return "the file does not say it itself"
    return (
        f"the file says {created_at[:40]!r}, which is often the end of a recording, or local time that claims to be UTC"
    )


def _error(what: str) -> DeskError:
    return DeskError("implausible_start", f"--started-at: {what}")
