"""`python -m bench.cluster.archive.indexes FOLDER [--rows N] [--hours H] [--float16] [--kinds KIND …] [--json FILE]`.

Compares the vector indexes of LanceDB on one table of machines. The table is made in FOLDER unless it is there
already; each kind is built and asked in a process of its own, so that its memory is its own. Of the settings of a
search the cheapest are taken that find `GOAL` of the exact top ten, for each question its own. Distances and row ids
alone are asked: reading the columns of a row costs the same with every index.
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import Bitmap, BTree, HnswSq, IvfFlat, IvfPq, IvfRq, IvfSq
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.cluster.archive.bulk import TWENTY_CAMERAS, machines
from bench.cluster.archive.city import DAY_START_MS, City
from bench.cluster.archive.load import peak_memory_mb
from ray_cluster.archive.index_policy import partitions
from ray_cluster.archive.lance_tables import quoted
from ray_cluster.archive.schema import OBJECT_SCHEMA
from ray_cluster.inference.appearance import DIMENSIONS
from ray_cluster.query.vector_search import EXACT_ROWS

GOAL: Final = 0.95
TOP: Final = 10
QUERIES: Final = 40
TRIED: Final = 10
"""Number of queries by which the settings are chosen."""
ROWS_A_DAY: Final = 20_000_000
_HOUR_MS: Final = 3_600_000
_CHUNK: Final = 100_000
_TABLE: Final = "objects"
_COMMON: Final[dict[str, Any]] = {"distance_type": "cosine", "sample_rate": 64, "max_iterations": 20}
"""As upkeep trains."""

KINDS: Final[dict[str, Callable[[int], Any]]] = {
    "none": lambda _: None,
    "flat": lambda rows: IvfFlat(num_partitions=partitions(rows), **_COMMON),
    "sq": lambda rows: IvfSq(num_partitions=partitions(rows), **_COMMON),
    "sq, quarter": lambda rows: IvfSq(num_partitions=4 * partitions(rows), **_COMMON),
    "rq1": lambda rows: IvfRq(num_bits=1, num_partitions=partitions(rows), **_COMMON),
    "rq2": lambda rows: IvfRq(num_bits=2, num_partitions=partitions(rows), **_COMMON),
    "rq4": lambda rows: IvfRq(num_bits=4, num_partitions=partitions(rows), **_COMMON),
    "rq5": lambda rows: IvfRq(num_bits=5, num_partitions=partitions(rows), **_COMMON),
    "rq8": lambda rows: IvfRq(num_bits=8, num_partitions=partitions(rows), **_COMMON),
    "rq1, quarter": lambda rows: IvfRq(num_bits=1, num_partitions=4 * partitions(rows), **_COMMON),
    "rq4, quarter": lambda rows: IvfRq(num_bits=4, num_partitions=4 * partitions(rows), **_COMMON),
    "pq": lambda rows: IvfPq(num_sub_vectors=DIMENSIONS // 8, num_partitions=partitions(rows), **_COMMON),
    "hnsw_sq": lambda rows: HnswSq(num_partitions=max(1, rows // 100_000), m=16, ef_construction=100, **_COMMON),
}
"""Name → configuration for so many rows. `quarter`: partitions of a quarter of the rows."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`probes`: partitions that are read, 0 for all; `refine`: candidates for one hit, 0 for an exact search."""

    probes: int
    refine: int


