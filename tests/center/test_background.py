"""Background loops: one that dies is started again, and health says which, why and how often."""

import asyncio
from typing import NoReturn

import httpx
import pytest

from center.access.permissions import EVERYWHERE, Scope
from center.background import FIRST_PAUSE_S, LONGEST_PAUSE_S, Periodic, running
from center.errors import StoreUnavailableError
from provisioning.contracts.errors import ContractError
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Heartbeat, Ledger
from tests.center.conftest import World
from tests.center.street import AGENT
from tests.center.world import camera_status, heartbeat
from tests.support.waiting import within

pytestmark = pytest.mark.anyio


class Work:
    """Ends each turn as the test says."""

    def __init__(self) -> None:
        self.turns = 0
        self.fault: Exception | None = None

    async def __call__(self) -> None:
        self.turns += 1
        if self.fault is not None:
            raise self.fault


@pytest.fixture
def work() -> Work:
    return Work()


async def test_a_loop_that_dies_is_started_again_after_pauses_that_double_until_a_turn_ends_well(work: Work) -> None:
    loop = Periodic("the test", 20.0, work)
    assert await loop.turn() == 20.0
    work.fault = OverflowError("too large")
    pauses = [await loop.turn() for _ in range(9)]
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S
    assert (loop.report().cause, loop.report().died) == ("OverflowError", 9)
    work.fault = None
    assert await loop.turn() == 20.0
    assert (loop.report().cause, loop.report().last_cause) == ("", "OverflowError")
    work.fault = OverflowError("too large")
    assert await loop.turn() == FIRST_PAUSE_S


async def test_trouble_that_was_foreseen_is_no_death(work: Work) -> None:
    loop = Periodic("the test", 20.0, work)
    work.fault = StoreUnavailableError(cause="away")
    assert await loop.turn() == 20.0
    assert (loop.trouble, loop.death) == (work.fault, None)


async def test_loops_end_with_the_block_that_runs_them_and_one_that_dies_ends_no_other(work: Work) -> None:
    other = Work()
    other.fault = ZeroDivisionError()
    loops = [Periodic("good", 0, work), Periodic("bad", 0, other)]
    async with within(), running(loops):
        while not (work.turns > 3 and other.turns):  # noqa: ASYNC110 - the work tells nobody
            await asyncio.sleep(0)
    seen = work.turns
    await asyncio.sleep(0)
    assert work.turns == seen


def _bug(sight: Scope = EVERYWHERE) -> NoReturn:
    raise ZeroDivisionError


async def test_health_is_not_ok_while_a_loop_is_dead_and_names_it(world: World, user: httpx.AsyncClient) -> None:
    recorder = world.services.assessment.recorder
    cameras = world.services.devices.cameras
    world.services.devices.cameras = _bug  # type: ignore[method-assign]
    await recorder.loop.turn()
    health = (await user.get("/api/health")).json()
    assert (health["status"], health["dependencies"]["background"]) == ("degraded", "degraded")
    details = (await user.get("/api/health/details")).json()
    part = next(each for each in details["dependencies"] if each["name"] == "background")
    assert "The background task the counting for the assessment failed (ZeroDivisionError)" in part["cause"]
    world.services.devices.cameras = cameras  # type: ignore[method-assign]
    await recorder.loop.turn()
    world.clock.now_ms += 2000
    assert (await user.get("/api/health")).json()["status"] == "ok"
    loops = {each["name"]: each for each in (await user.get("/api/health/details")).json()["loops"]}
    assert (loops[recorder.loop.name]["died"], loops[recorder.loop.name]["cause"]) == (1, "")


def _overflowing(count: int) -> Heartbeat:
    """A heartbeat as the contract once let it pass."""
    beat = heartbeat()
    camera_id, ledger = next(iter(beat.cameras.items()))
    dropped = {f"d{number}": 2**53 for number in range(count)}
    return beat.model_copy(update={"cameras": {camera_id: ledger.model_copy(update={"dropped": dropped})}})


async def test_a_heartbeat_whose_counters_add_up_past_any_database_is_refused_by_the_contract(world: World) -> None:
    payload = _overflowing(1025).model_dump_json().encode()
    assert len(payload) < 30_000
    world.mailbox.deliver(topics.heartbeat(AGENT), payload)
    assert world.mailbox.counters.malformed[AGENT] == 1
    await world.services.assessment.recorder.loop.turn()
    assert world.services.assessment.recorder.fault == ""


async def test_a_row_that_the_database_refuses_costs_itself_and_is_named(world: World, user: httpx.AsyncClient) -> None:
    recorder = world.services.assessment.recorder
    for camera_id in ("cam-1", "cam-2", "cam-3"):
        status = camera_status(camera_id=camera_id)
        world.mailbox.deliver(topics.camera_status(AGENT, camera_id), status.model_dump_json().encode())
    bad, good = _overflowing(1025), heartbeat()
    (ledger,) = good.cameras.values()
    cameras = {"cam-1": ledger, "cam-2": next(iter(bad.cameras.values())), "cam-3": ledger}
    recorder.heard(good.model_copy(update={"cameras": cameras}))
    await recorder.loop.turn()
    assert (recorder.fault, recorder.looked_at_ms) == ("", world.clock.now_ms)
    assert [(key.camera_id, each.count) for key, each in recorder.set_aside.items()] == [("cam-2", 1)]
    with world.store.transaction() as session:
        rows = session.connection().exec_driver_sql("SELECT camera_id FROM assessment_books ORDER BY 1").scalars()
        assert list(rows) == ["cam-1", "cam-3"]
    (aside,) = (await user.get("/api/health/details")).json()["facts_set_aside"]
    assert (aside["agent_id"], aside["camera_id"], aside["count"]) == (AGENT, "cam-2", 1)
    assert aside["last"]
    await recorder.loop.turn()
    assert recorder.set_aside[next(iter(recorder.set_aside))].count == 1


@pytest.mark.parametrize(
    "dropped",
    [{f"d{number}": 1 for number in range(33)}, {"d" * 33: 1}, {"D": 1}, {"": 1}, {"a": 2**36, "b": 1}, {"a": 2**53}],
    ids=["names", "long", "case", "empty", "sum", "count"],
)
async def test_a_ledger_is_bounded_in_names_counts_and_their_sum(dropped: dict[str, int]) -> None:
    whole = Ledger(selected=1, spooled=1, archived=1, rejected=0, dropped={"paused": 2**36}, in_flight=0)
    beat = heartbeat().model_copy(update={"ledger": whole.model_copy(update={"dropped": dropped})})
    with pytest.raises(ContractError):
        codec.decode(Heartbeat, beat.model_dump_json().encode())
