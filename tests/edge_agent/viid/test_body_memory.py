"""Memory for requests under way: a share for each device, a wait for room, and all of it back at the end."""

import asyncio

import pytest

from edge_agent.sources.pushed.byte_budget import ByteBudget
from edge_agent.viid.body_memory import BusyError, Reservations

MIB = 1024 * 1024


def test_one_device_has_a_quarter_under_way_and_at_least_one_request() -> None:
    async def run() -> None:
        budget = ByteBudget(4 * MIB)
        memory = Reservations(budget, patience_s=0.05)
        with memory.open("a") as large, memory.open("a") as second, memory.open("b") as other:
            await large.grow(2 * MIB)
            with pytest.raises(BusyError):
                await second.grow(1)
            await other.grow(MIB // 2)
            with pytest.raises(BusyError):
                await other.grow(MIB)
            assert budget.taken_bytes() == 5 * MIB // 2
        with memory.open("a") as again:
            await again.grow(MIB)
        assert budget.taken_bytes() == 0

    asyncio.run(run())


def test_what_is_handed_over_stays_taken_and_is_the_devices_no_more() -> None:
    async def run() -> None:
        budget = ByteBudget(4 * MIB)
        memory = Reservations(budget, patience_s=0.05)
        with memory.open("a") as first:
            await first.grow(MIB)
            first.hand_over(MIB)
            with memory.open("a") as second:
                await second.grow(MIB)
            assert budget.taken_bytes() == MIB
        assert budget.taken_bytes() == MIB

    asyncio.run(run())


def test_a_request_that_ends_lets_the_next_one_in() -> None:
    async def run() -> None:
        memory = Reservations(ByteBudget(MIB), patience_s=60)
        order: list[str] = []

        async def request(device_id: str) -> None:
            with memory.open(device_id) as reservation:
                await reservation.grow(MIB)
                order.append(device_id)
                await asyncio.sleep(0)

        await asyncio.gather(*(request(device_id) for device_id in "abc"))
        assert order == ["a", "b", "c"]

    asyncio.run(run())
