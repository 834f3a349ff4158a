"""`python -m bench.cluster.archive.two_writers FOLDER`: Lance's MemWAL as the embedded edition of LanceDB has it.

Two writers, each with a shard of its own; what a commit costs beside `add`; and what happens to duplicates, after a
kill, where two writers have one shard, and to the rows afterwards. An answer that is an error is shown as it comes.
"""

import argparse
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import lancedb
import numpy as np
import pyarrow as pa
from lancedb import LsmWriteSpec
from lancedb.index import Bitmap, BTree
from rich.console import Console
from rich.table import Table

from bench.cluster.archive.city import City
from ray_cluster.inference.appearance import DIMENSIONS

ROWS: Final = 600
COMMITS: Final = 60
_SCHEMA: Final = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("shard", pa.int32(), nullable=False),
        pa.field("camera_id", pa.string()),
        pa.field("vector", pa.list_(pa.float32(), DIMENSIONS)),
    ]
)


def main() -> None:
    """Ask every question, and print the answers."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.archive.two_writers", description=__doc__)
    parser.add_argument("folder", type=Path, help="on the disk that is to be measured; must not exist")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True)
    table = Table("question", "answer", title="MemWAL, LanceDB " + lancedb.__version__)
    for question, answer in _answers(folder):
        print(f"bench.cluster.archive.two_writers: {question}: {answer}", flush=True)
        table.add_row(question, answer)
    Console().print(table)


def _answers(folder: Path) -> Iterator[tuple[str, str]]:
    yield "one writer, add", _said(lambda: _two(folder / "add", (0,), lsm=False))
    yield "two writers, add", _said(lambda: _two(folder / "add2", (0, 1), lsm=False))
    yield "one writer, MemWAL", _said(lambda: _two(folder / "one", (0,), lsm=True))
    yield "two writers, two shards, MemWAL", _said(lambda: _two(folder / "two", (0, 1), lsm=True))
    table = _opened(folder / "two")
    yield "rows that a reader counts", _said(table.count_rows)
    yield "rows that a scan returns", _said(lambda: table.search().select(["key"]).to_arrow().num_rows)
    yield "of them in the base table", _said(lambda: _base_rows(table))
    yield "a row by its key", _said(lambda: table.search().where("key = '1-0-5'").to_arrow().num_rows)
    yield "row ids", _said(lambda: table.search().with_row_id(True).limit(3).to_arrow().num_rows)
    vector = City(seed=1).vectors(1)[0][0]
    yield "top ten by vector", _said(lambda: _nearest(table, vector))
    yield "after optimize, in the base table", _said(lambda: (table.optimize(), _base_rows(table))[1])
    yield "flush_lsm", _said(table.flush_lsm)
    yield "compact_lsm", _said(table.compact_lsm)
    yield "checkpoint_lsm", _said(table.checkpoint_lsm)
    yield "get_lsm_stats", _said(lambda: str(table.get_lsm_stats())[:300])
    yield "in the base table after these", _said(lambda: _base_rows(table))
    yield "the same keys again, by the same shard", _said(lambda: _again(folder / "two", shard=0))
    yield "the same keys again, by the other shard", _said(lambda: _again(folder / "two", shard=1))
    yield "two writers, one shard", _said(lambda: _fenced(folder / "fence"))
    yield "killed after 20 commits", _said(lambda: _killed(folder / "killed"))
    yield "a Bitmap index to be maintained", _said(lambda: _with_bitmap(folder / "bitmap"))


def _said(ask: Callable[[], object]) -> str:
    """Return the answer of a question as text; an error is the answer of one that cannot be asked."""
    try:
        return str(ask())
    except Exception as error:  # noqa: BLE001 - every kind of refusal is a finding
        return f"{type(error).__name__}: {str(error)[:300]}"


def _opened(folder: Path) -> Any:
    return lancedb.connect(folder).open_table("rows")


def _base_rows(table: Any) -> int:
    rows: int = table.search().use_lsm(False).select(["key"]).to_arrow().num_rows
    return rows


def _nearest(table: Any, vector: Any) -> int:
    rows: int = table.search(vector, vector_column_name="vector").limit(10).to_arrow().num_rows
    return rows


def _made(folder: Path, *, lsm: bool) -> None:
    table: Any = lancedb.connect(folder).create_table("rows", schema=_SCHEMA)
    table.set_unenforced_primary_key("key")
    table.create_index("key", config=BTree())
    if lsm:
        table.set_lsm_write_spec(LsmWriteSpec.identity("shard"))


def _with_bitmap(folder: Path) -> None:
    table: Any = lancedb.connect(folder).create_table("rows", schema=_SCHEMA)
    table.set_unenforced_primary_key("key")
    table.create_index("camera_id", config=Bitmap())
    table.set_lsm_write_spec(LsmWriteSpec.identity("shard"))


def _rows(shard: int, commit: int) -> pa.Table:
    vectors = City(seed=commit).vectors(ROWS)[0]
    arrays = [
        pa.array([f"{shard}-{commit}-{number}" for number in range(ROWS)]),
        pa.array([shard] * ROWS, pa.int32()),
        pa.array([f"cam-{number % 50}" for number in range(ROWS)]),
        pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIMENSIONS),
    ]
    return pa.table(arrays, schema=_SCHEMA)


def _commit(table: Any, rows: pa.Table, *, lsm: bool) -> None:
    if lsm:
        table.merge_insert("key").when_matched_update_all().when_not_matched_insert_all().execute(rows)
    else:
        table.add(rows)


def _write(folder: Path, shard: int, commits: int, lsm: bool, said: Connection) -> None:
    table = _opened(folder)
    batches = [_rows(shard, commit) for commit in range(min(commits, 8))]
    said.send("ready")
    said.recv()
    for commit in range(commits):
        # Keys are new each time; the vectors need not be.
        keys = pa.array([f"{shard}-{commit}-{number}" for number in range(ROWS)])
        rows = batches[commit % len(batches)].set_column(0, _SCHEMA.field("key"), keys)
        began, began_cpu = time.perf_counter(), time.process_time()
        _commit(table, rows, lsm=lsm)
        said.send(((time.perf_counter() - began) * 1000, (time.process_time() - began_cpu) * 1000))
    if lsm:
        table.close_lsm_writers()
    said.send("end")


def _started(folder: Path, shard: int, commits: int, *, lsm: bool) -> tuple[Any, Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    writer = context.Process(target=_write, args=(folder, shard, commits, lsm, theirs))
    writer.start()
    theirs.close()
    return writer, ours


def _two(folder: Path, shards: tuple[int, ...], *, lsm: bool) -> str:
    _made(folder, lsm=lsm)
    writers = [_started(folder, shard, COMMITS, lsm=lsm) for shard in shards]
    for _, said in writers:
        said.recv()
    began = time.perf_counter()
    for _, said in writers:
        said.send("go")
    times = [time_of for _, said in writers for time_of in _until_end(said)]
    took_s = time.perf_counter() - began
    for writer, _ in writers:
        writer.join()
    wall, processor = np.array(times).T
    return (
        f"{len(times)} commits of {ROWS} rows, {len(times) * ROWS / took_s:,.0f} rows a second; of one commit p50 "
        f"{np.median(wall):.0f}, p99 {np.percentile(wall, 99):.0f} ms, {processor.mean():.0f} ms of processor time"
    )


def _until_end(said: Connection) -> Iterator[Any]:
    while (each := said.recv()) != "end":
        yield each


def _again(folder: Path, *, shard: int) -> str:
    """Write keys of shard 0 once more, through `shard`, and count what a reader finds of one of them."""
    rows = _rows(0, 0).set_column(1, _SCHEMA.field("shard"), pa.array([shard] * ROWS, pa.int32()))
    table = _opened(folder)
    _commit(table, rows, lsm=True)
    table.close_lsm_writers()
    return _copies(folder)


def _copies(folder: Path) -> str:
    rows = _opened(folder).search().where("key = '0-0-5'").to_arrow().num_rows
    return f"{rows} rows of one key"


def _fenced(folder: Path) -> str:
    """Two handles, as two processes have them, write to one shard in turn."""
    _made(folder, lsm=True)
    first, second = _opened(folder), _opened(folder)
    turns = [(first, 0), (second, 1), (first, 2), (second, 3)]
    said = [_said(partial(_commit, table, _rows(0, commit), lsm=True)) for table, commit in turns]
    return " | ".join(said) + f"; then {_opened(folder).search().select(['key']).to_arrow().num_rows} rows"


def _killed(folder: Path) -> str:
    _made(folder, lsm=True)
    writer, said = _started(folder, 0, COMMITS, lsm=True)
    said.recv()
    said.send("go")
    for _ in range(20):
        said.recv()
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    more = sum(1 for _ in iter(lambda: said.poll() and _next(said), False))
    read = _opened(folder).search().select(["key"]).to_arrow().num_rows
    table = _opened(folder)
    _commit(table, _rows(0, 10_000), lsm=True)
    then = table.search().select(["key"]).to_arrow().num_rows
    return f"{20 + more} commits acknowledged, {read} rows read by another process; after its successor's commit {then}"


def _next(said: Connection) -> bool:
    try:
        said.recv()
    except EOFError:
        return False
    return True


if __name__ == "__main__":
    main()
