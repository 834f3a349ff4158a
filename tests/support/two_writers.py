"""Two writers of one archive, each in a process of its own, and the real intake before them; no Ray and no broker."""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Archived
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.archive.partitions.division import Partitions
from ray_cluster.archive.partitions.writers import open_writer
from ray_cluster.errors import ClusterError, Unavailable
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.agent_proofs import AgentProofs
from ray_cluster.intake.intake import Intake
from ray_cluster.intake.mqtt_client import Delivery
from ray_cluster.intake.partitioned import PartitionedIntake, WatchedArchiver
from ray_cluster.intake.stages import Stages
from tests.ray_cluster.street import FakeBroker, FakeStages, good
from tests.ray_cluster.world import NOW_MS, OFFSET_MINUTES, RETENTION_DAYS
from tests.support.steady import together

AGENTS = ("east", "north", "south", "west", "new")


def _write(directory: Path, number: int, calls: Connection) -> None:
    """A writer in a process of its own, which answers calls one after the other."""
    writer = open_writer(
        directory, number, writers=2, retention_days=RETENTION_DAYS, offset_minutes=OFFSET_MINUTES,
        now=together(NOW_MS), patience_s=60,
    )  # fmt: skip
    answers: Mapping[str, Callable[[Any], Any]] = {
        "known": writer.known,
        "archive": lambda entries: writer.commit(entries, now_ms=NOW_MS),
        "places": lambda agents: {each: Partitions(directory).assign(agents).agents[each] for each in agents},
    }
    while True:
        what, argument = calls.recv()
        try:
            calls.send(answers[what](argument))
        except ClusterError as error:
            calls.send(error)


class Writer:
    """Calls a writer's process; without one every call fails."""

    def __init__(self, directory: Path, number: int) -> None:
        self._arguments = directory, number
        self._thread = ThreadPoolExecutor(1)
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._calls, theirs = context.Pipe()
        self._process = context.Process(target=_write, args=(*self._arguments, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def kill(self) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        return await self._call("known", sightings)  # type: ignore[no-any-return]

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        return await self._call("archive", entries)  # type: ignore[no-any-return]

    async def places(self, agents: Sequence[str]) -> Mapping[str, int]:
        return await self._call("places", agents)  # type: ignore[no-any-return]

    async def _call(self, what: str, argument: object) -> Any:
        answer = await asyncio.get_running_loop().run_in_executor(self._thread, self._asked, what, argument)
        if isinstance(answer, ClusterError):
            raise answer
        return answer

    def _asked(self, what: str, argument: object) -> Any:
        try:
            self._calls.send((what, argument))
            return self._calls.recv()
        except (OSError, EOFError):
            return Unavailable("the writer is away")


class TimedBroker(FakeBroker):
    """Remembers when each observation was first acknowledged to its agent (monotonic)."""

    def __init__(self) -> None:
        super().__init__()
        self.archived_s: dict[str, dict[str, float]] = {}

    def publish(self, topic: str, payload: bytes) -> bool:
        for agent in AGENTS:
            if topic == topics.archived(agent):
                for item in codec.decode(Archived, payload).items:
                    self.archived_s.setdefault(agent, {}).setdefault(item.observation_id, time.monotonic())
        return super().publish(topic, payload)


class Street:
    """Two writers, the intake before them, and agents that send again what was not archived."""

    def __init__(self, directory: Path, share: int) -> None:
        self.writers = [Writer(directory, number) for number in range(2)]
        self.broker = TimedBroker()
        stages = FakeStages()
        watched = [WatchedArchiver(writer) for writer in self.writers]
        proofs = AgentProofs(lambda _: False, pictures=0, now_ms=lambda: NOW_MS)
        intakes = [
            Intake(Stages(stages, stages, stages, each), proofs=proofs, now_ms=lambda: NOW_MS, sleep=_short)
            for each in watched
        ]
        self.intake = PartitionedIntake(intakes, watched, [each.places for each in self.writers], share=share)
        self.acks = Acks(self.broker, delay_s=0.01)
        self._mid = 0

    def send(self, agent: str, numbers: range) -> None:
        for number in numbers:
            self._mid += 1
            self.intake.deliver(Delivery(topics.snapshots(agent), good(number, agent=agent), self._mid, 1, 1))

    def archived(self, agent: str) -> int:
        """Distinct observations of an agent that were acknowledged."""
        return len(self.broker.archived_s.get(agent, ()))

    @property
    def is_idle(self) -> bool:
        """True if the broker has an acknowledgement of every delivery."""
        return len(self.broker.acked) == self._mid


async def _short(_seconds: float) -> None:
    await asyncio.sleep(0.02)


@asynccontextmanager
async def at_work(directory: Path, *, share: int) -> AsyncIterator[Street]:
    """A street whose intake works while `async with` lasts."""
    street = Street(directory, share)
    work = asyncio.create_task(street.intake.run(street.broker, street.acks))
    try:
        yield street
        assert not work.done()
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        for writer in street.writers:
            writer.kill()
