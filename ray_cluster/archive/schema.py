"""Defines the columns of a window's two tables, and converts contract rows to records and back.

`filed_at_ms` orders and prunes: the capture time where it is trusted, else the time of receipt. It always lies within
the table's window, so a reader that wants newest first walks the windows backwards and never looks ahead.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import TypeAdapter

from provisioning.contracts.query.archive import ObjectRow, PicturePlace, SnapshotRow
from provisioning.contracts.wire.messages import Box, Machine, Quality, Redaction, Signature
from ray_cluster.inference.appearance import DIMENSIONS, Appearance

SNAPSHOTS: Final = "snapshots_"
OBJECTS: Final = "objects_"


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


SNAPSHOT_SCHEMA: Final = pa.schema(
    [
        _required("row_key", pa.string()),
        _required("observation_id", pa.string()),
        _required("agent_id", pa.string()),
        _required("camera_id", pa.string()),
        _required("source_key", pa.string()),
        _required("captured_at_ms", pa.int64()),
        _required("received_at_ms", pa.int64()),
        _required("committed_at_ms", pa.int64()),
        _required("filed_at_ms", pa.int64()),
        _required("commit_seq", pa.int64()),
        _required("clock", pa.string()),
        _required("time_trusted", pa.bool_()),
        _required("picture", pa.string()),
        pa.field("pack", pa.string()),
        pa.field("pack_offset", pa.int64()),
        pa.field("pack_length", pa.int64()),
        _required("width", pa.int32()),
        _required("height", pa.int32()),
        _required("picture_sha256", pa.string()),
        _required("message_sha256", pa.string()),
        _required("sharpness", pa.float64()),
        _required("brightness", pa.float64()),
        _required("contrast", pa.float64()),
        _required("people", pa.int32()),
        _required("classes", pa.list_(pa.string())),
        _required("redaction", pa.string()),
        pa.field("detector", pa.string()),
        pa.field("detector_sha256", pa.string()),
        pa.field("found_at", pa.string()),
        pa.field("erased_at_ms", pa.int64()),
        pa.field("followed", pa.string()),
        pa.field("signature", pa.string()),
    ]
)
OBJECT_SCHEMA: Final = pa.schema(
    [
        _required("object_key", pa.string()),
        _required("row_key", pa.string()),
        _required("index", pa.int32()),
        _required("camera_id", pa.string()),
        _required("captured_at_ms", pa.int64()),
        _required("cls", pa.string()),
        _required("score", pa.float64()),
        _required("x0", pa.int32()),
        _required("y0", pa.int32()),
        _required("x1", pa.int32()),
        _required("y1", pa.int32()),
        pa.field("detector", pa.string()),
        pa.field("colour", pa.string()),
        pa.field("colour_share", pa.float64()),
        pa.field("share", pa.float64()),
        pa.field("heading_deg", pa.float64()),
        pa.field("zones", pa.list_(pa.string())),
        pa.field("vector", pa.list_(pa.float32(), DIMENSIONS)),
    ]
)
OBJECT_COLUMNS: Final = [name for name in OBJECT_SCHEMA.names if name != "vector"]
"""Columns of an answer: outside the cluster a vector is not needed, and it is nine tenths of the row."""

_VECTOR: Final = OBJECT_SCHEMA.field("vector")
_OBJECT_SCHEMA_PLAIN: Final = pa.schema([field for field in OBJECT_SCHEMA if field != _VECTOR])
_AS_JSON: Final = frozenset({"redaction", "followed", "signature"})
_SNAPSHOT_PLAIN: Final = tuple(
    name for name in SNAPSHOT_SCHEMA.names if name in SnapshotRow.model_fields and name not in _AS_JSON
)
_MACHINES: Final = TypeAdapter(tuple[Machine, ...])
_OBJECT_PLAIN: Final = tuple(name for name in OBJECT_SCHEMA.names if name in ObjectRow.model_fields)


def agents_of(row_keys: Any) -> Any:
    """Return the agent of each row of an Arrow column: a key is an agent's id, a colon and 32 hexadecimal digits."""
    return pc.utf8_slice_codeunits(row_keys, 0, -33)


