"""A centre's cascade in a process of its own, to be killed: FOLDER, a `ViidSuperior` as JSON, the archive's address."""

import asyncio
import sys
from pathlib import Path

from center.audit.log import Audit
from center.clock import now_ms
from center.database.store import Store
from center.search.camera_positions import CameraPositions
from center.search.client import Search
from center.viid_cascade.service import ViidCascade
from provisioning.contracts.config.viid_cascade import ViidSuperior
from tests.center.fake_archive import TOKEN


async def main(folder: Path, superior: str, archive_url: str) -> None:
    """Read and send until somebody ends it."""
    store = Store(folder / "center.sqlite3")
    audit = Audit(store, now_ms)
    positions = CameraPositions(store, dict)
    cascade = ViidCascade(
        (ViidSuperior.model_validate_json(superior),),
        store=store,
        audit=audit,
        search=Search(url=archive_url, token=TOKEN, audit=audit, positions=positions),
        statuses=dict,
        positions=positions.on_file,
        counts=lambda _agent: True,
        now_ms=now_ms,
    )
    async with cascade.at_work():
        sys.stdout.write("started\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
