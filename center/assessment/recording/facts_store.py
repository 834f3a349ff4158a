"""Stores facts: new ones are joined with those in the database, in one transaction."""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from center.assessment.recording.facts import Books, HourFacts, Key
from center.assessment.recording.reading import Heard
from center.assessment.tables import BooksRecord, CauseRecord, HourRecord
from center.database.store import Base

_FIELDS: Final = tuple(field.name for field in fields(HourFacts))
_MASKS: Final = tuple(name for name in _FIELDS if not name.startswith("clock_"))
_COUNTERS: Final = tuple(field.name for field in fields(Books))
_AT_ONCE: Final = 200
"""Keys in one statement; SQLite takes a bounded number of parameters."""


def write(session: Session, new_facts: Heard) -> None:
    """Joins new facts with those in the database, and writes them."""
    known_hours = {key_of(row): hour_facts(row) for row in _existing(session, HourRecord, new_facts.hours)}
    hours = {key: known_hours.get(key, HourFacts()).joined(facts) for key, facts in new_facts.hours.items()}
    _put(session, HourRecord, [_hour_row(key, facts) for key, facts in hours.items()])
    wanted = {key for key, _ in new_facts.causes}
    known = {(key_of(row), row.cause): row.minutes for row in _existing(session, CauseRecord, wanted)}
    causes = {place: known.get(place, 0) | mask for place, mask in new_facts.causes.items()}
    _put(
        session,
        CauseRecord,
        [
            {**_key_row(key), "cause": cause, "minutes": mask, "minutes_n": mask.bit_count()}
            for (key, cause), mask in causes.items()
        ],
    )
    known_counters = {key_of(row): _counters_of(row) for row in _existing(session, BooksRecord, new_facts.counters)}
    counters = {
        key: known_counters[key].joined(newer) if key in known_counters else newer
        for key, newer in new_facts.counters.items()
    }
    _put(
        session,
        BooksRecord,
        [{**_key_row(key), **{name: getattr(newer, name) for name in _COUNTERS}} for key, newer in counters.items()],
    )


def key_of(row: Any) -> Key:
    """Returns the key of a record."""
    return Key(row.agent_id, row.camera_id, row.hour)


def hour_facts(row: HourRecord) -> HourFacts:
    """Returns the facts of a record."""
    return HourFacts(**{name: getattr(row, name) for name in _FIELDS})


def _counters_of(row: BooksRecord) -> Books:
    return Books(**{name: getattr(row, name) for name in _COUNTERS})


def _key_row(key: Key) -> dict[str, Any]:
    return {"agent_id": key.agent_id, "camera_id": key.camera_id, "hour": key.hour}


def _hour_row(key: Key, facts: HourFacts) -> dict[str, Any]:
    row = {name: getattr(facts, name) for name in _FIELDS}
    return {**_key_row(key), **row, **{f"{name}_n": row[name].bit_count() for name in _MASKS}}


def _existing(session: Session, model: Any, keys: Iterable[Key]) -> Iterator[Any]:
    wanted = sorted({(key.agent_id, key.camera_id, key.hour) for key in keys})
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        yield from session.scalars(select(model).where(tuple_(model.agent_id, model.camera_id, model.hour).in_(part)))


def _put(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    """Inserts rows, or replaces those of the same key."""
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(model)
    keys = [column.name for column in model.__table__.primary_key]
    values = {column.name: statement.excluded[column.name] for column in model.__table__.c if column.name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=values), rows)
