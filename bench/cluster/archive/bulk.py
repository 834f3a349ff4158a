"""Rows of a day in bulk, without the archiver: for questions about searching alone, in a fraction of a load's time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.cluster.archive.city import CAMERAS, DAY_START_MS, MACHINES_A_SNAPSHOT, City
from bench.cluster.archive.load import OFFSET_MINUTES
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.lance_tables import connect, create_window
from ray_cluster.archive.schema import OBJECT_SCHEMA, SNAPSHOT_SCHEMA
from ray_cluster.archive.windows import window_at
from ray_cluster.inference.appearance import DIMENSIONS

AGENT: Final = "bench"
TWENTY_CAMERAS: Final = tuple(f"cam-{number}" for number in range(0, CAMERAS, CAMERAS // 20))
_HOUR_MS: Final = 3_600_000
_CHUNK: Final = 99_999
_KEYS_AN_HOUR: Final = 3_000_000_000
"""Numbers of machines of one hour begin here, those of whole snapshots."""
_CLASSES: Final = np.array([cls.value for cls in MachineClass])
_COLOURS: Final = np.array([colour.value for colour in MachineColour])
_REDACTION: Final = '{"policy":"bench","models":{},"regions":[],"covered_share":0.0}'


def machines(city: City, first: int, times: NDArray[np.int64]) -> tuple[pa.Table, NDArray[np.float32]]:
    """Rows of machines seen at these times, three a snapshot, without vectors; and the vectors."""
    count = len(times)
    vectors, models = city.vectors(count)
    numbers = np.arange(first, first + count)
    snapshots = numbers // MACHINES_A_SNAPSHOT
    cameras = np.random.default_rng(1).integers(0, CAMERAS, 1 << 16)[snapshots % (1 << 16)]
    row_keys = [f"{AGENT}:{snapshot:032x}" for snapshot in snapshots.tolist()]
    indexes = numbers % MACHINES_A_SNAPSHOT
    columns: dict[str, Any] = {
        "object_key": [f"{key}:{index:03d}" for key, index in zip(row_keys, indexes.tolist(), strict=True)],
        "row_key": row_keys,
        "index": indexes,
        "camera_id": [f"cam-{camera}" for camera in cameras.tolist()],
        "captured_at_ms": times,
        "cls": _CLASSES[models % len(_CLASSES)],
        "colour": _COLOURS[models % len(_COLOURS)],
        **_places(np.random.default_rng(first), count),
    }
    return _table(columns, OBJECT_SCHEMA.remove(OBJECT_SCHEMA.get_field_index("vector")), count), vectors


def _places(random: np.random.Generator, count: int) -> dict[str, NDArray[Any]]:
    """Boxes and scores, each its own: Lance reads one row of a column that never changes by decoding thousands."""
    left, top = random.integers(0, 1500, count), random.integers(0, 800, count)
    wide, high = random.integers(60, 400, count), random.integers(60, 270, count)
    return {
        "score": random.uniform(0.3, 1.0, count),
        "colour_share": random.uniform(0.2, 1.0, count),
        "x0": left,
        "y0": top,
        "x1": left + wide,
        "y1": top + high,
        "share": wide * high / (1920 * 1080),
    }


def add_window(
    directory: Path, hour: int, hours: int, rows: int, edit: Callable[[pa.Table], pa.Table] = lambda rows: rows
) -> None:
    """Add a window of so many hours with `rows` machines in it, each as `edit` leaves it.

    Raises ValueError if it is there.
    """
    (directory / "tables").mkdir(parents=True, exist_ok=True)
    tables = connect(directory)
    from_ms = DAY_START_MS + hour * _HOUR_MS
    name = window_at(from_ms, OFFSET_MINUTES, hours)
    window = create_window(tables, name)
    city = City(seed=1, sightings=hour)
    for first in range(0, rows, _CHUNK):
        count = min(_CHUNK, rows - first)
        times = (
            from_ms
            + np.arange(first, first + count) // MACHINES_A_SNAPSHOT * MACHINES_A_SNAPSHOT * (hours * _HOUR_MS) // rows
        )
        found, vectors = machines(city, hour * _KEYS_AN_HOUR + first, times)
        found = edit(found)
        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIMENSIONS)
        window.objects.add(found.append_column(OBJECT_SCHEMA.field("vector"), column))
        window.snapshots.add(_snapshots(found, hour * _KEYS_AN_HOUR + first))


def _snapshots(found: pa.Table, first: int) -> pa.Table:
    """The snapshots of machines, of which each has three."""
    of = found.take(np.arange(0, found.num_rows, MACHINES_A_SNAPSHOT))
    rows = of.num_rows
    keys = of["row_key"].to_pylist()
    classes = found["cls"].to_pylist()
    columns: dict[str, Any] = {
        "row_key": keys,
        "observation_id": [key.partition(":")[2] for key in keys],
        "agent_id": [AGENT] * rows,
        "camera_id": of["camera_id"].combine_chunks(),
        "source_key": ["s"] * rows,
        **dict.fromkeys(
            ("captured_at_ms", "received_at_ms", "committed_at_ms", "filed_at_ms"), of["captured_at_ms"].to_numpy()
        ),
        "commit_seq": np.arange(first, first + rows),
        "clock": ["arrival"] * rows,
        "time_trusted": np.full(rows, fill_value=True),
        "picture": ["withheld"] * rows,
        "width": np.full(rows, 1920),
        "height": np.full(rows, 1080),
        **dict.fromkeys(("picture_sha256", "message_sha256"), ["0" * 64] * rows),
        **dict.fromkeys(("sharpness", "brightness", "contrast"), np.full(rows, 0.5)),
        "people": np.full(rows, 0),
        "classes": [
            sorted(set(classes[at : at + MACHINES_A_SNAPSHOT])) for at in range(0, len(classes), MACHINES_A_SNAPSHOT)
        ],
        "redaction": [_REDACTION] * rows,
    }
    return _table(columns, SNAPSHOT_SCHEMA, rows)


def _table(columns: dict[str, Any], schema: pa.Schema, rows: int) -> pa.Table:
    arrays = [
        pa.array(columns[field.name]).cast(field.type) if field.name in columns else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
