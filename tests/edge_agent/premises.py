"""An archive that keeps what it confirms, and a whole agent as a process: what stands on both sides of a broker."""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from provisioning.contracts.config import processes
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Archived, ArchivedItem, PictureState
from provisioning.contracts.wire.topics import Role
from tests.support.exchange import Exchange

PROGRAM = Path(__file__).with_name("grey_agent.py")


class Archive:
    """An intake that commits to a dict and then says so, if it is not told to be deaf or dumb."""

    def __init__(self, exchange: Exchange) -> None:
        self._identity = exchange.identity(Role.CLUSTER)
        self._port = exchange.services_port
        self._lock = threading.Lock()
        self.rows: dict[str, bytes] = {}
        self.deliveries: Counter[str] = Counter()
        self.acknowledges = True
        self.verdict: Callable[[bytes], PictureState] = lambda _: PictureState.KEPT
        self._client = self._connect()

    def _connect(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.tls_set(str(self._identity.ca_file), str(self._identity.cert_file), str(self._identity.key_file))
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda connected, *_: connected.subscribe(topics.snapshots_shared("test"), 1)
        client.on_message = self._on_message
        client.connect("127.0.0.1", self._port, clean_start=True)
        client.loop_start()
        return client

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        snapshot, _picture = codec.decode_snapshot(payload)
        agent = topics.agent_of(message.topic)
        with self._lock:
            self.deliveries[snapshot.observation_id] += 1
            self.rows.setdefault(snapshot.observation_id, payload)
        if not self.acknowledges:
            return
        item = ArchivedItem(
            observation_id=snapshot.observation_id,
            message_sha256=codec.message_sha256(payload),
            picture=self.verdict(payload),
        )
        client.publish(topics.archived(agent), codec.encode(Archived(items=(item,))), qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def running(folder: Path, edge: processes.EdgeConfig) -> Iterator["subprocess.Popen[str]"]:
    """The grey agent as a process; ready when this is entered."""
    file = folder / "edge.json"
    file.write_text(edge.model_dump_json())
    log = (folder / "agent.log").open("a")
    with (
        log,
        subprocess.Popen(
            [sys.executable, str(PROGRAM), str(file)], stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n", (folder / "agent.log").read_text()
            yield process
        finally:
            process.kill()
