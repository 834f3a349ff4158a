"""A process that writes into the audit. It imports no more than that takes: a test starts three of them."""

from pathlib import Path

from sqlalchemy import URL

from center.audit.log import Audit
from center.database.store import Store


def write(database: Path | URL, name: str) -> None:
    """Appends twenty entries."""
    store = Store(database)
    audit = Audit(store, lambda: 1_795_000_000_000)
    for number in range(20):
        audit.append(name, "test", {"number": number})
    store.close()
