"""Publishes the spool to the archive: newest first, inside a window, again until the archive confirms by hash.

Neither the broker's PUBACK nor its disk counts as safe-keeping (measured: Mosquitto killed inside its autosave interval
lost every message it had acknowledged). One thread; a turn handles every event, sends what may be sent, and returns the
time until its next call.
"""

import logging
import threading
from collections.abc import Collection
from queue import Empty, SimpleQueue
from typing import Final, assert_never

from edge_agent.clock import Backoff, Clock
from edge_agent.errors import BrokerError, SpoolFull
from edge_agent.health.camera_health import Health
from edge_agent.remote_config.documents import Documents
from edge_agent.remote_config.upload_commands import TaskOrders
from edge_agent.spool import ledger
from edge_agent.spool.spool import DROP_AT_MOST, Spool
from edge_agent.updates.update_orders import Updates
from edge_agent.uplink.heartbeat import HeartbeatInputs, free_bytes
from edge_agent.uplink.inflight_window import InflightWindow
from edge_agent.uplink.mqtt import Acknowledged, Arrived, Connected, Dial, Disconnected, Link, MqttEvent
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.commands import TaskReport
from provisioning.contracts.fleet.documents import Configured, Installed
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import (
    Archived,
    Assessed,
    CameraStatus,
    Heartbeat,
    Ledger,
    PictureState,
    Rejected,
)

_log = logging.getLogger(__name__)

NO_MATCHING_SUBSCRIBERS: Final = 0x10
NOT_AUTHORIZED: Final = 0x87
_FAILURE: Final = 0x80
"""MQTT 5 §2.4: reason codes from here on are failures."""
_MAINTAIN_EVERY_S: Final = 30.0
_ASSESS_EVERY_S: Final = 60.0
_IDLE_S: Final = 1.0
"""Seconds within which a pause or a resume by hand is noticed."""
_CONNACK_S: Final = 10.0


