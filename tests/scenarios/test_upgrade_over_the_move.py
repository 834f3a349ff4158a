"""An upgrade over the move of every module loses nothing: what the release before wrote, this one opens.

commit `old_release.COMMIT` ──git archive──▶ its own process ──files, report──▶ the modules of this tree
"""

import hashlib
import importlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from nicegui import core

from center.app import build
from center.evidence.trust import Roots
from center.evidence.verify import verify
from edge_agent.clock import SystemClock
from edge_agent.enrolment.agent_folder import AgentFolder
from edge_agent.enrolment.enrol import enrol
from edge_agent.enrolment.identity import Identity
from edge_agent.enrolment.request import EnrolmentOrder, read_bundle
from edge_agent.health.pauses import Pauses
from edge_agent.remote_config.documents import Documents
from edge_agent.remote_config.upload_commands import TaskOrders
from edge_agent.spool import quarantine
from edge_agent.spool.database import reading
from edge_agent.updates.update_orders import Updates
from provisioning.contracts.config import processes
from provisioning.contracts.query.lookalike import LookalikeRequest
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import ArchivedItem, PictureState
from provisioning.home.home import Home
from provisioning.rollout.software import piece, take_in
from provisioning.signing.documents import Seal
from ray_cluster.archive.lance_tables import connect
from ray_cluster.archive.window_bloom import Seals
from ray_cluster.maintenance.erasure import erased
from ray_cluster.node import replica_counts
from ray_cluster.node.cluster_state import Condition
from ray_cluster.query.filters import Filter
from tests.center.conftest import Clock
from tests.center.whole import served
from tests.center.world import OpenLine
from tests.edge_agent.spooling import open_spool
from tests.edge_agent.world import EPOCH_MS, FakeClock
from tests.provisioning.serving import serving
from tests.ray_cluster.world import NOW_MS, archiver, entry, look, lookalike, query
from tests.support.office import Technician
from tests.support.old_release import old_release, run_old
from tests.support.waiting import LONG_S

MOVED: Final = (
    "center.audit_keeper",
    "edge_agent.publisher",
    "engines.detector",
    "provisioning.seal",
    "ray_cluster.app",
)
"""Modules that are no longer where they were: one of each package."""
CHAINS_END: Final = "audit_state"
"""Holds one row, the newest entry of the audit, which every entry replaces."""
REVISION: Final = "alembic_version"
"""Holds one row, the revision of the schema."""
MINUTES: Final = "pipeline_minutes"
"""Holds a row a minute; a centre that runs for ten seconds judges the chain again, and replaces the newest."""
FILLED: Final = (
    "agents", "alarm_events", "alarm_rule_versions", "alarms", "assessment_books", "assessment_hours", "audit", "cases",
    "case_events", "case_machines", "district_cameras", "evidence_exports", "saved_searches", "sessions", "users",
)  # fmt: skip
"""Tables that the program of the release before puts something into."""
HOUR_MS: Final = 3_600_000


@pytest.fixture(scope="module")
def before() -> Path:
    """The files of the release before the move."""
    return old_release()


def test_an_agents_snapshots_are_delivered_in_order_and_its_counters_stand(before: Path, tmp_path: Path) -> None:
    told = run_old(before, "edge", tmp_path)
    with reading(tmp_path / "spool") as db:
        assert [asdict(each) for each in quarantine.listing(db)] == told["quarantined"] != []
    with closing(open_spool(tmp_path / "spool", FakeClock(EPOCH_MS + HOUR_MS))) as spool:
        assert spool.interrupted == 0
        assert _dumped(spool.ledgers()) == told["ledgers"]
        assert [spool.messages, spool.payload_bytes] == told["spooled"]
        delivered = []
        while unsent := spool.next_unsent((), (), max_messages=2, max_bytes=10**9):
            delivered += [[each.seq, each.observation_id, _sha256(each.payload)] for each in unsent]
            items = [
                ArchivedItem(
                    observation_id=each.observation_id,
                    message_sha256=codec.message_sha256(each.payload),
                    picture=PictureState.KEPT,
                )
                for each in unsent
            ]
            assert len(spool.confirm(items)[0]) == len(items)
        assert delivered == told["waiting"] != []
        assert {each.in_flight for each in spool.ledgers().values()} == {0}
    assert Pauses(tmp_path / "spool").is_paused("yard")


