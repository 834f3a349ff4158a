"""What a picture's shape may cost: refused before it is searched, or while it is, and never a worker for minutes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.frames import SelectReason
from edge_agent.redactor.beside import Beside
from edge_agent.redactor.detect import PEOPLE_REACH_PX, REACH_PX
from edge_agent.redactor.detectors import Detectors
from edge_agent.redactor.redactor import CameraRedactor
from engines.detection.detector import RUN_PX, Detector
from engines.detection.preprocess import MAX_SIDE_PX as ENGINES_MAX_SIDE_PX
from engines.detection.tiles import pieces_of, tiles_of, views_of
from engines.runtimes.engine import Tensor
from provisioning.contracts.config.processes import Redactor
from provisioning.contracts.picture_bounds import CLUSTER, EDGE
from provisioning.contracts.wire.messages import MAX_SIDE_PX
from tests.edge_agent.redacting import CAMERA, Answer, NoTinyFaces, detectors, picture, selected

LIMIT_S = Redactor().timeout_s


@dataclass
class SlowModels:
    """Models of which each run takes so long by their own clock."""

    run_s: float = 0.0
    runs: int = 0
    now_s: float = 0.0
    lock: Lock = field(default_factory=Lock)

    def now_ms(self) -> int:
        return 0

    def monotonic_s(self) -> float:
        return self.now_s

    def wait(self, event: object, timeout_s: float) -> bool:
        return False

    def slow(self, answer: Answer) -> Answer:
        def run(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
            with self.lock:
                self.runs += 1
                self.now_s += self.run_s
            return answer(inputs)

        return run

    def models(self, threads: int = 1) -> Detectors:
        made = detectors(NoTinyFaces())
        slow = [
            Detector(one.manifest, _Timed(one, self)) for one in (made.machines, made.people, made.faces, made.plates)
        ]
        return replace(made, machines=slow[0], people=slow[1], faces=slow[2], plates=slow[3], beside=Beside(threads))

    def redactor(self, threads: int = 1) -> CameraRedactor:
        return CameraRedactor("cabinet-7", CAMERA, Redactor(), self.models(threads), self)


class _Timed:
    def __init__(self, detector: Detector, slow: SlowModels) -> None:
        engine = detector.engine
        self.name, self.sha256, self.inputs, self.outputs = engine.name, engine.sha256, engine.inputs, engine.outputs
        self.run: Callable[[Mapping[str, Tensor]], dict[str, Tensor]] = slow.slow(engine.run)


@pytest.mark.parametrize("size", [(16384, 1), (1, 16384), (256, 1), (15, 400), (4096, 200)])
@pytest.mark.parametrize("reason", [SelectReason.PUSHED, SelectReason.FIRST])
def test_a_strip_is_refused_before_anything_is_searched(size: tuple[int, int], reason: SelectReason) -> None:
    slow = SlowModels()
    strip = np.zeros((size[1], size[0], 3), np.uint8)
    with pytest.raises(RedactionUnavailable, match=rf"{size[0]}×{size[1]} px.*not searched") as caught:
        slow.redactor().redact(selected(image=strip, reason=reason))
    assert caught.value.drop is DropReason.REDACTION_UNAVAILABLE
    assert slow.runs == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_a_picture_that_would_take_too_long_is_refused_while_it_is_searched(threads: int) -> None:
    large = picture(4000, 1920)  # 3.7 times 1080p: so many times as long
    quick = SlowModels()
    quick.redactor().redact(selected(image=large))
    limit_s = LIMIT_S * 4000 * 1920 / (1920 * 1080)
    slow = SlowModels(run_s=limit_s / 5)
    redactor = slow.redactor(threads)
    with pytest.raises(RedactionUnavailable, match=r"redaction took .* limit") as caught:
        redactor.redact(selected(image=large))
    assert caught.value.drop is DropReason.REDACTION_TIMEOUT
    assert quick.runs > 10
    assert slow.runs <= 6 + threads, "of all runs, no more than the time has room for, and one a thread"
    slow.run_s = 0.0
    assert redactor.redact(selected(at_ms=2000)).picture, "the next picture has its own time"


def test_no_run_begins_once_the_time_is_over_whichever_model_it_is() -> None:
    """Whatever the runs take, the one that went over is the last."""
    whole = SlowModels()
    whole.redactor().redact(selected())
    for last in range(1, whole.runs):
        slow = SlowModels(run_s=LIMIT_S / (last - 0.5))
        with pytest.raises(RedactionUnavailable) as caught:
            slow.redactor().redact(selected())
        assert caught.value.drop is DropReason.REDACTION_TIMEOUT
        assert slow.runs == last


@given(st.integers(1, 2 * MAX_SIDE_PX), st.integers(1, 2 * MAX_SIDE_PX))
def test_what_the_bounds_let_through_is_searched_in_few_parts(width: int, height: int) -> None:
    if EDGE.fault(width, height):
        assert f"{width}×{height} px" in EDGE.fault(width, height)
        return
    assert width * height <= EDGE.max_pixels
    assert len(tiles_of((width, height), reach_px=PEOPLE_REACH_PX)) <= 100
    assert len(views_of((width, height), reach_px=REACH_PX)) <= 100
    assert len(pieces_of((width, height), RUN_PX, 128)) <= 100


def test_bounds_are_the_same_for_edge_cluster_and_engines_but_for_pixels() -> None:
    for size in [(16384, 1), (15, 15), (16, 257), (16385, 1100)]:
        assert EDGE.fault(*size) == CLUSTER.fault(*size) != ""
    for size in [(16, 16), (16, 256), (3840, 2160), (4096, 256)]:
        assert EDGE.fault(*size) == CLUSTER.fault(*size) == ""
    assert (EDGE.fault(7680, 4320), CLUSTER.fault(7680, 4320)[:12]) == ("", "7680×4320 px")
    assert ENGINES_MAX_SIDE_PX == MAX_SIDE_PX