class Publisher:
    """Publishes for one agent. Set `woken` when there is a new message, or a camera's new state."""

    def __init__(
        self,
        edge: processes.EdgeConfig,
        spool: Spool,
        health: Health,
        clock: Clock,
        dial: Dial,
        woken: threading.Event,
        *,
        software: str,
        reconnect: Backoff,
        refused: Backoff,
        documents: Documents | None = None,
        updates: Updates | None = None,
        orders: TaskOrders | None = None,
        former: Collection[str] = (),
        heartbeat_inputs: HeartbeatInputs | None = None,
    ) -> None:
        """`documents`, `updates`: an enrolled agent's.

        `former`: cameras configured no more, whose states are erased.
        """
        self._edge = edge
        self._spool = spool
        self._health = health
        self._clock = clock
        self._dial = dial
        self._software = software
        self._reconnect = reconnect
        self._refused = refused
        self._documents = documents
        self._updates = updates
        self._orders = orders
        self._former = frozenset(former)
        self._heartbeat_inputs = heartbeat_inputs or HeartbeatInputs()
        self._started_at_ms = clock.now_ms()
        self._events: SimpleQueue[MqttEvent] = SimpleQueue()
        self._woken = woken
        self._window = InflightWindow(edge.window)
        self._connected = False
        self._hold_until_s = 0.0
        self._heartbeat_due_s = 0.0
        self._assess_due_s = clock.monotonic_s() + _ASSESS_EVERY_S
        self._maintain_due_s = 0.0
        self._shown: dict[str, CameraStatus] = {}
        self._erased: frozenset[str] = frozenset()
        self._sent_configured: Configured | None = None
        self._sent_installed: Installed | None = None
        self._tasks: TaskReport | None = None
        self._trouble: str | None = None

    @property
    def is_connected(self) -> bool:
        """True while the broker has accepted us."""
        return self._connected

    def run(self, stop: threading.Event, flush_s: float) -> None:
        """Publish until `stop`, then for at most `flush_s` while messages are unconfirmed."""
        while not stop.is_set():
            try:
                self.run_once(stop, flush_s)
            except BrokerError as error:
                self._note(str(error))
                self._maintain_spool()  # a spool is bounded by age also while nothing is taken from it
                self._clock.wait(stop, self._reconnect.next_wait_s())

    def run_once(self, stop: threading.Event, flush_s: float) -> None:
        """Run one connection, from dialling to its end.

        Raises:
            BrokerError: it could not be opened, or was lost.
        """
        self._events = SimpleQueue()
        self._connected = False
        self._window.lost_connection()
        self._shown.clear()  # a broker that restarted empty has no retained states
        self._erased = frozenset()
        self._sent_configured = self._sent_installed = self._tasks = None
        link = self._dial(self._report)
        dialled_s = self._clock.monotonic_s()
        give_up_s: float | None = None
        try:
            while True:
                wait_s = self.turn(link)
                now_s = self._clock.monotonic_s()
                if not self._connected and now_s - dialled_s > _CONNACK_S:
                    raise BrokerError("the broker takes the connection but does not answer: is it an MQTT 5 broker?")
                if stop.is_set():
                    give_up_s = now_s + flush_s if give_up_s is None else give_up_s
                    if not self._spool.messages or now_s >= give_up_s:
                        self._say_goodbye(link)
                        return
                    wait_s = min(wait_s, give_up_s - now_s)
                self._clock.wait(self._woken, wait_s)
        finally:
            self._connected = False
            link.close()

    def turn(self, link: Link) -> float:
        """Handle all events, then send all that may be sent. Returns the seconds until its next call.

        Raises:
            BrokerError: the connection is lost.
        """
        self._woken.clear()
        self._drain()
        now_s = self._clock.monotonic_s()
        self._window.expire(now_s)
        self._maintain_spool()
        if not self._connected:
            return _IDLE_S
        self._show_cameras(link)
        self._show_configured(link)
        self._show_tasks(link)
        if now_s >= self._heartbeat_due_s:
            self._heartbeat_due_s = now_s + self._edge.heartbeat_s
            self._send_heartbeat(link)
        if now_s >= self._assess_due_s:
            self._assess_due_s = now_s + _ASSESS_EVERY_S
            self._send_assessed(link)
        if now_s >= self._hold_until_s:
            self._send_messages(link, now_s)
        dues = [self._heartbeat_due_s, self._window.next_expiry_s(), self._maintain_due_s, now_s + _IDLE_S]
        if self._hold_until_s > now_s:
            dues.append(self._hold_until_s)
        return max(0.0, min(due for due in dues if due is not None) - now_s)

    # --- in

    def _report(self, event: MqttEvent) -> None:
        self._events.put(event)
        self._woken.set()

    def _drain(self) -> None:
        while True:
            try:
                event = self._events.get_nowait()
            except Empty:
                return
            match event:
                case Connected():
                    self._connected = True
                    self._reconnect.reset()
                    self._hold_until_s = self._heartbeat_due_s = 0.0
                    self._note("")
                case Disconnected():
                    raise BrokerError(event.cause)
                case Acknowledged():
                    self._on_puback(event)
                case Arrived():
                    self._on_message(event)
                case _:
                    assert_never(event)

    def _on_puback(self, ack: Acknowledged) -> None:
        if ack.code == NOT_AUTHORIZED:
            self._note(
                f"the broker forbids agent {self._edge.agent_id} to publish: agent_id and the certificate's common name"
                " must be the same, and the broker's ACL the one that wayside-provision wrote"
            )
        if not self._window.knows(ack.mid):
            return  # a heartbeat or a state: the next one follows anyway
        if ack.code < _FAILURE and ack.code != NO_MATCHING_SUBSCRIBERS:
            self._window.taken(ack.mid, self._clock.monotonic_s())
            self._refused.reset()
            self._note("")
            return
        self._window.refused(ack.mid)
        now_s = self._clock.monotonic_s()
        if now_s >= self._hold_until_s:  # the rest of a burst has the same code
            self._hold_until_s = now_s + self._refused.next_wait_s()
        if ack.code == NO_MATCHING_SUBSCRIBERS:
            self._note("no intake listens at the broker; pictures wait in the spool: is wayside-cluster running?")
        elif ack.code != NOT_AUTHORIZED:
            self._note(f"the broker refuses a picture ({ack.text}); it waits in the spool: check the broker's limits")

    def _on_message(self, message: Arrived) -> None:
        if not message.payload:
            return  # only means that none is retained any more: MQTT 5 §3.3.1.3
        try:
            if message.topic == topics.archived(self._edge.agent_id):
                self._on_archived(codec.decode(Archived, message.payload))
            elif message.topic == topics.rejected(self._edge.agent_id):
                self._on_rejected(codec.decode(Rejected, message.payload))
            elif self._documents is not None and message.topic == topics.configuration(self._edge.agent_id):
                self._documents.accept(message.payload)
            elif self._updates is not None and message.topic == topics.software(self._edge.agent_id):
                self._updates.accept(message.payload)
            elif self._orders is not None and message.topic == topics.commands(self._edge.agent_id):
                self._orders.accept(message.payload)
        except ContractError as error:
            _log.warning("answer ignored topic=%s reason=%s: %s", message.topic, error.reason.value, error)
        except SpoolFull as error:
            _log.warning("answer not written down, it will come again after the next sending: %s", error)

    def _on_archived(self, archived: Archived) -> None:
        confirmed, ignored = self._spool.confirm(archived.items)
        if ignored:
            _log.debug("acknowledgements without a message here count=%d", ignored)
        now_s = self._clock.monotonic_s()
        for each in confirmed:
            self._window.ended(each.seq, now_s)
        for each in confirmed:
            if each.picture is PictureState.LEAK:
                _log.error("redaction leak camera=%s observation=%s", each.camera_id, each.observation_id)
                self._pause(each.camera_id)

    def _pause(self, camera_id: str) -> None:
        try:
            self._health.pause(camera_id)
        except SpoolFull as error:
            _log.error("%s", error)  # paused all the same, for as long as the agent runs

    def _on_rejected(self, rejected: Rejected) -> None:
        stored = self._spool.reject(rejected)
        if stored is not None:
            self._window.ended(stored.seq, self._clock.monotonic_s())
            _log.warning(
                "rejected camera=%s observation=%s reason=%s: %s",
                *(stored.camera_id, stored.observation_id, rejected.reason.value, rejected.detail),
            )

    # --- out

    def _send_messages(self, link: Link, now_s: float) -> None:
        max_messages, max_bytes = self._window.room()
        stored = self._spool.next_unsent(
            self._window.in_flight, self._health.held(), max_messages=max_messages, max_bytes=max_bytes
        )
        topic = topics.snapshots(self._edge.agent_id)
        for each in stored:
            mid = link.publish(topic, each.payload, expiry_s=self._window.expiry_s, times=each.hop_times.known())
            self._window.add(each.seq, len(each.payload), mid, now_s)

    def _show_cameras(self, link: Link) -> None:
        for status in self._health.statuses():
            if self._shown.get(status.camera_id) != status:
                topic = topics.camera_status(self._edge.agent_id, status.camera_id)
                link.publish(topic, codec.encode(status), retain=True)
                self._shown[status.camera_id] = status
        for camera_id in sorted(self._former - self._erased):
            link.publish(topics.camera_status(self._edge.agent_id, camera_id), b"", retain=True)
        self._erased = self._former

    def _show_configured(self, link: Link) -> None:
        configured = None if self._documents is None else self._documents.configured()
        if configured is not None and configured != self._sent_configured:
            link.publish(topics.configured(self._edge.agent_id), codec.encode(configured), retain=True)
            self._sent_configured = configured
        installed = None if self._updates is None else self._updates.installed()
        if installed is not None and installed != self._sent_installed:
            link.publish(topics.installed(self._edge.agent_id), codec.encode(installed), retain=True)
            self._sent_installed = installed

    def _show_tasks(self, link: Link) -> None:
        tasks = None if self._orders is None else self._orders.report()
        if tasks is not None and tasks != self._tasks:
            link.publish(topics.tasks(self._edge.agent_id), codec.encode(tasks), retain=True)
            self._tasks = tasks

    def _send_heartbeat(self, link: Link) -> None:
        link.publish(
            topics.heartbeat(self._edge.agent_id),
            codec.encode(self.heartbeat()),
            expiry_s=max(1, round(self._edge.heartbeat_s)),
        )

    def _send_assessed(self, link: Link) -> None:
        topic = topics.assessed(self._edge.agent_id)
        link.publish(topic, codec.encode(self.assessed()), expiry_s=round(_ASSESS_EVERY_S))

    def _say_goodbye(self, link: Link) -> None:
        """Send the figures at the end, so that the last that the centre has of this run are right."""
        if self._connected:
            self._send_heartbeat(link)

    def heartbeat(self) -> Heartbeat:
        """Return the agent's figures as of now."""
        nothing = Ledger(selected=0, spooled=0, archived=0, rejected=0, dropped={}, in_flight=0)
        ledgers = {camera.id: nothing for camera in self._edge.cameras} | self._spool.ledgers()
        return Heartbeat(
            agent_id=self._edge.agent_id,
            sent_at_ms=self._clock.now_ms(),
            started_at_ms=self._started_at_ms,
            software=self._software,
            ledger=ledger.total(ledgers),
            cameras=ledgers,
            spool_bytes=self._spool.payload_bytes,
            spool_messages=self._spool.messages,
            quarantined=self._spool.quarantined(),
            resent=self._window.resent,
            redaction_ms=self._health.redaction_ms(),
            decode_ms=self._health.decode_ms(),
            queued=self._heartbeat_inputs.queued(),
            rate=self._heartbeat_inputs.rate(),
            passed_over=self._health.passed_over(),
            received_bytes=self._health.received_bytes(),
            disk_free_bytes=free_bytes(self._edge.spool.directory),
            recordings=dict(self._heartbeat_inputs.recordings()),
        )

    def assessed(self) -> Assessed:
        """Return the measurements of each camera as of now."""
        return Assessed(agent_id=self._edge.agent_id, assessed_at_ms=self._clock.now_ms(), cameras=self._health.facts())

    # --- inside

    def _maintain_spool(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s >= self._maintain_due_s:
            expired = self._spool.maintain()
            self._maintain_due_s = now_s + (0.0 if expired == DROP_AT_MOST else _MAINTAIN_EVERY_S)
            if expired:
                _log.warning("spool expired messages=%d: not confirmed within spool.max_age_h", expired)

    def _note(self, trouble: str) -> None:
        """Log one line when something is wrong, and one when it works again."""
        if trouble == self._trouble:
            return
        if trouble:
            _log.warning("publishing halted: %s", trouble)
        else:
            _log.info("publishing broker=%s:%d", self._edge.broker.host, self._edge.broker.port)
        self._trouble = trouble
