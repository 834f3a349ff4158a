"""A recording waits because the centre said so, and goes on because it said so, through a real broker.

```
centre: TaskOrders ─signed─▶ MqttLink ─mTLS─▶ Mosquitto ─▶ PahoLink ─▶ Publisher ─▶ TaskOrders ─▶ Uploads
            ▲                                     │ ✗ cluster, other agents                          │ waits
            └──────────── tasks, retained ◀───────┴──────────────────────────────────────────────────┘
file ─▶ ingest ─HTTPS─▶ DeskServer ─▶ Uploads ─▶ grey redactor ─▶ spool
```
"""

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from center.access.permissions import EVERYWHERE, Access, Identity
from center.audit.log import Audit
from center.fleet.devices import Devices
from center.fleet.mqtt import MqttLink
from center.fleet.roster import Roster
from center.tasks.orders import TaskOrders as Orders
from center.tasks.sender import CommandSender
from center.tasks.views import OrderState
from edge_agent.clock import Backoff, SystemClock
from edge_agent.desk.protocol import End
from edge_agent.desk.remux import Remux
from edge_agent.remote_config.upload_commands import TaskOrders
from edge_agent.uplink.mqtt import PahoLink
from edge_agent.uplink.publisher import Publisher
from provisioning.contracts.config.processes import Camera, Provisioning
from provisioning.contracts.fleet.commands import Priority, TaskReport, Verb
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CameraStatus, Heartbeat
from provisioning.signing.documents import SealKey
from tests.center.world import tasks_config
from tests.edge_agent.desk.premises import CAMERA, Papers, Premises, Watched, ingest, street
from tests.edge_agent.world import edge_config
from tests.support.exchange import Exchange
from tests.support.fresh_store import fresh_store
from tests.support.mqtt_client import NOT_AUTHORIZED, Client
from tests.support.waiting import LONG_S, until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(300)]

AGENT = "street"  # whose name the premises' redactor writes
ASKER = Identity(user_id=1, username="ona", expires_at_ms=2**50, access=Access())


class Heard:
    """What the centre's line brings, taken as its mailbox does."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    def link(self, *, up: bool) -> None:
        self._devices.link(up=up)

    def deliver(self, topic: str, payload: bytes) -> None:
        match topic.removeprefix(f"{topics.PREFIX}/").split("/"):
            case ["agents", _, "tasks"]:
                self._devices.tasked(codec.decode(TaskReport, payload))
            case ["agents", _, "heartbeat"]:
                self._devices.heard(codec.decode(Heartbeat, payload))
            case ["agents", _, "cameras", _]:
                self._devices.changed(codec.decode(CameraStatus, payload))


class Ground:
    """Broker, desk agent and centre, from `open` to `close`."""

    def __init__(self, folder: Path) -> None:
        self.exchange = Exchange(folder)
        self.exchange.start()
        now_ms = SystemClock().now_ms
        seal = SealKey.create(folder / "seal.key")
        provisioning = Provisioning(
            host="x", seal_key_file=folder / "seal.pub", secrets_key_file=folder, documents_dir=folder
        )
        self.edge_orders = TaskOrders(folder, AGENT, provisioning, SystemClock())
        self.edge_orders.serve([CAMERA])
        papers = Papers(self.exchange.pki, folder)
        self.premises = Premises(folder, papers, has_room=lambda: not self.edge_orders.is_paused(CAMERA))
        broker = self.exchange.section(AGENT)
        self._woken, self._stop = threading.Event(), threading.Event()
        camera = Camera.model_validate({"id": CAMERA, "source": {"kind": "upload"}})
        edge = edge_config(folder, camera, agent_id=AGENT, broker=broker.model_dump(), desk=papers.desk().model_dump())
        publisher = Publisher(
            edge.model_copy(update={"heartbeat_s": 1.0}),
            self.premises.spool,
            self.premises.health,
            SystemClock(),
            partial(PahoLink, broker, AGENT, is_enrolled=True),
            self._woken,
            software="test",
            reconnect=Backoff(0.5, 5.0),
            refused=Backoff(0.5, 5.0),
            orders=self.edge_orders,
        )
        self._publishing = threading.Thread(target=publisher.run, args=(self._stop, 0.0))
        store = fresh_store(folder / "center.sqlite3")
        self.audit = Audit(store, now_ms)
        self.devices = Devices(store, Roster(store, self.audit, None, now_ms), now_ms)
        self._link = MqttLink(self.exchange.section("center"), lambda: None)
        config = tasks_config(folder, seal, ends_at_ms=now_ms() + 10**9)
        sender = CommandSender(self._link.publish, config)
        self.orders = Orders(store, self.audit, self.devices, sender, now_ms)
        self._store = store

    def open(self) -> None:
        self.premises.open()
        self._publishing.start()
        self._link.start(Heard(self.devices))
        until(lambda: bool(self.devices.tasks()) and bool(self.devices.heartbeats()) and bool(self.devices.cameras()))

    def close(self) -> None:
        self._stop.set()
        self._woken.set()
        if self._publishing.is_alive():
            self._publishing.join(LONG_S)
        self._link.stop()
        self.premises.close()
        self._store.close()
        self.exchange.stop()

    def tell(self, verb: Verb, priority: Priority | None = None) -> None:
        """Ask, and wait until the agent has confirmed it."""
        asked = self.orders.send_order(AGENT, CAMERA, verb, asker=ASKER, sight=EVERYWHERE, priority=priority)
        assert asked.state in {OrderState.ASKED, OrderState.TAKEN}
        until(lambda: self.orders.newest_orders()[AGENT, CAMERA].state is OrderState.TAKEN)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    try:
        made.open()
        yield made
    finally:
        made.close()


def test_a_recording_waits_and_goes_on_as_the_centre_says(ground: Ground, tmp_path: Path) -> None:
    ground.tell(Verb.PAUSE)
    shown, ended = Watched(), []
    place = ground.premises.papers.place()
    file = Remux.of(street(tmp_path / "street.mp4", 25), keyframes_only=False)
    bringing = threading.Thread(target=lambda: ended.append(ingest(place, file, shown=shown)))
    bringing.start()
    until(lambda: any(each.held for each in shown.progress))
    time.sleep(1.0)
    assert ended == []
    assert ground.premises.snapshots() == []
    ground.tell(Verb.PRIORITY, Priority.LAST)
    ground.tell(Verb.RESUME)
    bringing.join(LONG_S)
    assert ended
    assert ended[0] is not None
    assert ended[0].end is End.COMPLETE
    assert len(ground.premises.snapshots()) == 25
    told = ground.devices.tasks()[AGENT].tasks[CAMERA]
    assert (told.paused, told.priority) == (False, Priority.LAST)
    actions = [entry.action for entry in reversed(ground.audit.page(limit=9, action="task."))]
    assert actions == ["task.pause", "task.priority", "task.resume"]


def test_nobody_but_the_centre_reaches_the_command_topic(ground: Ground) -> None:
    topic = topics.commands(AGENT)
    for name in ("cluster", "provisioning", "cabinet-9"):
        client = Client(ground.exchange.identity(name), ground.exchange.port_of(name), client_id=name + "-test")
        try:
            assert client.publish(topic, b"{}") == NOT_AUTHORIZED, name
        finally:
            client.close()
    told = ground.devices.tasks()[AGENT]
    assert told.word is None