def filed_at_ms(row: SnapshotRow) -> int:
    """Return the time under which a row is filed."""
    return row.captured_at_ms if row.time_trusted else row.received_at_ms


def snapshot_table(rows: Sequence[SnapshotRow]) -> pa.Table:
    """Convert snapshot rows to Arrow."""
    return pa.Table.from_pylist([_snapshot_record(row) for row in rows], schema=SNAPSHOT_SCHEMA)


def object_table(objects: Sequence[tuple[ObjectRow, Appearance]]) -> pa.Table:
    """Convert object rows to Arrow with the vectors of their machines, which are searched but never returned."""
    plain = pa.Table.from_pylist([_object_record(row) for row, _ in objects], schema=_OBJECT_SCHEMA_PLAIN)
    return plain.append_column(_VECTOR, _vectors([appearance.vector for _, appearance in objects]))


def _vectors(vectors: Sequence[NDArray[np.float32] | None]) -> pa.Array:
    """Convert vectors to Arrow in one buffer: a list of floats for each would cost twenty times as much."""
    block = np.zeros((len(vectors), DIMENSIONS), np.float32)
    for row, vector in zip(block, vectors, strict=True):
        if vector is not None:
            row[:] = vector
    absent = pa.array([vector is None for vector in vectors], pa.bool_())
    return pa.FixedSizeListArray.from_arrays(pa.array(block.ravel()), DIMENSIONS, mask=absent)


def snapshot_row(record: Mapping[str, Any]) -> SnapshotRow:
    """Convert a record of a table to a row; a record of an older day lacks later columns.

    A record that is no row any more raises pydantic's `ValidationError`.
    """
    place = None
    if record["pack"] is not None:
        place = PicturePlace(pack=record["pack"], offset=record["pack_offset"], length=record["pack_length"])
    return SnapshotRow(
        **{name: record[name] for name in _SNAPSHOT_PLAIN if name in record},
        place=place,
        quality=Quality(sharpness=record["sharpness"], brightness=record["brightness"], contrast=record["contrast"]),
        redaction=Redaction.model_validate_json(record["redaction"]),
        followed=_MACHINES.validate_json(record.get("followed") or "[]"),
        signature=Signature.model_validate_json(signed) if (signed := record.get("signature")) else None,
    )


def object_row(record: Mapping[str, Any]) -> ObjectRow:
    """Convert a record of a table to a row."""
    return ObjectRow(
        **{name: record[name] for name in _OBJECT_PLAIN if record.get(name) is not None},
        box=Box(x0=record["x0"], y0=record["y0"], x1=record["x1"], y1=record["y1"]),
    )


def _snapshot_record(row: SnapshotRow) -> dict[str, Any]:
    plain = row.model_dump(mode="json", include=set(_SNAPSHOT_PLAIN))
    return plain | {
        "filed_at_ms": filed_at_ms(row),
        "pack": None if row.place is None else row.place.pack,
        "pack_offset": None if row.place is None else row.place.offset,
        "pack_length": None if row.place is None else row.place.length,
        "sharpness": row.quality.sharpness,
        "brightness": row.quality.brightness,
        "contrast": row.quality.contrast,
        "redaction": row.redaction.model_dump_json(),
        "followed": _MACHINES.dump_json(row.followed).decode() if row.followed else None,
        "signature": None if row.signature is None else row.signature.model_dump_json(),
    }


def _object_record(row: ObjectRow) -> dict[str, Any]:
    plain = row.model_dump(mode="json", include=set(_OBJECT_PLAIN))
    return plain | {"x0": row.box.x0, "y0": row.box.y0, "x1": row.box.x1, "y1": row.box.y1}
