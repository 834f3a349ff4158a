"""Detectors in memory: loaded when they are first needed, a bounded number, the longest unused goes first."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture
from engines.manifest import Group


class Finds(Protocol):
    """What is needed of `engines.detection.detector.Detector`."""

    @property
    def name(self) -> str:
        """In its manifest."""
        ...

    @property
    def sha256(self) -> str:
        """Of its model file."""
        ...

    def detect_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        """Detections of each picture, best first, boxes in its pixels."""
        ...

    def detect_tiled_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        """The same, of each picture and of the squares that cover it: a square model sees little of 16:9."""
        ...


class DetectorPool:
    """Used from several threads. A detector that is in use when it has to go stays until that use ends.

    Args:
        load: a detector that works, by its name. May raise EngineError; that load is tried again at the next need.
        most: how many are kept.
    """

    def __init__(self, load: Callable[[str], Finds], *, most: int) -> None:
        self._load = load
        self._most = most
        self._held: OrderedDict[str, Finds] = OrderedDict()
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """Those in memory, the longest unused first."""
        with self._lock:
            return tuple(self._held)

    def get(self, name: str, sha256: str | None = None) -> Finds:
        """The detector, of that model file if a hash is given. One that is in memory waits for no other's loading.

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

    def _find(self, name: str, sha256: str | None) -> Finds | None:
        with self._lock:
            found = self._held.get(name)
            if found is None or (sha256 is not None and found.sha256 != sha256):
                return None
            self._held.move_to_end(name)
            return found
