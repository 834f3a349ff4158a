"""Runs the commands of `wayside-edge`. Each returns the exit code: 0, or 2 after one clear line on stderr."""

import importlib.metadata
import json
import logging
import re
import shlex
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial, wraps
from io import BytesIO
from pathlib import Path
from typing import ParamSpec

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge_agent.agent import MakeRedactor
from edge_agent.clock import Clock, SystemClock
from edge_agent.config_runner import Configurator
from edge_agent.diagnosis.device_list import DeviceList
from edge_agent.diagnosis.doctor import examine
from edge_agent.diagnosis.probes import check as look_at
from edge_agent.diagnosis.survey import survey as look_over
from edge_agent.enrolment.client import EnrolmentClient
from edge_agent.enrolment.enrol import Enrolment
from edge_agent.enrolment.enrol import enrol as become_agent
from edge_agent.enrolment.identity import utc
from edge_agent.enrolment.renewal import Renewer
from edge_agent.enrolment.request import BUNDLE_START, EnrolmentOrder, read_bundle
from edge_agent.enrolment.signing import Signer
from edge_agent.errors import DropReason, EdgeError, EnrolmentError, RedactionUnavailable
from edge_agent.gb28181.registration_file import read_devices
from edge_agent.health.pauses import Pauses
from edge_agent.redactor import Redactors
from edge_agent.remote_config.documents import in_use
from edge_agent.spool import ledger as ledgers
from edge_agent.spool import quarantine as quarantines
from edge_agent.spool.database import reading
from edge_agent.system import sd_notify
from edge_agent.system.hardening import forbid_core_dumps
from edge_agent.updates.update_orders import Updates
from edge_agent.updates.updater import Updater, Watch
from edge_agent.uplink.mqtt import PahoLink
from engines.errors import EngineError
from provisioning.contracts.config.processes import EdgeConfig, load
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet import diagnosis
from provisioning.contracts.fleet.enrolment import CODE_PATTERN, Bundle, normal_code
from provisioning.contracts.fleet.survey import SignedSurvey
from provisioning.contracts.ids import CAMERA_PATTERN
from provisioning.contracts.query import statement
from provisioning.contracts.wire.messages import Ledger
from provisioning.logging_setup import log_to_stderr

_P = ParamSpec("_P")
_out = Console(soft_wrap=True)
_err = Console(stderr=True, soft_wrap=True)


def _one_line(command: Callable[_P, int]) -> Callable[_P, int]:
    """Turn an error that we know into its own text and exit code 2; any other is a bug and shows as one."""

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
    """Run an agent until SIGTERM or SIGINT."""
    edge = _config(path)
    forbid_core_dumps()
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        # Only a note: a handler that set an Event could meet its lock held by the very thread it interrupts.
        signal.signal(number, lambda received, _: asked.append(received))
    clock = SystemClock()
    beside = {"renewal": Renewer(edge, clock).run} if edge.provisioning is not None else {}
    updates = updates_of(edge, clock, _version())
    if updates is not None:
        beside["updates"] = lambda stop: updater_of(edge, updates, configurator, clock).run(stop)
    configurator = Configurator(
        edge,
        _load_redactors,
        _dialler(edge),
        clock,
        software=f"wayside-edge {_version()}",
        beside=beside,
        updates=updates,
    )
    configurator.start()
    _out.print(f"ready agent={edge.agent_id} cameras={len(configurator.cameras)}", highlight=False)
    sd_notify.ready(f"agent {edge.agent_id}")

    def should_stop() -> bool:
        sd_notify.watchdog()
        return bool(asked)

    configurator.run(should_stop)
    sd_notify.stopping()
    configurator.stop()
    return 0


@_one_line
def check(path: Path) -> int:
    """Probe everything that `run` needs."""
    edge = _in_use(path)
    _out.print(f"[green]ok[/green]   configuration: {escape(str(path))}", highlight=False)
    good = True
    for finding in look_at(edge, _load_redactors, _dialler(edge), SystemClock()):
        mark = "[green]ok[/green]  " if finding.is_good else "[red]fail[/red]"
        _out.print(f"{mark} {escape(finding.what)}: {escape(finding.detail)}", highlight=False)
        good = good and finding.is_good
    return 0 if good else 2


