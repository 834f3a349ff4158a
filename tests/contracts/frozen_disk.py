"""Reads from the product what lies on a disk: tables, files and folders, and the fields of the files that are JSON.

Each store is made by the product's own code in an empty folder, and looked at from outside.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from center import bootstrap
from center.access.second_factor import KEY as SECOND_FACTOR_KEY
from center.audit import exported
from center.basemap import site_map
from center.database import backup as center_backup
from center.database import instance_lock, location
from center.evidence import names as evidence_names
from center.evidence import setup as evidence_setup
from center.evidence.manifest import Manifest as EvidenceManifest
from center.notify import service as notifier
from edge_agent.clock import SystemClock
from edge_agent.desk.progress_store import Position, Positions
from edge_agent.enrolment import agent_folder, enrol
from edge_agent.evaluation.labels import Labels
from edge_agent.gb28181.registration_file import RegistrationFile
from edge_agent.health.pauses import Pauses
from edge_agent.remote_config import document_store, upload_commands
from edge_agent.spool.database import Database
from edge_agent.updates import update_orders, updater
from provisioning.broker import config as broker
from provisioning.contracts.config.processes import Broker, CenterConfig
from provisioning.contracts.query.archive import UpkeepStatus
from provisioning.files.backup import SUFFIX as BACKUP_SUFFIX
from provisioning.home import backup
from provisioning.home.fleet_settings import FleetSettings
from provisioning.home.rollout_state import RolloutState
from provisioning.retention.state import Retention
from provisioning.rollout import software
from provisioning.servers.check import Manifest as ServerManifest
from provisioning.servers.tree import MANIFEST, STORE
from provisioning.service import serve
from provisioning.signing.documents import SealKey
from ray_cluster.archive import hold_store, lance_tables
from ray_cluster.archive.audit_log import Audit
from ray_cluster.archive.merged_days import MergedDay
from ray_cluster.archive.summaries.counts_store import CountsHead
from ray_cluster.archive.upkeep_status import STATUS_FILE
from ray_cluster.archive.window_bloom import Seal
from ray_cluster.maintenance.backup import MARK as BACKUP_MARK
from ray_cluster.maintenance.backup import Mark as BackupMark
from ray_cluster.maintenance.erasure import LIST as ERASURES
from ray_cluster.maintenance.erasure import Erased
from ray_cluster.node import cluster_state, lease, replica_counts, supervise
from tests.contracts.frozen_shapes import fields
from tests.ray_cluster.world import NOW_MS, archiver, entry, upkeep
from tests.support import mosquittos
from tests.support.office import new_home

AGENT: Final = "cabinet-7"
JSON_FILES: Final[dict[str, type[BaseModel]]] = {
    "agent documents/reason.json": document_store.VerdictReason,
    "agent documents/state.json": document_store.DocumentState,
    "agent labels": Labels,
    "agent owner.json": agent_folder.Owner,
    "agent recordings/ID": Position,
    "agent tasks.json": upload_commands.CommandState,
    "agent update/state.json": update_orders.UpdateState,
    "archive backup.json": BackupMark,
    "archive counts, first line": CountsHead,
    "archive erasures.jsonl line": Erased,
    "archive hold.json": hold_store.Hold,
    "archive merged/DAY": MergedDay,
    "archive seal": Seal,
    "archive upkeep.json": UpkeepStatus,
    "cluster condition.json": cluster_state.Condition,
    "evidence manifest.json": EvidenceManifest,
    "home rollout settings": FleetSettings,
    "home rollout state": RolloutState,
    "retention.json": Retention,
    "server manifest": ServerManifest,
}
NAMED: Final = {
    "agent documents": (document_store._REASON,),
    "agent enrolled": tuple(agent_folder._WRITTEN),
    "agent enrolment configuration": tuple(re.findall(r'= "([^"{}]+)"', enrol._CONFIG)),
    "agent spool": (upload_commands._FILE,),
    "agent update": (update_orders._STATE, updater._REQUEST, updater._HEALTHY, updater._ARCHIVE),
    "agent installed": (updater.RESULT,),
    "archive": (ERASURES, BACKUP_MARK, STATUS_FILE),
    "backup": (BACKUP_SUFFIX, center_backup._DUMP, backup._REGISTER),
    "center data_dir": (notifier.LOCK, SECOND_FACTOR_KEY, evidence_setup.FOLDER, site_map.FILE),
    "cluster state_dir": (supervise.LOCK, replica_counts.FILE, cluster_state.FILE),
    "evidence": (
        *evidence_names.SEALS,
        evidence_names.README,
        evidence_names.SUMMARY,
        evidence_names.CUSTODY,
        evidence_names.AUDIT,
        evidence_names.folder(1, "cam-1"),
    ),
    "home": (serve.LOCK, software.FOLDER),
    "server": (MANIFEST, STORE),
}
"""Files that are made only by something that needs a network, a second process or a person."""
_VARIABLE: Final = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,}"), "ID"),
    (re.compile(r"\d{6,}(?=\D|$)"), "N"),
)


class Stores:
    """One of each, made in a folder that is empty."""

    def __init__(self, folder: Path) -> None:
        self.agent, self.home, self.center, self.archive = (
            folder / name for name in ("agent", "home", "center", "archive")
        )
        _make_agent(self.agent)
        home = new_home(self.home)
        broker.write(
            home.directory / "broker",
            broker.Listeners(broker.ListenAddress("127.0.0.1", 1), broker.ListenAddress("127.0.0.1", 2), "root"),
            home.identities,
            mosquittos.FORMER,
        )
        _make_center(self.center)
        _make_archive(self.archive)


def table_lines(stores: Stores) -> Iterator[str]:
    """Each column and index of each SQL database, and each field of the archive's tables."""
    for name, file in (
        ("agent spool", stores.agent / "spool" / "spool.db"),
        ("agent devices", stores.agent / "spool" / "gb28181.db"),
        ("center", stores.center / location.DATABASE),
        ("home register", stores.home / "register.sqlite3"),
    ):
        with closing(sqlite3.connect(file)) as db:
            yield from (f"{name}: {line}" for line in _sql(db))
    tables = lance_tables.connect(stores.archive)
    for table in tables.list_tables().tables:
        for field in tables.open_table(table).schema:
            yield f"archive: {_plain(table)}.{field.name} {field.type}{'' if field.nullable else ' not null'}"