def test_an_agent_is_who_it_was_and_knows_what_it_was_told(before: Path, tmp_path: Path) -> None:
    told = run_old(before, "edge", tmp_path)
    box, clock = AgentFolder(tmp_path / "agent"), FakeClock(EPOCH_MS + HOUR_MS)
    identity = Identity.load(box.identity, box.identity)
    assert [identity.agent_id, identity.ends_ms] == told["identity"]
    owner = box.owner()
    assert owner is not None
    assert owner.model_dump(mode="json") == told["owner"]
    assert (box.seal_key(), box.secrets_key().public) == (told["seal"], told["secrets"])
    configured = processes.load(processes.EdgeConfig, box.config).model_dump(mode="json")
    assert _of_before(configured, told["config"]) == told["config"]

    section = processes.Provisioning.model_validate(told["section"])
    documents = Documents("street", section, clock)
    in_force, waiting, word = documents.in_force(), documents.waiting, documents.configured()
    assert in_force is not None
    assert waiting is not None
    assert word is not None
    assert _of_before(in_force.model_dump(mode="json"), told["in_force"]) == told["in_force"]
    assert [documents.active, waiting.number, word.model_dump(mode="json")] == told["document"]
    documents.begin(())
    assert documents.apply(waiting.number)

    where = processes.Updates(
        directory=tmp_path / "update", installed_dir=tmp_path, release_key_file=tmp_path / "r.pub"
    )
    updates = Updates("street", section.seal_key_file, where, clock, "0.1.0")
    assert updates.current is not None
    assert updates.current.model_dump(mode="json") == told["order"]
    installed = updates.installed()
    assert installed is not None
    assert installed.model_dump(mode="json") == told["installed"]

    tasks = TaskOrders(tmp_path / "spool", "street", section, clock)
    tasks.serve(["desk"])
    commanded = tasks.report()
    assert commanded is not None
    assert commanded.model_dump(mode="json") == told["tasks"]


def test_an_archive_answers_as_before_and_the_next_archiver_fences_the_last(before: Path, tmp_path: Path) -> None:
    told = run_old(before, "archive", tmp_path)
    assert told["fenced"]
    directory = tmp_path / "archive"
    read = query(directory)
    rows = [row.model_dump(mode="json") for row in read.observations(Filter(), limit=100).items]
    assert _of_before(rows, told["rows"]) == told["rows"] != []
    assert [row.snapshot.row_key for row in read.commits(after=0, limit=100).items] == told["commits"]
    assert {key: _sha256(read.picture(key)) for key in told["pictures"]} == told["pictures"] != {}
    assert [each.model_dump(mode="json") for each in erased(directory)] == told["erased"] != []
    assert _dumped({key: read.holds(key) for key in told["holds"]}) == told["holds"]
    assert list(read.days()) == told["days"]
    assert _of_before(read.status().model_dump(mode="json"), told["status"]) == told["status"]
    wanted = LookalikeRequest.model_validate(told["wanted"])
    found = list(lookalike(directory).search(wanted))[-1]
    assert _of_before([hit.model_dump(mode="json") for hit in found.hits], told["alike"]) == told["alike"] != []
    seals = Seals(directory, connect(directory))
    assert _dumped({name: seals.of(name) for name in told["sealed"]}) == told["sealed"] != {}

    writer = archiver(directory, first_hours=1)
    assert int((directory / "epoch").read_text()) == told["epoch"] + 1
    again, fresh = writer.commit([entry(900, camera="cam-9", appearances=(look(7),)), entry(950)], now_ms=NOW_MS)
    assert (again.fresh, fresh.fresh) == (False, True)
    assert fresh.commit_seq > told["last_commit_seq"] >= again.commit_seq
    assert len(read.observations(Filter(), limit=100).items) == len(told["rows"]) + 1


def test_a_head_knows_its_scales_and_what_it_last_saw(before: Path, tmp_path: Path) -> None:
    told = run_old(before, "head", tmp_path)
    found = replica_counts.read(tmp_path / replica_counts.FILE, {"parser": 1, "embedder": 1})
    assert {name: str(scale) for name, scale in found.items()} == told["scales"] != {}
    assert Condition.read(tmp_path).model_dump(mode="json") == told["condition"]


@pytest.fixture
def page_free() -> Iterator[None]:
    """NiceGUI's application is the process's: the next centre of this process is built on a clean one."""
    yield
    core.app.middleware_stack = None


@pytest.mark.usefixtures("page_free")
def test_a_centre_keeps_every_row_and_its_chain_verifies(before: Path, tmp_path: Path) -> None:
    told = run_old(before, "centre", tmp_path)
    database = tmp_path / "data" / "center.sqlite3"
    known, clock = _columns(database), Clock()
    were = _rows(database, known)
    clock.now_ms = told["now_ms"]
    center = build(processes.CenterConfig.model_validate(told["config"]), link=OpenLine(), clock=clock)
    assert center.services.auth.prepare_setup() is None
    with (
        served(center.application()) as url,
        httpx.Client(base_url=f"{url}/api/", headers=told["cookie"], timeout=LONG_S) as browser,
    ):

        def answer(path: str) -> Any:
            return browser.get(path).raise_for_status().json()

        were_named = told["answers"].pop("districts")
        for path, was in told["answers"].items():
            _forget_causes_of_empty_districts(was)
            assert _of_before(answer(path), was) == was, path
        # Districts of the assessment were a table of their own (decision record 16).
        ids = {each["district_id"] for each in were_named}
        assessed = [each for each in answer("districts") if each["district_id"] not in ids]
        assert _of_before([each for each in answer("districts") if each not in assessed], were_named) == were_named
        assert {each["name"] for each in assessed} <= {each["name"] for each in answer("assessment/districts")}
        assert _known(answer("audit?limit=500"), told["audit"]) == told["audit"] != []
        assert answer("audit/verify")["broken"] is None
        browser.post("login", json=told["account"], headers={"Cookie": ""}).raise_for_status()
    exported = verify(tmp_path / f"data/evidence/{told['export']}.zip", Roots.load(Path(told["root"])))
    assert exported.manifest.case.number == "J2026-117"
    # Districts of the assessment became rows beside the others.
    outlined = were.pop("assessment_districts")
    are = _rows(database, {table: known[table] for table in were})
    assert {row[0] for row in outlined} <= {value for row in are["districts"] for value in row}
    assert {table for table, rows in were.items() if rows - are[table]} - {MINUTES} == {CHAINS_END, REVISION}
    assert [table for table in FILLED if not were[table]] == []


