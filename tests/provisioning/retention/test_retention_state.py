"""Retention time passes as the boot clock does, whatever is done to the wall clock."""

from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.retention.state import ALLOWANCE_MS, DAY_MS, Retention
from tests.support.steady import Machine

NOW_MS = 1_795_521_600_000
HOUR_MS = 3_600_000
KEEP_MS = 30 * DAY_MS


def begun(machine: Machine) -> Retention:
    return Retention.begin(machine.now(), machine.true_ms, why="")


def due(state: Retention, machine: Machine) -> int | None:
    return state.due_ms(machine.now().wall_ms)


def test_a_clock_that_jumps_ahead_makes_nothing_due_and_back_again_all_goes_on() -> None:
    machine = Machine(NOW_MS)
    state = begun(machine)
    machine.skew_ms = 31 * DAY_MS
    machine.pass_ms(HOUR_MS)
    state = state.step(machine.now())
    assert (state.at_ms, due(state, machine)) == (NOW_MS + HOUR_MS, None)
    machine.skew_ms = 0
    machine.pass_ms(HOUR_MS)
    state = state.step(machine.now())
    assert due(state, machine) == state.at_ms == NOW_MS + 2 * HOUR_MS


def test_a_clock_that_is_moved_a_day_an_hour_moves_nothing_but_itself() -> None:
    machine = Machine(NOW_MS)
    state = begun(machine)
    for hour in range(1, 41):
        machine.skew_ms += DAY_MS
        machine.pass_ms(HOUR_MS)
        state = state.step(machine.now())
        assert state.at_ms == NOW_MS + hour * HOUR_MS
        assert due(state, machine) == (state.at_ms if hour == 1 else None)  # one day apart is borne with


def test_a_clock_that_jumps_back_makes_nothing_due_and_retention_time_goes_on() -> None:
    machine = Machine(NOW_MS)
    state = begun(machine)
    machine.skew_ms = -40 * DAY_MS
    machine.pass_ms(HOUR_MS)
    state = state.step(machine.now())
    assert (state.at_ms, due(state, machine)) == (NOW_MS + HOUR_MS, None)
    assert state.latest_ms(machine.now().wall_ms) == state.at_ms


def test_a_clock_that_is_hours_off_either_way_makes_due_what_both_call_due() -> None:
    machine = Machine(NOW_MS)
    state = begun(machine)
    for skew_ms in (20 * HOUR_MS, -20 * HOUR_MS):
        machine.skew_ms = skew_ms
        state = state.step(machine.now())
        assert due(state, machine) == NOW_MS + min(0, skew_ms)


def test_a_reboot_is_bridged_by_the_wall_clock() -> None:
    machine = Machine(NOW_MS)
    state = begun(machine)
    machine.reboot(off_ms=HOUR_MS)
    state = state.step(machine.now())
    assert (state.at_ms, state.believed_ms) == (NOW_MS + HOUR_MS, HOUR_MS)
    assert due(state, machine) == machine.true_ms


def test_two_weeks_without_power_want_a_person_once() -> None:
    machine = Machine(NOW_MS)
    state = begun(machine)
    machine.reboot(off_ms=14 * DAY_MS)
    state = state.step(machine.now())
    assert (state.at_ms, due(state, machine)) == (NOW_MS, None)
    state = state.confirm(machine.now(), {"archive": KEEP_MS})
    machine.pass_ms(HOUR_MS)
    state = state.step(machine.now())
    assert due(state, machine) == machine.true_ms
    machine.reboot(off_ms=HOUR_MS)
    assert due(state.step(machine.now()), machine) == machine.true_ms


def test_reboots_cannot_be_counted_up_to_more_than_the_allowance() -> None:
    machine = Machine(NOW_MS)
    state = begun(machine)
    for _ in range(100):
        machine.skew_ms += 20 * HOUR_MS
        machine.reboot()
        state = state.step(machine.now())
    assert state.at_ms - machine.true_ms <= ALLOWANCE_MS


def test_a_first_start_with_a_wrong_clock_believes_what_is_kept() -> None:
    machine = Machine(NOW_MS, skew_ms=31 * DAY_MS)
    state = Retention.begin(machine.now(), NOW_MS - HOUR_MS, why="there was none")
    assert (state.at_ms, due(state, machine), state.begun) == (NOW_MS - HOUR_MS, None, "there was none")
    right = Retention.begin(Machine(NOW_MS).now(), NOW_MS - HOUR_MS, why="")
    assert right.due_ms(NOW_MS) == NOW_MS


