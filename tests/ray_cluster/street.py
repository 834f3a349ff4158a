"""A broker and stages that remember what intake does with them, and an intake at work between the two."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Archived, Observed, Rejected
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.errors import Retryable
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.agent_proofs import AgentProofs
from ray_cluster.intake.in_hand import InHand
from ray_cluster.intake.intake import Intake
from ray_cluster.intake.mqtt_client import Delivery
from ray_cluster.intake.stages import Stages
from tests.ray_cluster.world import CAR, NOW_MS, jpeg, message, snapshot
from tests.support.waiting import LONG_S, within


class FakeBroker:
    """Remembers what intake says to it, in order."""

    connected = True

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []
        self.full = False

    def publish(self, topic: str, payload: bytes) -> bool:
        if not self.full:
            self.said.append((topic, payload))
        return not self.full

    def ack(self, delivery: Delivery) -> None:
        self.said.append(("ack", delivery.mid))

    @property
    def acked(self) -> set[int]:
        return {what for kind, what in self.said if kind == "ack"}

    def archived(self, agent: str = "street") -> list[Archived]:
        return [codec.decode(Archived, what) for kind, what in self.said if kind == topics.archived(agent)]

    def rejected(self, agent: str = "street") -> list[Rejected]:
        return [codec.decode(Rejected, what) for kind, what in self.said if kind == topics.rejected(agent)]

    def observed(self, agent: str = "street") -> list[Observed]:
        return [codec.decode(Observed, what) for kind, what in self.said if kind == topics.observed(agent)]


class FakeStages:
    """An archive in a dict; `faults` maps a stage to the errors that its next calls raise."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Entry, Receipt]] = {}
        self.faults: dict[str, list[Retryable]] = {}
        self.calls: list[tuple[str, int]] = []
        self.leaks: set[bytes] = set()
        self.unreadable: set[bytes] = set()
        self.unembeddable: set[bytes] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        """Closed: no commit ends."""
        self.eyes = asyncio.Event()
        self.eyes.set()
        """Closed: nothing is parsed."""

    def _call(self, stage: str, size: int) -> None:
        self.calls.append((stage, size))
        faults = self.faults.get(stage)
        if faults:
            raise faults.pop(0)

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        self._call("known", len(sightings))
        keys = [sighting.row_key for sighting in sightings if sighting.row_key in self.rows]
        return {key: dataclasses.replace(self.rows[key][1], fresh=False) for key in keys}

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        await self.eyes.wait()
        self._call("parse", len(photos))
        bad = Unreadable("the JPEG cannot be decoded")
        return [bad if photo.jpeg in self.unreadable else Parsed((CAR,), 1) for photo in photos]

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        self._call("inspect", len(photos))
        return [photo.jpeg in self.leaks for photo in photos]

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        self._call("embed", len(requests))
        bad = Unreadable("the JPEG cannot be decoded")
        looks = Appearance(MachineColour.RED, 0.5)
        return [bad if one.photo.jpeg in self.unembeddable else (looks,) * len(one.machines) for one in requests]

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        await self.gate.wait()
        self._call("archive", len(entries))
        receipts = []
        for entry in entries:
            fresh = entry.row_key not in self.rows
            receipt = Receipt(entry.row_key, entry.picture, len(self.rows) + 1, fresh=fresh)
            self.rows.setdefault(entry.row_key, (entry, receipt))
            receipts.append(receipt)
        return receipts


class Running:
    """An intake at work."""

    def __init__(
        self,
        stages: FakeStages | None = None,
        now_s: Callable[[], float] = time.monotonic,
        *,
        proof: int = 0,
        in_hand: InHand | None = None,
    ) -> None:
        """`proof`: pictures of an agent that are all inspected, before `drawn` says which."""
        self.broker = FakeBroker()
        self.stages = stages or FakeStages()
        self.slept: list[float] = []
        self.drawn: set[str] | None = None
        self.proofs = AgentProofs(self._takes, pictures=proof, now_ms=lambda: NOW_MS)
        self.intake = Intake(
            Stages(self.stages, self.stages, self.stages, self.stages),
            proofs=self.proofs,
            now_ms=lambda: NOW_MS,
            in_hand=in_hand,
            sleep=self._sleep,
            now_s=now_s,
        )
        self.acks = Acks(self.broker, delay_s=0.01, on_sent=self.intake.hops.acknowledged)
        self._mid = 0

    def _takes(self, observation_id: str) -> bool:
        return self.drawn is None or observation_id in self.drawn

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def deliver(
        self,
        payload: bytes,
        *,
        topic: str = topics.snapshots("street"),
        qos: int = 1,
        times: dict[str, int] | None = None,
    ) -> int:
        self._mid += 1
        self.intake.deliver(Delivery(topic, payload, self._mid, qos, 1, **(times or {})))
        return self._mid

    async def settle(self) -> None:
        async with within():
            assert await self.intake.drained(LONG_S)
        self.acks.flush()


def run(
    story: Callable[[Running], Coroutine[Any, Any, None]], stages: FakeStages | None = None, *, proof: int = 0
) -> None:
    async def main() -> None:
        async with at_work(stages, proof=proof) as running:
            await story(running)

    asyncio.run(main())


@asynccontextmanager
async def at_work(
    stages: FakeStages | None = None,
    now_s: Callable[[], float] = time.monotonic,
    *,
    proof: int = 0,
    in_hand: InHand | None = None,
) -> AsyncIterator[Running]:
    running = Running(stages, now_s, proof=proof, in_hand=in_hand)
    work = asyncio.create_task(running.intake.run(running.broker, running.acks))
    try:
        yield running
        assert not work.done()
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def good(number: int, **options: Any) -> bytes:
    envelope = snapshot(number, **options)
    return message(envelope, jpeg(number % 200) if options.get("picture") is None else options["picture"])
