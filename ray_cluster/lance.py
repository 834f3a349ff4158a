"""LanceDB, imported in half the time, which every process that opens an archive spends at its start.

LanceDB imports a generated client of remote catalogues. No archive uses it, and pydantic builds a validator for each
of its 375 methods. Without these, and without searches for garbage among what stays, the import takes 1.2 to 1.6 s of
processor time in place of 2.2 to 2.8 (measured).
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pydantic

__all__ = [
    "BTree", "Bitmap", "ColumnOrdering", "IvfRq", "LanceEmptyQueryBuilder", "Query", "lancedb",
]  # fmt: skip


@contextmanager
def _quickly() -> Iterator[None]:
    """Imports without a search for garbage; `pydantic.validate_call` leaves functions meanwhile as they are."""

    def leave(function: Callable[..., Any]) -> Callable[..., Any]:
        return function

    checked, searched = pydantic.validate_call, gc.isenabled()
    pydantic.validate_call = leave  # type: ignore[assignment]
    gc.disable()
    try:
        yield
    finally:
        pydantic.validate_call = checked
        if searched:
            gc.enable()


with _quickly():
    import lancedb
    from lancedb.index import Bitmap, BTree, IvfRq
    from lancedb.query import ColumnOrdering, LanceEmptyQueryBuilder, Query
