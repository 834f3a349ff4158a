"""Extracts the audit entries that concern one export: every column of every entry, as it is in the table.

It holds nothing that the exporter does not see elsewhere. A case number is typed freely: an entry of a case is taken if
the exporter sees the whole of that case, one of another export if the exporter sees that export. Entries about these
observations that are kept back for this reason are counted.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select

from center.clock import local, utc
from center.database.store import AuditEntry, Store

PLAIN: Final = frozenset({"id", "at_ms", "actor", "action", "detail"})
"""Columns that every entry has; any other belongs to the chain."""
_BATCH: Final = 500
_NAMING: Final = ('%"row_key%', '%"case%')
_OF_CASES: Final = "case."
_OF_EXPORTS: Final = "evidence."
"""Beginnings of actions. The case of a `case.` action was looked up; the case number of an export was typed."""
_SAYS: Final = "Entries of this centre's audit about these observations, and about exports for this case that the "
_BY_CASE: Final = _SAYS + "exporter sees, and about the case itself, oldest first."
_BY_ROW: Final = _SAYS + "exporter sees, oldest first; nothing about the case itself (see missing)."
_NOT_IN_SIGHT: Final = "there is no case of this number, or not every camera of its area is in the exporter's sight"


@dataclass(frozen=True, slots=True)
class ExtractSight:
    """Functions that select, of named cases and exports, those that the exporter sees."""

    cases: Callable[[Iterable[str]], frozenset[str]]
    exports: Callable[[Iterable[str]], frozenset[str]]


@dataclass(frozen=True, slots=True)
class References:
    """References of an audit entry: to these observations, to a case and to an export."""

    observation: bool
    case: str | None
    """None: not an act in a case; empty: it cannot be read."""
    export: str | None
    """None: not an act of an export; empty: it cannot be read."""
    number: str
    """Case number, looked up or typed; empty for none."""


def extract(store: Store, row_keys: frozenset[str], case_number: str, sight: ExtractSight) -> dict[str, Any]:
    """Makes `audit-extract.json`. Reads the table in order, some rows at a time. Blocks.

    Raises:
        StoreUnavailableError: a table cannot be read.
    """
    columns = [column.key for column in AuditEntry.__table__.columns]
    chain = [name for name in columns if name not in PLAIN]
    found = _concerned(store, row_keys, case_number, columns)
    cases = sight.cases({named.case for named, _ in found if named.case is not None} | {case_number})
    exports = sight.exports({named.export for named, _ in found if named.export is not None})
    entries, kept_back = [], 0
    for named, entry in found:
        if (named.case is None or named.case in cases) and (named.export is None or named.export in exports):
            entries.append(entry)
        elif named.observation:
            kept_back += 1
    missing = {} if chain else {"chain": "this centre's audit table has no fields that chain its entries"}
    if case_number not in cases:
        missing["case"] = _NOT_IN_SIGHT
    if kept_back:
        missing["entries"] = f"{kept_back} about these observations, in cases or exports out of the exporter's sight"
    return {
        "says": _BY_CASE if case_number in cases else _BY_ROW,
        "chain_fields": chain,
        "missing": missing,
        "entries": entries,
    }


def named_in(action: str, detail: str, row_keys: frozenset[str]) -> References:
    """Reads the references of an entry. A detail that was cut off is read as text."""
    in_case, in_export = action.startswith(_OF_CASES), action.startswith(_OF_EXPORTS)
    try:
        facts = json.loads(detail)
    except ValueError:
        observation = any(f'"{key}"' in detail for key in row_keys)
        return References(observation, "" if in_case else None, "" if in_export else None, "")
    facts = facts if isinstance(facts, dict) else {}
    keys = facts.get("row_keys", [])
    if isinstance(keys, dict):  # a list that was shortened
        keys = keys.get("first", [])
    listed = isinstance(keys, list) and not row_keys.isdisjoint(each for each in keys if isinstance(each, str))
    number, export = str(facts.get("case", "")), str(facts.get("export", ""))
    return References(
        observation=listed or facts.get("row_key") in row_keys,
        case=number if in_case else None,
        export=export if in_export else None,
        number=number,
    )


def _concerned(
    store: Store, row_keys: frozenset[str], case_number: str, columns: list[str]
) -> list[tuple[References, dict[str, Any]]]:
    # The database selects entries that name any observation or case at all; the rest is decided here.
    wanted = select(AuditEntry).where(or_(*(AuditEntry.detail.like(pattern) for pattern in _NAMING)))
    found = []
    with store.transaction() as session:
        for entry in session.scalars(wanted.order_by(AuditEntry.id).execution_options(yield_per=_BATCH)):
            named = named_in(entry.action, entry.detail, row_keys)
            if named.observation or named.number == case_number:
                shown = {name: _plain(getattr(entry, name)) for name in columns}
                found.append((named, shown | {"utc": utc(entry.at_ms), "local": local(entry.at_ms)}))
    return found


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
