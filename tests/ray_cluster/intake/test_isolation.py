"""A message that makes a stage fail is found and rejected by name; a stage that is away costs nobody a message."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.errors import RejectReason
from provisioning.contracts.wire import topics
from ray_cluster.archive.entries import Entry, Receipt
from ray_cluster.errors import ArchiveFull, Retryable, StageFault, Unavailable
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from ray_cluster.intake import probe
from ray_cluster.intake.intake import GROUP
from ray_cluster.intake.isolation import ALONE_FAULTS, GROUP_FAULTS, StageCalls, Unprocessable
from ray_cluster.intake.progress import STUCK_S, Progress
from tests.ray_cluster.street import FakeStages, Running, at_work, good
from tests.ray_cluster.world import jpeg
from tests.support.waiting import eventually, within

POISON = jpeg(199)


class Poisoned(FakeStages):
    """Stages of which one fails whenever `POISON` is in the call, as an out-of-memory kill or a fault would have it."""

    def __init__(self, stage: str, error: Callable[[], Exception] = lambda: StageFault("MemoryError")) -> None:
        super().__init__()
        self.stage = stage
        self.error = error
        self.sick = False
        """Whether it fails on everything."""

    def _meet(self, stage: str, pictures: Sequence[bytes]) -> None:
        if stage == self.stage and (self.sick or POISON in pictures):
            self.calls.append((f"{stage} failed", len(pictures)))
            raise self.error()

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        self._meet("parse", [each.jpeg for each in photos])
        return await super().parse(photos)

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        self._meet("inspect", [each.jpeg for each in photos])
        return await super().inspect(photos)

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        self._meet("embed", [each.photo.jpeg for each in requests])
        return await super().embed(requests)

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        self._meet("archive", [each.jpeg for each in entries])
        return await super().archive(entries)

    def failed(self) -> list[int]:
        """Sizes of the calls that failed."""
        return [size for name, size in self.calls if name.endswith(" failed")]


def run(stages: FakeStages, story: Callable[[Running], Any]) -> None:
    async def main() -> None:
        async with at_work(stages) as running:
            await story(running)

    asyncio.run(main())


def poison(number: int, **options: Any) -> bytes:
    return good(number, picture=POISON, **options)


@pytest.mark.parametrize("stage", ["parse", "inspect", "embed"])
def test_of_a_group_with_one_message_that_makes_a_stage_fail_the_others_are_archived(stage: str) -> None:
    stages = Poisoned(stage)

    async def story(running: Running) -> None:
        mids = [running.deliver(good(n, agent="bridge"), topic=topics.snapshots("bridge")) for n in range(GROUP - 1)]
        bad = running.deliver(poison(50))
        await running.settle()
        (rejected,) = running.broker.rejected()
        assert rejected.reason is RejectReason.UNPROCESSABLE
        assert "MemoryError" in rejected.detail
        assert running.broker.rejected("bridge") == []
        assert running.broker.acked == {*mids, bad}
        assert len(stages.rows) == GROUP - 1
        status = running.intake.status(running.broker, running.acks)
        assert (status.archived, status.rejected, status.alone) == (GROUP - 1, {"unprocessable": 1}, GROUP)
        assert status.received == status.archived + sum(status.rejected.values())
        assert stages.failed() == [GROUP] * GROUP_FAULTS + [1] * ALONE_FAULTS
        assert status.stuck == ()

    run(stages, story)


def test_eight_of_them_alone_in_the_house_are_rejected_since_the_stage_works_on_a_probe() -> None:
    stages = Poisoned("parse")

    async def story(running: Running) -> None:
        for number in range(8):
            running.deliver(poison(number))
        await running.settle()
        assert [one.reason for one in running.broker.rejected()] == [RejectReason.UNPROCESSABLE] * 8
        running.deliver(good(20))
        await running.settle()
        assert len(stages.rows) == 1

    run(stages, story)


@pytest.mark.parametrize("error", [Unavailable("away"), ArchiveFull("no space"), StageFault("no model")])
@pytest.mark.parametrize("stage", ["parse", "inspect", "embed", "archive"])
def test_a_stage_that_fails_on_everything_costs_nobody_a_message(stage: str, error: Retryable) -> None:
    stages = Poisoned(stage, lambda: error)

    async def story(running: Running) -> None:
        stages.sick = True
        for number in range(2 * GROUP):
            running.deliver(good(number))
        await eventually(lambda: len(stages.failed()) > 60)
        assert (running.broker.rejected(), running.broker.acked) == ([], set())
        stages.sick = False
        await running.settle()
        assert running.broker.rejected() == []
        assert len(stages.rows) == 2 * GROUP

    run(stages, story)


def test_an_entry_that_makes_the_archiver_fail_is_rejected_once_another_commit_went_through() -> None:
    stages = Poisoned("archive")

    async def story(running: Running) -> None:
        running.deliver(poison(50))
        await eventually(lambda: len(stages.failed()) > 20)
        assert running.broker.rejected() == [], "nothing says whose fault it is"
        running.deliver(good(1))
        await running.settle()
        assert [one.reason for one in running.broker.rejected()] == [RejectReason.UNPROCESSABLE]
        assert len(stages.rows) == 1

    run(stages, story)


def test_what_was_rejected_so_is_refused_at_the_door_when_it_comes_again() -> None:
    stages = Poisoned("parse")

    async def story(running: Running) -> None:
        running.deliver(poison(50))
        await running.settle()
        calls = len(stages.calls)
        running.deliver(poison(50))
        await running.settle()
        assert len(stages.calls) == calls
        assert [one.reason for one in running.broker.rejected()] == [RejectReason.UNPROCESSABLE] * 2

    run(stages, story)


def test_what_is_tried_alone_is_the_only_one_at_its_stage() -> None:
    inside = 0
    together: list[tuple[int, int]] = []

    class Watched(Poisoned):
        async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
            nonlocal inside
            inside += 1
            try:
                await asyncio.sleep(0.001)
                together.append((len(photos), inside))
                return await super().parse(photos)
            finally:
                inside -= 1

    async def story(running: Running) -> None:
        for number in range(4 * GROUP):
            running.deliver(poison(100) if number == 3 else good(number))
        await running.settle()
        assert len(running.stages.rows) == 4 * GROUP - 1
        assert max(others for size, others in together if size > 1) > 1
        assert {others for size, others in together if size == 1} == {1}

    run(Watched("parse"), story)


@settings(max_examples=40)
@given(
    bad=st.lists(st.booleans(), min_size=1, max_size=30),
    stage=st.sampled_from(["parse", "inspect", "embed"]),
    away=st.integers(0, 5),
)
def test_whatever_is_in_the_stream_each_message_ends_once_by_its_own_merit(
    bad: list[bool], stage: str, away: int
) -> None:
    stages = Poisoned(stage)
    stages.faults[stage] = [Unavailable("away")] * away

    async def story(running: Running) -> None:
        for number, is_bad in enumerate(bad):
            running.deliver(poison(1000 + number) if is_bad else good(number))
        await running.settle()
        assert len(running.broker.rejected()) == sum(bad)
        assert len(stages.rows) == len(bad) - sum(bad)
        acks = [what for kind, what in running.broker.said if kind == "ack"]
        assert len(acks) == len(set(acks)) == len(bad)

    run(stages, story)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_group_that_makes_no_way_is_told_with_stage_and_cause_and_no_more_once_it_does() -> None:
    stages = Poisoned("inspect", lambda: Unavailable("no replica of the canary runs"))
    clock = Clock()

    async def story(running: Running) -> None:
        stages.sick = True
        running.deliver(good(1))
        running.deliver(good(2))
        await eventually(lambda: len(stages.failed()) > 3)
        assert running.intake.status(running.broker, running.acks).stuck == ()
        clock.now_s += STUCK_S
        (stuck,) = running.intake.status(running.broker, running.acks).stuck
        assert (stuck.stage, stuck.seconds) == ("canary", STUCK_S)
        assert stuck.messages == 2
        assert stuck.cause == "no replica of the canary runs"
        assert stuck.reason is not None
        assert stuck.reason.code == "stage_unavailable"
        stages.sick = False
        await running.settle()
        assert running.intake.status(running.broker, running.acks).stuck == ()

    async def main() -> None:
        async with at_work(stages, now_s=clock) as running:
            await story(running)

    asyncio.run(main())


def test_a_group_that_nobody_answers_is_told_unless_its_stage_finishes_others() -> None:
    clock = Clock()
    progress = Progress(clock)
    with progress.at("parser", 8), progress.at("parser", 8) as other:
        clock.now_s += STUCK_S - 1
        assert progress.stuck() == ()
        progress.moved(other)
        clock.now_s += STUCK_S - 1
        assert progress.stuck() == (), "slow, and at work"
        clock.now_s += 1
        (stuck,) = progress.stuck()
        assert (stuck.messages, stuck.cause) == (16, "it does not answer")
        assert words(stuck.reason, "zh") == "没有应答"
    assert progress.stuck() == ()


def test_a_call_that_hangs_keeps_nobody_from_being_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ray_cluster.intake.isolation.ALONE_WAIT_S", 0.01)

    async def main() -> None:
        hangs = asyncio.Event()

        async def call(items: Sequence[str]) -> list[str]:
            if "hangs" in items:
                await hangs.wait()
            if "bad" in items:
                raise StageFault("it fell")
            return list(items)

        async def answers() -> None:
            pass

        calls = StageCalls(Progress(Clock()), probes={"parser": answers}, sleep=_at_once)
        hung = asyncio.create_task(calls.each("parser", ["hangs"], call))
        async with within():
            good_one, bad_one = await calls.each("parser", ["good", "bad"], call)
        assert good_one == "good"
        assert isinstance(bad_one, Unprocessable)
        hangs.set()
        assert await hung == ["hangs"]

    asyncio.run(main())


async def _at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


def test_the_probe_is_a_picture_that_every_stage_can_take() -> None:
    from ray_cluster.inference.jpeg import decode  # noqa: PLC0415 - as the stages do

    request = probe.embed_request()
    assert decode(request.photo).shape == (1080, 1920, 3)
    (machine,) = request.machines
    assert machine.box.x1 <= request.photo.width