def test_a_home_its_backup_and_its_release_are_opened_and_the_bundle_of_before_enrols(
    before: Path, tmp_path: Path
) -> None:
    told = run_old(before, "home", tmp_path)
    home = Home.open(tmp_path / "home")
    _assert_backup_and_release_are_taken(told, tmp_path)
    technician = Technician(home.directory)
    for words, was in told["answers"]:
        assert _of_before(technician.asks(*words), was) == was, words
    assert (home.seal_key.seal.key, home.pin()) == (told["seal"], told["pin"])
    stored = {each: home.plans.newest_document(each) for each in told["documents"]}
    assert {each: [found.number, found.sealed] for each, found in stored.items() if found} == told["documents"] != {}
    for addressee, (number, sealed) in told["documents"].items():
        assert Seal(told["seal"]).open(sealed.encode(), addressee=addressee, newer_than=number - 1).number == number
    serials = {each: [made.serial for made in home.register.certificates(each)] for each in told["certificates"]}
    assert serials == told["certificates"]
    assert [made.serial for made in home.register.revoked()] == told["revoked"] != []
    assert [[order.agent_id, order.number, order.sealed] for order in home.rollouts.orders()] == told["orders"] != []

    with (tmp_path / "cabinet-3.bundle").open("rb") as file, serving(home):
        bundle = read_bundle(file)
        enrol(
            EnrolmentOrder.of(bundle), tmp_path / "box", lambda _: bundle.code, SystemClock(), expect=told["seal"][:16]
        )
    owner = AgentFolder(tmp_path / "box").owner()
    assert owner is not None
    assert (owner.agent_id, home.register.agent("cabinet-3").membership) == ("cabinet-3", "enrolled")
    assert technician.asks("rollout", "pause")["changed"] is True


def _assert_backup_and_release_are_taken(told: dict[str, Any], folder: Path) -> None:
    (backup,) = (folder / "backup").iterdir()
    restored = Technician(folder / "restored")
    restored.asks("restore", backup)
    home = Home.open(restored.directory)
    assert home.pin() == told["pin"]
    head, file = take_in(Path(told["archive"]), Path(told["release_key"]), home.directory)
    assert (head.role, head.version) == ("edge", "2.0")
    handed_out = piece(folder / "home", file.sha256, 0)
    assert handed_out is not None
    assert handed_out == piece(home.directory, file.sha256, 0)


@pytest.mark.parametrize("name", MOVED)
def test_an_old_modules_name_is_no_module(name: str) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module(name)
    assert caught.value.name == name


def _known(entries: list[dict[str, Any]], of: list[dict[str, Any]]) -> list[dict[str, Any]]:
    newest = of[0]["number"]
    return [each for each in entries if each["number"] <= newest]


def _of_before(now: Any, before: Any) -> Any:
    """Return what is there now without the fields that the old release did not know; a changed value stays."""
    if isinstance(now, dict) and isinstance(before, dict):
        return {name: _of_before(value, before[name]) for name, value in now.items() if name in before}
    if isinstance(now, list) and isinstance(before, list) and len(now) == len(before):
        return [_of_before(one, other) for one, other in zip(now, before, strict=True)]
    return now


def _forget_causes_of_empty_districts(before: Any) -> None:
    """Takes the causes out of what the old release answered: of a district without cameras the cause is that, now."""
    for place in before.get("districts", ()) if isinstance(before, dict) else ():
        if place["card"]["cameras"] == 0:
            for finding in place["card"]["findings"]:
                del finding["cause"]


def _dumped(messages: Any) -> dict[str, Any]:
    return {name: message.model_dump(mode="json") for name, message in messages.items()}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _columns(file: Path) -> dict[str, list[str]]:
    """Every column of every table, without a line of ours."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        return {table: [row[1] for row in db.execute(f'PRAGMA table_info("{table}")')] for table in tables}


def _rows(file: Path, columns: Mapping[str, Sequence[str]]) -> dict[str, set[tuple[Any, ...]]]:
    """Every row of these tables, of these columns alone: a later release adds some."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        listed = {table: ", ".join(f'"{name}"' for name in names) for table, names in columns.items()}
        return {table: set(db.execute(f'SELECT {names} FROM "{table}"').fetchall()) for table, names in listed.items()}
