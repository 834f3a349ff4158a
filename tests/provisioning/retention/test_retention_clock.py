"""Retention time is kept in a file, and a file that is lost or damaged deletes nothing."""

import os
from pathlib import Path

import pytest

from provisioning.retention.clock import (
    FILE,
    RetentionClock,
    WrongDateError,
    day_text,
    facts_of,
    read_clocks,
    read_state,
    why_stopped,
)
from provisioning.retention.state import DAY_MS
from tests.support.steady import Machine

NOW_MS = 1_795_521_600_000
KEEP_MS = 30 * DAY_MS


def clock(folder: Path) -> RetentionClock:
    return RetentionClock(folder, newest_ms=lambda: NOW_MS)


def test_what_one_process_wrote_the_next_goes_on_from(tmp_path: Path) -> None:
    machine = Machine(NOW_MS)
    clock(tmp_path).advance(machine.now())
    machine.pass_ms(DAY_MS)
    machine.skew_ms = 31 * DAY_MS
    assert clock(tmp_path).advance(machine.now()).at_ms == NOW_MS + DAY_MS
    assert clock(tmp_path).horizon_ms("archive", KEEP_MS, machine.now()) is None
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damage", [None, b"", b"{", b'{"at_ms": -1}', b"[" * 70_000])
def test_a_state_that_is_lost_or_damaged_is_said_and_begins_at_the_newest_that_is_kept(
    tmp_path: Path, damage: bytes | None
) -> None:
    machine = Machine(NOW_MS)
    clock(tmp_path).advance(machine.now())
    if damage is None:
        (tmp_path / FILE).unlink()
    else:
        (tmp_path / FILE).write_bytes(damage)
    machine.skew_ms = 31 * DAY_MS
    state = clock(tmp_path).advance(machine.now())
    assert (state.at_ms, state.due_ms(machine.now().wall_ms)) == (NOW_MS, None)
    assert ("there was none" if damage is None else "damaged") in state.begun
    assert str(tmp_path / FILE) in state.begun


def test_a_person_confirms_by_the_date_and_not_by_the_clock(tmp_path: Path) -> None:
    machine = Machine(NOW_MS)
    clock(tmp_path).advance(machine.now())
    machine.reboot(off_ms=14 * DAY_MS)
    stopped = clock(tmp_path).advance(machine.now())
    assert "14.0 days ahead of retention time" in why_stopped(stopped, machine.now().wall_ms)
    with pytest.raises(WrongDateError, match=day_text(machine.true_ms)):
        clock(tmp_path).confirm(machine.now(), day_text(NOW_MS), {})
    assert clock(tmp_path).advance(machine.now()).at_ms == NOW_MS
    confirmed = clock(tmp_path).confirm(machine.now(), day_text(machine.true_ms), {"archive": KEEP_MS})
    assert why_stopped(confirmed, machine.now().wall_ms) == ""
    assert facts_of(confirmed, machine.now().wall_ms)["stopped"] == "no"
    assert clock(tmp_path).horizon_ms("archive", KEEP_MS, machine.now()) == machine.true_ms - KEEP_MS


def test_a_shorter_retention_is_named_until_it_is_confirmed(tmp_path: Path) -> None:
    machine = Machine(NOW_MS)
    clock(tmp_path).horizon_ms("archive", KEEP_MS, machine.now())
    clock(tmp_path).horizon_ms("archive", 7 * DAY_MS, machine.now())
    state, _ = read_state(tmp_path / FILE)
    assert state is not None
    assert f"archive before {day_text(NOW_MS - 7 * DAY_MS)}" in why_stopped(state, NOW_MS)


def test_this_machines_clocks_can_be_read() -> None:
    first, second = read_clocks(), read_clocks()
    assert first.boot_id == second.boot_id
    assert len(first.boot_id) == 36
    assert 0 < first.boot_ms <= second.boot_ms


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write for somebody else")
def test_what_root_confirms_the_owner_of_the_folder_can_read(tmp_path: Path) -> None:
    os.chown(tmp_path, 4711, 4712)
    clock(tmp_path).advance(Machine(NOW_MS).now())
    for file in tmp_path.iterdir():
        assert (file.stat().st_uid, file.stat().st_gid) == (4711, 4712)
