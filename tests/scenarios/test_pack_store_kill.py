"""The writer of an archive with a store of packs is killed under load, and the store fails meanwhile."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.contracts.config.cluster import PackStore
from ray_cluster.archive.object_store.claim import claim_packs, open_packs
from ray_cluster.archive.packs import ORPHAN_AGE_S
from tests.ray_cluster.world import entry, jpeg, query
from tests.support import pack_writer
from tests.support.object_store import Fault, FaultyProxy, running_store

pytestmark = pytest.mark.losses

LIVES = 6
SEED = 7
WEIGHTS = {Fault.NONE: 10, Fault.REFUSED: 4, Fault.LOST: 3, Fault.OVERTAKEN: 3, Fault.LATE: 2}


def live(directory: Path, settings: PackStore, first: int, commits: int) -> int:
    """One life of the writer, up to a `kill -9` in the middle of a commit; the first number not acknowledged."""
    command = [sys.executable, "-m", pack_writer.__name__, str(directory), settings.model_dump_json(), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        try:
            for _ in range(commits):
                first = int(writer.stdout.readline())
        finally:
            writer.kill()
        # What it still said before it died is acknowledged too.
        return max([first, *map(int, writer.stdout)])


def test_killed_under_load_nothing_is_lost_and_nothing_twice(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    chance = random.Random(SEED)

    def fault(method: str, path: str) -> Fault:
        if method != "PUT" or "/packs/" not in path:
            return Fault.NONE
        return chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]

    with running_store(tmp_path) as store, FaultyProxy(store, fault) as proxy:
        acknowledged = 0
        for _ in range(LIVES):
            # A broker delivers again what was in flight, and more.
            first = max(0, acknowledged - 2 * pack_writer.BATCH)
            acknowledged = max(
                acknowledged, live(archive, store.settings("p", proxy.endpoint), first, chance.randint(4, 12))
            )
        claim_packs(archive, store.settings("p"))  # from here on without the proxy
        read = query(archive)
        status = read.status()
        assert status.rows == status.distinct_ids
        assert acknowledged <= status.rows <= acknowledged + pack_writer.BATCH
        assert [read.picture(entry(n).row_key) for n in range(acknowledged)] == [
            jpeg(n % 200) for n in range(acknowledged)
        ]
        packs = open_packs(archive)
        (day,) = packs.days()
        rows = read.commits(after=0, limit=10 * acknowledged).items
        kept = {row.snapshot.place.pack for row in rows if row.snapshot.place is not None}
        orphans = packs.sweep(day, kept, now_s=ORPHAN_AGE_S + 4e9)
        assert {each.pack for each in packs.files(day)} == kept
        assert orphans
        sys.stdout.write(
            f"{acknowledged} acknowledged in {LIVES} lives, {status.rows} rows, {orphans} packs without rows\n"
        )
