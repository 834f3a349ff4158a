"""Searches and counts over a day of machines: `python -m bench.cluster.search [--machines N] [--archive FOLDER]`.

Rows are synthetic and have no vectors; the reader is asked in this process, without HTTP.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.search import Wanted
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.index_policy import SMALL_FRAGMENTS
from ray_cluster.archive.lance_tables import connect, create_window
from ray_cluster.archive.schema import OBJECT_SCHEMA, SNAPSHOT_SCHEMA
from ray_cluster.archive.windows import day_name, span_ms
from ray_cluster.maintenance.upkeep import Upkeep
from ray_cluster.query.filters import Filter
from ray_cluster.query.reader import Query

OFFSET_MINUTES: Final = 480
DAY: Final = "20261124"
LOW_MS, HIGH_MS = span_ms(DAY, OFFSET_MINUTES)
CAMERAS: Final = 500
CAMERAS_AN_AGENT: Final = 10
A_PICTURE: Final = 3
PARTS: Final = SMALL_FRAGMENTS + 10
"""Of each window, that upkeep compacts and indexes them: where a span begins late in a day, a part of a fixed size left
the window without an index, and a question took twice the processor time."""
WIDTH, HEIGHT = 1920, 1080
CLASSES: Final = [cls.value for cls in MachineClass]
COLOURS: Final = ["white", "black", "grey", "red", "blue", "green", None]
REDACTION: Final = '{"policy":"p","models":{},"regions":[],"covered_share":0.0}'
BUS, RED = MachineClass.BUS, MachineColour.RED


def _source(camera: int) -> tuple[str, str]:
    return f"agent-{camera // CAMERAS_AN_AGENT}", f"cam-{camera}"


QUESTIONS: Final = {
    "no filter": Filter(LOW_MS, HIGH_MS),
    "class": Filter(LOW_MS, HIGH_MS, wanted=Wanted(cls=(BUS,))),
    "colour": Filter(LOW_MS, HIGH_MS, wanted=Wanted(colour=(RED,))),
    "class, colour, size": Filter(LOW_MS, HIGH_MS, wanted=Wanted(cls=(BUS,), colour=(RED,), min_side_px=100)),
    "rare": Filter(LOW_MS, HIGH_MS, wanted=Wanted(cls=(BUS,), colour=(RED,), min_side_px=195, sharpness_below=0.05)),
    "direction": Filter(LOW_MS, HIGH_MS, wanted=Wanted(heading_deg=90.0, heading_within_deg=10.0)),
    "zone, share": Filter(LOW_MS, HIGH_MS, wanted=Wanted(zone=("bay",), min_share=0.02)),
    "quality": Filter(LOW_MS, HIGH_MS, wanted=Wanted(sharpness_below=0.1)),
    "colour, 20 cameras": Filter(
        LOW_MS, HIGH_MS, sources=tuple(map(_source, range(0, 200, 10))), wanted=Wanted(colour=(RED,))
    ),
    "colour, 400 cameras": Filter(
        LOW_MS, HIGH_MS, sources=tuple(map(_source, range(400))), wanted=Wanted(colour=(RED,))
    ),
}


def fill(directory: Path, machines: int, low_ms: int = LOW_MS, high_ms: int = HIGH_MS) -> None:
    """Tables of the days of this span, compacted and indexed; the machines are spread evenly over it."""
    (directory / "tables").mkdir(parents=True)
    tables = connect(directory)
    dice = np.random.default_rng(1)
    first = 0
    for day, from_ms, to_ms in _days(low_ms, high_ms):
        table = create_window(tables, day)
        pictures = first + -(-machines * (to_ms - from_ms) // ((high_ms - low_ms) * A_PICTURE))
        step = -(-(pictures - first) // PARTS)
        while first < pictures:
            count = min(step, pictures - first)
            at_ms = np.sort(dice.integers(from_ms, to_ms, count))
            cameras = [int(each) for each in dice.integers(0, CAMERAS, count)]
            keys = [f"{_source(each)[0]}:{first + at:032x}" for at, each in enumerate(cameras)]
            table.objects.add(_objects(dice, keys, cameras, at_ms))
            table.snapshots.add(_snapshots(dice, keys, cameras, at_ms, first))
            first += count
    done = Upkeep(directory, offset_minutes=OFFSET_MINUTES).run_once(now_ms=high_ms)
    if done.faults:
        raise SystemExit(f"upkeep: {done.faults}")


def _days(low_ms: int, high_ms: int) -> Iterator[tuple[str, int, int]]:
    """The days of a span, and of each the part that lies in it."""
    at_ms = low_ms
    while at_ms < high_ms:
        day = day_name(at_ms, OFFSET_MINUTES)
        end_ms = min(high_ms, span_ms(day, OFFSET_MINUTES)[1])
        yield day, at_ms, end_ms
        at_ms = end_ms


def _objects(dice: np.random.Generator, keys: list[str], cameras: list[int], at_ms: Any) -> pa.Table:
    rows = len(keys) * A_PICTURE
    of = np.repeat(np.arange(len(keys)), A_PICTURE)
    x0, y0 = dice.integers(0, 1500, rows), dice.integers(0, 800, rows)
    width, height = dice.integers(8, 300, rows), dice.integers(8, 200, rows)
    followed = dice.random(rows) < 0.5
    columns = {
        "object_key": [f"{keys[each]}:{number % A_PICTURE:03d}" for number, each in enumerate(of)],
        "row_key": [keys[each] for each in of],
        "index": np.arange(rows) % A_PICTURE,
        "camera_id": [_source(cameras[each])[1] for each in of],
        "captured_at_ms": at_ms[of],
        "cls": dice.choice(CLASSES, rows),
        "score": dice.random(rows),
        "x0": x0,
        "y0": y0,
        "x1": x0 + width,
        "y1": y0 + height,
        "colour": [COLOURS[each] for each in dice.integers(0, len(COLOURS), rows)],
        "share": width * height / (WIDTH * HEIGHT),
        "heading_deg": pa.array(dice.random(rows) * 360, mask=~followed),
        "zones": [["bay"] if each else None for each in followed],
    }
    return _table(columns, OBJECT_SCHEMA, rows)


def _snapshots(dice: np.random.Generator, keys: list[str], cameras: list[int], at_ms: Any, first: int) -> pa.Table:
    rows = len(keys)
    columns = {
        "row_key": keys,
        "observation_id": [key.partition(":")[2] for key in keys],
        "agent_id": [_source(each)[0] for each in cameras],
        "camera_id": [_source(each)[1] for each in cameras],
        "source_key": ["s"] * rows,
        **dict.fromkeys(("captured_at_ms", "received_at_ms", "committed_at_ms", "filed_at_ms"), at_ms),
        "commit_seq": np.arange(first, first + rows),
        "clock": ["arrival"] * rows,
        "time_trusted": [True] * rows,
        "picture": ["withheld"] * rows,
        "width": [WIDTH] * rows,
        "height": [HEIGHT] * rows,
        **dict.fromkeys(("picture_sha256", "message_sha256"), ["0" * 64] * rows),
        **{score: dice.random(rows) for score in ("sharpness", "brightness", "contrast")},
        "people": [0] * rows,
        "classes": [CLASSES] * rows,
        "redaction": [REDACTION] * rows,
    }
    return _table(columns, SNAPSHOT_SCHEMA, rows)


def _table(columns: dict[str, Any], schema: pa.Schema, rows: int) -> pa.Table:
    arrays = [
        pa.array(columns[field.name]).cast(field.type) if field.name in columns else pa.nulls(rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _timed(ask: Callable[[], object], times: int) -> str:
    took: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        ask()
        took.append((time.perf_counter() - start) * 1000)
    return f"{sorted(took)[times // 2]:6.0f} / {max(took):6.0f}"


def ask(directory: Path) -> None:
    """Print median and slowest of each question."""
    read = Query(directory, offset_minutes=OFFSET_MINUTES)
    sys.stdout.write(f"{'ms, median / slowest':24}{'page of 50':>16}{'24 bins':>18}{'machines':>11}  indexes\n")
    for name, wanted in QUESTIONS.items():
        page = _timed(partial(read.observations, wanted, limit=50), 7)
        counts = _timed(partial(read.counts, wanted, 3_600_000), 3)
        machines = read.counts(wanted, 3_600_000).machines
        indexes = ", ".join(read.plan(wanted).days[0].indexes)
        sys.stdout.write(f"{name:24}{page:>16}{counts:>18}{machines:>11,}  {indexes}\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=1_000_000)
    parser.add_argument("--archive", type=Path, help="ask this one, made by an earlier run, or make it here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = options.archive or Path(folder, "archive")
        if not (directory / "tables").is_dir():
            fill(directory, options.machines)
        ask(directory)


if __name__ == "__main__":
    main()
