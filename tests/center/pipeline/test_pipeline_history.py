"""The chain's history over restarts of the centre: kept, bounded, and with gaps where nobody looked."""

import pytest
from sqlalchemy import func, select, text

from center.console.system.pipeline import minutes
from center.database.store import Store
from center.errors import StoreUnavailableError
from center.pipeline.history import EVERY_MS, HOUR_MS, History, MinuteRecord
from center.pipeline.stages import Stage, StageState
from center.pipeline.verdict import Figures, StageVerdict
from tests.center.conftest import BOTH, World
from tests.center.street import NOW_MS

HOURS = 2
BEGIN_MS = NOW_MS - NOW_MS % EVERY_MS


def chain(state: StageState = StageState.GREEN, rate_per_s: float | None = None) -> tuple[StageVerdict, ...]:
    return tuple(StageVerdict(stage=stage, state=state, figures=Figures(rate_per_s=rate_per_s)) for stage in Stage)


def states(history: History) -> list[tuple[int, StageState]]:
    """Of one stage, by minutes since the beginning."""
    archive = next(each for each in history.stages(0) if each.stage is Stage.ARCHIVE)
    return [((point.at_ms - BEGIN_MS) // EVERY_MS, point.state) for point in archive.points]


def rows(store: Store) -> int:
    with store.transaction() as session:
        return session.scalar(select(func.count()).select_from(MinuteRecord)) or 0


@BOTH
def test_a_restart_goes_on_where_it_was_in_the_same_minute_and_after_a_gap(store: Store) -> None:
    first = History(store, HOURS)
    first.add(BEGIN_MS, chain(StageState.RED, 3.5))
    first.add(BEGIN_MS + EVERY_MS, chain(StageState.AMBER))
    first.keep(at_end=True)
    second = History(store, HOURS)
    second.load(BEGIN_MS + EVERY_MS + 20_000)
    assert states(second) == [(0, StageState.RED), (1, StageState.AMBER)]
    assert second.stages(0)[0].points[0].figures == Figures(rate_per_s=3.5)
    second.add(BEGIN_MS + EVERY_MS + 20_000, chain())
    second.add(BEGIN_MS + 5 * EVERY_MS, chain())
    second.keep()
    third = History(store, HOURS)
    third.load(BEGIN_MS + 6 * EVERY_MS)
    assert states(third) == [(0, StageState.RED), (1, StageState.AMBER)]  # a kill costs the minute that it was in
    assert states(second)[-1] == (5, StageState.GREEN)


def test_rows_and_age_are_bounded_here_and_in_the_database(store: Store) -> None:
    history = History(store, HOURS)
    for minute in range(HOURS * 60 + 30):
        history.add(BEGIN_MS + minute * EVERY_MS, chain())
        history.keep()
    assert len(states(history)) == HOURS * 60
    assert rows(store) == HOURS * 60
    late = History(store, HOURS)
    late.load(BEGIN_MS + 30 * HOUR_MS)
    assert states(late) == []


def test_a_clock_that_is_set_back_takes_away_what_has_not_been_yet(store: Store) -> None:
    history = History(store, HOURS)
    for at_ms in (BEGIN_MS + 600 * EVERY_MS, BEGIN_MS, BEGIN_MS + EVERY_MS):
        history.add(at_ms, chain())
        history.keep(at_end=True)
    assert [minute for minute, _ in states(history)] == [0, 1]
    assert rows(store) == 2


def test_what_a_database_refuses_is_written_when_it_works_again(store: Store) -> None:
    history = History(store, HOURS)
    with store.transaction() as session:
        session.execute(text("ALTER TABLE pipeline_minutes RENAME TO elsewhere"))
    for minute in range(3):
        history.add(BEGIN_MS + minute * EVERY_MS, chain())
    with pytest.raises(StoreUnavailableError):
        history.keep()
    with store.transaction() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO pipeline_minutes"))
    history.keep()
    assert rows(store) == 2


def test_the_strip_shows_a_gap_where_it_was(store: Store) -> None:
    history = History(store, HOURS)
    for minute in (0, 1, 5):
        history.add(BEGIN_MS + minute * EVERY_MS, chain())
    shown = minutes(history.stages(0)[0].points)
    green = StageState.GREEN
    assert shown == [None] * 54 + [green, green, None, None, None, green]
    assert minutes(()) == [None] * 60


@pytest.mark.anyio
async def test_a_centre_that_stops_has_written_its_last_minute(world: World) -> None:
    pipeline = world.services.pipeline
    async with pipeline.watching():
        await pipeline.look()
    assert rows(world.store) == 1
