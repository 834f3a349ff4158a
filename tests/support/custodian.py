"""A sender as careful as an agent: it keeps a message until *archived* names its hash, and sends it again till then.

Real MQTT to a real broker, pictures of a few hundred bytes, no disk. What it measures: when each acknowledgement came.
"""

import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from provisioning.contracts.config.processes import Broker
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Archived
from tests.ray_cluster.world import jpeg, snapshot

WINDOW = 64
_TICK_S = 0.02


@dataclass(slots=True)
class _Kept:
    payload: bytes
    sha256: str
    sent_s: float = 0.0


@dataclass(eq=False)
class Custodian:
    """Sends `rate` snapshots a second from `start` to `stop`. Thread-safe."""

    broker: Broker
    agent: str
    rate: float
    resend_after_s: float = 3.0
    most: int | None = None
    """Snapshots to make in all; None: no end."""
    age_s: float = 0.0
    """Seconds since each was captured, as in a backlog."""
    acked_s: list[float] = field(default_factory=list)
    """When each new acknowledgement came (monotonic)."""
    delays_s: list[float] = field(default_factory=list)
    """From the first sending to the acknowledgement."""
    made: int = 0
    again: int = 0
    """Acknowledged more than once, which is no fault: whoever sends again is told again."""

    def __post_init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._done: dict[str, str] = {}
        self._first_s: dict[str, float] = {}
        self._lock = threading.Lock()
        self._making = threading.Event()
        self._ended = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, f"custodian-{self.agent}", protocol=mqtt.MQTTv5)
        self._client.tls_set(str(self.broker.ca_file), str(self.broker.cert_file), str(self.broker.key_file))
        self._client.reconnect_delay_set(1, 2)
        self._client.on_connect = lambda client, *_: client.subscribe(topics.archived(self.agent), qos=1)
        self._client.on_message = self._on_message
        self._thread = threading.Thread(target=self._run, name=f"custodian {self.agent}")

    def start(self) -> None:
        """Connect, and begin."""
        self._client.connect_async(self.broker.host, self.broker.port)
        self._client.loop_start()
        self._making.set()
        self._thread.start()

    def stop(self) -> None:
        """Make no more; what is kept is still sent."""
        self._making.clear()

    @property
    def is_done(self) -> bool:
        """True once all of `most` are acknowledged."""
        return self.made == self.most and not self.waiting

    def close(self) -> None:
        """The end, whatever is kept."""
        self._ended.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def waiting(self) -> int:
        """Not acknowledged yet."""
        with self._lock:
            return len(self._kept)

    def silence_s(self, since_s: float) -> float:
        """The longest time without an acknowledgement from this moment (monotonic) to now."""
        with self._lock:
            moments = [since_s, *(at for at in self.acked_s if at > since_s), time.monotonic()]
        return max(later - earlier for earlier, later in pairwise(moments))

    def acked_since(self, since_s: float) -> int:
        """Acknowledgements after this moment (monotonic)."""
        with self._lock:
            return sum(at > since_s for at in self.acked_s)

    def _run(self) -> None:
        began = time.monotonic()
        while not self._ended.wait(_TICK_S):
            now_s = time.monotonic()
            if self._making.is_set():
                due_by_now = (now_s - began) * self.rate
                while self.made < min(due_by_now, self.most or due_by_now) and self.waiting < WINDOW:
                    self._make()
                began = max(began, now_s - (self.made + 1) / self.rate)
            with self._lock:
                due = [kept for kept in self._kept.values() if now_s - kept.sent_s > self.resend_after_s]
            for kept in due:
                kept.sent_s = now_s
                self._client.publish(topics.snapshots(self.agent), kept.payload, qos=1)

    def _make(self) -> None:
        self.made += 1
        picture = jpeg(self.made % 200)
        at_ms = time.time_ns() // 1_000_000 - round(self.age_s * 1000)
        envelope = snapshot(self.made, agent=self.agent, at_ms=at_ms, picture=picture)
        payload = codec.encode_snapshot(envelope, picture)
        with self._lock:
            self._kept[envelope.observation_id] = _Kept(payload, codec.message_sha256(payload), time.monotonic())
            self._first_s[envelope.observation_id] = time.monotonic()
        self._client.publish(topics.snapshots(self.agent), payload, qos=1)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        now_s = time.monotonic()
        for item in codec.decode(Archived, bytes(message.payload)).items:
            with self._lock:
                kept = self._kept.get(item.observation_id)
                if kept is None:
                    self.again += 1
                    assert self._done[item.observation_id] == item.message_sha256
                elif kept.sha256 == item.message_sha256:
                    del self._kept[item.observation_id]
                    self._done[item.observation_id] = item.message_sha256
                    self.acked_s.append(now_s)
                    self.delays_s.append(now_s - self._first_s.pop(item.observation_id))