@_one_line
def doctor(path: Path, *, as_json: bool) -> int:
    """Report faults of this box. Exit code 1: there are some."""
    found = []
    for each in examine(path, _dialler, SystemClock()):
        found.append(each)
        if not as_json:
            _out.print(each.line(), markup=False, highlight=False, style=None if each.fault is None else "red")
    if as_json:
        print(json.dumps(diagnosis.facts(found)))  # noqa: T201 - a program reads this
    else:
        _out.print(diagnosis.last_line(found))
    return 1 if diagnosis.faults(found) else 0


@_one_line
def survey(path: Path) -> int:
    """Print the measurements that acceptance asks for: one JSON object, signed with the agent's key."""
    edge = _in_use(path)
    found = look_over(edge, _load_redactors, SystemClock(), software=f"wayside-edge {_version()}").model_dump_json()
    signature = Signer(edge.broker).sign(statement.of_survey(found), edge.agent_id)
    print(SignedSurvey(survey=found, signature=signature).model_dump_json())  # noqa: T201 - a program reads this
    return 0


@_one_line
def enrol(
    into: Path,
    *,
    bundle: str | None,
    typed: tuple[str, str, str, str] | None,
    models_dir: Path | None,
    expect: str | None,
    again: bool,
    wait_s: float,
    as_json: bool,
) -> int:
    """Enrol as an agent: with a bundle, or with server, pin, site and agent as typed."""
    if (bundle is None) == (typed is None):
        raise EnrolmentError("give a bundle's file, or '-' for stdin, or else --server, --pin, --site and --agent")
    if bundle is not None:
        carried = _read_bundle(bundle)
        order, code = EnrolmentOrder.of(carried), lambda _: carried.code
    else:
        server, pin, site, agent = typed or ("", "", "", "")
        order, code = EnrolmentOrder.typed(server=server, pin=pin, site=site, agent=agent), _ask_code
    done = become_agent(
        order, into, code, SystemClock(), models_dir=models_dir, expect=expect, again=again, wait_s=wait_s
    )
    if as_json:
        shown = {
            "agent_id": done.owner.agent_id,
            "site_id": done.owner.site_id,
            "config": str(done.config),
            "certificate_ends": datetime.fromtimestamp(done.ends_ms // 1000, UTC).isoformat(),
        }
        print(json.dumps(shown))  # noqa: T201 - a program reads this
    else:
        _tell_enrolled(done)
    return 0


@_one_line
def ledger(path: Path, *, as_json: bool) -> int:
    edge = _in_use(path)
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
def devices(path: Path, *, with_channels: bool, as_json: bool) -> int:
    """List the devices that register with this agent."""
    edge = _in_use(path)
    if edge.gb28181 is None:
        raise ConfigError(f"{path}: has no [gb28181], with which devices could register")
    listed = DeviceList(edge, *read_devices(edge.spool.directory, edge.gb28181.platform_id))
    if as_json:
        print(json.dumps(listed.plain(), ensure_ascii=False))  # noqa: T201 - a program reads this
        return 0
    for table in listed.tables(with_channels=with_channels):
        _out.print(table)
    return 0


@_one_line
def resume(path: Path, camera_id: str) -> int:
    """End a camera's pause."""
    edge = _in_use(path)
    pauses = Pauses(edge.spool.directory)
    is_known = camera_id in {camera.id for camera in edge.cameras}
    # One that a document took away may have pictures left, which wait for this command too.
    is_an_id = re.fullmatch(CAMERA_PATTERN, camera_id) is not None
    if not is_known and not (edge.provisioning is not None and is_an_id and pauses.cause(camera_id) is not None):
        known = ", ".join(camera.id for camera in edge.cameras) or "none"
        raise ConfigError(f"{path}: has no camera {camera_id}; it has {known}")
    was_paused = pauses.resume(camera_id)
    _out.print(f"camera {camera_id} {'resumes' if was_paused else 'was not paused'}", highlight=False)
    return 0


@_one_line
def quarantine(path: Path) -> int:
    """List the messages that the centre refused."""
    with reading(_in_use(path).spool.directory) as db:
        rows = quarantines.listing(db)
    table = Table("observation", "camera", "reason", "detail", "bytes kept", title=f"{len(rows)} in quarantine")
    for row in rows:
        table.add_row(row.observation_id, row.camera_id, row.reason, escape(row.detail), str(row.payload_bytes))
    _out.print(table)
    return 0


def _read_bundle(place: str) -> Bundle:
    if place.lstrip().startswith(BUNDLE_START):  # the name of no file, and it must not be repeated in an error
        raise EnrolmentError(
            "this is the bundle itself, and everybody on this machine can read a command's arguments: give the name of"
            " its file, or '-' and the line on stdin"
        )
    if place == "-":
        if sys.stdin.isatty():
            _err.print("The bundle's line, then Enter:", highlight=False)
            return read_bundle(BytesIO(sys.stdin.buffer.readline()))
        return read_bundle(sys.stdin.buffer)
    try:
        with Path(place).open("rb") as file:
            return read_bundle(file)
    except OSError as error:
        raise EnrolmentError(f"{place}: the bundle cannot be read ({error.strerror})") from error


def _ask_code(seal_key: str) -> str:
    """Read the code from a line of stdin, never from an argument: those everybody on the machine can read."""
    _err.print(f"This service's seal is {seal_key[:16]}: compare it with what you were given.", highlight=False)
    for _ in range(3):
        _err.print("One-time code (XXXX-XXXX-XXXX-XXXX): ", end="", highlight=False)
        line = sys.stdin.readline(200)
        if re.fullmatch(CODE_PATTERN, code := normal_code(line)):
            return code
        if not line:
            break
        _err.print("a code has sixteen letters and digits, in fours: look again", highlight=False)
    raise EnrolmentError("no code was given; it stands beside the pin, in what `wayside-provision bundle` printed")


def _tell_enrolled(done: Enrolment) -> None:
    agent = f"agent {done.owner.agent_id} of site {done.owner.site_id}"
    if done.is_new:
        _out.print(f"enrolled: {agent}, certificate until {utc(done.ends_ms)}", highlight=False)
        _out.print(f"It obeys the seal {done.seal_key[:16]}: compare it with what you were given.", highlight=False)
        _out.print("The bundle is of no more use: its code is spent. Delete it.", highlight=False)
    else:
        _out.print(f"enrolled already: {agent}, certificate until {utc(done.ends_ms)}", highlight=False)
        _out.print("Nothing was sent, and no code was spent; --again enrols anew, with a new bundle.", highlight=False)
    if done.set_aside is not None:
        _out.print(f"The earlier configuration is now {escape(str(done.set_aside))}", highlight=False)
    _out.print(f"Next: wayside-edge check --config {escape(shlex.quote(str(done.config)))}", highlight=False)


def _config(path: Path) -> EdgeConfig:
    """Load it. A camera's password is read when the camera is opened: a bad one is that camera's trouble alone."""
    edge = load(EdgeConfig, path)
    key = edge.broker.key_file
    if key.exists() and key.stat().st_mode & 0o077:
        raise ConfigError(f"{key}: others may read this private key; run: chmod 600 {key}")
    return edge


def _in_use(path: Path) -> EdgeConfig:
    """Load it, with the cameras of the document in force."""
    return in_use(_config(path), SystemClock())


def _load_redactors(edge: EdgeConfig) -> MakeRedactor:
    try:
        loaded = Redactors.load(edge, SystemClock())
    except EngineError as error:
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, str(error)) from error

    return lambda edge, camera: loaded.under(edge).for_camera(camera)


