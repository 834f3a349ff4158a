"""One wrong clock deletes nothing of an archive: not its days, not what a hold keeps, not its backup."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from provisioning.retention.clock import FILE, day_text, read_clocks
from ray_cluster.__main__ import app
from ray_cluster.archive.archiver import HOUSEKEEPING_MS, Archiver
from ray_cluster.archive.hold_store import Hold, HoldStore
from ray_cluster.archive.retention import confirm
from ray_cluster.maintenance.backup import back_up
from ray_cluster.maintenance.holds import Holds
from tests.ray_cluster.world import (
    CONFIG,
    DAY_MS,
    NOW_MS,
    OFFSET_MINUTES,
    RETENTION_DAYS,
    entry,
    query,
    upkeep,
)
from tests.support.steady import Machine

HOUR_MS = 3_600_000
MONTH_MS = 31 * DAY_MS


class Place:
    """An archive and the machine that it lies on."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.machine = Machine(NOW_MS)
        self.numbers = iter(range(1, 10_000))
        self.start()

    def start(self, *, retention_days: int = RETENTION_DAYS) -> None:
        self.writer = Archiver(
            self.directory,
            retention_days=retention_days,
            offset_minutes=OFFSET_MINUTES,
            now=self.machine.now(),
            first_hours=24,
        )

    def bring(self, rows: int = 1, *, at_ms: int | None = None) -> None:
        """Rows of this moment, from cameras whose clocks are right, received by the machine's wall clock."""
        wall_ms, true_ms = self.machine.now().wall_ms, self.machine.true_ms if at_ms is None else at_ms
        batch = [entry(next(self.numbers), at_ms=true_ms + row, received_at_ms=wall_ms + row) for row in range(rows)]
        assert all(receipt.fresh for receipt in self.writer.commit(batch, now_ms=wall_ms))

    def keep_house(self) -> None:
        self.machine.pass_ms(HOUSEKEEPING_MS)
        self.writer.maintain(now=self.machine.now())

    def rows(self) -> int:
        return query(self.directory).status().rows

    def packs(self) -> int:
        return len(list((self.directory / "packs").rglob("*.pack")))

    def alarms(self) -> tuple[str, ...]:
        return query(self.directory).alarms()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "archive")
    made.bring(20)
    return made


def test_a_clock_31_days_ahead_once_drops_nothing_and_is_told(place: Place) -> None:
    place.machine.skew_ms = MONTH_MS
    for _ in range(3):
        place.keep_house()
    assert (place.rows(), place.packs()) == (20, 1)
    (alarm,) = place.alarms()
    assert "31.0 days ahead of retention time" in alarm
    assert "wayside-cluster retention" in alarm
    assert place.writer.retention_stopped
    place.machine.skew_ms = 0
    place.keep_house()
    assert (place.rows(), place.packs(), place.alarms(), place.writer.retention_stopped) == (20, 1, (), "")


def test_a_clock_that_is_moved_on_a_day_an_hour_drops_nothing(place: Place) -> None:
    for _ in range(40):
        place.machine.skew_ms += DAY_MS
        place.keep_house()
    assert (place.rows(), place.packs()) == (20, 1)
    assert place.alarms()


def test_days_go_when_they_have_really_passed(place: Place) -> None:
    for _ in range(RETENTION_DAYS + 1):
        place.machine.pass_ms(DAY_MS - HOUSEKEEPING_MS)
        assert place.rows() >= 20
        place.keep_house()
        place.bring()
    assert (place.rows(), place.alarms()) == (RETENTION_DAYS + 1, ())


def test_a_reboot_does_not_hold_retention_up(place: Place) -> None:
    for _ in range(RETENTION_DAYS + 1):
        place.machine.pass_ms(DAY_MS - HOUSEKEEPING_MS)
        place.keep_house()
        place.machine.reboot(off_ms=5 * 60_000)
        place.start()
    place.keep_house()
    assert (place.rows(), place.alarms()) == (0, ())


def test_two_weeks_without_power_are_confirmed_once(place: Place) -> None:
    for _ in range(20):
        place.machine.pass_ms(DAY_MS)
        place.keep_house()
        place.bring()
    place.machine.reboot(off_ms=14 * DAY_MS)
    place.start()
    place.keep_house()
    assert place.rows() == 40
    assert "14.0 days ahead of retention time" in place.alarms()[0]
    confirm(place.directory, place.machine.now(), day_text(place.machine.true_ms), retention_days=RETENTION_DAYS)
    place.keep_house()
    assert (place.rows(), place.alarms()) == (17, ())
    place.machine.reboot(off_ms=HOUR_MS)
    place.start()
    place.keep_house()
    assert (place.rows(), place.alarms()) == (17, ())


def test_a_state_that_is_lost_drops_nothing_though_the_clock_is_wrong(place: Place) -> None:
    place.keep_house()
    (place.directory / FILE).unlink()
    place.machine.skew_ms = MONTH_MS
    place.machine.reboot()
    place.start()
    place.keep_house()
    assert (place.rows(), len(place.alarms())) == (20, 1)
    place.machine.skew_ms = 0
    place.keep_house()
    assert (place.rows(), place.alarms()) == (20, ())
    assert "there was none" in json.loads((place.directory / FILE).read_text())["begun"]


def test_a_state_that_is_lost_after_rows_came_by_the_wrong_clock_drops_nothing(place: Place) -> None:
    for _ in range(3):
        place.machine.pass_ms(DAY_MS)
        place.bring()
    place.machine.skew_ms = MONTH_MS
    place.bring()  # the newest row bears the wrong time, too
    (place.directory / FILE).unlink()
    place.start()
    place.keep_house()
    assert place.rows() == 24
    assert "more is due at once than has passed" in place.alarms()[0]


