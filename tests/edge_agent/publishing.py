"""A publisher with everything around it, moved by hand: the test is broker and archive."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.clock import Backoff
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from edge_agent.remote_config.documents import Documents
from edge_agent.spool.spool import Spool
from edge_agent.uplink.mqtt import NO_TIMES, Arrived, MqttEvent
from edge_agent.uplink.publisher import Publisher
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Archived, ArchivedItem, PictureState
from tests.edge_agent.world import FakeClock, edge_config, frame, jpeg_of, redacted, replay_camera


@dataclass(frozen=True)
class Publication:
    mid: int
    topic: str
    payload: bytes
    retain: bool
    expiry_s: int | None
    times: Mapping[str, int] = field(default_factory=dict)


class FakeLink:
    """Remembers what was published."""

    def __init__(self) -> None:
        self.published: list[Publication] = []
        self.closed = False

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        times: Mapping[str, int] = NO_TIMES,
    ) -> int:
        self.published.append(Publication(len(self.published) + 1, topic, payload, retain, expiry_s, times))
        return len(self.published)

    def close(self) -> None:
        self.closed = True

    def take(self, topic: str) -> list[Publication]:
        """What was published there since the last call; everything else stays."""
        found = [each for each in self.published if each.topic == topic]
        marker = Publication(0, "", b"", retain=False, expiry_s=None)
        self.published = [marker if each.topic == topic else each for each in self.published]
        return found


class World:
    """An agent's publisher with everything around it, moved by hand."""

    def __init__(
        self, folder: Path, *, documents: Documents | None = None, former: Collection[str] = (), **sections: object
    ) -> None:
        cameras = (replay_camera("gate", folder), replay_camera("yard", folder))
        self.edge = edge_config(folder, *cameras, **sections)
        self.clock = FakeClock()
        self.woken = threading.Event()
        self.spool = Spool(self.edge.spool, self.clock)
        self.health = Health("street", self.edge.cameras, Pauses(self.edge.spool.directory), self.clock, self.woken.set)
        self.link = FakeLink()
        self.report: Callable[[MqttEvent], None]
        self.dials = 0
        self.publisher = Publisher(
            self.edge,
            self.spool,
            self.health,
            self.clock,
            self.dial,
            self.woken,
            software="test",
            reconnect=Backoff(0.5, 30, chance=lambda: 1.0),
            refused=Backoff(0.5, 15, chance=lambda: 1.0),
            documents=documents,
            former=former,
        )
        self.report = self.publisher._report

    def dial(self, report: Callable[[MqttEvent], None]) -> FakeLink:
        self.dials += 1
        self.report = report
        self.link = FakeLink()
        return self.link

    def turn(self, *events: MqttEvent) -> float:
        for event in events:
            self.report(event)
        return self.publisher.turn(self.link)

    def keep(self, *numbers: int, camera_id: str = "gate", size: int = 1000) -> None:
        for number in numbers:
            look = frame(number, camera_id=camera_id)
            assert self.spool.select(look.observation_id, camera_id)
            self.spool.append(redacted(look, jpeg_of(size)))

    def sent(self) -> list[Publication]:
        return self.link.take(topics.snapshots("street"))

    def sent_keys(self) -> list[str]:
        return [codec.decode_snapshot(each.payload)[0].source_key for each in self.sent()]


def archived(*payloads: bytes, picture: PictureState = PictureState.KEPT) -> Arrived:
    items = tuple(
        ArchivedItem(
            observation_id=codec.decode_snapshot(payload)[0].observation_id,
            message_sha256=codec.message_sha256(payload),
            picture=picture,
        )
        for payload in payloads
    )
    return Arrived(topics.archived("street"), codec.encode(Archived(items=items)))
