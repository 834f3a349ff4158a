"""Compares fresh rows with the machines that approved cases seek: every pair at once, as a product of two matrices."""

import threading
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provisioning.contracts.query.lookalike import MachineRef
from provisioning.contracts.query.standing import (
    MAX_STANDING,
    StandingAnswer,
    StandingCase,
    StandingHit,
    StandingRequest,
)
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.audit_log import Audit
from ray_cluster.archive.lance_tables import read_errors
from ray_cluster.archive.partitions.division import OpenPartitions
from ray_cluster.archive.partitions.open_tables import OpenTables
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.query.filters import checked_row_key
from ray_cluster.query.row_reader import by_key, pinned, records

FRESH_MS: Final = 60_000
"""Time for which a sought machine's vector is kept in memory, and so longest use of an erased picture."""
_BATCH: Final = 400
"""Most keys in one condition."""
_Key = tuple[str, int]
_Vectors = dict[_Key, tuple[MachineClass, NDArray[np.float32]]]


class Standing:
    """Runs standing queries on one archive directory. Thread-safe; `now_ms` is the clock of the audit lines."""

    def __init__(self, partitions: OpenPartitions[OpenTables], audit: Audit, now_ms: Callable[[], int]) -> None:
        self._partitions = partitions
        self._audit = audit
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._sought: _Vectors = {}
        self._read: dict[_Key, int] = {}
        """Time at which each sought machine was looked up."""
        self._audited: dict[str, int] = {}
        """Case → hash of its machines, for cases whose machines are in an audit line."""

    def compare(self, request: StandingRequest) -> StandingAnswer:
        """Find the rows' machines that are like the sought ones. No comparison begins before the audit line.

        Raises:
            BadRequest: a row key that cannot be one.
            ArchiveUnreadable, ArchiveWriteFailed: try again.
        """
        self._write_down(request)
        keys = [checked_row_key(key) for key in request.row_keys]
        with self._lock, read_errors("tables"):
            rows = self._vectors_of(set(keys))
            self._refresh(request)
            sought = dict(self._sought)
        by_row: dict[str, list[tuple[_Key, MachineClass, NDArray[np.float32]]]] = {}
        for key, (cls, vector) in rows.items():
            by_row.setdefault(key[0], []).append((key, cls, vector))
        hits: list[StandingHit] = []
        unseen: list[str] = []
        for case in request.cases:
            vectors = [sought[key][1] for key in map(_key, case.machines) if key in sought]
            if vectors:
                hits += _hits(case, keys, by_row, np.stack(vectors))
            else:
                unseen.append(case.case)
        return StandingAnswer(hits=tuple(hits), unseen=tuple(unseen))

    def _write_down(self, request: StandingRequest) -> None:
        """Write an audit line a request; the first one with a case lists its machines."""
        asked = {case.case: hash(case.machines) for case in request.cases}
        new = [case for case in request.cases if self._audited.get(case.case) != asked[case.case]]
        listed = [{"case": case.case, "machines": [each.model_dump() for each in case.machines]} for case in new]
        facts = {"rows": len(request.row_keys), "cases": len(request.cases)}
        self._audit.write("standing", at_ms=self._now_ms(), **facts, new=listed)
        if len(self._audited) > 4 * MAX_STANDING:
            self._audited.clear()
        self._audited |= asked

    def _refresh(self, request: StandingRequest) -> None:
        """Read vectors of machines that are new or were read too long ago; drop expired ones."""
        now_ms = self._now_ms()
        wanted = {_key(machine) for case in request.cases for machine in case.machines}
        self._read = {
            key: at_ms
            for key, at_ms in self._read.items()
            if at_ms > now_ms - FRESH_MS  # those of other batches as well: not every batch has rows of every case
        }
        missing = wanted - self._read.keys()
        self._sought = {key: value for key, value in self._sought.items() if key in self._read}
        if missing:
            found = self._vectors_of({checked_row_key(key[0]) for key in missing})
            self._sought |= {key: found[key] for key in missing if key in found}
            self._read |= dict.fromkeys(missing, now_ms)

    def _vectors_of(self, row_keys: set[str]) -> _Vectors:
        """Find machines with their vectors."""
        by_partition: dict[OpenTables, set[str]] = {}
        for key in row_keys:
            by_partition.setdefault(self._partitions.of(key), set()).add(key)
        found = _Vectors()
        for tables, keys in by_partition.items():
            found |= _vectors_in(tables, keys)
        return found


def _vectors_in(partition: OpenTables, row_keys: set[str]) -> _Vectors:
    """Find machines of one partition, newest windows first, until every row was found."""
    left, found = set(row_keys), _Vectors()
    for window in partition.seals.holding(reversed(partition.windows()), sorted(left)):
        if not left:
            break
        objects = pinned(partition.tables, OBJECTS + window)
        if "vector" not in objects.schema.names:
            continue
        ordered = sorted(left)
        for start in range(0, len(ordered), _BATCH):
            ids = chain.from_iterable(by_key(objects, ordered[start : start + _BATCH]).values())
            for record in records(objects, list(ids), ["row_key", "index", "cls", "vector"]):
                if record["vector"] is None:
                    continue
                key = record["row_key"], record["index"]
                found[key] = MachineClass(record["cls"]), np.asarray(record["vector"], np.float32)
                left.discard(record["row_key"])
    return found


def _key(machine: MachineRef) -> _Key:
    return machine.row_key, machine.index


def _hits(
    case: StandingCase,
    keys: Sequence[str],
    by_row: dict[str, list[tuple[_Key, MachineClass, NDArray[np.float32]]]],
    sought: NDArray[np.float32],
) -> list[StandingHit]:
    """Find the best machine of each row that is similar enough. `sought`: (machines, 256), each of length 1."""
    own = {_key(machine) for machine in case.machines}
    asked = [each for row in sorted(set(case.rows)) for each in by_row.get(keys[row], ())]
    asked = [each for each in asked if each[1] in case.classes and each[0] not in own]
    if not asked:
        return []
    alike = np.clip((np.stack([vector for _, _, vector in asked]) @ sought.T).max(axis=1), -1.0, 1.0)
    best: dict[str, StandingHit] = {}
    for ((row_key, index), _, _), similarity in zip(asked, alike.tolist(), strict=True):
        if similarity >= case.at_least and (row_key not in best or similarity > best[row_key].similarity):
            machine = MachineRef(row_key=row_key, index=index)
            best[row_key] = StandingHit(case=case.case, machine=machine, similarity=similarity)
    return list(best.values())
