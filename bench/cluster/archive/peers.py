"""The same vectors in plain LanceDB (one bulk load, its own defaults) and in FAISS, where that is installed."""

import importlib.util
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import IvfSq
from numpy.typing import NDArray

from bench.cluster.archive.search import EXACT, TOP, Searched, timed

_BATCH = 10_000


def vectors_of(objects: Sequence[Any]) -> NDArray[np.float32]:
    """Every vector of some tables, float32 (rows, 256)."""
    blocks = [
        batch.column("vector").flatten().to_numpy(zero_copy_only=False).reshape(batch.num_rows, -1)
        for table in objects
        for batch in table.search().select(["vector"]).to_batches()
    ]
    return np.concatenate(blocks)


def plain_lance(folder: Path, vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> dict[str, Any]:
    """Bulk load in batches of 10,000, IVF_SQ as it comes, refine 10."""
    database = lancedb.connect(folder)
    schema = pa.schema([pa.field("id", pa.int64()), pa.field("vector", pa.list_(pa.float32(), vectors.shape[1]))])
    table: Any = database.create_table("plain", schema=schema)
    began = time.perf_counter()
    for start in range(0, len(vectors), _BATCH):
        block = vectors[start : start + _BATCH]
        column = pa.FixedSizeListArray.from_arrays(pa.array(block.ravel()), vectors.shape[1])
        table.add(pa.table([pa.array(range(start, start + len(block))), column], schema=schema))
    load_s = time.perf_counter() - began
    began = time.perf_counter()
    table.create_index("vector", config=IvfSq(distance_type="cosine"))
    build_s = time.perf_counter() - began

    def search(vector: NDArray[np.float32], *, exact: bool = False) -> set[Any]:
        query = table.search(vector).distance_type("cosine").limit(TOP).select(["id", "_distance"])
        query = query.bypass_vector_index() if exact else query.refine_factor(10)
        return set(query.to_arrow().column("id").to_pylist())

    searched = timed("plain LanceDB", queries, search, [search(vector, exact=True) for vector in queries[:EXACT]])[0]
    return _report(searched, load_s, build_s, len(vectors))


def faiss_sq(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> dict[str, Any] | None:
    """IVF with 8-bit scalars, all in memory; None where FAISS is not installed."""
    if importlib.util.find_spec("faiss") is None:
        return None
    import faiss  # noqa: PLC0415 - optional

    lists = max(1, int(4 * len(vectors) ** 0.5))
    began = time.perf_counter()
    index: Any = faiss.index_factory(vectors.shape[1], f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.train(vectors[:: max(1, len(vectors) // (64 * lists))])
    build_s = time.perf_counter() - began
    began = time.perf_counter()
    index.add(vectors)
    load_s = time.perf_counter() - began
    index.nprobe = 20
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)

    def search(vector: NDArray[np.float32], of: Any = index) -> set[Any]:
        return set(of.search(vector[None, :], TOP)[1][0].tolist())

    searched = timed("FAISS IVF SQ8", queries, search, [search(vector, flat) for vector in queries[:EXACT]])[0]
    return _report(searched, load_s, build_s, len(vectors))


def _report(searched: Searched, load_s: float, build_s: float, rows: int) -> dict[str, Any]:
    return searched.as_json() | {"rows_per_s": rows / load_s, "build_s": build_s}
