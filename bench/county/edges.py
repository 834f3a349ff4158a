"""A county's boxes and its broker, as far as intake can tell: spools, windows, acknowledgements; no network.

taken ─▶ spool (newest first) ─▶ window of 64 ─▶ broker, in order ─▶ at most 256 an intake ─▶ Intake
                 ▲                                                                             │
                 └────────────────────────────── archived, by hash ◀───────────────────────────┘
"""

import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.county.day import Day, Taken
from provisioning.contracts import ids
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import (
    Archived,
    Box,
    ClockQuality,
    Machine,
    MachineClass,
    Picture,
    PictureState,
    Quality,
    Redaction,
    Snapshot,
)
from ray_cluster.intake.mqtt_client import Delivery

RECEIVE_MAXIMUM: Final[int] = ClusterConfig.model_fields["receive_maximum"].default
WINDOW: Final = 64
"""`window.max_messages` of an agent."""
_MODELS: Final = {
    name: hashlib.sha256(name.encode()).hexdigest() for name in ("nanodet", "centerface", "yunet", "plates")
}
_MACHINE: Final = Machine(cls=MachineClass.CAR, score=0.8, box=Box(x0=100, y0=100, x1=400, y1=300))


class County:
    """Makes each snapshot's message when it is asked for: a backlog costs no memory.

    Args:
        moment_ms: wall-clock milliseconds of a snapshot's capture.
        picture: bytes of every picture.
    """

    def __init__(self, moment_ms: Callable[[Taken], int], picture: bytes) -> None:
        self._moment_ms = moment_ms
        self._picture = picture
        self._sha256 = hashlib.sha256(picture).hexdigest()

    def message(self, taken: Taken) -> tuple[str, bytes]:
        """Observation id and bytes."""
        at_ms, camera = self._moment_ms(taken), f"camera-{taken.agent}-{taken.camera}"
        snapshot = Snapshot(
            observation_id=ids.observation_id(camera, at_ms, f"n{taken.number}"),
            agent_id=agent_id(taken.agent),
            camera_id=camera,
            source_key=f"n{taken.number}",
            captured_at_ms=at_ms,
            clock=ClockQuality.SYNCED,
            picture=Picture(
                state=PictureState.KEPT, width=1920, height=1080, bytes=len(self._picture), sha256=self._sha256
            ),
            quality=Quality(sharpness=0.5, brightness=0.5, contrast=0.5),
            machines=(_MACHINE,) * 3,
            people=taken.number % 4,
            redaction=Redaction(
                policy="wayside-2026-11-25",
                models=_MODELS,
                regions=tuple(Box(x0=40 * n, y0=40, x1=40 * n + 30, y1=80) for n in range(6)),
                covered_share=0.02,
            ),
        )
        return snapshot.observation_id, codec.encode_snapshot(snapshot, self._picture)


def agent_id(number: int) -> str:
    """As the broker's ACL has it."""
    return f"box-{number:03d}"


class _Box:
    """One agent: what waits, newest last, and what is on its way."""

    def __init__(self) -> None:
        self.spool: list[Taken] = []
        self.in_flight: dict[str, Taken] = {}


@dataclass(eq=False)
class Member:
    """One intake's connection: `intake.deliver` and what it has not acknowledged."""

    deliver: Callable[[Delivery], None]
    unacknowledged: int = 0
    at_most: int = RECEIVE_MAXIMUM
    """MQTT's Receive Maximum."""


class Boxes:
    """All of a county's. `again` says of which snapshots the acknowledgement is lost, once.

    `archived` hears of each snapshot when its agent does.
    """

    def __init__(
        self, day: Day, county: County, again: Callable[[Taken], bool], archived: Callable[[Taken], None]
    ) -> None:
        self._county = county
        self._again = again
        self._archived = archived
        self._boxes = [_Box() for _ in range(day.agents)]
        self._queue: deque[tuple[str, bytes]] = deque()
        self._unheard: set[int] = set()
        self._mid = 0
        self.members: list[Member] = []
        self.sent = 0
        self.repeated = 0
        self.rejected = 0
        self.message_bytes = 0

    def take(self, snapshots: Sequence[Taken]) -> None:
        """Into the spools."""
        for each in snapshots:
            self._boxes[each.agent].spool.append(each)

    @property
    def waiting(self) -> int:
        """Snapshots that no agent knows to be archived."""
        return sum(len(box.spool) + len(box.in_flight) for box in self._boxes)

    def pump(self) -> None:
        """What the windows allow to the broker, and what the intakes allow on to them, in turn."""
        for number, box in enumerate(self._boxes):
            while box.spool and len(box.in_flight) < WINDOW:
                newest = box.spool.pop()
                observation_id, payload = self._county.message(newest)
                box.in_flight[observation_id] = newest
                self._queue.append((topics.snapshots(agent_id(number)), payload))
                self.sent += 1
                self.message_bytes += len(payload)
        free = [member for member in self.members if member.unacknowledged < member.at_most]
        while self._queue and free:
            member = min(free, key=lambda each: each.unacknowledged)
            topic, payload = self._queue.popleft()
            self._mid += 1
            member.unacknowledged += 1
            member.deliver(Delivery(topic, payload, self._mid, 1, 1))
            free = [each for each in free if each.unacknowledged < each.at_most]

    def hear(self, topic: str, payload: bytes) -> None:
        """What intake publishes: *archived* frees a window; *observed* is for the centre."""
        for number, box in enumerate(self._boxes):
            if topic == topics.archived(agent_id(number)):
                for item in codec.decode(Archived, payload).items:
                    self._confirm(box, item.observation_id)
            elif topic == topics.rejected(agent_id(number)):
                self.rejected += 1

    def _confirm(self, box: _Box, observation_id: str) -> None:
        found = box.in_flight.pop(observation_id, None)
        if found is None:
            return
        if self._again(found) and found.number not in self._unheard:
            # The acknowledgement got lost on the way: the agent sends it again.
            self._unheard.add(found.number)
            self.repeated += 1
            box.spool.append(found)
            return
        self._archived(found)


class Line:
    """`ray_cluster.intake.mqtt_client.Broker` of one intake."""

    def __init__(self, boxes: Boxes, member: Member) -> None:
        self._boxes = boxes
        self._member = member

    @property
    def connected(self) -> bool:
        """It always is; while the centre is out of reach nothing is pumped."""
        return True

    def publish(self, topic: str, payload: bytes) -> bool:
        """To the agents."""
        self._boxes.hear(topic, payload)
        return True

    def ack(self, _delivery: Delivery) -> None:
        """The broker may send another."""
        self._member.unacknowledged -= 1
