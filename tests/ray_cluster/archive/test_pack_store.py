"""An archive whose pictures lie in an S3-compatible store: the same promises as on disk, and what is refused."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.contracts.config.cluster import ClusterConfig, PackStore
from provisioning.contracts.config.processes import load
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.query.archive import PicturePlace
from provisioning.pki.identities import BROKER
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.object_store.claim import MARK, claim_packs, open_packs
from ray_cluster.archive.packs import ORPHAN_AGE_S
from ray_cluster.archive.packs import PackStore as Packs
from ray_cluster.archive.partitions.division import Partitions
from ray_cluster.archive.partitions.writers import open_writer
from ray_cluster.errors import (
    ArchiveUnreadable,
    ArchiveWriteFailed,
    ClusterError,
    PictureDamaged,
    PictureErased,
    StoreRefused,
)
from ray_cluster.maintenance.backup import back_up, restore
from ray_cluster.maintenance.erasure import erase
from ray_cluster.query.reader import Query
from tests.ray_cluster.archive.test_packs import DAY, PICTURES, sha
from tests.ray_cluster.world import CONFIG, NOW_MS, OFFSET_MINUTES, RETENTION_DAYS, archiver, entry, jpeg, query
from tests.support.object_store import BUCKET, SECRET, Fault, FaultyProxy, Store, running_store
from tests.support.pki import Pki
from tests.support.steady import together


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with running_store(tmp_path_factory.mktemp("store")) as running:
        yield running


def opened(directory: Path, settings: PackStore) -> tuple[Archiver, Query]:
    claim_packs(directory, settings)
    return archiver(directory), query(directory)


def claimed(directory: Path, settings: PackStore) -> Packs:
    claim_packs(directory, settings)
    return open_packs(directory)


def test_an_archive_lives_its_life_with_its_pictures_in_a_store(store: Store, tmp_path: Path) -> None:
    live, target, anew = tmp_path / "live", tmp_path / "backup", tmp_path / "anew"
    settings = store.settings("town/first")
    writer, read = opened(live, settings)
    writer.commit([entry(n) for n in range(3)], now_ms=NOW_MS)
    writer.commit([entry(n) for n in range(2, 5)], now_ms=NOW_MS)
    assert [read.picture(entry(n).row_key) for n in range(5)] == [jpeg(n) for n in range(5)]
    assert list((live / "packs").iterdir()) == []
    assert len(store.keys("town/first/packs/20261124/")) == 2

    for _ in range(2):
        erase(live, entry(1).row_key, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS, reason="x")
    with pytest.raises(PictureErased):
        read.picture(entry(1).row_key)
    held = [store.client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in store.keys("town/first/packs/")]
    assert jpeg(0) in b"".join(held)
    assert jpeg(1) not in b"".join(held)

    for _ in range(2):
        back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert query(target).picture(entry(4).row_key) == jpeg(4)
    with pytest.raises(StoreRefused, match="packs of another archive"):
        restore(target, anew, offset_minutes=OFFSET_MINUTES, pack_store=settings)
    other = store.settings("town/second")
    assert restore(target, anew, offset_minutes=OFFSET_MINUTES, pack_store=other).days == 1
    assert query(anew).picture(entry(4).row_key) == jpeg(4)
    assert not (anew / "packs").exists()

    packs = open_packs(live)
    (orphan, *_) = packs.write(DAY, "ff", PICTURES)
    rows = [read.observation(entry(n).row_key).snapshot for n in (0, 4)]
    kept = {row.place.pack for row in rows if row.place is not None}
    assert packs.to_sweep() == (DAY,)
    assert packs.sweep(DAY, kept, now_s=time.time()) == 0
    assert packs.sweep(DAY, kept, now_s=time.time() + ORPHAN_AGE_S + 60) == 1
    assert orphan.pack not in {each.pack for each in packs.files(DAY)}
    packs.drop(DAY)
    assert store.keys("town/first/packs/") == []
    assert len(store.keys("town/second/packs/")) == 2


def test_partitions_lie_side_by_side_in_one_store(store: Store, tmp_path: Path) -> None:
    live, target, anew = tmp_path / "live", tmp_path / "backup", tmp_path / "anew"
    claim_packs(live, store.settings("divided"))
    writers = [
        open_writer(
            live, n, writers=2, retention_days=RETENTION_DAYS, offset_minutes=OFFSET_MINUTES, now=together(NOW_MS)
        )
        for n in range(2)
    ]
    agents = Partitions(live).assign(["square", "street"]).agents
    rows = [entry(n, agent=agent) for n, agent in enumerate(agents)]
    for row in rows:
        writers[agents[row.snapshot.agent_id]].commit([row], now_ms=NOW_MS)
    assert len(store.keys("divided/packs/")) == len(store.keys("divided/partitions/1/packs/")) == 1
    back_up(live, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    restore(target, anew, offset_minutes=OFFSET_MINUTES, pack_store=store.settings("divided-anew"))
    for archive in (live, target, anew):
        assert [query(archive).picture(row.row_key) for row in rows] == [row.jpeg for row in rows]
    assert len(store.keys("divided-anew/partitions/1/packs/")) == 1


def test_a_store_that_fails_costs_time_and_nothing_else(store: Store, tmp_path: Path) -> None:
    faults: list[Fault] = []
    with FaultyProxy(store, lambda *_: faults.pop(0) if faults else Fault.NONE) as proxy:
        writer, read = opened(tmp_path / "archive", store.settings("faulty", proxy.endpoint))
        for number, arranged in enumerate(
            (
                [Fault.LATE],
                [Fault.LOST],  # the client sends it again, and it is there
                [Fault.OVERTAKEN],
                [Fault.REFUSED, Fault.REFUSED],
                [Fault.LOST, Fault.LOST],
                [Fault.OVERTAKEN, Fault.REFUSED],
            )
        ):
            faults += arranged
            while True:
                try:
                    writer.commit([entry(number)], now_ms=NOW_MS)
                except ArchiveWriteFailed as error:
                    assert SECRET not in str(error)  # noqa: PT017 - one of several outcomes
                    continue
                break
        # Not by `status`, which asks the store too and would take a fault for itself.
        (tally,) = (each.tally() for each in read.partitions)
        assert (tally.rows, len({key.as_py() for keys in tally.row_keys for key in keys})) == (6, 6)
        faults += [Fault.REFUSED, Fault.REFUSED]
        with pytest.raises(ArchiveUnreadable, match="tried again"):
            read.picture(entry(0).row_key)
        assert [read.picture(entry(n).row_key) for n in range(6)] == [jpeg(n) for n in range(6)]
        faults += [Fault.NONE, Fault.NONE, Fault.LOST, Fault.REFUSED]  # versions, read, replace
        key = entry(0).row_key
        while True:
            try:
                erase(tmp_path / "archive", key, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS, reason="x")
            except ClusterError:
                continue
            break
        with pytest.raises(PictureErased):
            read.picture(key)


def test_damage_is_told_apart(store: Store, tmp_path: Path) -> None:
    packs = claimed(tmp_path, store.settings("damage"))
    (first, *_) = packs.write(DAY, "00", PICTURES)
    with pytest.raises(PictureDamaged, match="other bytes"):
        packs.read(first, sha(b"another"))
    beyond = PicturePlace(pack=first.pack, offset=10_000, length=5)
    missing = PicturePlace(pack=f"{DAY}/aa.pack", offset=8, length=5)
    for place in (beyond, missing):
        with pytest.raises(PictureDamaged):
            packs.read(place, sha(b""))
        with pytest.raises(PictureDamaged):
            packs.erase(place)


def test_a_prefix_has_one_archive_and_an_archive_one_place(store: Store, tmp_path: Path) -> None:
    mine, yours, disk = tmp_path / "mine", tmp_path / "yours", tmp_path / "disk"
    settings = store.settings("one")
    for _ in range(2):
        claim_packs(mine, settings)
    with pytest.raises(StoreRefused, match="another archive"):
        claim_packs(yours, settings)
    assert not (yours / MARK).exists()
    for other in (None, store.settings("two")):
        with pytest.raises(StoreRefused, match="its packs lie in bucket pictures under one"):
            claim_packs(mine, other)
    store.client.delete_object(Bucket=BUCKET, Key="one/archive.json")
    with pytest.raises(StoreRefused, match="correct the endpoint"):
        claim_packs(mine, settings)
    archiver(disk).commit([entry(1)], now_ms=NOW_MS)
    with pytest.raises(StoreRefused, match="lie on disk"):
        claim_packs(disk, store.settings("three"))


def test_a_bucket_that_keeps_versions_is_refused_even_later(store: Store, tmp_path: Path) -> None:
    store.client.create_bucket(Bucket="versioned")
    settings = store.settings("kept", bucket="versioned")
    packs = claimed(tmp_path / "archive", settings)
    places = packs.write(DAY, "00", PICTURES)
    for state in ("Enabled", "Suspended"):
        store.client.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": state})
        with pytest.raises(StoreRefused, match="versioning"):
            packs.erase(places[0])
        with pytest.raises(StoreRefused, match="versioning"):
            claim_packs(tmp_path / "archive", settings)


@pytest.mark.parametrize("dropped", ["If-None-Match", "If-Match"])
def test_a_store_that_ignores_conditions_is_refused(store: Store, tmp_path: Path, dropped: str) -> None:
    with (
        FaultyProxy(store, lambda *_: Fault.NONE, drops=dropped) as proxy,
        pytest.raises(StoreRefused, match="honours both"),
    ):
        claim_packs(tmp_path, store.settings(f"careless-{dropped.lower()}", proxy.endpoint))


def test_the_certificate_is_checked_and_the_secret_is_nowhere(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    pki = Pki(tmp_path / "pki")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity = pki.identities.identity(BROKER)
    tls.load_cert_chain(identity.cert_file, identity.key_file)
    with FaultyProxy(store, lambda *_: Fault.NONE, tls) as proxy:
        with pytest.raises(ArchiveUnreadable, match="SSLError") as refused:
            claim_packs(tmp_path / "a", store.settings("tls", proxy.endpoint))
        ca_file = pki.identities.services.ca_file
        packs = claimed(tmp_path / "a", store.settings("tls", proxy.endpoint, ca_file=ca_file))
        assert packs.write(DAY, "00", PICTURES)
        assert all(SECRET not in path for _, path in proxy.requests)
    assert SECRET not in caplog.text + str(refused.value)


@pytest.mark.parametrize(
    ("content", "mode", "remedy"),
    [
        ("[default]\naws_access_key_id = a\n", 0o600, "aws_secret_access_key, a line each"),
        (f"{SECRET}\n", 0o600, "a line each"),
        ("[default]\n", 0o644, "chmod 600"),
    ],
)
def test_credentials_that_cannot_be_used_are_named_without_their_content(
    store: Store, tmp_path: Path, content: str, mode: int, remedy: str
) -> None:
    path = tmp_path / "credentials"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(StoreRefused, match=remedy) as refused:
        claim_packs(tmp_path / "archive", store.settings("x", credentials_file=path))
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("endpoint", "http://10.2.0.20:9000", "http for 127.0.0.1 alone"),
        ("endpoint", f"https://user:{SECRET}@10.2.0.20", "nothing after the port"),
        ("bucket", "Pictures", "small letters"),
        ("prefix", "/town/", "no / at its ends"),
    ],
)
def test_a_bad_section_says_how_it_should_look(tmp_path: Path, key: str, value: str, remedy: str) -> None:
    section = {"endpoint": "https://store", "bucket": "pictures", "prefix": "town", "credentials_file": "c"} | {
        key: value
    }
    lines = ["", "[pack_store]", *(f'{name} = "{each}"' for name, each in section.items())]
    (tmp_path / "cluster.toml").write_text(CONFIG + "\n".join(lines))
    with pytest.raises(ConfigError, match=f"pack_store.{key}.*{remedy}") as refused:
        load(ClusterConfig, tmp_path / "cluster.toml")
    assert SECRET not in str(refused.value)