def file_lines(stores: Stores) -> Iterator[str]:
    """Each file and folder, its variable parts replaced."""
    for name, names in NAMED.items():
        yield from (f"{name}: {each}" for each in names)
    for name, folder in (
        ("agent", stores.agent),
        ("archive", stores.archive),
        ("center data_dir", stores.center),
        ("home", stores.home),
    ):
        for path in folder.rglob("*"):
            inner = path.relative_to(folder)
            if not any(part.endswith(".lance") for part in inner.parts[:-1]):  # Lance's own
                yield f"{name}: {_plain(str(inner))}{'/' if path.is_dir() else ''}"


def record_lines() -> Iterator[str]:
    """Each field of each JSON file that one version of the product writes and another may read."""
    for name, model in JSON_FILES.items():
        yield from fields(name, model.model_json_schema())
    yield from fields("center audit.jsonl line", exported._LINE.json_schema())


def _make_agent(folder: Path) -> None:
    made = agent_folder.AgentFolder(folder)
    made.prepare()
    with made.locked():
        made.put(made.config, b"")
        made.set_config_aside()
        made.secrets_key()
        made.pending_key()
    spool = folder / "spool"
    database = Database(spool, SystemClock())
    RegistrationFile(spool, ()).close()
    Pauses(spool).pause("CAMERA")
    Positions(spool).keep("RECORDING", Position(settled_ms=1))
    database.close()
    seal = SealKey.create(folder / "seal.key")
    (folder / "seal.pub").write_text(f"{seal.seal.key}\n", encoding="ascii")
    store = document_store.DocumentStore(folder / "documents", folder / "seal.pub", AGENT)
    store.prepare()
    store.keep(8, b"{}")
    store.commit(
        document_store.DocumentState(addressee=AGENT, seal=seal.seal.key, seen=8, trial=document_store.Trial(number=8))
    )
    store.keep(9, b"{}")
    (folder / "seal.key").unlink()


def _make_center(folder: Path) -> None:
    config = CenterConfig(
        query_token_file=folder / "token",
        data_dir=folder,
        broker=Broker(host="127.0.0.1", ca_file=folder / "a", cert_file=folder / "b", key_file=folder / "c"),
    )
    with instance_lock.alone(config):
        opened = bootstrap.open_records(config)
        opened.auth.prepare_setup()
        opened.retention.advance()
        opened.store.close()


def _make_archive(folder: Path) -> None:
    with lease.held(folder):
        archiver(folder).commit([entry(1)], now_ms=NOW_MS)
        upkeep(folder).run_once(now_ms=NOW_MS)
        day = lance_tables.day_names(lance_tables.connect(folder))[0]
        area = hold_store.HoldStore(folder)
        hold = hold_store.Hold(name="hold-1", case="1", placed_at_ms=1, until_ms=2, row_keys=(entry(1).row_key,))
        area.write(hold)
        area.mark_copied("hold-1", day)
        Audit(folder).write("search", at_ms=NOW_MS)


def _sql(db: sqlite3.Connection) -> Iterator[str]:
    """What a database is made of, as it says of itself."""
    yield f"user_version {db.execute('PRAGMA user_version').fetchone()[0]}"
    made = db.execute("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").fetchall()
    yield from (f"{kind} {name}" for kind, name in made if kind not in {"table", "index"})
    for table in (name for kind, name in made if kind == "table"):
        for _, column, kind, is_required, default, key in db.execute(f"PRAGMA table_info('{table}')"):
            words = (kind, "not null" * is_required, f"key {key}" if key else "", f"= {default}" if default else "")
            yield f"{table}.{column} {' '.join(word for word in words if word)}"
        for _, index, is_unique, _, is_partial in db.execute(f"PRAGMA index_list('{table}')"):
            columns = ", ".join(str(row[2]) for row in db.execute(f"PRAGMA index_info('{index}')"))
            name = "" if index.startswith("sqlite_") else f" {index}"
            yield f"{table} index{name} ({columns}){' unique' * is_unique}{' partial' * is_partial}"
        for row in db.execute(f"PRAGMA foreign_key_list('{table}')"):
            yield f"{table}.{row[3]} refers to {row[2]}.{row[4] or 'key'} on delete {row[6].lower()}"


def _plain(name: str) -> str:
    for pattern, word in _VARIABLE:
        name = pattern.sub(word, name)
    return name
