"""A source that the test plays ──▶ Capture ──▶ Selected, Skipped, Sighting."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from edge_agent.capture.camera_capture import Capture, Captured, CaptureLimits
from edge_agent.capture.motion import STILL_MS
from edge_agent.frames import CaptureStats, DetectionRequest, Glance, Selected, SelectReason, Skipped, SkipReason
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.thumbnail import reduced_of
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.world import EPOCH_MS, FakeClock, Image, flat, glance


class Scripted:
    """A live source: a picture a second, unless the script says otherwise."""

    def __init__(self, clock: FakeClock, script: Sequence[Glance | Skipped | None]) -> None:
        self._clock = clock
        self._script = script
        self.attended: list[float] = []
        self.sender_offset_ms: float | None = -40.0

    def attend(self, per_second: float) -> None:
        self.attended.append(per_second)

    def frames(self, _: threading.Event) -> Iterator[Glance | Skipped | None]:
        for item in self._script:
            self._clock.pass_s(1)
            yield item


def shown(levels: Sequence[int]) -> list[Glance]:
    return [glance(number, image=flat(level)) for number, level in enumerate(levels)]


def unusable() -> Image:
    raise UnusablePictureError(SkipReason.BROKEN, "a picture that the decoder had to patch")


def played(
    script: Sequence[Glance | Skipped | None], *, orders: CaptureLimits | None = None, **camera: object
) -> tuple[list[Captured], Scripted, list[int]]:
    """What comes out, the source afterwards, and how many signs of life there were before each item."""
    clock, signs = FakeClock(), 0
    source = Scripted(clock, script)

    def alive() -> None:
        nonlocal signs
        signs += 1

    settings = {"id": "gate", "source": {"kind": "rtsp", "url": "rtsp://127.0.0.1/a"}} | camera
    capture = Capture(processes.Camera.model_validate(settings), source, clock, alive=alive)
    if orders is not None:
        capture.obey(orders)
    items, lives = [], []
    for item in capture.selected(threading.Event()):
        items.append(item)
        lives.append(signs)
    return items, source, lives


def of(kind: type[Captured], items: list[Captured]) -> list[Captured]:
    return [item for item in items if isinstance(item, kind)]


def test_a_word_a_second_and_the_pixels_of_what_is_taken_alone() -> None:
    made: list[int] = []

    def counted(number: int) -> Image:
        made.append(number)
        return flat(9)

    script = [replace(each, pixels=partial(counted, n)) for n, each in enumerate(shown([9] * 5))]
    items, *_ = played(script)
    assert [type(item) for item in items] == [Selected, *[CaptureStats] * 5]
    assert made == [0]


def test_what_a_word_says() -> None:
    (word, *_), *_ = (of(CaptureStats, played(shown([0, 90, 90]), checks={"every_s": 3600})[0]),)
    assert isinstance(word, CaptureStats)
    assert (word.camera_id, word.at_ms, word.pictures, word.moving) == ("gate", EPOCH_MS, 1, False)
    assert word.sender_offset_ms == -40.0
    assert word.scores is not None
    assert word.decode_cpu_ms > 0


def test_a_word_counts_how_often_pictures_were_dated_by_another_clock_than_those_before() -> None:
    clocks = [ClockQuality.ARRIVAL, *[ClockQuality.SYNCED] * 3, ClockQuality.ARRIVAL, ClockQuality.SYNCED]
    script = [replace(each, clock=clock) for each, clock in zip(shown([0] * 6), clocks, strict=True)]
    words = [item for item in played(script)[0] if isinstance(item, CaptureStats)]
    assert [word.clock_changes for word in words] == [0, 1, 1, 1, 2, 3]


def test_between_pictures_a_word_a_second_says_that_something_comes_and_no_picture() -> None:
    items, _, lives = played([shown([0])[0], None, None, None, *shown([0, 0])[1:]])
    words = [item for item in items if isinstance(item, CaptureStats)]
    assert [word.pictures for word in words] == [1, 1, 1, 1, 2]
    assert [word.at_ms - EPOCH_MS for word in words] == [0, 0, 0, 0, 1000]
    assert lives == [1, 1, 2, 3, 4, 5]


def test_before_the_first_picture_and_behind_a_broken_one_a_word_comes_too() -> None:
    items, *_ = played([None, Skipped("gate", SkipReason.BROKEN, "a keyframe that does not decode")])
    assert [type(item) for item in items] == [CaptureStats, Skipped, CaptureStats]
    assert [item.pictures for item in items if isinstance(item, CaptureStats)] == [0, 0]


def test_a_picture_whose_pixels_are_broken_is_skipped_and_the_next_like_it_is_taken() -> None:
    first, second, third = shown([0, 90, 90])
    items, *_ = played([first, replace(second, pixels=unusable), third], checks={"every_s": 3600})
    assert [type(item) for item in items] == [Selected, CaptureStats, Skipped, Selected, CaptureStats]
    assert isinstance(items[3], Selected)
    assert items[3].reason is SelectReason.CHANGE


def test_a_camera_of_which_nothing_can_be_had_gives_no_word() -> None:
    items, *_ = played([replace(each, pixels=unusable) for each in shown([0, 90, 0])])
    assert {type(item) for item in items} == {Skipped}


def test_it_asks_for_a_closer_look_while_it_moves_and_may() -> None:
    still_s = STILL_MS // 1000
    levels = [0, 90, *[90] * (still_s + 1)]
    closer = CaptureLimits(closer=True)
    _, source, _ = played(shown(levels), orders=closer, selector={"moving_per_second": 4})
    assert source.attended == [0.0, *[4.0] * still_s, 0.0, 0.0]
    _, source, _ = played(shown(levels))
    assert not any(source.attended)


def test_where_the_rate_is_raised_it_looks_as_close_as_that_while_it_moves() -> None:
    still_s = STILL_MS // 1000
    levels = [0, 90, *[90] * (still_s + 1)]
    raised = CaptureLimits(closer=True, max_per_s=8)
    _, source, _ = played(shown(levels), orders=raised, selector={"moving_per_second": 4})
    assert source.attended == [0.0, *[8.0] * still_s, 0.0, 0.0]


def test_the_checks_see_a_picture_at_their_own_pace() -> None:
    made: list[int] = []

    def counted(number: int) -> Image:
        made.append(number)
        return np.full((360, 640, 3), 9, np.uint8)

    script = [replace(each, pixels=partial(counted, n)) for n, each in enumerate(shown([9] * 9))]
    items, *_ = played(script, checks={"every_s": 4})
    assert made == [0, 4, 8]
    words = [item for item in items if isinstance(item, CaptureStats)]
    assert words[-1].scores


def test_where_pixels_are_dear_the_checks_wait_for_a_picture_that_is_taken_anyway_but_not_for_ever() -> None:
    def checked(levels: Sequence[int]) -> list[int]:
        made: list[int] = []

        def counted(number: int) -> Image:
            made.append(number)
            return np.full((360, 640, 3), 9, np.uint8)

        script = [replace(each, pixels=partial(counted, n), is_dear=True) for n, each in enumerate(shown(levels))]
        played(script, checks={"every_s": 4})
        return made

    assert checked([9] * 10) == [0, 8]
    assert checked([*[9] * 6, *[90] * 4]) == [0, 6]


def test_while_a_picture_is_on_its_way_no_other_is_taken() -> None:
    clock = FakeClock()
    source = Scripted(clock, shown([0, 90, 0, 90, 0]))
    capture = Capture(processes.Camera(id="gate", source=processes.RtspSource(url="rtsp://127.0.0.1/a")), source, clock)
    kinds = []
    for item in capture.selected(threading.Event()):
        kinds.append(type(item))
        if len(kinds) == 1:
            capture.hold()
        if len(kinds) == 4:  # two words later
            capture.go_on()
    assert kinds == [Selected, CaptureStats, CaptureStats, CaptureStats, Selected, CaptureStats, Selected, CaptureStats]


def test_pictures_that_a_device_pushed_are_all_taken() -> None:
    items, *_ = played(
        [replace(each, pushed=True) for each in shown([9] * 4)], orders=CaptureLimits(least_ms=3_600_000)
    )
    assert [item.reason for item in items if isinstance(item, Selected)] == [SelectReason.PUSHED] * 4


RTSP = {"kind": "rtsp", "url": "rtsp://127.0.0.1/a"}
LINES = [{"name": "line", "start": (0.5, 0), "end": (0.5, 1)}]


def driven(levels: Sequence[int], apart_ms: int = 1000) -> list[Glance]:
    """Something small is in every second picture: it moves, and the picture as a whole does not change for it."""
    glances = [replace(each, captured_at_ms=EPOCH_MS + apart_ms * n) for n, each in enumerate(shown(levels))]
    for each in glances[1::2]:
        each.grey[30, 10:13] += 60
    return glances


def looks_in(
    script: Sequence[Glance | Skipped | None], *, per_s: float = 1.0, take: frozenset[int] = frozenset(), late: int = 0
) -> list[str]:
    """What comes out, in order. Looks are answered `late` items later; those at the seconds `take` with a wish."""
    capture = Capture(
        processes.Camera.model_validate({"id": "gate", "source": RTSP, "checks": {"every_s": 3600}, "lines": LINES}),
        Scripted(FakeClock(), script),
        FakeClock(),
    )
    capture.obey(CaptureLimits(looks_per_s=per_s))
    said: list[str] = []
    open_looks: list[tuple[int, int]] = []

    def answer(least_age: int) -> None:
        while open_looks and len(said) - open_looks[0][1] >= least_age:
            at_ms, _ = open_looks.pop(0)
            capture.answer(at_ms, take=(at_ms - EPOCH_MS) // 1000 in take)

    for item in capture.selected(threading.Event()):
        if isinstance(item, CaptureStats):
            continue
        at = "" if isinstance(item, Skipped) else f"{(_at_ms(item) - EPOCH_MS) // 1000}"
        said.append(f"{item.reason if isinstance(item, Selected | Skipped) else 'look'}{at}")
        if isinstance(item, DetectionRequest):
            open_looks.append((item.captured_at_ms, len(said)))
        answer(late)
    return said


def _at_ms(item: Selected | DetectionRequest) -> int:
    return item.captured_at_ms if isinstance(item, DetectionRequest) else item.frame.captured_at_ms


def test_machines_are_looked_for_as_often_as_told_and_in_what_is_taken() -> None:
    assert looks_in(driven([9] * 4)) == ["first0", "look1", "look2", "look3"]
    assert looks_in(driven([9, 9, 9, 9, 90, 90]), per_s=0.5) == ["first0", "look1", "look3", "look4", "change4"]
    assert looks_in(driven([9] * 3), per_s=0.0) == ["first0"]


def test_where_nothing_moves_nothing_is_looked_for() -> None:
    assert looks_in(shown([9] * 4)) == ["first0"]


def test_a_picture_that_an_answer_asks_for_is_that_of_the_look_and_comes_once() -> None:
    assert looks_in(driven([9] * 4), take=frozenset({1})) == ["first0", "look1", "event1", "look2", "look3"]


def test_an_answer_may_be_late_and_until_it_comes_there_is_no_other_look() -> None:
    said = looks_in(driven([9, 9, 9, 90, 90, 90]), take=frozenset({1}), late=1)
    assert said == ["first0", "look1", "change3", "event1", "look4"]


def test_a_look_that_nobody_answers_is_given_up() -> None:
    assert looks_in(driven([9] * 24), late=1000) == ["first0", "look1", "look11", "look21"]


def test_what_an_attempt_left_unanswered_is_nothing_to_the_next() -> None:
    camera = processes.Camera.model_validate({"id": "gate", "source": RTSP, "lines": LINES})
    capture = Capture(camera, Scripted(FakeClock(), driven([9] * 3)), FakeClock())
    capture.obey(CaptureLimits(looks_per_s=1))
    for item in capture.selected(threading.Event()):
        if isinstance(item, DetectionRequest):
            break
    capture.answer(EPOCH_MS + 1000, take=True)
    kinds = [type(item) for item in capture.selected(threading.Event()) if not isinstance(item, CaptureStats)]
    assert kinds == [DetectionRequest]


def test_where_the_picture_of_an_event_is_broken_that_is_said() -> None:
    first, second, third = driven([9] * 3)
    assert second.reduced is None
    broken = replace(second, pixels=unusable, reduced=partial(reduced_of, flat(9)))
    assert looks_in([first, broken, third], take=frozenset({1})) == ["first0", "look1", "broken", "look2"]
    assert looks_in([first, replace(second, pixels=unusable), third]) == ["first0", "look2"]


def test_after_an_event_the_next_change_waits_its_turn() -> None:
    camera = processes.Camera.model_validate({"id": "gate", "source": RTSP, "lines": LINES})
    capture = Capture(camera, Scripted(FakeClock(), driven([9, 9, 9, 90, 90, 90], 400)), FakeClock())
    capture.obey(CaptureLimits(looks_per_s=5))
    taken = []
    for item in capture.selected(threading.Event()):
        if isinstance(item, DetectionRequest):
            capture.answer(item.captured_at_ms, take=item.captured_at_ms == EPOCH_MS + 800)
        if isinstance(item, Selected):
            taken.append((item.reason.value, item.frame.captured_at_ms - EPOCH_MS))
    assert taken == [("first", 0), ("event", 800), ("change", 2000)]  # without the event at 1200


def test_while_machines_are_looked_for_the_source_is_attended_though_the_picture_stands_still() -> None:
    _, source, _ = played(shown([9] * 3), orders=CaptureLimits(looks_per_s=5))
    assert source.attended == [5.0] * 3
    _, source, _ = played([replace(each, pushed=True) for each in shown([9] * 3)], orders=CaptureLimits(looks_per_s=5))
    assert all(each == 5.0 for each in source.attended)
