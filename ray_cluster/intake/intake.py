"""Turns messages into receipts. No message is acknowledged before it is committed.

    delivery → open the envelope → lane → does the archive have it? ── yes ───────┐
                    │ not valid                 │ no                               ▼
                    ▼                           ▼                             acknowledge
                 reject          parse + canary → embed → archive (commit) ────────┘

Every step but the first is a call that may fail for a while (a replica died, the disk is full). It is then tried again
with back-off, unacknowledged, and MQTT's Receive Maximum stops the flow at the broker. A message that makes a stage
fail is found and rejected (`isolation`), and its group goes on; so is one that ends this process (`in_hand`).
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from prometheus_client import Histogram

from provisioning.contracts import ids
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.query.archive import FoundAt, HopTotal, IntakeStatus
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import (
    ArchivedItem,
    HopTimes,
    Machine,
    ObservedItem,
    PictureState,
    Rejected,
    Snapshot,
)
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.histogram import ROWS
from ray_cluster.inference.appearance import Appearance
from ray_cluster.inference.picture import DetectorRef, Parsed, Photo, Reported, Sitter, Unreadable
from ray_cluster.intake import probe
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.agent_proofs import AgentProofs
from ray_cluster.intake.camera_limit import CameraRoll
from ray_cluster.intake.in_hand import MOST_DEATHS, TOGETHER, InHand
from ray_cluster.intake.isolation import ALONE_WAIT_S, StageCalls, Unprocessable
from ray_cluster.intake.latency import Hop, Hops
from ray_cluster.intake.mqtt_client import RECEIVE_MAXIMUM, Broker, Delivery
from ray_cluster.intake.priority_queue import OVERFLOW, Lane, Lanes
from ray_cluster.intake.progress import Progress
from ray_cluster.intake.stages import Stages

LOG = logging.getLogger(__name__)
GROUP: Final = 8
"""Snapshots per call: eight 100 KiB pictures a call carried three to four times as many as single ones (measured)."""
MAX_GROUP: Final = 32
"""Most snapshots per call, if the networks take as many at once: doubles the throughput again (measured)."""
LIVE_MS: Final = 60_000
AT_WORK: Final = 64
"""Snapshots that are looked up, parsed and embedded at a time, or four groups if that is more. Further ones wait, and
can be overtaken; those that wait for their commit are not counted."""
_REMEMBERED: Final = 1024
"""Most unprocessable messages that are remembered by hash: a repetition reaches no stage. Policy: `drop_oldest`."""


@dataclass(eq=False, slots=True)
class _Arrival:
    """A valid message under way."""

    delivery: Delivery
    snapshot: Snapshot
    jpeg: bytes
    message_sha256: str
    received_at_ms: int
    begun_at_ms: int = 0
    parsed_at_ms: int = 0
    leaked: bool = False
    machines: tuple[Machine, ...] = field(default=())
    seen_by: DetectorRef | None = None
    found_at: FoundAt = FoundAt.CLUSTER
    appearances: tuple[Appearance, ...] = field(default=())

    @property
    def sighting(self) -> Sighting:
        snapshot = self.snapshot
        return Sighting(ids.row_key(snapshot.agent_id, snapshot.observation_id), snapshot.captured_at_ms)

    @property
    def photo(self) -> Photo:
        snapshot, picture = self.snapshot, self.snapshot.picture
        regions = snapshot.redaction.regions
        return Photo(self.jpeg, picture.width, picture.height, regions, snapshot.agent_id, snapshot.camera_id)

    def photo_to_parse(self, *, is_trusted: bool) -> Photo:
        """Add the edge's machines, which the parser reuses if the agent is trusted."""
        detector = self.snapshot.detector
        reported = None if detector is None else Reported(detector, self.snapshot.machines, is_trusted)
        return replace(self.photo, reported=reported)

    @property
    def entry(self) -> Entry:
        state = PictureState.LEAK if self.leaked else self.snapshot.picture.state
        kept = self.jpeg if state is PictureState.KEPT else b""
        return Entry(
            self.snapshot,
            self.message_sha256,
            self.received_at_ms,
            state,
            kept,
            self.machines,
            self.appearances,
            seen_by=self.seen_by,
            found_at=self.found_at,
        )


