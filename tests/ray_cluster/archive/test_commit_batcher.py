"""The batcher: when commits happen, and who hears of a failure."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from ray_cluster.archive.commit_batcher import LINGER_S, Batcher
from ray_cluster.archive.entries import Entry, Receipt
from ray_cluster.errors import ArchiveFull, ClusterError, EpochExhausted
from tests.ray_cluster.world import entry
from tests.support.waiting import within


class Writer:
    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.faults: list[ClusterError] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.maintained = 0
        self.maintenance_faults: list[ClusterError] = []

    async def commit(self, entries: Sequence[Entry]) -> list[Receipt]:
        await self.gate.wait()
        if self.faults:
            raise self.faults.pop(0)
        self.batches.append([each.row_key for each in entries])
        return [Receipt(each.row_key, each.picture, 1, fresh=True) for each in entries]

    async def maintain(self) -> None:
        self.maintained += 1
        if self.maintenance_faults:
            raise self.maintenance_faults.pop(0)


@asynccontextmanager
async def batching(
    writer: Writer, *, rows: int = 10, flush_s: float = 0.05, max_rows: int = 40, idle_s: float = 60
) -> AsyncIterator[Batcher]:
    batcher = Batcher(
        writer.commit, writer.maintain, flush_rows=rows, flush_s=flush_s, max_rows=max_rows, idle_s=idle_s
    )
    work = asyncio.create_task(batcher.run())
    try:
        yield batcher
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def numbers(start: int, count: int) -> list[Entry]:
    return [entry(number) for number in range(start, start + count)]


def test_a_commit_gathers_what_is_parsed_together_and_what_comes_while_the_last_one_is_fresh() -> None:
    async def main() -> None:
        writer = Writer()
        async with batching(writer, flush_s=0.3) as batcher:
            began = time.monotonic()
            answers = await asyncio.gather(batcher.submit(numbers(0, 2)), batcher.submit(numbers(2, 3)))
            assert time.monotonic() - began >= LINGER_S * 0.9
            await asyncio.gather(batcher.submit(numbers(5, 1)), batcher.submit(numbers(6, 1)))
            assert time.monotonic() - began >= 0.3 * 0.9
        assert [len(batch) for batch in writer.batches] == [5, 2]
        assert [receipt.row_key for answer in answers for receipt in answer] == [each.row_key for each in numbers(0, 5)]
        assert await Batcher(writer.commit, writer.maintain, flush_rows=1, flush_s=1, max_rows=1).submit([]) == []

    asyncio.run(main())


def test_a_full_batch_does_not_wait() -> None:
    async def main() -> None:
        writer = Writer()
        async with batching(writer, flush_s=30) as batcher, within():
            await asyncio.gather(*(batcher.submit(numbers(10 * n, 5)) for n in range(4)))
        assert [len(batch) for batch in writer.batches] == [10, 10]

    asyncio.run(main())


def test_a_call_larger_than_a_batch_is_one_batch() -> None:
    async def main() -> None:
        writer = Writer()
        async with batching(writer, rows=3, max_rows=6) as batcher, within():
            await asyncio.gather(*(batcher.submit(numbers(10 * n, 8)) for n in range(3)))
        assert [len(batch) for batch in writer.batches] == [8, 8, 8]

    asyncio.run(main())


def test_a_failed_commit_is_told_to_each_of_its_callers_and_the_next_goes_on() -> None:
    async def main() -> None:
        writer = Writer()
        writer.faults = [ArchiveFull("no space")]
        async with batching(writer) as batcher:
            answers = await asyncio.gather(
                batcher.submit(numbers(0, 2)), batcher.submit(numbers(2, 2)), return_exceptions=True
            )
            assert [type(answer) for answer in answers] == [ArchiveFull, ArchiveFull]
            assert len(await batcher.submit(numbers(0, 4))) == 4

    asyncio.run(main())


def test_an_error_that_no_retry_can_cure_ends_the_batcher() -> None:
    async def main() -> None:
        writer = Writer()
        writer.faults = [EpochExhausted("no epoch left")]
        batcher = Batcher(writer.commit, writer.maintain, flush_rows=1, flush_s=0.01, max_rows=4)
        work = asyncio.create_task(batcher.run())
        with pytest.raises(EpochExhausted):
            await batcher.submit(numbers(0, 1))
        with pytest.raises(EpochExhausted):
            await work

    asyncio.run(main())


def test_callers_wait_while_too_much_does() -> None:
    async def main() -> None:
        writer = Writer()
        writer.gate.clear()
        async with batching(writer, rows=4, max_rows=8, flush_s=0.01) as batcher:
            calls = [asyncio.create_task(batcher.submit(numbers(10 * n, 4))) for n in range(6)]
            await asyncio.sleep(0.05)
            assert batcher._rows == 8  # 4 more are being committed, 12 wait outside
            writer.gate.set()
            async with within():
                await asyncio.gather(*calls)
        assert sum(map(len, writer.batches)) == 24

    asyncio.run(main())


def test_maintenance_runs_between_commits_and_when_idle_and_its_fault_is_kept_in_sight() -> None:
    async def main() -> None:
        writer = Writer()
        writer.maintenance_faults = [ArchiveFull("no space for compaction")]
        async with batching(writer, idle_s=0.02) as batcher:
            async with within():
                while writer.maintained < 1:  # noqa: ASYNC110 - a fake has no event to wait for
                    await asyncio.sleep(0.005)
            assert batcher.maintenance_fault == "no space for compaction"
            await batcher.submit(numbers(0, 1))
            async with within():
                while writer.maintained < 2:  # noqa: ASYNC110 - the same
                    await asyncio.sleep(0.005)
            assert batcher.maintenance_fault == ""

    asyncio.run(main())


def test_what_waits_when_it_ends_is_told() -> None:
    async def main() -> None:
        writer = Writer()
        async with batching(writer, flush_s=30) as batcher:
            call = asyncio.create_task(batcher.submit(numbers(0, 1)))
            await asyncio.sleep(0.01)
        with pytest.raises(asyncio.CancelledError):
            await call
        assert writer.batches == []

    asyncio.run(main())
