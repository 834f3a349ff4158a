"""A centre's audit and its way to a syslog server, to be killed: FOLDER and an `AuditSyslog` as JSON.

Appends entry after entry and prints the number of each that was committed.
"""

import asyncio
import sys
from itertools import count
from pathlib import Path

from center.audit.log import Audit
from center.audit_syslog.service import SyslogSender
from center.clock import now_ms
from center.database.store import Store
from provisioning.contracts.config.audit_syslog import AuditSyslog


async def main(folder: Path, config: str) -> None:
    """Writes and sends until the process is killed."""
    store = Store(folder / "center.sqlite3")
    audit = Audit(store, now_ms)
    sender = SyslogSender(AuditSyslog.model_validate_json(config), store, audit, now_ms, every_s=0.01)
    async with sender.at_work():
        for turn in count():
            about = {"source": "192.0.2.7", "purpose": "a man in a red coat", "count": turn}
            await asyncio.to_thread(audit.append, "ana", "case.show", about)
            sys.stdout.write("written\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
