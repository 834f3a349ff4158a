"""Hands each message to the intake of its agent's partition: a writer that is away holds up its own agents alone.

    delivery ─▶ partition of its agent? ── not known yet ─▶ a writer records it
                      ├─▶ intake of partition 0 ─▶ … ─▶ archiver 0
                      └─▶ intake of partition 1 ─▶ … ─▶ archiver 1

All have one connection to the broker, and one Receive Maximum. Messages for a writer that is away may take their share
of it; further ones are acknowledged to the broker and dropped: their agents send them again.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeVar

from provisioning.contracts.errors import ContractError
from provisioning.contracts.query.archive import IntakeStatus
from provisioning.contracts.wire import topics
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.errors import Retryable
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.intake import Intake
from ray_cluster.intake.mqtt_client import Broker, Delivery
from ray_cluster.intake.stages import ArchiverStage
from ray_cluster.intake.status import total

LOG = logging.getLogger(__name__)
AWAY_S: Final = 2.0
"""Seconds of a call after which its archiver counts as away: a commit takes .25 s at the 99th percentile (measured)."""
ASK_S: Final = 2.0
"""Timeout of a question for the places of agents; another writer is asked then."""
AWAY: Final = "writer_away"
"""Name of the overflow policy: the newest message is dropped."""
_PAUSE_S: Final = 1.0
_Answer = TypeVar("_Answer")
Places = Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]
"""Asks a writer for the partitions of agents, which records new ones. May raise `Retryable`."""


class WatchedArchiver:
    """Calls an archiver, and knows whether it is away. Lives in one asyncio loop."""

    def __init__(self, archiver: ArchiverStage, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._archiver = archiver
        self._now_s = now_s
        self._begun: dict[object, float] = {}
        """Calls under way, oldest first, with their beginnings."""
        self._has_failed = False

    @property
    def is_away(self) -> bool:
        """True if the last call that ended has failed, or the oldest takes too long."""
        oldest_s = next(iter(self._begun.values()), self._now_s())
        return self._has_failed or self._now_s() - oldest_s > AWAY_S

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        return await self._watched(self._archiver.known(sightings))

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        return await self._watched(self._archiver.archive(entries))

    async def _watched(self, call: Awaitable[_Answer]) -> _Answer:
        this = object()
        self._begun[this] = self._now_s()
        try:
            answer = await call
        except Retryable:
            self._has_failed = True
            raise
        finally:
            del self._begun[this]
        self._has_failed = False
        return answer


class PartitionedIntake:
    """Intakes of an archive's partitions behind one broker connection. Lives in one asyncio loop.

    Args:
        intakes: of the partitions, by number; their agents' proofs are shared.
        archivers: those of the intakes.
        places: the question to each writer.
        share: messages under way at one intake while its writer is away.
    """

    def __init__(
        self,
        intakes: Sequence[Intake],
        archivers: Sequence[WatchedArchiver],
        places: Sequence[Places],
        *,
        share: int,
    ) -> None:
        self._intakes = tuple(intakes)
        self._archivers = tuple(archivers)
        self._ask = tuple(places)
        self._share = share
        self._places: dict[str, int] = {}
        self._unplaced: dict[str, list[Delivery]] = {}
        """Messages of agents whose partition is asked for."""
        self._asking = asyncio.Event()
        self._broker: Broker | None = None
        self._dropped = 0
        self.hops, self.groups = self._intakes[0].hops, self._intakes[0].groups
        for intake in self._intakes[1:]:
            intake.hops, intake.groups = self.hops, self.groups

    def deliver(self, delivery: Delivery) -> None:
        """Queue one message from the broker; never blocks."""
        try:
            agent = topics.agent_of(delivery.topic)
        except ContractError:
            self._intakes[0].deliver(delivery)  # which rejects it
            return
        if agent in self._places:
            self._hand_over(delivery, self._places[agent])
        else:
            self._unplaced.setdefault(agent, []).append(delivery)
            self._asking.set()

    async def run(self, broker: Broker, acks: Acks) -> None:
        """Process messages until cancelled."""
        self._broker = broker
        async with asyncio.TaskGroup() as tasks:
            for intake in self._intakes:
                tasks.create_task(intake.run(broker, acks))
            tasks.create_task(self._place_agents())

    async def drained(self, timeout_s: float) -> bool:
        """Wait until no message is under way; False if one still was after `timeout_s`."""
        drained = await asyncio.gather(*(intake.drained(timeout_s) for intake in self._intakes))
        return all(drained) and not self._unplaced

    @property
    def parser_backlog(self) -> float:
        """Calls of a full group that the parsers have at work, or will get from the lanes of all intakes."""
        return sum(intake.parser_backlog for intake in self._intakes)

    def status(self, broker: Broker, acks: Acks) -> IntakeStatus:
        """Return the counters of all intakes since their start."""
        statuses = [intake.status(broker, acks) for intake in self._intakes]
        sums = total(statuses)
        # What they share is counted once: delays, and acknowledgements that found no room.
        shared = {"acks_drop_newest": acks.dropped} if acks.dropped else {}
        away = {AWAY: self._dropped} if self._dropped else {}
        waiting = sum(map(len, self._unplaced.values()))
        return sums.model_copy(
            update={
                "received": sums.received + self._dropped + waiting,
                "in_flight": sums.in_flight + waiting,
                "dropped": sums.dropped | shared | away,
                "hops": statuses[0].hops,
            }
        )

    def _hand_over(self, delivery: Delivery, partition: int) -> None:
        intake = self._intakes[partition]
        if self._broker is not None and self._archivers[partition].is_away and intake.under_way >= self._share:
            self._dropped += 1
            self._broker.ack(delivery)
        else:
            intake.deliver(delivery)

    async def _place_agents(self) -> None:
        while True:
            await self._asking.wait()
            self._asking.clear()
            agents = tuple(self._unplaced)
            if agents:
                self._places |= await self._asked(agents)
            for agent in agents:
                for delivery in self._unplaced.pop(agent):
                    self._hand_over(delivery, self._places[agent])

    async def _asked(self, agents: Sequence[str]) -> Mapping[str, int]:
        """Ask one writer after the other, those that are not away first, until one answers."""
        while True:
            for number in sorted(range(len(self._ask)), key=lambda each: self._archivers[each].is_away):
                try:
                    async with asyncio.timeout(ASK_S):
                        return await self._ask[number](agents)
                except (Retryable, TimeoutError) as error:
                    LOG.warning("writer %d does not say where %d agents belong: %s", number, len(agents), error)
            await asyncio.sleep(_PAUSE_S)
