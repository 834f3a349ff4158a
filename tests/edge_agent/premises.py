"""A real broker on loopback, and an archive that keeps what it confirms: what an agent meets on the other side."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from provisioning import broker
from provisioning.authority import Authority, Identity
from provisioning.contracts import codec, config, topics
from provisioning.contracts.messages import Archived, ArchivedItem, PictureState
from provisioning.contracts.topics import Role

PROGRAM = Path(__file__).with_name("grey_agent.py")


class Site:
    """Certificates, one Mosquitto that can be killed and restarted empty."""

    def __init__(self, folder: Path) -> None:
        mosquitto = shutil.which(broker.PROGRAM, path=f"{os.environ['PATH']}:/usr/sbin")
        if mosquitto is None:
            pytest.skip("mosquitto is not installed: apt-get install mosquitto")
        self._mosquitto = mosquitto
        self._folder = folder
        self.authority = Authority(folder / "pki")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        listener = broker.Listener("127.0.0.1", self.port, self.authority.issue_broker(), getpass.getuser())
        self._configuration = broker.write(folder / "broker", listener)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._mosquitto, "-c", str(self._configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._listens)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """`kill -9`, and everything it knew is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        shutil.rmtree(self._folder / "broker" / "data")
        (self._folder / "broker" / "data").mkdir(mode=0o700)

    def section(self, identity: Identity) -> config.Broker:
        return config.Broker(
            host="127.0.0.1",
            port=self.port,
            ca_file=identity.ca_file,
            cert_file=identity.cert_file,
            key_file=identity.key_file,
        )


class Archive:
    """An intake that commits to a dict and then says so, if it is not told to be deaf or dumb."""

    def __init__(self, site: Site) -> None:
        self._identity = site.authority.issue_role(Role.CLUSTER)
        self._port = site.port
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
        client.on_connect = lambda connected, *_: connected.subscribe(topics.snapshots_shared(), 1)
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
def running(folder: Path, edge: config.EdgeConfig) -> Iterator["subprocess.Popen[str]"]:
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


def until(condition: Callable[[], bool], *, timeout_s: float = 30) -> None:
    """Wait for the world outside this process; fail when it does not come."""
    ends = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.05)
