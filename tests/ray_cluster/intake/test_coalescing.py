"""What several groups ask at the same time goes in one call, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.errors import Unavailable
from ray_cluster.intake.coalescing import CoalescedArchiver
from tests.ray_cluster.street import FakeStages
from tests.ray_cluster.world import entry
from tests.support.waiting import within


class Stages(FakeStages):
    """With a gate for questions, too, and one can wait for a call to come."""

    def __init__(self) -> None:
        super().__init__()
        self.door = asyncio.Event()
        self.door.set()
        self.came = asyncio.Event()

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        found = await super().known(sightings)
        self.came.set()
        await self.door.wait()
        return found

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        self.came.set()
        return await super().archive(entries)


def groups(count: int, size: int = 8) -> list[list[Entry]]:
    return [[entry(first * size + number) for number in range(size)] for first in range(count)]


def sizes(stages: FakeStages, stage: str) -> list[int]:
    return [size for name, size in stages.calls if name == stage]


def test_groups_of_one_moment_are_archived_in_one_call_and_each_gets_its_own_receipts() -> None:
    async def story() -> None:
        stages = Stages()
        gathering = CoalescedArchiver(stages)
        asked = groups(3)
        answers = await asyncio.gather(*(gathering.archive(each) for each in asked))
        assert sizes(stages, "archive") == [24]
        for entries, receipts in zip(asked, answers, strict=True):
            assert [each.row_key for each in receipts] == [each.row_key for each in entries]

    asyncio.run(story())


def test_a_call_takes_no_more_than_its_most_and_a_larger_group_goes_alone() -> None:
    async def story() -> None:
        stages = Stages()
        gathering = CoalescedArchiver(stages, most=16)
        await asyncio.gather(*(gathering.archive(each) for each in [*groups(3), *groups(1, size=20)]))
        assert sizes(stages, "archive") == [16, 8, 20]

    asyncio.run(story())


def test_a_full_call_does_not_wait_for_the_clock() -> None:
    async def story() -> None:
        gathering = CoalescedArchiver(Stages(), archive_wait_s=3600, most=16)
        async with within():
            await asyncio.gather(*(gathering.archive(each) for each in groups(2)))

    asyncio.run(story())


def test_what_is_asked_while_a_question_is_on_its_way_goes_with_the_next() -> None:
    async def story() -> None:
        stages = Stages()
        gathering = CoalescedArchiver(stages, questions=1)
        first, *others = groups(4, size=2)
        await gathering.archive(others[0])
        stages.came.clear()
        stages.door.clear()
        asking = [asyncio.create_task(gathering.known([each.sighting for each in first]))]
        await stages.came.wait()
        asking += [asyncio.create_task(gathering.known([one.sighting for one in each])) for each in others]
        await asyncio.sleep(0.05)  # long enough for a second call, if there were one
        assert sizes(stages, "known") == [2]
        stages.door.set()
        answers = await asyncio.gather(*asking)
        assert sizes(stages, "known") == [2, 6]
        assert [set(answer) for answer in answers] == [set(), {each.row_key for each in others[0]}, set(), set()]

    asyncio.run(story())


def test_what_is_new_does_not_wait_with_a_question_that_a_commit_holds_up() -> None:
    async def story() -> None:
        stages = Stages()
        stages.door.clear()
        gathering = CoalescedArchiver(stages)
        held, new = groups(2, size=2)
        waiting = asyncio.create_task(gathering.known([each.sighting for each in held]))
        await stages.came.wait()
        stages.came.clear()
        asking = asyncio.create_task(gathering.known([each.sighting for each in new]))
        async with within():
            await stages.came.wait()
        stages.door.set()
        assert (await waiting, await asking) == ({}, {})

    asyncio.run(story())


def test_a_fault_reaches_all_who_were_in_the_call_and_the_next_call_goes_on() -> None:
    async def story() -> None:
        stages = Stages()
        stages.faults = {"archive": [Unavailable("away")], "known": [Unavailable("away")]}
        gathering = CoalescedArchiver(stages)
        asked = groups(2)
        failed = await asyncio.gather(*(gathering.archive(each) for each in asked), return_exceptions=True)
        assert [type(each) for each in failed] == [Unavailable, Unavailable]
        with pytest.raises(Unavailable):
            await gathering.known([asked[0][0].sighting])
        assert await gathering.known([asked[0][0].sighting]) == {}
        assert len(await gathering.archive(asked[0])) == 8

    asyncio.run(story())


def test_who_gave_up_takes_nothing_from_the_others() -> None:
    async def story() -> None:
        stages = Stages()
        stages.gate.clear()
        gathering = CoalescedArchiver(stages)
        asking = [asyncio.create_task(gathering.archive(each)) for each in groups(2)]
        await stages.came.wait()  # the gate holds the call that both are in
        asking[0].cancel()
        stages.gate.set()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert isinstance(answers[1], list)
        assert [each.row_key for each in answers[1]] == [each.row_key for each in groups(2)[1]]

    asyncio.run(story())
