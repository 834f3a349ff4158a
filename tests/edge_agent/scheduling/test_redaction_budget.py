"""measured redactions, changed pictures ──▶ Budget ──▶ how far apart each camera's pictures are to be."""

import math
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.scheduling.redaction_budget import SHARE, RedactionBudget
from provisioning.contracts.config import processes

LARGE, SMALL = (1920, 1080), (640, 360)


def budget_of(number: int, **selector: float) -> RedactionBudget:
    return RedactionBudget({str(n): processes.Selector.model_validate(selector) for n in range(number)})


def move(budget: RedactionBudget, camera: str, per_s: float, now_s: float) -> None:
    """As if it had moved for long: what is forgotten is as much as comes."""
    budget.changed(camera, round(per_s * 30), now_s)


def test_before_the_first_redaction_nobody_is_rationed() -> None:
    budget = budget_of(3)
    assert budget.rate_per_s is None
    assert budget.least_ms(0.0) == {"0": 0.0, "1": 0.0, "2": 0.0}


def test_the_rate_is_what_was_measured_less_a_tenth() -> None:
    budget = budget_of(1)
    for _ in range(60):
        budget.redacted("0", LARGE, 0.5, 0.0)
    assert budget.rate_per_s == pytest.approx(SHARE / 0.5)
    for _ in range(60):  # the machine has become slower
        budget.redacted("0", LARGE, 1.0, 0.0)
    assert budget.rate_per_s == pytest.approx(SHARE / 1.0, rel=0.01)


def test_while_there_is_enough_nobody_is_rationed() -> None:
    budget = budget_of(30)
    budget.redacted("0", LARGE, 0.5, 0.0)
    move(budget, "0", 1.0, 0.0)
    assert set(budget.least_ms(0.0).values()) == {0.0}


def test_the_moving_cameras_share_what_the_signs_of_life_leave() -> None:
    budget = budget_of(30, heartbeat_s=60)
    budget.redacted("0", LARGE, 0.5, 0.0)
    for camera in range(10):
        budget.taken(str(camera), 0.0)
        move(budget, str(camera), 1.0, 0.0)
    least_ms = budget.least_ms(0.0)
    left_s = SHARE - 20 * 0.5 / 60
    assert least_ms["0"] == pytest.approx(1000 * 10 * 0.5 / left_s)
    assert len({least_ms[str(camera)] for camera in range(10)}) == 1


def test_one_that_moves_little_gets_all_it_wants_and_the_busy_ones_share_the_rest() -> None:
    budget = budget_of(3, heartbeat_s=3600)
    budget.redacted("0", LARGE, 1.0, 0.0)
    for camera, per_s in (("0", 0.1), ("1", 1.0), ("2", 1.0)):
        budget.taken(camera, 0.0)
        move(budget, camera, per_s, 0.0)
    least_ms = budget.least_ms(0.0)
    assert least_ms["1"] == pytest.approx(1000 / 0.4, rel=0.01)
    assert least_ms["0"] < 1000 / 0.1  # it is not held back


def test_a_quiet_camera_may_take_its_first_change_as_soon_as_a_moving_one() -> None:
    budget = budget_of(3)
    budget.redacted("0", LARGE, 1.0, 0.0)
    for camera in "012":
        budget.taken(camera, 0.0)
    for camera in "12":
        move(budget, camera, 1.0, 0.0)
    least_ms = budget.least_ms(0.0)
    assert least_ms["0"] == pytest.approx(least_ms["1"])


def test_a_small_picture_costs_less_so_there_may_be_more_of_them() -> None:
    budget = budget_of(2, heartbeat_s=3600)
    budget.redacted("0", LARGE, 1.0, 0.0)
    budget.redacted("1", SMALL, 0.25, 0.0)
    for camera in "01":
        budget.taken(camera, 0.0)
        move(budget, camera, 25.0, 0.0)
    budget_of(1)
    least_ms = RedactionBudget.least_ms(budget, 0.0)
    assert least_ms["0"] == pytest.approx(4 * least_ms["1"], rel=0.2)


