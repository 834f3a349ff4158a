"""What the audit says about these observations and this case: every column of every entry, as it is in the table."""

import json
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import or_, select

from center.clock import local, utc
from center.store import AuditEntry, Store

PLAIN: Final = frozenset({"id", "at_ms", "actor", "action", "detail"})
"""Columns without which an entry is none; any other is the chain's."""
_BATCH: Final = 500
_NAMING: Final = ('%"row_key%', '%"case%')


def extract(store: Store, row_keys: frozenset[str], case_number: str) -> dict[str, Any]:
    """`audit-extract.json`. Reads the table in order, some rows at a time. Blocks.

    Raises:
        StoreUnavailableError: the table cannot be read.
    """
    columns = [column.key for column in AuditEntry.__table__.columns]
    chain = [name for name in columns if name not in PLAIN]
    return {
        "says": "Entries of this centre's audit that name one of the observations or the case, oldest first.",
        "chain_fields": chain,
        "missing": {} if chain else {"chain": "this centre's audit table has no fields that chain its entries"},
        "entries": list(_entries(store, row_keys, case_number, columns)),
    }


def concerns(detail: str, row_keys: frozenset[str], case_number: str) -> bool:
    """Whether an entry's detail names one of the observations or the case. One that was cut off is read as text."""
    try:
        said = json.loads(detail)
    except ValueError:
        return any(f'"{key}"' in detail for key in row_keys) or json.dumps(case_number, ensure_ascii=False) in detail
    if not isinstance(said, dict):
        return False
    named = said.get("row_keys", [])
    return (
        said.get("case") == case_number
        or said.get("row_key") in row_keys
        or (isinstance(named, list) and not row_keys.isdisjoint(each for each in named if isinstance(each, str)))
    )


def _entries(store: Store, row_keys: frozenset[str], case_number: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    # The database narrows it down to what names any observation or case at all; which, is looked at here.
    wanted = select(AuditEntry).where(or_(*(AuditEntry.detail.like(pattern) for pattern in _NAMING)))
    with store.transaction() as session:
        for entry in session.scalars(wanted.order_by(AuditEntry.id).execution_options(yield_per=_BATCH)):
            if concerns(entry.detail, row_keys, case_number):
                shown = {name: _plain(getattr(entry, name)) for name in columns}
                yield shown | {"utc": utc(entry.at_ms), "local": local(entry.at_ms)}


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
