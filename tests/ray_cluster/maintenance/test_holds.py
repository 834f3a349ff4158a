"""Legal holds outlive retention, are erased like anything else, and end."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from provisioning.contracts.wire.messages import PictureState
from ray_cluster.archive.archiver import HOUSEKEEPING_MS
from ray_cluster.archive.hold_store import Hold, HoldStore
from ray_cluster.errors import ArchiveUnreadable, BadRequest, PictureErased, UnknownHold, UnknownObservation
from ray_cluster.maintenance.erasure import erase
from ray_cluster.maintenance.holds import Holds
from tests.ray_cluster.world import (
    DAY_MS,
    NOW_MS,
    OFFSET_MINUTES,
    RETENTION_DAYS,
    archiver,
    entry,
    query,
    upkeep,
)
from tests.support.steady import together

DAY = "20261124"
PAST_MS = NOW_MS + (RETENTION_DAYS + 1) * DAY_MS
END_MS = NOW_MS + 90 * DAY_MS


def holds(directory: Path) -> Holds:
    return Holds(directory, offset_minutes=OFFSET_MINUTES)


def span(**changes: object) -> Hold:
    given: dict[str, object] = {
        "name": "theft-17",
        "case": "A-2026-17",
        "placed_at_ms": NOW_MS,
        "until_ms": END_MS,
        "camera_ids": ("cam-1",),
        "from_ms": NOW_MS - 3_600_000,
        "to_ms": NOW_MS,
    }
    return Hold.model_validate(given | changes)


def rows(*numbers: int, **changes: object) -> Hold:
    keys = tuple(entry(number).row_key for number in numbers)
    return span(camera_ids=(), from_ms=0, to_ms=0, row_keys=keys, **changes)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    archiver(tmp_path).commit(
        [entry(1), entry(2, camera="cam-2"), entry(3), entry(4, picture=PictureState.LEAK)], now_ms=NOW_MS
    )
    return tmp_path


def test_what_is_held_is_there_after_its_day_was_dropped_and_nothing_else(place: Path) -> None:
    holds(place).place(span())
    archiver(place).commit([entry(5)], now_ms=NOW_MS)  # of the span, and later than the hold
    writer = archiver(place, now_ms=PAST_MS)
    writer.maintain(now=together(PAST_MS))
    assert query(place).days() == (DAY,)  # not before upkeep has copied it
    assert upkeep(place).run_once(now_ms=PAST_MS).faults == ()
    writer.maintain(now=together(PAST_MS + HOUSEKEEPING_MS))
    read = query(place)
    assert read.days() == ()
    assert not list((place / "packs").iterdir())
    for number in (1, 3, 5):
        assert read.picture(entry(number).row_key) == entry(number).jpeg
        assert len(read.observation(entry(number).row_key).machines) == 1
    leak = entry(4, picture=PictureState.LEAK).row_key
    assert read.observation(leak).snapshot.picture is PictureState.LEAK
    with pytest.raises(UnknownObservation):
        read.observation(entry(2, camera="cam-2").row_key)


def test_a_hold_of_rows_is_copied_at_once_and_placing_it_again_changes_nothing(place: Path) -> None:
    first = holds(place).place(rows(1, 3))
    assert holds(place).place(rows(1, 3, placed_at_ms=NOW_MS + 5)) == first
    assert HoldStore(place).count("theft-17") == 2
    assert HoldStore(place).uncopied_days() == frozenset()
    with pytest.raises(BadRequest, match="other content"):
        holds(place).place(rows(1))


def test_a_row_knows_the_holds_that_name_it_by_key_or_by_camera_and_span(place: Path) -> None:
    holds(place).place(span())
    holds(place).place(rows(1, name="other", case="B-7"))
    read = query(place)
    named = {n: [(each.name, each.case) for each in read.holds(entry(n).row_key).holds] for n in (1, 3)}
    assert named == {1: [("other", "B-7"), ("theft-17", "A-2026-17")], 3: [("theft-17", "A-2026-17")]}
    assert read.holds(entry(2, camera="cam-2").row_key).holds == ()
    with pytest.raises(UnknownObservation):
        read.holds(entry(9).row_key)


def test_a_hold_ends_by_release_or_at_its_time(place: Path) -> None:
    holds(place).place(rows(1))
    holds(place).place(rows(3, name="other", until_ms=NOW_MS + 5))
    archiver(place, now_ms=NOW_MS + 5)  # retention time is the archiver's to advance
    upkeep(place).run_once(now_ms=NOW_MS + 5)
    assert [hold.name for hold in HoldStore(place).all()] == ["theft-17"]
    holds(place).release("theft-17")
    assert not list((place / "holds").iterdir())
    with pytest.raises(UnknownHold):
        holds(place).release("theft-17")


def test_an_erased_picture_is_erased_in_every_hold_too(place: Path) -> None:
    holds(place).place(rows(1))
    holds(place).place(span(name="other"))
    key = entry(1).row_key
    done = erase(place, key, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS + 9, reason="court")
    assert (done.picture, done.holds, done.again) == (True, 2, False)
    assert not any(entry(1).jpeg in path.read_bytes() for path in place.rglob("*") if path.is_file())
    upkeep(place).run_once(now_ms=PAST_MS)
    archiver(place, now_ms=PAST_MS).maintain(now=together(PAST_MS))
    assert query(place).observation(key).snapshot.erased_at_ms == NOW_MS + 9
    with pytest.raises(PictureErased):
        query(place).picture(key)
    assert erase(place, key, offset_minutes=OFFSET_MINUTES, now_ms=PAST_MS, reason="court").again


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../x"},
        {"case": ""},
        {"case": "a\nb"},
        {"camera_ids": ()},
        {"row_keys": ("a:b",)},
        {"to_ms": 0},
    ],
)
def test_a_hold_without_name_case_or_bounds_is_none(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        span(**changes)


def test_faulty_holds_are_said_and_leave_nothing(place: Path) -> None:
    for faulty in (
        span(until_ms=NOW_MS),
        span(from_ms=0, to_ms=NOW_MS),
        rows(99),
        rows(1).model_copy(update={"row_keys": ("x' OR 1=1",)}),
    ):
        with pytest.raises((BadRequest, UnknownObservation)):
            holds(place).place(faulty)
    assert HoldStore(place).all() == ()


def test_a_damaged_hold_stops_retention_rather_than_losing_evidence(place: Path) -> None:
    holds(place).place(span())
    (place / "holds" / "theft-17" / "hold.json").write_text("{")
    with pytest.raises(ArchiveUnreadable, match="restore it"):
        archiver(place, now_ms=PAST_MS).maintain(now=together(PAST_MS))
    assert query(place).days() == (DAY,)
    assert "theft-17" in upkeep(place).run_once(now_ms=PAST_MS).faults[0]
