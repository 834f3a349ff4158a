"""Probes the machine under the agent: disk, spool, models, ports."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from edge_agent.clock import Clock
from edge_agent.diagnosis import running_agent
from edge_agent.errors import SpoolError
from edge_agent.host_port import host_port
from edge_agent.redactor import models_of
from edge_agent.spool import messages
from edge_agent.spool.database import FILE_NAME, reading
from engines.catalog.catalog import Catalog
from engines.errors import EngineError, ModelMissing, ProcessorUnfit
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.fleet import diagnosis
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault

WAITS_S: Final = 15 * 60
"""Oldest age that is healthy: an archive confirms within seconds, and within minutes after an outage of an hour."""
_MIB: Final = 1024 * 1024


def probe_machine(edge: EdgeConfig, clock: Clock) -> Iterator[Diagnosis]:
    """Run every probe of the machine; each is independent."""
    yield disk(edge.spool.directory)
    yield spool(edge, clock)
    yield from models(edge.models_dir)
    yield from ports(edge)


def disk(directory: Path) -> Diagnosis:
    """Check the space on the disk under the spool."""
    place = directory
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    remedy = "remove what is not the agent's (journalctl --vacuum-size=200M), or lower spool.max_bytes"
    return diagnosis.disk(str(directory), usage.total, usage.free, remedy)


def spool(edge: EdgeConfig, clock: Clock) -> Diagnosis:
    """Check for how long the oldest picture has waited for the archive."""
    directory = edge.spool.directory
    if not (directory / FILE_NAME).is_file():
        return Diagnosis("spool", "empty: this agent has not run yet")
    try:
        with reading(directory) as db:
            waiting = messages.totals(db).values()
            oldest_ms = messages.oldest_at_ms(db)
            steady = db.execute("SELECT steady_ms, wall_ms FROM spool_time").fetchone()
    except SpoolError as error:
        remedy = "stop the agent and start it: it moves a damaged spool aside and begins a new one"
        return Diagnosis("spool", str(error), Fault.SPOOL_UNUSABLE, remedy)
    count, size = sum(number for number, _ in waiting), sum(number for _, number in waiting)
    if oldest_ms is None:
        return Diagnosis("spool", "empty: everything was archived")
    now_ms = clock.now_ms() if steady is None else steady[0] + max(0, clock.now_ms() - steady[1])
    age_s = max(0, now_ms - oldest_ms) / 1000
    share = f"{size // _MIB} of {edge.spool.max_bytes // _MIB} MiB"
    found = f"{count} pictures wait, {share}, the oldest for {age_s / 60:.0f} min"
    if age_s <= WAITS_S:
        return Diagnosis("spool", found)
    remedy = "start the agent: wayside-edge run (systemctl start wayside-edge)"
    if running_agent.is_running(directory):
        remedy = (
            "the broker or the archive does not take them: see broker below, then wayside-cluster status at the centre"
        )
    return Diagnosis("spool", found, Fault.SPOOL_GROWING, remedy)


def models(models_dir: Path) -> Iterator[Diagnosis]:
    """Check the hash of each model of redaction. Without one of them nothing is published."""
    try:
        catalog = Catalog(models_dir)
        names = models_of(catalog)
    except ProcessorUnfit as error:
        yield Diagnosis("models", str(error), Fault.MODEL_WRONG, "run that network in float32: docs/engines.md")
        return
    except EngineError as error:
        yield Diagnosis("models", str(error), Fault.MODEL_WRONG, f"remove what does not belong into {models_dir}")
        return
    for name in dict.fromkeys(names):
        remedy = (
            f"run: wayside-engines fetch {name}; without internet copy it from the bundle's models/ into {models_dir}"
        )
        try:
            catalog.read(name)
        except ModelMissing as error:
            yield Diagnosis("model", str(error), Fault.MODEL_MISSING, remedy)
        except EngineError as error:
            yield Diagnosis("model", str(error), Fault.MODEL_WRONG, remedy)
        else:
            yield Diagnosis("model", f"{name}: its hash is right")


def ports(edge: EdgeConfig) -> Iterator[Diagnosis]:
    """Check that the agent could listen on its ports.

    Skipped while it runs: it holds them then, and logs its failures.
    """
    if running_agent.is_running(edge.spool.directory):
        return
    for what, host, port, kinds in _doors(edge):
        taken = [name for name, kind in kinds.items() if not _is_free(host, port, kind)]
        if taken:
            remedy = f"see who has it: ss -lnp 'sport = :{port}'; end that program, or set another {what}.port"
            found = f"{host_port(host, port)} ({', '.join(taken)}) is taken by another program"
            yield Diagnosis(f"port {what}", found, Fault.PORT_TAKEN, remedy)
        else:
            yield Diagnosis(f"port {what}", f"{host_port(host, port)} is free")


_TCP: Final = {"TCP": socket.SOCK_STREAM}


def _doors(edge: EdgeConfig) -> Iterator[tuple[str, str, int, dict[str, socket.SocketKind]]]:
    if edge.viid is not None:
        yield "viid", edge.viid.host, edge.viid.port, _TCP
    if edge.gb28181 is not None:
        yield "gb28181", edge.gb28181.host, edge.gb28181.port, {**_TCP, "UDP": socket.SOCK_DGRAM}
    if edge.desk is not None:
        yield "desk", edge.desk.host, edge.desk.port, _TCP
    if edge.metrics_port is not None:
        yield "metrics", "127.0.0.1", edge.metrics_port, _TCP


def _is_free(host: str, port: int, kind: socket.SocketKind) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
