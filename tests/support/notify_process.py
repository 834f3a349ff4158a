"""A centre's notifications in a process of their own, to be killed: FOLDER, a `Notify` as JSON, its clock's lead."""

import asyncio
import sys
from pathlib import Path

from center.audit.log import Audit
from center.clock import now_ms
from center.database.store import Store
from center.notify.service import Notifier
from center.retention import Retention, machine_clocks
from provisioning.contracts.config.notify import Notify


async def main(folder: Path, config: str, ahead_ms: int) -> None:
    """Send until somebody ends it."""

    def clock() -> int:
        return now_ms() + ahead_ms

    store = Store(folder / "center.sqlite3")
    retention = Retention(folder, machine_clocks(clock), newest_ms=lambda: None)
    notifier = Notifier(
        Notify.model_validate_json(config),
        store,
        Audit(store, clock),
        data_dir=folder,
        retention=retention,
        now_ms=clock,
    )
    notifier.start()
    sys.stdout.write("started\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
