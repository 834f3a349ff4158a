"""The intake and the archiver in one process, without Ray: `python -m bench.cluster.single_process BROKER_JSON FOLDER`.

The same MQTT client, decoding, checks, commits and acknowledgements; parser and canary are stubs, as beside it. Between
this and `bench.cluster.bare_subscriber` lies what safe-keeping costs, between this and the cluster what Ray does.
Prints `ready`, and works until it is ended.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import Broker
from provisioning.retention.clock import read_clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.commit_batcher import Batcher
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.inference.appearance import UNSEEN, Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.agent_proofs import AgentProofs
from ray_cluster.intake.intake import Intake
from ray_cluster.intake.mqtt_client import MqttBroker
from ray_cluster.intake.stages import Stages


def now_ms() -> int:
    """Wall clock, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class InProcess:
    """Every stage, as calls of functions."""

    def __init__(self, archiver: Archiver, batcher: Batcher, thread: ThreadPoolExecutor) -> None:
        self._archiver = archiver
        self._batcher = batcher
        self._thread = thread

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """As the archiver's replica."""
        if self._archiver.surely_absent(sightings):
            return {}
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._archiver.known, sightings)

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """Finds nothing."""
        return [Parsed((), 0) for _ in photos]

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """Finds nothing."""
        return [False for _ in photos]

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """Looks at nothing."""
        return [(UNSEEN,) * len(request.machines) for request in requests]

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        """As the archiver's replica."""
        return await self._batcher.submit(entries)


async def work(broker: Broker, folder: Path) -> None:
    """For ever, with the cluster's own settings."""
    settings = {name: field.default for name, field in ClusterConfig.model_fields.items()}
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, "archiver")
    archiver = Archiver(
        folder,
        retention_days=settings["retention_days"],
        offset_minutes=settings["day_offset_minutes"],
        now=read_clocks(),
    )

    async def commit(entries: Sequence[Entry]) -> list[Receipt]:
        return await loop.run_in_executor(thread, lambda: archiver.commit(entries, now_ms=now_ms()))

    async def maintain() -> None:
        await loop.run_in_executor(thread, lambda: archiver.maintain(now=read_clocks()))

    rows = settings["flush_rows"]
    batcher = Batcher(commit, maintain, flush_rows=rows, flush_s=settings["flush_ms"] / 1000, max_rows=4 * rows)
    window = settings["receive_maximum"]
    proofs = AgentProofs(lambda _: True, pictures=0, now_ms=now_ms)
    stage = InProcess(archiver, batcher, thread)
    intake = Intake(Stages(stage, stage, stage, stage), proofs=proofs, now_ms=now_ms, room=window)
    client = MqttBroker(broker, loop, intake.deliver, receive_maximum=window)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(batcher.run())
        tasks.create_task(intake.run(client, Acks(client)))
        client.start()
        while not client.connected:  # noqa: ASYNC110 - paho's thread has no event for it
            await asyncio.sleep(0.05)
        sys.stdout.write("ready\n")
        sys.stdout.flush()


def main(arguments: Sequence[str]) -> None:
    """See the module."""
    asyncio.run(work(Broker.model_validate_json(Path(arguments[0]).read_bytes()), Path(arguments[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
