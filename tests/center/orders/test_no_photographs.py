"""No maintenance order has a place for a photograph: a telephone's picture would come to the centre uncovered."""

import re
from collections.abc import Iterator
from typing import Any

from center.orders import tables
from tests.center.shared_api import api

PICTURE = re.compile(r"photo|picture|image|jpe?g|camera_?roll|attach|upload|file|blob|media|base64", re.IGNORECASE)


def _names(schema: Any, schemas: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """Every name of a field that a schema reaches, and every format of one that could hold bytes."""
    if isinstance(schema, list):
        for each in schema:
            yield from _names(each, schemas, seen)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {})
        if schema.get("format") in {"binary", "byte", "base64"}:
            yield "file"
        if isinstance(target := schema.get("$ref"), str) and target not in seen:
            seen.add(target)
            yield from _names(schemas[target.rpartition("/")[2]], schemas, seen)
        for key, value in schema.items():
            if key != "description":
                yield from _names(value, schemas, seen)


def test_no_route_of_orders_takes_a_picture_or_a_file() -> None:
    document = api().openapi()
    bodies = [
        operation["requestBody"]["content"]
        for path, operations in document["paths"].items()
        if path.startswith("/orders")
        for operation in operations.values()
        if "requestBody" in operation
    ]
    assert len(bodies) == 8
    assert all(set(each) == {"application/json"} for each in bodies)
    names = set(_names(bodies, document["components"]["schemas"], set()))
    assert {"step_id", "parts", "note", "told_at"} <= names
    assert {name for name in names if PICTURE.search(name)} == set()


def test_no_table_of_orders_has_a_column_for_a_picture() -> None:
    columns = {
        column.name: column.type.python_type
        for record in vars(tables).values()
        if hasattr(record, "__table__")
        for column in record.__table__.columns
    }
    assert {"step_id", "parts", "note"} <= set(columns)
    assert {name for name, kind in columns.items() if PICTURE.search(name) or kind is bytes} == set()