def test_an_archive_in_which_nothing_is_takes_the_clock_as_it_is(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.machine.skew_ms = -400 * DAY_MS
    place.keep_house()
    assert place.alarms() == ()
    place.machine.skew_ms = 0
    place.keep_house()
    place.bring()
    assert (place.rows(), place.alarms()) == (1, ())


def test_rows_that_come_while_the_clock_is_back_in_another_year_stay_their_whole_time(place: Place) -> None:
    place.machine.reboot(off_ms=60_000)  # and its clock had no battery
    place.machine.skew_ms = -9000 * DAY_MS
    place.start()
    place.bring(5)
    place.keep_house()
    assert place.alarms()
    place.machine.skew_ms = 0
    for _ in range(RETENTION_DAYS - 1):
        place.keep_house()
        place.machine.pass_ms(DAY_MS - HOUSEKEEPING_MS)
    place.keep_house()
    assert place.rows() == 25


def test_a_shorter_retention_waits_for_a_person(place: Place) -> None:
    for _ in range(20):
        place.machine.pass_ms(DAY_MS)
        place.keep_house()
        place.bring()
    place.start(retention_days=3)
    place.keep_house()
    assert place.rows() == 40
    assert "archive before" in place.alarms()[0]
    confirm(place.directory, place.machine.now(), day_text(place.machine.true_ms), retention_days=3)
    place.keep_house()
    assert (place.rows(), place.alarms()) == (4, ())


def test_a_hold_ends_by_retention_time_and_not_by_a_clock_that_jumps(place: Place) -> None:
    hold = Hold(
        name="theft-17",
        case="A-17",
        placed_at_ms=NOW_MS,
        until_ms=NOW_MS + 10 * DAY_MS,
        camera_ids=("cam-1",),
        from_ms=NOW_MS - HOUR_MS,
        to_ms=NOW_MS + HOUR_MS,
    )
    Holds(place.directory, offset_minutes=OFFSET_MINUTES).place(hold)
    place.machine.skew_ms = MONTH_MS
    place.keep_house()
    assert upkeep(place.directory).run_once(now_ms=place.machine.now().wall_ms).faults == ()
    assert [each.name for each in HoldStore(place.directory).all()] == ["theft-17"]
    assert not HoldStore(place.directory).copied("theft-17", "20261124")
    place.machine.skew_ms = 0
    place.machine.pass_ms(10 * DAY_MS)
    place.keep_house()
    upkeep(place.directory).run_once(now_ms=place.machine.now().wall_ms)
    assert HoldStore(place.directory).all() == ()


def test_a_backup_loses_what_retention_dropped_and_nothing_that_the_archive_lost(place: Place, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    place.machine.pass_ms(DAY_MS)
    place.bring()
    back_up(place.directory, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    for table in (place.directory / "tables").glob("*20261124*"):
        shutil.rmtree(table)
    shutil.rmtree(place.directory / "packs" / "20261124")
    done = back_up(place.directory, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS)
    assert (done.kept, query(target).status().rows) == (1, 21)
    assert len(list((target / "packs").rglob("*.pack"))) == 2
    place.start()
    place.machine.skew_ms = MONTH_MS
    place.keep_house()
    assert back_up(place.directory, target, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS).kept == 1
    place.machine.skew_ms = 0
    for _ in range(RETENTION_DAYS):
        place.machine.pass_ms(DAY_MS - HOUSEKEEPING_MS)
        place.keep_house()
    done = back_up(place.directory, target, offset_minutes=OFFSET_MINUTES, now_ms=place.machine.true_ms)
    assert (done.kept, query(target).days()) == (0, ("20261125",))


def test_a_person_confirms_at_the_command_line_and_it_is_in_the_audit(tmp_path: Path) -> None:
    now = read_clocks()
    directory = tmp_path / "archive"
    long_ago_ms = now.wall_ms - 40 * DAY_MS
    place = Place.__new__(Place)
    place.directory, place.machine, place.numbers = directory, Machine(long_ago_ms), iter(range(1, 100))
    place.start()
    place.bring(3)
    config = tmp_path / "cluster.toml"
    config.write_text(CONFIG.replace('"archive"', f'"{directory}"'))

    told = CliRunner().invoke(app, ["retention", "--config", str(config), "--json"])
    assert told.exit_code == 1, told.output
    facts = json.loads(told.stdout)
    assert "40.0 days ahead" in facts["stopped"]
    assert len(facts["days past retention by this clock"]) == 1
    wrong = CliRunner().invoke(app, ["retention", "--config", str(config), "--confirm", day_text(long_ago_ms)])
    assert wrong.exit_code == 2
    assert place.rows() == 3
    today = day_text(read_clocks().wall_ms)
    done = CliRunner().invoke(app, ["retention", "--config", str(config), "--confirm", today, "--json"])
    assert (done.exit_code, json.loads(done.stdout)["stopped"]) == (0, "no")
    place.machine = Machine(read_clocks().wall_ms)  # the archiver goes on, by the clock that was confirmed
    place.keep_house()
    assert (place.rows(), place.alarms()) == (0, ())
    (audit,) = (directory / "audit").glob("*.jsonl")
    line = json.loads(audit.read_text().splitlines()[-1])
    assert (line["event"], line["today"], len(line["days"])) == ("retention", today, 1)
