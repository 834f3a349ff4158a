"""A detector's blink uncovers nobody, and what is remembered is a rectangle, for half a second."""

from collections.abc import Mapping
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.recent_covers import HOLD_MS, NEIGHBOUR_MS, RecentCovers, _Look
from engines.detection.postprocess import Box as Found
from engines.detection.postprocess import Detection
from engines.manifest import Group
from provisioning.contracts.wire.messages import Box
from tests.edge_agent.redacting import NoTinyFaces, detectors, redactor, selected

SIZE = (640, 360)
WALKER = Box(x0=100, y0=100, x1=130, y1=180)
ELSEWHERE = Rect(400, 100, 430, 180)


class Blinking(NoTinyFaces):
    """A face detector that finds a face at its first look only."""

    def __init__(self) -> None:
        self._looks = 0

    def detect_pieces(
        self,
        picture: Image,
        *,
        scale: float = 1.0,
        thresholds: Mapping[Group, float] | None = None,
        run_px: int = 0,
        small_only: bool = False,
    ) -> list[Detection]:
        self._looks += 1
        return [Detection("face", 0.9, Found(100, 60, 140, 110))] if self._looks == 1 else []


def _remembering(at_ms: int = 1000) -> RecentCovers:
    memory = RecentCovers()
    memory.note(at_ms, SIZE, [WALKER])
    return memory


def test_who_was_covered_a_moment_ago_and_is_not_found_now_stays_covered() -> None:
    (recalled,) = _remembering().recall(1100, SIZE, [ELSEWHERE])
    assert recalled.x0 < WALKER.x0
    assert recalled.y1 > WALKER.y1


def test_who_is_found_again_leaves_no_shadow_behind() -> None:
    assert _remembering().recall(1100, SIZE, [Rect(106, 100, 136, 180)]) == []


def test_at_one_look_a_second_there_is_no_memory() -> None:
    assert _remembering().recall(2000, SIZE, []) == []
    assert _remembering().recall(1000 + NEIGHBOUR_MS + 1, SIZE, []) == []


def test_it_forgets_even_while_looks_go_on() -> None:
    memory = _remembering()
    at_ms = 1000
    while at_ms < 1000 + HOLD_MS:
        at_ms += 100
        assert len(memory.recall(at_ms, SIZE, [])) == 1, at_ms
        memory.note(at_ms, SIZE, [])
    assert memory.recall(at_ms + 100, SIZE, []) == []


def test_what_is_recalled_is_not_remembered_anew() -> None:
    memory = _remembering()
    assert memory.recall(1200, SIZE, [])
    memory.note(1200, SIZE, [])
    memory.note(1400, SIZE, [])
    assert memory.recall(1000 + HOLD_MS + 1, SIZE, []) == []


def test_a_clock_set_back_and_another_picture_size_end_it() -> None:
    assert _remembering().recall(900, SIZE, []) == []
    assert _remembering().recall(1100, (360, 640), []) == []


def test_a_redactor_keeps_what_blinks_covered_for_as_long_as_it_remembers() -> None:
    camera = redactor(detectors(Blinking()))
    regions = [
        camera.redact(selected(at_ms=at_ms)).snapshot.redaction.regions
        for at_ms in (1000, 1100, 1200, 1000 + HOLD_MS, 1001 + HOLD_MS)
    ]
    assert [len(boxes) for boxes in regions] == [1, 1, 1, 1, 0]
    first, later = regions[0][0], regions[1][0]
    assert later.x0 <= first.x0
    assert later.y1 >= first.y1


def test_cameras_do_not_share_a_memory() -> None:
    models = detectors(Blinking())
    assert redactor(models).redact(selected(at_ms=1000)).snapshot.redaction.regions
    assert redactor(models).redact(selected(at_ms=1100)).snapshot.redaction.regions == ()


def test_it_holds_rectangles_and_a_time_and_nothing_else() -> None:
    assert [field.name for field in fields(_Look)] == ["at_ms", "size", "boxes"]
    assert set(Box.model_fields) == {"x0", "y0", "x1", "y1"}


@given(st.lists(st.integers(0, 400), max_size=40))
def test_it_recalls_each_look_for_its_time_and_holds_no_more(steps_ms: list[int]) -> None:
    memory, at_ms = RecentCovers(), 0
    looks_ms: list[int] = []
    for step_ms in steps_ms:
        at_ms += step_ms
        recalled = memory.recall(at_ms, SIZE, [])
        assert len(recalled) == sum(at_ms - look_ms <= HOLD_MS for look_ms in looks_ms)
        memory.note(at_ms, SIZE, [WALKER])
        looks_ms.append(at_ms)
    assert all(at_ms - look.at_ms <= HOLD_MS for look in memory._recent)