SETTINGS: Final = tuple(Settings(probes, refine) for probes in (20, 40, 80, 0) for refine in (1, 4, 10))


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind of question. `cpu_ms`: processor time of one, all threads; the others by the clock.

    `first_p50_ms`: asked for the first time, so that partitions are read which no search has read before.
    """

    what: str
    settings: Settings
    first_p50_ms: float
    cpu_ms: float
    p50_ms: float
    p95_ms: float
    recall: float


@dataclass(slots=True)
class Kind:
    """Figures of one kind of index."""

    name: str
    build_s: float = 0.0
    build_cpu_s: float = 0.0
    build_peak_mb: int = 0
    bytes_a_row: float = 0.0
    search_peak_mb: int = 0
    tried: list[Asked] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.archive.indexes", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds the table; on the disk that is to be measured")
    parser.add_argument("--rows", type=int, default=833_333, help="machines (833,333: an hour of 20 million a day)")
    parser.add_argument("--hours", type=float, help="that the rows are of (as many as at 20 million a day)")
    parser.add_argument("--float16", action="store_true", help="vectors of two bytes a dimension")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    hours = arguments.hours or arguments.rows * 24 / ROWS_A_DAY
    database = arguments.folder / f"{arguments.rows}-{hours:.2f}{'-float16' if arguments.float16 else ''}"
    context = multiprocessing.get_context("spawn")
    with context.Pool(1, maxtasksperchild=1) as pool:
        if not (database / "truth.npz").exists():
            filled = pool.apply(fill, (database, arguments.rows, hours, arguments.float16))
            print(json.dumps(filled), flush=True)
        kinds = []
        for name in arguments.kinds:
            kind = pool.apply(build, (database, name))
            kinds.append(pool.apply(ask, (database, kind)))
            print(json.dumps(asdict(kinds[-1])), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(kind) for kind in kinds], indent=2) + "\n", encoding="utf-8")
    _print(kinds, database.name)


def conditions(hours: float) -> dict[str, str]:
    """Filters of the questions."""
    end_ms = DAY_START_MS + round(hours * _HOUR_MS)
    return {
        "no filter": "",
        "one camera": "camera_id = 'cam-7'",
        "twenty cameras": f"camera_id IN ({quoted(TWENTY_CAMERAS)})",
        "one hour": f"captured_at_ms >= {max(DAY_START_MS, end_ms - _HOUR_MS)} AND captured_at_ms < {end_ms}",
        "class, colour": "cls = 'car' AND colour = 'red'",
    }


def fill(database: Path, rows: int, hours: float, float16: bool) -> dict[str, Any]:
    """Make the table, compacted and with scalar indexes, and write down the exact top ten of every question."""
    began = time.perf_counter()
    city, span_ms = City(seed=1), round(hours * _HOUR_MS)
    queries = city.vectors(QUERIES)[0]
    kind = pa.float16() if float16 else pa.float32()
    schema = OBJECT_SCHEMA.set(OBJECT_SCHEMA.get_field_index("vector"), pa.field("vector", pa.list_(kind, DIMENSIONS)))
    table: Any = lancedb.connect(database).create_table(
        _TABLE, schema=schema, storage_options={"new_table_enable_stable_row_ids": "true"}
    )
    best = {what: _Best() for what in conditions(hours)}
    for first in range(0, rows, _CHUNK):
        count = min(_CHUNK, rows - first)
        chunk, vectors = machines(city, first, DAY_START_MS + np.arange(first, first + count) * span_ms // rows)
        values = pa.array(vectors.ravel().astype(np.float16 if float16 else np.float32))
        table.add(chunk.append_column(schema.field("vector"), pa.FixedSizeListArray.from_arrays(values, DIMENSIONS)))
        fits = _fits(chunk, DAY_START_MS + span_ms)
        for what, each in best.items():
            each.see(queries @ vectors[fits[what]].T, first + np.flatnonzero(fits[what]))
    for column, config in {
        "row_key": BTree(),
        "captured_at_ms": BTree(),
        "camera_id": Bitmap(),
        "cls": Bitmap(),
        "colour": Bitmap(),
    }.items():
        table.create_index(column, config=config)
    table.optimize()
    truth: dict[str, Any] = {what: each.numbers for what, each in best.items()}
    np.savez(database / "truth.npz", queries=queries, **truth)
    size = int(table.stats()["total_bytes"])
    return {"rows": rows, "fill_s": round(time.perf_counter() - began), "bytes_a_row": round(size / rows)}


def _fits(machines: pa.Table, end_ms: int) -> dict[str, NDArray[np.bool_]]:
    """Rows that each filter leaves, reckoned without LanceDB."""
    camera, at_ms, cls, colour = (
        machines[name].to_numpy() for name in ("camera_id", "captured_at_ms", "cls", "colour")
    )
    return {
        "no filter": np.full(len(cls), fill_value=True),
        "one camera": camera == "cam-7",
        "twenty cameras": np.isin(camera, TWENTY_CAMERAS),
        "one hour": at_ms >= end_ms - _HOUR_MS,
        "class, colour": (cls == "car") & (colour == "red"),
    }


class _Best:
    """Exact top ten of each query over the chunks seen so far."""

    def __init__(self) -> None:
        self._likeness = np.full((QUERIES, TOP), -2.0, np.float32)
        self.numbers = np.full((QUERIES, TOP), -1, np.int64)

    def see(self, likeness: NDArray[np.float32], numbers: NDArray[np.int64]) -> None:
        """`likeness`: (queries, machines) of one chunk; `numbers` of its machines."""
        both = np.concatenate([self._likeness, likeness], axis=1)
        named = np.concatenate([self.numbers, np.broadcast_to(numbers, likeness.shape)], axis=1)
        best = np.argpartition(-both, TOP - 1, axis=1)[:, :TOP]
        self._likeness = np.take_along_axis(both, best, axis=1)
        self.numbers = np.take_along_axis(named, best, axis=1)


def build(database: Path, name: str) -> Kind:
    """Build an index of this kind in place of the one that is there."""
    table: Any = lancedb.connect(database).open_table(_TABLE)
    for index in table.list_indices():
        if index.columns == ["vector"]:
            table.drop_index(index.name)
    rows = table.count_rows()
    config = KINDS[name](rows)
    began, began_cpu = time.perf_counter(), time.process_time()
    if config is not None:
        table.create_index("vector", config=config, name="vector")
    kind = Kind(name, round(time.perf_counter() - began, 1), round(time.process_time() - began_cpu, 1))
    kind.build_peak_mb = peak_memory_mb()
    sizes = [index.size_bytes or 0 for index in table.list_indices() if index.columns == ["vector"]]
    kind.bytes_a_row = round(sum(sizes) / rows, 1)
    return kind


def ask(database: Path, kind: Kind) -> Kind:
    """Choose settings for an index that is there, and ask every question with them."""
    truth = np.load(database / "truth.npz")
    queries, hours = truth["queries"][:QUERIES], float(database.name.split("-")[1])
    table: Any = lancedb.connect(database).open_table(_TABLE)
    for what, condition in conditions(hours).items():
        best = Settings(0, 0)
        if kind.name != "none":
            tried = [_ask(table, what, condition, queries[:TRIED], truth[what], each) for each in SETTINGS]
            enough = [each for each in tried if each.recall >= GOAL]
            most = max(tried, key=lambda each: each.recall)
            best = min(enough, key=lambda each: each.cpu_ms, default=most).settings
            kind.tried += tried
        kind.asked.append(_ask(table, what, condition, queries, truth[what], best))
    kind.search_peak_mb = peak_memory_mb()
    return kind


def _ask(
    table: Any,
    what: str,
    condition: str,
    queries: NDArray[np.float32],
    truth: NDArray[np.int64],
    settings: Settings,
) -> Asked:
    first_ms, _, _ = _times(table, condition, queries, settings)
    took_ms, cpu_ms, answers = _times(table, condition, queries, settings)
    wanted = [set(each[each >= 0].tolist()) for each in truth[: len(queries)]]
    found = sum(len(ids & right) for ids, right in zip(answers, wanted, strict=True))
    recall = found / sum(map(len, wanted))
    p50_ms, p95_ms = np.percentile(took_ms, (50, 95)).round(1).tolist()
    return Asked(what, settings, round(float(np.median(first_ms)), 1), cpu_ms, p50_ms, p95_ms, round(recall, 3))


def _times(
    table: Any, condition: str, queries: NDArray[np.float32], settings: Settings
) -> tuple[list[float], float, list[set[int]]]:
    took_ms, answers = [], []
    began_cpu = time.process_time()
    for vector in queries:
        began = time.perf_counter()
        answers.append(set(_search(table, vector, condition, settings)))
        took_ms.append((time.perf_counter() - began) * 1000)
    return took_ms, round((time.process_time() - began_cpu) / len(queries) * 1000, 1), answers


def _search(table: Any, vector: NDArray[np.float32], condition: str, settings: Settings) -> list[int]:
    """Find row ids, which are the numbers of the machines. Where a filter leaves few, these are compared one by one."""
    query = table.search(vector, vector_column_name="vector").distance_type("cosine").with_row_id(True).limit(TOP)
    if condition:
        query = query.where(condition, prefilter=True)
    if not settings.refine or (condition and table.count_rows(condition) <= EXACT_ROWS):
        query = query.bypass_vector_index()
    else:
        query = query.minimum_nprobes(settings.probes or 20).maximum_nprobes(settings.probes)
        query = query.refine_factor(settings.refine) if settings.refine > 1 else query
    ids: list[int] = query.select(["_distance"]).to_arrow()["_rowid"].to_pylist()
    return ids


def _print(kinds: list[Kind], title: str) -> None:
    console = Console()
    built = Table("index", "build s", "of a processor", "MiB", "bytes a row", "MiB searching", title=title)
    for kind in kinds:
        of_build = (kind.build_s, kind.build_cpu_s, kind.build_peak_mb, kind.bytes_a_row, kind.search_peak_mb)
        built.add_row(kind.name, *map(str, of_build))
    console.print(built)
    head = ("index", "question", "probes", "refine", "first p50 ms", "processor ms", "p50 ms", "p95 ms", "recall@10")
    asked = Table(*head, title=title)
    for kind in kinds:
        for each in kind.asked:
            figures = (
                each.settings.probes,
                each.settings.refine,
                each.first_p50_ms,
                each.cpu_ms,
                each.p50_ms,
                each.p95_ms,
            )
            asked.add_row(kind.name, each.what, *map(str, figures), str(each.recall))
    console.print(asked)


if __name__ == "__main__":
    main()
