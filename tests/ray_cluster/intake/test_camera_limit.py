"""An agent that invents cameras without end is stopped at its bound, and nobody else is."""

import pytest

from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire import bounds, topics
from ray_cluster.intake.camera_limit import FORGET_MS, CameraRoll
from tests.ray_cluster.street import Running, good, run

MOST = bounds.MAX_CAMERAS


def full() -> CameraRoll:
    roll = CameraRoll()
    for number in range(MOST):
        roll.check("street", f"cam-{number}", 1000 + number)
    return roll


def test_one_more_is_refused_by_name_and_those_that_are_known_go_on() -> None:
    roll = full()
    for now_ms in (2000, FORGET_MS):
        with pytest.raises(ContractError, match="camera new is one more than the 1024") as refused:
            roll.check("street", "new", now_ms)
        assert refused.value.reason is RejectReason.TOO_LARGE
    roll.check("street", "cam-0", 2000)
    roll.check("avenue", "new", 2000)


def test_a_name_that_was_not_used_for_a_day_makes_room_for_one_other() -> None:
    roll = full()
    roll.check("street", "cam-0", 5000)
    roll.check("street", "new", 1001 + FORGET_MS)
    with pytest.raises(ContractError):
        roll.check("street", "cam-1", 1001 + FORGET_MS)
    roll.check("street", "cam-0", 1001 + FORGET_MS)


def test_a_clock_that_goes_back_refuses_nobody_who_is_known() -> None:
    roll = full()
    roll.check("street", "cam-7", -FORGET_MS)
    with pytest.raises(ContractError):
        roll.check("street", "new", -FORGET_MS)


def test_a_flood_of_camera_names_is_rejected_beyond_the_bound_while_others_are_archived() -> None:
    async def story(running: Running) -> None:
        for start in range(0, MOST + 40, 56):
            for number in range(start, min(start + 56, MOST + 40)):
                running.deliver(good(number, camera=f"made-up-{number}"))
            running.deliver(good(start, agent="avenue", camera="gate"), topic=topics.snapshots("avenue"))
            await running.settle()
        status = running.intake.status(running.broker, running.acks)
        assert status.rejected == {"too_large": 40}
        rows = [entry.snapshot for entry, _ in running.stages.rows.values()]
        assert sum(each.agent_id == "avenue" for each in rows) == -(-(MOST + 40) // 56)
        assert len({each.camera_id for each in rows if each.agent_id == "street"}) == MOST
        assert status.in_flight == 0

    run(story)
