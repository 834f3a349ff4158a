"""The store of an archive's pictures as an operator sees it: whether it answers, since when not, and what to do.

status, /health, metrics ◀─ background check ─▶ proxy with faults ─▶ S3 server
"""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import load
from provisioning.contracts.query.archive import ArchiveStatus, PackStoreStatus, StorageStatus, StoredPacks, StuckStage
from ray_cluster.archive.object_store import s3
from ray_cluster.archive.object_store.claim import claim_packs, open_packs
from ray_cluster.archive.object_store.request_metrics import StoreOperation, StoreRequests, StoreResult
from ray_cluster.archive.object_store.store_health import FRESH_S, MUTE_S, StoreHealth
from ray_cluster.errors import ClusterError, StoreDenied
from ray_cluster.maintenance.pack_count import NEWEST_MS
from ray_cluster.query.admission import Admission
from ray_cluster.query.reader import Query
from ray_cluster.query.routes import HEALTH_FRESH_S
from ray_cluster.serve.metrics import query_families
from tests.ray_cluster.archive.test_packs import DAY, PICTURES
from tests.ray_cluster.node.test_commands import CONFIG, invoke
from tests.ray_cluster.query.test_reader import INTAKE, Http, intake_is_well
from tests.ray_cluster.world import NOW_MS, OFFSET_MINUTES, archiver, entry, query, upkeep
from tests.support.http_server import HOST
from tests.support.object_store import BUCKET, SECRET, Fault, FaultyProxy, Store, running_store
from tests.support.ports import free_port, free_ports
from tests.support.scraping import samples
from tests.support.waiting import LONG_S, until


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_store(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check waits for its answer, however long the machine stands still."""
    monkeypatch.setattr(s3, "Patience", partial(s3.Patience, connect_s=LONG_S, read_s=LONG_S))


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.s = 0.0

    def health(self, directory: Path, *stated: Any) -> StoreHealth:
        configured = stated[0] if stated else None
        return StoreHealth(directory, configured, now_ms=lambda: NOW_MS + int(self.s * 1000), now_s=lambda: self.s)


def known(health: StoreHealth, wanted: Callable[[PackStoreStatus], bool]) -> PackStoreStatus:
    """The status, once the check that runs has ended and it is as wanted."""
    found: list[PackStoreStatus] = []

    def is_known() -> bool:
        status = health.status()
        assert status is not None
        found.append(status)
        return wanted(status)

    until(is_known, "the status of the store", seen=lambda: found[-1])
    return found[-1]


def answers(health: StoreHealth) -> PackStoreStatus:
    return known(health, lambda status: status.answers is True)


def is_away(health: StoreHealth) -> PackStoreStatus:
    return known(health, lambda status: status.answers is False)


def test_an_archive_on_disk_has_no_store(tmp_path: Path) -> None:
    archiver(tmp_path).commit([entry(1)], now_ms=NOW_MS)
    assert StoreHealth(tmp_path, None).status() is None
    read = query(tmp_path)
    assert (read.status().pack_store, read.storage().pack_store) == (None, None)
    assert "pack_store" not in read.status().model_dump_json()  # an older centre reads it
    assert [each for each in samples(query_families(Admission(), read.pack_store)) if "pack_store" in each[0]] == []
    assert upkeep(tmp_path).run_once(now_ms=NOW_MS).packs is None


def test_a_store_is_away_since_it_first_failed_and_back_without_a_restart(store: Store, tmp_path: Path) -> None:
    clock, fault = Clock(), [Fault.NONE]
    with FaultyProxy(store, lambda *_: fault[0]) as proxy:
        settings = store.settings("health", proxy.endpoint)
        health = clock.health(tmp_path, settings)
        before = answers(health)  # configured, and no archive is in it yet
        assert (before.endpoint, before.bucket, before.prefix) == (proxy.endpoint, BUCKET, "health")
        claim_packs(tmp_path, settings)
        health = clock.health(tmp_path)
        assert answers(health).away_since_ms is None

        fault[0] = Fault.REFUSED
        clock.s += FRESH_S - 1
        assert answers(health).asked_at_ms == NOW_MS  # fresh: nothing is asked
        clock.s += 1
        away = is_away(health)
        assert away.away_since_ms == away.asked_at_ms == NOW_MS + FRESH_S * 1000
        assert away.fault.startswith(f"{proxy.endpoint}/{BUCKET}: cannot be read now (")
        assert away.fault.endswith("check the store and the way to it; it is tried again")
        assert away.reason is not None
        assert (away.reason.code, "://" in str(away.reason.params)) == ("pack_store_away", False)
        clock.s += FRESH_S
        again = known(health, lambda status: status.asked_at_ms == NOW_MS + 2 * FRESH_S * 1000)
        assert (again.answers, again.away_since_ms) == (False, away.away_since_ms)

        fault[0] = Fault.NONE
        clock.s += FRESH_S
        back = answers(health)
        assert (back.fault, back.reason, back.away_since_ms) == ("", None, None)


def test_nobody_waits_for_a_store_that_is_silent(store: Store, tmp_path: Path) -> None:
    clock, fault = Clock(), [Fault.NONE]
    with FaultyProxy(store, lambda *_: fault[0]) as proxy:
        claim_packs(tmp_path, store.settings("silent", proxy.endpoint))
        fault[0] = Fault.SILENT
        asked, health = len(proxy.requests), clock.health(tmp_path)
        first = health.status()
        assert first is not None
        assert (first.answers, first.fault) == (None, "")
        until(lambda: len(proxy.requests) > asked, "the store was asked")
        clock.s += MUTE_S
        second = health.status()
        assert second is not None
        assert (second.answers, second.away_since_ms) == (False, NOW_MS + MUTE_S * 1000)
        assert second.fault == f"{proxy.endpoint}/{BUCKET}: no answer within 5 s; check the store and the way to it"
        assert len(proxy.requests) == asked + 1  # one check at a time


def test_a_key_that_is_not_accepted_is_named_and_a_new_one_needs_no_restart(tmp_path: Path) -> None:
    clock, live = Clock(), tmp_path / "live"
    with running_store(tmp_path) as store:
        claim_packs(live, store.settings("keys"))
        packs = open_packs(live)
        (place, *_) = packs.write(DAY, "ff", PICTURES)
        health = clock.health(live)
        key_id, secret = store.check_keys()
        denied = is_away(health)
        assert denied.fault.endswith("check credentials_file, and which rights its key has in the bucket")
        assert denied.reason is not None
        assert denied.reason.code == "pack_store_denied"
        assert SECRET not in denied.model_dump_json()
        with pytest.raises(StoreDenied):
            packs.read(place, "0" * 64)

        store.state_key(key_id, secret)
        clock.s += FRESH_S
        answers(health)
        assert [each.pack for each in packs.files(DAY)] == [place.pack]
        (tmp_path / "credentials").write_text("[other]\n")
        clock.s += FRESH_S
        assert "needs [default] with aws_access_key_id" in is_away(health).fault
        with pytest.raises(ClusterError, match=r"needs \[default\] with aws_access_key_id"):
            packs.read(place, "0" * 64)


def test_a_store_without_this_archive_is_refused(store: Store, tmp_path: Path) -> None:
    claim_packs(tmp_path, store.settings("emptied"))
    store.client.delete_object(Bucket=BUCKET, Key="emptied/archive.json")
    gone = is_away(Clock().health(tmp_path))
    assert "archive.json in bucket pictures under emptied is gone or of another archive" in gone.fault
    assert gone.reason is not None
    assert gone.reason.code == "pack_store_refused"


def test_http_says_that_the_store_is_away_and_health_is_not_ok(store: Store, tmp_path: Path) -> None:
    claim_packs(tmp_path, store.settings("http"))
    archiver(tmp_path).commit([entry(1)], now_ms=NOW_MS)
    client = Http(query(tmp_path), intake_is_well)
    until(lambda: client.get("/status").json()["pack_store"]["answers"], "the store answers")
    assert client.get("/health").json()["status"] == "ok"

    gone = store.settings("http", f"http://{HOST}:{free_port()}")
    (tmp_path / "pack_store.json").write_text(
        (tmp_path / "pack_store.json").read_text().replace(store.endpoint, gone.endpoint)
    )
    until(lambda: client.get("/status").json()["pack_store"]["answers"] is False, "the store is away")
    health = client.get("/health")
    assert (health.status_code, health.json()["status"]) == (503, "pack store unreachable")
    assert health.json()["attention"] == ["the store of the pictures does not answer as it should, see /status"]
    status = ArchiveStatus.model_validate_json(client.get("/status").content)
    assert status.rows == 1  # rows are on disk
    assert status.pack_store is not None
    assert "EndpointConnectionError" in status.pack_store.fault
    disk = StorageStatus.model_validate_json(client.get("/storage").content)
    assert disk.pack_store is not None
    assert disk.pack_store.away_since_ms == status.pack_store.away_since_ms

    async def stuck() -> Any:
        stage = StuckStage(stage="archiver", messages=8, seconds=40, cause="x")
        return INTAKE.model_copy(update={"stuck": (stage,)})

    both = Http(client_query := query(tmp_path), stuck, clock_s=itertools.count(0.0, HEALTH_FRESH_S).__next__)
    until(lambda: (seen := client_query.pack_store()) is not None and seen.answers is False, "the store is away")
    assert [line.rpartition(" ")[2] for line in both.get("/health").json()["attention"]] == ["/intake", "/status"]


def test_upkeep_counts_packs_and_those_without_rows(store: Store, tmp_path: Path) -> None:
    """The packs are of the S3 server's clock, so the time of this upkeep is the real one, and later."""
    now_ms = time.time_ns() // 1_000_000
    fault = [Fault.NONE]
    with FaultyProxy(store, lambda *_: fault[0]) as proxy:
        claim_packs(tmp_path, store.settings("counted", proxy.endpoint))
        writer = archiver(tmp_path)
        writer.commit([entry(1), entry(2)], now_ms=NOW_MS)
        writer.commit([entry(3)], now_ms=NOW_MS)
        open_packs(tmp_path).write(DAY, "ee", PICTURES)
        sizes = [
            each["Size"] for each in store.client.list_objects_v2(Bucket=BUCKET, Prefix="counted/packs/")["Contents"]
        ]
        upkeeper = upkeep(tmp_path)
        young = upkeeper.run_once(now_ms=now_ms)
        assert young.packs == StoredPacks(at_ms=now_ms, packs=3, size_bytes=sum(sizes), unreferenced=0)
        later_ms = now_ms + NEWEST_MS
        asked = len(proxy.requests)
        upkeeper.run_once(now_ms=later_ms - 1)
        assert len(proxy.requests) == asked
        old = upkeeper.run_once(now_ms=later_ms).packs
        assert old == StoredPacks(at_ms=later_ms, packs=3, size_bytes=sum(sizes), unreferenced=1)
        read = Query(tmp_path, offset_minutes=OFFSET_MINUTES)
        seen = read.pack_store()
        assert seen is not None
        assert seen.packs == old

        fault[0] = Fault.REFUSED
        (failed,) = upkeeper.run_once(now_ms=later_ms + NEWEST_MS).faults
        assert failed.startswith("count of packs: http")
        asked = len(proxy.requests)
        assert upkeeper.run_once(now_ms=later_ms + NEWEST_MS + 1).faults == (failed,)
        assert len(proxy.requests) == asked  # not each five seconds
        fault[0] = Fault.NONE
        anew = upkeep(tmp_path).run_once(now_ms=later_ms + NEWEST_MS + 2)
        assert (anew.faults, anew.packs is not None) == ((), True)


def test_requests_are_counted_by_operation_and_result(store: Store, tmp_path: Path) -> None:
    settings = store.settings("measured")
    claim_packs(tmp_path, settings)
    answers(health := Clock().health(tmp_path))  # by its clock the answer stays fresh: no other check is counted
    packs = open_packs(tmp_path)

    def told() -> dict[tuple[str, ...], float]:
        return samples(query_families(Admission(), health.status))

    before = told()
    (place, *_) = packs.write(DAY, "aa", PICTURES)
    packs.open(place.pack)
    packs.open(f"{DAY}/none.pack")
    list(packs.files(DAY))
    packs.drop(DAY)
    after = told()
    grown = {key[1:]: after[key] - before[key] for key in after if key[0] == "wayside_pack_store_requests_total"}
    assert {key: count for key, count in grown.items() if count} == {
        ("create", "done"): 1,
        ("get", "done"): 1,
        ("get", "missing"): 1,
        ("list", "done"): 4,  # each listing asks once more, for the page after the last
        ("delete", "done"): 1,
    }
    name = "wayside_pack_store_request_seconds_count"
    assert after[name, "create"] - before[name, "create"] == 1
    assert after["wayside_pack_store_answers",] == 1


def test_a_request_that_fails_is_counted_and_its_error_passes() -> None:
    requests = StoreRequests(iter([1.0, 4.0]).__next__)
    with pytest.raises(KeyError), requests.counted(StoreOperation.GET, lambda _: StoreResult.FAILED):
        raise KeyError
    assert requests.counts()[StoreOperation.GET, StoreResult.FAILED] == 1
    assert sum(requests.counts().values()) == 1


def configuration(folder: Path) -> Path:
    """A configuration of a cluster that does not run."""
    gcs, dashboard, served = free_ports(3)
    path = folder / "cluster.toml"
    path.write_text(CONFIG.format(gcs=gcs, dashboard=dashboard, query=served))
    return path


def test_status_says_where_pictures_lie_and_why_the_store_is_away(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config_file = configuration(tmp_path)
    config = load(ClusterConfig, config_file)
    client = Http(query(config.archive_dir), intake_is_well)
    monkeypatch.setattr("ray_cluster.cli.status.ask_query", lambda _, path: client.get(path).json())
    archiver(config.archive_dir)
    code, out, _ = invoke("status", "--config", str(config_file))
    assert code == 0
    assert f"on disk: {config.archive_dir}/packs" in out

    fault = [Fault.NONE]
    with FaultyProxy(store, lambda *_: fault[0]) as proxy:
        claim_packs(config.archive_dir, store.settings("told", proxy.endpoint))
        open_packs(config.archive_dir).write(DAY, "aa", PICTURES)
        client = Http(query(config.archive_dir), intake_is_well)
        until(lambda: client.get("/status").json()["pack_store"]["answers"], "the store answers")
        code, out, _ = invoke("status", "--config", str(config_file))
        assert code == 0
        assert f"{proxy.endpoint}, bucket {BUCKET}, prefix told" in out
        assert "answers, asked at 20" in out
        assert "not counted yet" in out
        upkeep(config.archive_dir).run_once(now_ms=time.time_ns() // 1_000_000)
        assert "1 with 0.0 GB, 0 of them without rows" in invoke("status", "--config", str(config_file))[1]
        code, out, _ = invoke("store", "--config", str(config_file), "--json")
        assert (code, json.loads(out)["state"]) == (0, "answers")

        fault[0] = Fault.REFUSED
        client = Http(query(config.archive_dir), intake_is_well)
        until(lambda: client.get("/status").json()["pack_store"]["answers"] is False, "the store is away")
        code, out, _ = invoke("status", "--config", str(config_file))
        assert code == 1
        assert "pack store unreachable" in out
        assert "store of the pictures, away since 20" in out
        assert "check the store and the way to it; it is tried again" in out
        assert SECRET not in out
        code, out, _ = invoke("store", "--config", str(config_file), "--json")
        assert code == 1
        assert json.loads(out)["fault"].endswith("check the store and the way to it; it is tried again")


def test_the_store_can_be_tried_before_an_archive_is_in_it(store: Store, tmp_path: Path) -> None:
    config_file = configuration(tmp_path)
    code, out, _ = invoke("store", "--config", str(config_file), "--json")
    assert (code, json.loads(out)["store"]) == (0, "none")
    place = store.settings("first")
    section = f'endpoint = "{place.endpoint}"\nbucket = "{BUCKET}"\nprefix = "first"\n'
    plain = config_file.read_text()
    config_file.write_text(f'{plain}[pack_store]\n{section}credentials_file = "{place.credentials_file}"\n')
    code, out, _ = invoke("store", "--config", str(config_file), "--json")
    assert (code, json.loads(out)["state"]) == (0, "answers; no archive is in it")
    config_file.write_text(f'{plain}[pack_store]\n{section}credentials_file = "nowhere"\n')
    code, out, _ = invoke("store", "--config", str(config_file), "--json")
    assert code == 1
    assert "nowhere" in json.loads(out)["fault"]
