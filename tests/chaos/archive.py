"""The centre's end as one process: the real intake, acknowledgements and archiver, without Ray and without networks.

    python -m tests.chaos.archive ARCHIVE_DIR BROKER_JSON TALLIES

It does not look at pictures: what is tried here is custody.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ArchivedItem, ObservedItem
from provisioning.retention.clock import read_clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.commit_batcher import Batcher
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.inference.appearance import UNSEEN, Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.agent_proofs import AgentProofs
from ray_cluster.intake.intake import Intake
from ray_cluster.intake.mqtt_client import Broker, Delivery, MqttBroker
from ray_cluster.intake.stages import Stages
from ray_cluster.log import log_to_stderr
from tests.chaos.tallies import Tallies, Tally

READY = "the archive is ready"
_FLUSH_ROWS, _FLUSH_S = 200, 0.2
"""As `wayside-cluster` has them."""
_T = TypeVar("_T")


def now_ms() -> int:
    """Wall clock, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Custody:
    """Every stage: the archiver in its thread; parser and canary find nothing."""

    def __init__(self, directory: Path) -> None:
        self._thread = ThreadPoolExecutor(1, "archiver")
        self._archiver = Archiver(directory, retention_days=30, offset_minutes=480, now=read_clocks())
        self.batcher = Batcher(
            lambda entries: self._in_thread(lambda: self._archiver.commit(entries, now_ms=now_ms())),
            lambda: self._in_thread(lambda: self._archiver.maintain(now=read_clocks())),
            flush_rows=_FLUSH_ROWS,
            flush_s=_FLUSH_S,
            max_rows=4 * _FLUSH_ROWS,
        )

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """See `ArchiverStage`."""
        return await self._in_thread(lambda: self._archiver.known(sightings))

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """See `ParserStage`."""
        return [Parsed((), 0) for _ in photos]

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """See `CanaryStage`."""
        return [False] * len(photos)

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """See `EmbedderStage`."""
        return [(UNSEEN,) * len(request.machines) for request in requests]

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        """See `ArchiverStage`."""
        return await self.batcher.submit(entries)

    async def _in_thread(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


class CountedAcks(Acks):
    """Acknowledgements, counted where a kill does not reach."""

    def __init__(self, broker: Broker, tallies: Tallies) -> None:
        super().__init__(broker)
        self._tallies = tallies

    def add(self, agent_id: str, item: ArchivedItem, observed: ObservedItem | None, commit_seq: int) -> None:
        """See `Acks`."""
        self._tallies.add(Tally.AGAIN if observed is None else Tally.ARCHIVED)
        self._tallies.add(Tally.ACKNOWLEDGED)
        super().add(agent_id, item, observed, commit_seq)


async def serve(directory: Path, broker: processes.Broker, tallies: Tallies) -> None:
    """Until SIGTERM."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    custody = Custody(directory)
    proofs = AgentProofs(lambda _: False, pictures=0, now_ms=now_ms)
    intake = Intake(Stages(custody, custody, custody, custody), proofs=proofs, now_ms=now_ms)

    def deliver(delivery: Delivery) -> None:
        tallies.add(Tally.RECEIVED)
        intake.deliver(delivery)

    mqtt = MqttBroker(broker, loop, deliver)
    acks = CountedAcks(mqtt, tallies)
    work = [loop.create_task(custody.batcher.run()), loop.create_task(intake.run(mqtt, acks))]
    mqtt.start()
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    done, _ = await asyncio.wait([*work, loop.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()  # a worker that ended has a reason
    mqtt.leave()
    await intake.drained(5.0)
    for task in work:
        task.cancel()
    acks.flush()
    await asyncio.to_thread(mqtt.stop)


def main(arguments: Sequence[str]) -> None:
    """See the module."""
    directory, broker, counts = arguments
    log_to_stderr()
    with Tallies(Path(counts)) as tallies:
        asyncio.run(serve(Path(directory), processes.Broker.model_validate_json(Path(broker).read_bytes()), tallies))


if __name__ == "__main__":
    main(sys.argv[1:])