def _dialler(edge: EdgeConfig) -> partial[PahoLink]:
    return partial(PahoLink, edge.broker, edge.agent_id, is_enrolled=edge.provisioning is not None)


def _version() -> str:
    try:
        return importlib.metadata.version("wayside")
    except importlib.metadata.PackageNotFoundError:
        return "from source"  # run from a checkout without an install


def updates_of(edge: EdgeConfig, clock: Clock, version: str) -> Updates | None:
    """Open an agent's orders; None if it may not be changed remotely.

    Raises:
        DocumentsError: see `Updates`.
    """
    if edge.provisioning is None or edge.updates is None:
        return None
    return Updates(edge.agent_id, edge.provisioning.seal_key_file, edge.updates, clock, version)


def updater_of(edge: EdgeConfig, updates: Updates, configurator: Configurator, clock: Clock) -> Updater:
    """Build the updater that carries the orders out. `updates`: from `updates_of`."""
    provisioning, where = edge.provisioning, edge.updates
    assert provisioning is not None  # noqa: S101 - see above
    assert where is not None  # noqa: S101 - see above

    def fetch(sha256: str, offset: int) -> bytes:
        # Made anew each time: a renewed certificate is used from the next piece on.
        client = EnrolmentClient.verified(
            provisioning.host,
            provisioning.port,
            edge.broker.ca_file,
            clock,
            identity_file=edge.broker.cert_file,
        )
        return client.software(sha256, offset)

    watch = Watch(configurator.statuses, configurator.is_connected)
    return Updater(where, updates, watch, fetch, clock, settle_s=provisioning.settle_s)
