"""Program: commits entries to an archive with a store of packs until it is killed, and says which are acknowledged."""

import sys
from pathlib import Path

from provisioning.contracts.config.cluster import PackStore
from ray_cluster.archive.object_store.claim import claim_packs
from ray_cluster.errors import Retryable
from tests.ray_cluster.world import NOW_MS, archiver, entry

BATCH = 5


def main(directory: Path, settings: PackStore, first: int) -> None:
    claim_packs(directory, settings)
    writer = archiver(directory)
    while True:
        try:
            writer.commit([entry(n) for n in range(first, first + BATCH)], now_ms=NOW_MS)
        except Retryable:
            continue
        first += BATCH
        sys.stdout.write(f"{first}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), PackStore.model_validate_json(sys.argv[2]), int(sys.argv[3]))