@dataclass(frozen=True, slots=True)
class _Refused:
    delivery: Delivery
    reason: RejectReason
    detail: str


class Intake:
    """Turns deliveries into archived rows. Lives in one asyncio loop.

    Args:
        proofs: say which pictures are looked at again, and hear the results.
        now_ms: wall clock.
        room: capacity of each lane; the broker must not send more messages of QoS 1 than that.
        live_ms: snapshots captured longer ago wait in the lane of the backlog.
        in_hand: what predecessors that died had in hand; None: nothing is known of any.
        at_work: snapshots that are looked up, parsed and embedded at a time.
        sleep: injected in tests, like the monotonic clock `now_s`.
    """

    def __init__(
        self,
        stages: Stages,
        *,
        proofs: AgentProofs,
        now_ms: Callable[[], int],
        group: int = GROUP,
        room: int = RECEIVE_MAXIMUM,
        live_ms: int = LIVE_MS,
        in_hand: InHand | None = None,
        at_work: int = AT_WORK,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stages = stages
        self._progress = Progress(now_s)
        probes: Mapping[str, Callable[[], Awaitable[object]]] = {
            "parser": lambda: stages.parser.parse([probe.photo()]),
            "canary": lambda: stages.canary.inspect([probe.photo()]),
            "embedder": lambda: stages.embedder.embed([probe.embed_request()]),
        }
        self._calls = StageCalls(self._progress, probes=probes, sleep=sleep)
        self._unprocessable: OrderedDict[str, str] = OrderedDict()
        self._in_hand = in_hand or InHand()
        self._proofs = proofs
        self._now_ms = now_ms
        self._group = group
        self._slots = max(-(-at_work // group), 4)
        # Only messages of QoS 0, which Receive Maximum does not count and no agent of ours uses, can find a lane full.
        self._lanes: Lanes[_Arrival | _Refused] = Lanes(room, live_ms=live_ms)
        self._roll = CameraRoll()
        self._some = asyncio.Event()
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._counts: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self.hops = Hops()
        says = "Snapshots that go through the stages together"
        self.groups = Histogram("wayside_intake_group_rows", says, buckets=ROWS, registry=None)
        """Snapshots that went through the stages together."""

    def deliver(self, delivery: Delivery) -> None:
        """Queue one message from the broker; never blocks."""
        self._counts["received"] += 1
        waiting: _Arrival | _Refused
        lane = Lane.LIVE
        try:
            waiting = self._open(delivery)
            lane = self._lanes.lane_of(waiting.snapshot.captured_at_ms, waiting.received_at_ms)
        except ContractError as error:
            waiting = _Refused(delivery, error.reason, str(error))
        if self._lanes.put(waiting, lane):
            self._idle.clear()
            self._some.set()
        else:
            self._dropped[OVERFLOW] += 1

    async def run(self, broker: Broker, acks: Acks) -> None:
        """Process messages until cancelled. Several groups are under way at a time, or one suspect of `in_hand`."""
        slots = asyncio.Semaphore(self._slots)
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                await slots.acquire()
                await self._some.wait()
                taken = self._lanes.take_due(self._group)
                if not self._lanes:
                    self._some.clear()
                self._in_flight += len(taken)
                for number, group in enumerate(self._parted(taken)):
                    if number:
                        await slots.acquire()
                    is_alone = self._is_suspect(group[0])
                    if is_alone and under_way:
                        await asyncio.wait(under_way, timeout=ALONE_WAIT_S)
                    self.groups.observe(len(group))
                    self._hold(group)
                    task = tasks.create_task(self._process(group, broker, acks, slots))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                    task.add_done_callback(partial(self._done, group))
                    if is_alone:
                        await asyncio.wait({task}, timeout=ALONE_WAIT_S)

    async def drained(self, timeout_s: float) -> bool:
        """Wait until no message is under way; False if one still was after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    @property
    def under_way(self) -> int:
        """Messages that arrived and are not acknowledged."""
        return self._in_flight + len(self._lanes)

    @property
    def parser_backlog(self) -> float:
        """Calls of a full group that the parsers have at work, or will get from the lanes.

        Waiting snapshots count by the parsers' share of those at work: another stage that holds them up needs no
        parser.
        """
        parsing = self._calls.at_work["parser"]
        at_work = self._in_flight - self._calls.at_work["archiver"]
        return parsing * (1 + len(self._lanes) / max(at_work, 1)) / self._group

    def status(self, broker: Broker, acks: Acks) -> IntakeStatus:
        """Return the counters of this intake since its start."""
        return IntakeStatus(
            broker_connected=broker.connected,
            received=self._counts["received"],
            archived=self._counts["archived"],
            duplicates=self._counts["duplicates"],
            leaks=self._counts["leaks"],
            rejected=dict(self._rejected),
            dropped=dict(self._dropped) | ({"acks_drop_newest": acks.dropped} if acks.dropped else {}),
            in_flight=self.under_way,
            retries=self._calls.retries,
            alone=self._calls.alone,
            inspected=self._counts["inspected"],
            reused=self._counts["reused"],
            lost_proofs=self._proofs.lost,
            stuck=self._progress.stuck(),
            waiting={lane.value: self._lanes.waiting(lane) for lane in Lane},
            at_work={stage: count for stage, count in list(self._calls.at_work.items()) if count},
            hops={
                hop.value: HopTotal(count=total.count, total_ms=total.sum * 1000)
                for hop, total in ((hop, self.hops.total(hop)) for hop in Hop)
            },
        )

    def _parted(self, taken: Sequence[_Arrival | _Refused]) -> list[list[_Arrival | _Refused]]:
        """Part suspects, each of which is tried alone, from their group."""
        suspects = [[each] for each in taken if self._is_suspect(each)]
        others = [each for each in taken if not self._is_suspect(each)]
        return [others, *suspects] if others else suspects

    def _is_suspect(self, waiting: _Arrival | _Refused) -> bool:
        return isinstance(waiting, _Arrival) and self._in_hand.deaths(waiting.message_sha256) >= TOGETHER

    def _hold(self, group: Sequence[_Arrival | _Refused]) -> None:
        for each in group:
            if isinstance(each, _Arrival):
                self._in_hand.enter(each.message_sha256)

    def _done(self, group: Sequence[_Arrival | _Refused], _task: asyncio.Task[None]) -> None:
        for each in group:
            if isinstance(each, _Arrival):
                self._in_hand.leave(each.message_sha256)
        self._in_flight -= len(group)
        if not self._in_flight and not self._lanes:
            self._idle.set()

    async def _process(
        self, group: Sequence[_Arrival | _Refused], broker: Broker, acks: Acks, slots: asyncio.Semaphore
    ) -> None:
        """Process one group. It makes room once it is parsed, so that no group waits for another's commit."""
        try:
            fresh = await self._parsed(group, broker, acks)
        finally:
            slots.release()
        entries = [arrival.entry for arrival in fresh]
        receipts = await self._calls.each("archiver", entries, self._stages.archiver.archive)
        for arrival, receipt in zip(fresh, receipts, strict=True):
            if isinstance(receipt, Receipt):
                self._acknowledge(broker, acks, arrival, receipt)
            else:
                self._refuse(broker, arrival, receipt)

    async def _parsed(self, group: Sequence[_Arrival | _Refused], broker: Broker, acks: Acks) -> list[_Arrival]:
        """Reject invalid messages, acknowledge known ones, parse the others; return those to be archived."""
        arrivals = []
        for waiting in group:
            if isinstance(waiting, _Arrival):
                arrivals.append(waiting)
            else:
                self._reject(broker, waiting.delivery, waiting.reason, waiting.detail)
        if not arrivals:
            return []
        begun_at_ms = self._now_ms()
        for arrival in arrivals:
            arrival.begun_at_ms = begun_at_ms
        sightings = [arrival.sighting for arrival in arrivals]
        known = await self._calls.until_done("archiver", len(arrivals), lambda: self._stages.archiver.known(sightings))
        fresh = []
        for arrival in arrivals:
            receipt = known.get(arrival.sighting.row_key)
            if receipt is None:
                fresh.append(arrival)
            else:
                self._acknowledge(broker, acks, arrival, receipt)
        fresh = await self._embedded(await self._examined(fresh, broker), broker)
        parsed_at_ms = self._now_ms()
        for arrival in fresh:
            arrival.parsed_at_ms = parsed_at_ms
        return fresh

    def _open(self, delivery: Delivery) -> _Arrival:
        snapshot, jpeg = codec.decode_snapshot(delivery.payload)
        agent = topics.agent_of(delivery.topic)
        if snapshot.agent_id != agent:
            raise ContractError(
                RejectReason.FOREIGN_AGENT, f"the envelope names agent {snapshot.agent_id!r}, the topic {agent!r}"
            )
        self._roll.check(agent, snapshot.camera_id, self._now_ms())
        sha256 = codec.message_sha256(delivery.payload)
        if (why := self._unprocessable.get(sha256)) is not None:
            raise ContractError(RejectReason.UNPROCESSABLE, why)
        if (deaths := self._in_hand.deaths(sha256)) >= MOST_DEATHS:
            raise ContractError(
                RejectReason.UNPROCESSABLE, f"the intake's process died {deaths} times with it in hand, alone too"
            )
        return _Arrival(delivery, snapshot, jpeg, sha256, self._now_ms())

    async def _examined(self, arrivals: Sequence[_Arrival], broker: Broker) -> list[_Arrival]:
        """Call parser and canary side by side; reject unreadable pictures and return the rest."""
        seen = [arrival for arrival in arrivals if arrival.jpeg]
        for arrival in arrivals:
            if not arrival.jpeg:
                # The parser cannot see a withheld picture: only the edge's machines are known.
                arrival.machines, arrival.found_at = arrival.snapshot.machines, FoundAt.EDGE
        if not seen:
            return list(arrivals)
        drawn = {each for each in seen if self._proofs.draws(each.snapshot.agent_id, each.snapshot.observation_id)}
        photos = [arrival.photo_to_parse(is_trusted=arrival not in drawn and self._trusts(arrival)) for arrival in seen]
        inspected = [arrival for arrival in seen if arrival in drawn]
        parsed, verdicts = await asyncio.gather(
            self._calls.each("parser", photos, self._stages.parser.parse),
            self._calls.each("canary", [arrival.photo for arrival in inspected], self._stages.canary.inspect),
        )
        refused: dict[_Arrival, Unreadable | Unprocessable] = {}
        for arrival, verdict in zip(inspected, verdicts, strict=True):
            if isinstance(verdict, Unreadable | Unprocessable):
                refused[arrival] = verdict
            else:
                arrival.leaked = verdict
                self._counts["inspected"] += 1
                self._proofs.inspected(arrival.snapshot.agent_id, leaked=verdict)
        for arrival, answer in zip(seen, parsed, strict=True):
            if isinstance(answer, Unreadable | Unprocessable):
                refused[arrival] = answer
            else:
                self._note_parsed(arrival, answer)
        return self._without(arrivals, refused, broker)

    def _note_parsed(self, arrival: _Arrival, parsed: Parsed) -> None:
        """Take the edge's machines, found in the raw picture, from an agent that is trusted; else the parser's own."""
        arrival.machines, arrival.seen_by = parsed.machines, parsed.seen_by
        if parsed.compared is not None:
            self._proofs.compared(arrival.snapshot.agent_id, parsed.compared)
        if parsed.is_reused or (parsed.reported is not None and self._trusts(arrival)):
            arrival.machines, arrival.found_at = parsed.reported or (), FoundAt.EDGE
            self._counts["reused"] += 1

    def _trusts(self, arrival: _Arrival) -> bool:
        return self._proofs.trusts_machines(arrival.snapshot.agent_id)

    async def _embedded(self, arrivals: Sequence[_Arrival], broker: Broker) -> list[_Arrival]:
        """Embed machines; those of a picture that is withheld or leaks are not embedded."""
        kept = [each for each in arrivals if each.jpeg and not each.leaked and each.machines]
        if not kept:
            return list(arrivals)
        requests = [Sitter(arrival.photo, arrival.machines) for arrival in kept]
        appearances = await self._calls.each("embedder", requests, self._stages.embedder.embed)
        refused: dict[_Arrival, Unreadable | Unprocessable] = {}
        for arrival, answer in zip(kept, appearances, strict=True):
            if isinstance(answer, Unreadable | Unprocessable):
                refused[arrival] = answer
            else:
                arrival.appearances = answer
        return self._without(arrivals, refused, broker)

    def _without(
        self, arrivals: Sequence[_Arrival], refused: Mapping[_Arrival, Unreadable | Unprocessable], broker: Broker
    ) -> list[_Arrival]:
        """Reject the arrivals that a stage refused and return the others."""
        for arrival, fault in refused.items():
            self._refuse(broker, arrival, fault)
        return [arrival for arrival in arrivals if arrival not in refused]

    def _refuse(self, broker: Broker, arrival: _Arrival, fault: Unreadable | Unprocessable) -> None:
        reason = RejectReason.NOT_JPEG
        if isinstance(fault, Unprocessable):
            reason = RejectReason.UNPROCESSABLE
            self._unprocessable[arrival.message_sha256] = fault.detail
            while len(self._unprocessable) > _REMEMBERED:
                self._unprocessable.popitem(last=False)
        self._reject(broker, arrival.delivery, reason, fault.detail)

    def _acknowledge(self, broker: Broker, acks: Acks, arrival: _Arrival, receipt: Receipt) -> None:
        snapshot = arrival.snapshot
        observed = None
        if receipt.fresh:
            archived_at_ms = self._now_ms()
            self._counts["archived"] += 1
            self.hops.archived(
                captured_at_ms=snapshot.captured_at_ms,
                received_at_ms=arrival.received_at_ms,
                begun_at_ms=arrival.begun_at_ms,
                parsed_at_ms=arrival.parsed_at_ms,
                archived_at_ms=archived_at_ms,
            )
            if receipt.picture is PictureState.LEAK:
                self._counts["leaks"] += 1
                LOG.error("redaction leak: agent %s, camera %s", snapshot.agent_id, snapshot.camera_id)
            observed = ObservedItem(
                observation_id=snapshot.observation_id,
                camera_id=snapshot.camera_id,
                captured_at_ms=snapshot.captured_at_ms,
                picture=receipt.picture,
                machines=arrival.machines,
                people=snapshot.people,
                width=snapshot.picture.width,
                height=snapshot.picture.height,
                clock=snapshot.clock,
                times=HopTimes(
                    **arrival.delivery.times,
                    received_at_ms=arrival.received_at_ms,
                    parsed_at_ms=arrival.parsed_at_ms,
                    committed_at_ms=archived_at_ms,
                ),
                followed=snapshot.followed,
            )
        else:
            self._counts["duplicates"] += 1
        item = ArchivedItem(
            observation_id=snapshot.observation_id, message_sha256=arrival.message_sha256, picture=receipt.picture
        )
        acks.add(snapshot.agent_id, item, observed, receipt.commit_seq)
        broker.ack(arrival.delivery)

    def _reject(self, broker: Broker, delivery: Delivery, reason: RejectReason, detail: str) -> None:
        self._rejected[reason] += 1
        LOG.warning("rejected a message on %s: %s: %s", delivery.topic[:200], reason, detail[:500])
        rejected = Rejected(message_sha256=codec.message_sha256(delivery.payload), reason=reason, detail=detail[:500])
        try:
            agent = topics.agent_of(delivery.topic)
        except ContractError:
            self._dropped["no_such_agent"] += 1  # no agent to inform: the broker's ACL lets none write there
        else:
            if not broker.publish(topics.rejected(agent), codec.encode(rejected)):
                self._dropped[OVERFLOW] += 1
        broker.ack(delivery)