def test_what_devices_push_is_redacted_first_and_movement_keeps_a_tenth() -> None:
    budget = budget_of(1, heartbeat_s=3600)
    budget.redacted("0", LARGE, 1.0, 0.0)
    budget.taken("0", 0.0)
    move(budget, "0", 1.0, 0.0)
    alone_ms = budget.least_ms(0.0)["0"]
    for _ in range(30):
        budget.redacted("pushed", LARGE, 1.0, 0.0)
    assert budget.least_ms(0.0)["0"] == pytest.approx(1000 / (0.1 * SHARE))
    assert budget.least_ms(0.0)["0"] > alone_ms


def test_movement_is_forgotten() -> None:
    budget = budget_of(2)
    budget.redacted("0", LARGE, 1.0, 0.0)
    for camera in "01":
        move(budget, camera, 1.0, 0.0)
    assert budget.least_ms(0.0)["0"] > 0
    assert budget.least_ms(300.0)["0"] == 0


@given(
    cost_s=st.floats(0.01, 5),
    moves=st.lists(st.floats(0, 5), min_size=1, max_size=40),
    heartbeat_s=st.floats(1, 3600),
)
def test_what_is_given_out_is_never_more_than_there_is(cost_s: float, moves: list[float], heartbeat_s: float) -> None:
    budget = budget_of(len(moves), heartbeat_s=heartbeat_s)
    budget.redacted("0", LARGE, cost_s, 0.0)
    for camera, per_s in enumerate(moves):
        budget.taken(str(camera), 0.0)
        move(budget, str(camera), per_s, 0.0)
    least_ms = budget.least_ms(0.0)
    wanted = {str(n): min(round(per_s * 30) / 30, 1.0) for n, per_s in enumerate(moves)}
    given_out = sum(
        cost_s * min(wanted[camera], 1000 / each if each else math.inf) for camera, each in least_ms.items()
    )
    assert given_out <= SHARE + 1e-6
    assert all(math.isfinite(each) for each in least_ms.values())


def test_over_time_every_moving_camera_gets_its_turn() -> None:
    """An hour of ten cameras that would each take a picture a second, where there is one in two seconds for all."""
    budget = budget_of(10, heartbeat_s=3600)
    taken = dict.fromkeys(map(str, range(10)), 0)
    last_s = dict.fromkeys(taken, -math.inf)
    busy_until_s = 0.0
    for second in range(3600):
        now_s = float(second)
        least_ms = budget.least_ms(now_s)
        for camera in taken:
            budget.changed(camera, 1, now_s)
            if now_s - last_s[camera] >= least_ms[camera] / 1000:
                taken[camera] += 1
                last_s[camera] = now_s
                budget.taken(camera, now_s)
                busy_until_s = max(busy_until_s, now_s) + 1.8
                budget.redacted(camera, LARGE, 1.8, now_s)
    assert min(taken.values()) > 0.9 * max(taken.values())
    assert sum(taken.values()) == pytest.approx(3600 * SHARE / 1.8, rel=0.15)
    assert busy_until_s < 3600 + 60  # and the redactor keeps up


def test_cameras_that_start_at_once_stand_in_line_once() -> None:
    """A quarter of an hour of thirty cameras that move all the time, where one picture a second can be redacted."""
    budget = budget_of(30, heartbeat_s=60)
    last_s = {str(camera): -math.inf for camera in range(30)}
    line: deque[tuple[str, float]] = deque()
    waits = []
    for second in range(900):
        now_s = float(second)
        if line:
            camera, taken_s = line.popleft()
            budget.redacted(camera, LARGE, 1.0, now_s)
            waits.append((now_s, now_s - 1.0 - taken_s))
        least_ms = budget.least_ms(now_s)
        for camera, before_s in last_s.items():
            budget.changed(camera, 1, now_s)
            if now_s - before_s >= least_ms[camera] / 1000:
                last_s[camera] = now_s
                budget.taken(camera, now_s)
                line.append((camera, now_s))
    later = [waited_s for now_s, waited_s in waits if now_s > 60]
    assert max(waited_s for _, waited_s in waits) == pytest.approx(29, abs=1)
    assert sum(later) / len(later) < 1
    assert max(later) < 5
    assert len(waits) == pytest.approx(900 * SHARE, rel=0.05)
