"""Runs the commands of `wayside-edge` that open cameras and models: run, check, doctor, survey."""

import json
import logging
import os
import signal
from functools import partial
from pathlib import Path

from rich.markup import escape

from edge_agent.agent import MakeRedactor
from edge_agent.cli.command import config_in_use, config_of, err, one_line, out
from edge_agent.clock import Clock, SystemClock
from edge_agent.config_runner import Configurator
from edge_agent.diagnosis.doctor import examine
from edge_agent.diagnosis.probes import check as look_at
from edge_agent.diagnosis.survey import survey as look_over
from edge_agent.enrolment.client import EnrolmentClient
from edge_agent.enrolment.renewal import Renewer
from edge_agent.enrolment.signing import Signer
from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.redactor import Redactors
from edge_agent.system import sd_notify
from edge_agent.system.hardening import forbid_core_dumps
from edge_agent.updates.update_orders import Updates
from edge_agent.updates.updater import Updater, Watch
from edge_agent.uplink.mqtt import PahoLink
from engines.errors import EngineError, ModelMissing
from provisioning.contracts.causes import faults, pictures
from provisioning.contracts.causes.text import terminal_language
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.fleet import diagnosis
from provisioning.contracts.fleet.survey import SignedSurvey
from provisioning.contracts.query import statement
from provisioning.files.awaited import wait_for
from provisioning.logging_setup import log_to_stderr
from provisioning.program_version import installed_version


@one_line
def run(path: Path, *, verbose: bool, wait_s: float = 0) -> int:
    """Run an agent until SIGTERM or SIGINT. Its configuration is looked for `wait_s` seconds."""
    wait_for(path, wait_s)
    edge = config_of(path)
    forbid_core_dumps()
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        # Only a note: a handler that set an Event could meet its lock held by the very thread it interrupts.
        signal.signal(number, lambda received, _: asked.append(received))
    clock = SystemClock()
    beside = {"renewal": Renewer(edge, clock).run} if edge.provisioning is not None else {}
    updates = updates_of(edge, clock, installed_version())
    if updates is not None:
        beside["updates"] = lambda stop: updater_of(edge, updates, configurator, clock).run(stop)
    configurator = Configurator(
        edge,
        _load_redactors,
        _dialler(edge),
        clock,
        software=f"wayside-edge {installed_version()}",
        beside=beside,
        updates=updates,
    )
    configurator.start()
    out.print(f"ready agent={edge.agent_id} cameras={len(configurator.cameras)}", highlight=False)
    sd_notify.ready(f"agent {edge.agent_id}")

    def should_stop() -> bool:
        sd_notify.watchdog()
        return bool(asked)

    configurator.run(should_stop)
    sd_notify.stopping()
    configurator.stop()
    return 0


@one_line
def check(path: Path) -> int:
    """Probe everything that `run` needs."""
    edge = config_in_use(path)
    out.print(f"[green]ok[/green]   configuration: {escape(str(path))}", highlight=False)
    good = True
    for finding in look_at(edge, _load_redactors, _dialler(edge), SystemClock()):
        mark = "[green]ok[/green]  " if finding.is_good else "[red]fail[/red]"
        out.print(f"{mark} {escape(finding.what)}: {escape(finding.detail)}", highlight=False)
        good = good and finding.is_good
    return 0 if good else 2


@one_line
def doctor(path: Path, *, as_json: bool) -> int:
    """Report faults of this box. Exit code 1: there are some."""
    found: list[diagnosis.Diagnosis] = []
    language = terminal_language(os.environ)
    for each in examine(path, _dialler, SystemClock()):
        found.append(each)
        if not as_json:
            out.print(
                faults.line(each, language), markup=False, highlight=False, style=None if each.fault is None else "red"
            )
    if as_json:
        print(json.dumps(diagnosis.facts(found)))  # noqa: T201 - a program reads this
    else:
        out.print(faults.sum_up(found, language))
    return 1 if diagnosis.faults(found) else 0


@one_line
def survey(path: Path) -> int:
    """Print the measurements that acceptance asks for: one JSON object, signed with the agent's key.

    Progress goes to stderr, so that stdout is the file to carry to the centre.
    """
    edge = config_in_use(path)
    report = partial(err.print, markup=False, highlight=False)
    seen = look_over(
        edge, _load_redactors, SystemClock(), software=f"wayside-edge {installed_version()}", report=report
    )
    found = seen.model_dump_json()
    signature = Signer(edge.broker).sign(statement.of_survey(found), edge.agent_id)
    print(SignedSurvey(survey=found, signature=signature).model_dump_json())  # noqa: T201 - a program reads this
    return 0


def _load_redactors(edge: EdgeConfig) -> MakeRedactor:
    try:
        loaded = Redactors.load(edge, SystemClock())
    except ModelMissing as error:
        missing = pictures.MODEL_MISSING(name=error.name, file=error.file, why=error.reason)
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, missing) from error
    except EngineError as error:
        unusable = pictures.MODELS_UNUSABLE(detail=error)
        raise RedactionUnavailable(DropReason.REDACTION_UNAVAILABLE, unusable) from error

    return lambda edge, camera: loaded.under(edge).for_camera(camera)


def _dialler(edge: EdgeConfig) -> partial[PahoLink]:
    return partial(PahoLink, edge.broker, edge.agent_id, is_enrolled=edge.provisioning is not None)


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
