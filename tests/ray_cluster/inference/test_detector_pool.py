"""Detectors in memory: loaded when needed, a bounded number."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engines.detection.postprocess import Detection
from engines.detection.preprocess import Picture
from engines.errors import ModelMissing
from engines.manifest import Group
from ray_cluster.inference.detector_pool import DetectorPool
from tests.support.waiting import LONG_S


class Named:
    """Finds nothing."""

    def __init__(self, name: str, sha256: str = "0" * 64) -> None:
        self.name = name
        self.sha256 = sha256
        self.precisions = frozenset({sha256})
        self.thresholds: Mapping[Group, float] = {}

    def detect_many(
        self, pictures: Sequence[Picture], *, thresholds: Mapping[Group, float] | None = None
    ) -> list[list[Detection]]:
        return [[] for _ in pictures]

    detect_tiled_many = detect_many


def test_a_detector_is_loaded_when_it_is_needed_and_the_longest_unused_goes() -> None:
    loaded: list[str] = []

    def load(name: str) -> Named:
        loaded.append(name)
        return Named(name)

    pool = DetectorPool(load, most=2)
    assert loaded == []
    first = pool.get("a")
    assert pool.get("a") is first
    pool.get("b")
    pool.get("a")
    pool.get("c")
    assert pool.names == ("a", "c")
    assert pool.get("a") is first
    pool.get("b")
    assert loaded == ["a", "b", "c", "b"]
    assert len(pool.names) == 2


def test_another_file_under_the_same_name_is_loaded_anew() -> None:
    hashes = iter(["1" * 64, "2" * 64])
    pool = DetectorPool(lambda name: Named(name, next(hashes)), most=4)
    assert pool.get("a").sha256 == "1" * 64
    assert pool.get("a", "1" * 64).sha256 == "1" * 64
    assert pool.get("a", "2" * 64).sha256 == "2" * 64
    assert pool.get("a").sha256 == "2" * 64
    assert pool.names == ("a",)


def test_one_that_does_not_load_takes_no_place_and_is_tried_again() -> None:
    faults: list[Exception] = [ModelMissing("a", Path("a.onnx"))]

    def load(name: str) -> Named:
        if faults:
            raise faults.pop()
        return Named(name)

    pool = DetectorPool(load, most=1)
    with pytest.raises(ModelMissing):
        pool.get("a")
    assert pool.names == ()
    assert pool.get("a").name == "a"


def test_one_that_is_there_does_not_wait_for_another_that_loads() -> None:
    slow, is_loading = threading.Event(), threading.Event()

    def load(name: str) -> Named:
        if name == "slow":
            is_loading.set()
            assert slow.wait(LONG_S)
        return Named(name)

    pool = DetectorPool(load, most=2)
    pool.get("warm")
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(pool.get, "slow")
        assert is_loading.wait(LONG_S)
        assert pool.get("warm").name == "warm"
        slow.set()
        assert coming.result(LONG_S).name == "slow"


def test_threads_that_need_the_same_one_load_it_once() -> None:
    loaded: Counter[str] = Counter()

    def load(name: str) -> Named:
        loaded[name] += 1
        return Named(name)

    pool = DetectorPool(load, most=3)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: pool.get("abc"[number % 3]), range(300)))
    assert loaded == {"a": 1, "b": 1, "c": 1}
    assert len({id(one) for one in found}) == 3
