"""Keeps a bounded number of detectors in memory: loads them at first use, and drops the least recently used."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture
from engines.manifest import Group


class MachineDetector(Protocol):
    """The part of `engines.detection.detector.Detector` that the parser uses."""

    @property
    def name(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def precisions(self) -> frozenset[str]:
        """Hashes of this network's files at every precision."""
        ...

    @property
    def thresholds(self) -> Mapping[Group, float]: ...

    def detect_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        """Detect in each picture, best first, boxes in its pixels."""
        ...

    def detect_tiled_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        """Detect in each picture and in the squares that cover it: a square model sees little of 16:9."""
        ...


class DetectorPool:
    """An LRU cache of detectors. Thread-safe. A detector that is dropped while in use stays until that use ends.

    Args:
        load: loads a detector by its name. May raise EngineError; the load is tried again at the next need.
        most: number of detectors that are kept.
    """

    def __init__(self, load: Callable[[str], MachineDetector], *, most: int) -> None:
        self._load = load
        self._most = most
        self._held: OrderedDict[str, MachineDetector] = OrderedDict()
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the detectors in memory, the least recently used first."""
        with self._lock:
            return tuple(self._held)

    def get(self, name: str, sha256: str | None = None) -> MachineDetector:
        """Return the detector, of that network if a file's hash is given. One in memory waits for no other's loading.

        Raises what `load` raises.
        """
        found = self._find(name, sha256)
        if found is not None:
            return found
        with self._loading:  # one at a time: two would be in memory beyond the bound
            found = self._find(name, sha256)
            if found is not None:
                return found
            made = self._load(name)
            with self._lock:
                self._held[name] = made
                self._held.move_to_end(name)
                while len(self._held) > self._most:
                    self._held.popitem(last=False)
            return made

    def _find(self, name: str, sha256: str | None) -> MachineDetector | None:
        with self._lock:
            found = self._held.get(name)
            if found is None or (sha256 is not None and sha256 not in found.precisions):
                return None
            self._held.move_to_end(name)
            return found