def test_a_first_start_does_not_believe_the_future_that_something_kept_is_from() -> None:
    state = Retention.begin(Machine(NOW_MS).now(), NOW_MS + 31 * DAY_MS, why="")
    assert state.due_ms(NOW_MS) == NOW_MS


def test_more_days_than_have_passed_wait_for_a_person_though_the_clocks_agree() -> None:
    machine = Machine(NOW_MS)
    state, horizon_ms = begun(machine).use_horizon("archive", KEEP_MS, machine.now().wall_ms)
    assert horizon_ms == NOW_MS - KEEP_MS
    state, horizon_ms = state.use_horizon("archive", 7 * DAY_MS, machine.now().wall_ms)
    assert horizon_ms is None
    assert state.waiting == {"archive": NOW_MS - 7 * DAY_MS}
    _, horizon_ms = state.use_horizon("audit", KEEP_MS, machine.now().wall_ms)
    assert horizon_ms is not None
    state, horizon_ms = state.confirm(machine.now(), {"archive": 7 * DAY_MS}).use_horizon(
        "archive", 7 * DAY_MS, machine.now().wall_ms
    )
    assert (horizon_ms, state.waiting) == (NOW_MS - 7 * DAY_MS, {})


def test_a_first_horizon_is_bounded_by_the_oldest_that_is_there() -> None:
    machine = Machine(NOW_MS)
    wall_ms = machine.now().wall_ms
    for oldest_days, is_due in ((31, True), (45, False)):
        oldest_ms = NOW_MS - oldest_days * DAY_MS
        state, horizon_ms = begun(machine).use_horizon("archive", KEEP_MS, wall_ms, oldest_ms=oldest_ms)
        assert (horizon_ms is not None) is is_due
        _, again_ms = state.use_horizon("archive", KEEP_MS, wall_ms, oldest_ms=oldest_ms)
        assert (again_ms is not None) is is_due


def test_a_time_that_began_too_far_ahead_deletes_nothing_and_is_set_back_by_a_person() -> None:
    machine = Machine(NOW_MS, skew_ms=60 * DAY_MS)
    state = Retention.begin(machine.now(), None, why="")
    machine.skew_ms = 0
    state, horizon_ms = state.step(machine.now()).use_horizon("archive", KEEP_MS, machine.now().wall_ms)
    assert horizon_ms is None
    state = state.confirm(machine.now(), {"archive": KEEP_MS})
    _, horizon_ms = state.use_horizon("archive", KEEP_MS, machine.now().wall_ms)
    assert horizon_ms == NOW_MS - KEEP_MS


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["pass", "set", "reboot"]),
        st.integers(min_value=0, max_value=20 * 24),
        st.integers(min_value=-900 * 24, max_value=900 * 24),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(MOVES, st.integers(min_value=0, max_value=40))
def test_no_more_days_are_dropped_than_passed_by_the_boot_clock_and_the_allowance(
    moves: list[tuple[str, int, int]], kept_days: int
) -> None:
    machine = Machine(NOW_MS)
    state = begun(machine)
    first_ms, running_ms = NOW_MS - KEEP_MS, 0
    dropped_to_ms = first_ms
    for move, hours, skew_hours in moves:
        match move:
            case "pass":
                machine.pass_ms(hours * HOUR_MS)
                running_ms += hours * HOUR_MS
            case "set":
                machine.skew_ms = max(skew_hours * HOUR_MS, 1 - machine.true_ms)
            case _:
                machine.reboot(off_ms=hours * HOUR_MS)
                machine.skew_ms = skew_hours * HOUR_MS
        before = state
        state = state.step(machine.now())
        assert state.at_ms >= before.at_ms
        keep_ms = KEEP_MS if move != "set" else kept_days * DAY_MS
        state, horizon_ms = state.use_horizon("archive", KEEP_MS, machine.now().wall_ms)
        if horizon_ms is not None:
            dropped_to_ms = max(dropped_to_ms, horizon_ms)
        # A configuration that keeps less is held to the same.
        state, shorter_ms = state.use_horizon("shorter", keep_ms, machine.now().wall_ms)
        assert shorter_ms is None or shorter_ms <= state.at_ms - keep_ms
        assert dropped_to_ms - first_ms <= running_ms + ALLOWANCE_MS
