"""The room's loops: what goes wrong stands in the figures until it goes right, and a bug is not kept quiet."""

import pytest

from center.alarms import service
from center.alarms.rules.inputs import PartFault
from center.errors import QueryUnreachableError
from tests.center.alarms.conftest import Station
from tests.center.alarms.making import LEFT_HALF, hint, machine, seen
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
PATIENCE_S = 30


async def test_trouble_is_told_until_it_is_over(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TEND_S", 0.01)
    away = True

    async def parts() -> dict[str, PartFault]:
        if away:
            raise QueryUnreachableError(url="http://archive.test", cause="refused")
        return {}

    async with station.room.at_work(parts):
        await eventually(lambda: "tend" in station.room.figures().trouble)
        assert "wayside-cluster run" in station.room.figures().trouble["tend"]
        away = False
        await eventually(lambda: not station.room.figures().trouble)


async def test_a_bug_is_told_until_the_loop_that_was_started_again_ends_a_turn_well(station: Station) -> None:
    turns = 0

    async def parts() -> dict[str, PartFault]:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise TypeError("a bug")
        return {}

    async with station.room.at_work(parts):
        await eventually(lambda: "tend" in station.room.figures().trouble)
        assert "TypeError" in station.room.figures().trouble["tend"]
        await eventually(lambda: not station.room.figures().trouble)
    assert {loop.name: loop.report().died for loop in station.room.loops}["alarms: tend"] == 1


async def test_at_work_it_hands_over_by_itself(station: Station) -> None:
    await station.enforce({"kind": "zone_entry", "polygon": LEFT_HALF})

    async def parts() -> dict[str, PartFault]:
        return {}

    async with station.room.at_work(parts):
        station.room.observed(hint(seen(machine())))
        await eventually(lambda: bool(station.held.notices))
