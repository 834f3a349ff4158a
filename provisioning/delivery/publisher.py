"""Delivers the signed documents to the broker, and receives agents' reports on them.

At every connection it publishes all that is to be retained, for a broker that was killed and started empty has nothing;
afterwards only news. It learns of changes, by any process, from the register itself. A revoked agent's configuration is
removed from the broker.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from provisioning.broker import process
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.fleet.documents import CENTER, Configured, Membership
from provisioning.contracts.wire import bounds, codec, topics
from provisioning.contracts.wire.topics import Role
from provisioning.delivery.mqtt import LineLostError, PublisherConnection
from provisioning.errors import ProvisioningError
from provisioning.home import documents
from provisioning.home.home import Home
from provisioning.rollout.controller import RolloutController, sealed_report
from provisioning.rollout.reports import AgentReports
from provisioning.signing.documents import SealError

_log = logging.getLogger(__name__)
POLL_S: Final = 0.5
RETRY_MIN_S: Final = 1.0
RETRY_MAX_S: Final = 15.0
_STOP_S: Final = 2.0
_MAX_WARNED: Final = 1000


class DocumentPublisher:
    """One thread, which reconnects for ever. A fault of the home ends it and goes to `failed`."""

    def __init__(self, home: Home, failed: Callable[[ProvisioningError], object]) -> None:
        self._home = home
        self._failed = failed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="document-publisher", daemon=True)
        self._line: PublisherConnection | None = None
        self._dial_at_s = 0.0
        self._wait_s = RETRY_MIN_S
        self._fault: str | None = "not connected yet"
        self._document_fault: str | None = None
        self._retained: dict[str, bytes] = {}
        """Documents that the broker is to hold, by topic; empty if it is to forget."""
        self._known: set[str] = set()
        self._reports: dict[str, Configured] = {}
        """The newest report of each agent since the last round: a fast sender costs one write a round."""
        self._warned: set[str] = set()
        self._ear = AgentReports(home.now_ms)
        self._conductor = RolloutController(home, self._ear)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; a broker that does not answer is not waited for."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def fault(self) -> str | None:
        """Returns the present fault; None while the broker has everything."""
        return self._fault or self._document_fault

    def _run(self) -> None:
        ended = False
        try:
            with self._home.register.watching() as has_changed:
                while not self._stopping.is_set():
                    self._round(has_changed())
            ended = True
        except ProvisioningError as error:
            ended = True
            self._failed(error)
        finally:
            if self._line is not None:
                self._line.close()
            if not ended:  # a bug: threading prints its traceback
                self._failed(
                    ProvisioningError("the publisher of documents ended with an error, printed above; start again")
                )

    def _round(self, changed: bool) -> None:
        ends_s = time.monotonic() + POLL_S
        if changed:
            self._make_documents()
            self._collect()
        self._store()
        self._conductor.round()
        if self._line is None and time.monotonic() >= self._dial_at_s:
            self._dial()
        try:
            while self._line is not None and (left_s := ends_s - time.monotonic()) > 0:
                self._line.retain(self._retained)
                self._line.pump(left_s)
                if self._line.is_settled():
                    self._wait_s = RETRY_MIN_S
                    self._ear.line(up=True)
                    self._say(None)
        except LineLostError as error:
            self._lost(str(error))
        if self._line is None:
            self._stopping.wait(max(0.0, ends_s - time.monotonic()))

    def _make_documents(self) -> None:
        fault = None
        try:
            documents.bring_up_to_date(self._home)
        except SealError as error:
            fault = str(error)
        if fault is not None and fault != self._document_fault:
            _log.error("configuration not made cause=%r", fault)
        self._document_fault = fault

    def _collect(self) -> None:
        """Collects the documents that the broker is to hold."""
        with self._home.register.one_snapshot():
            members = {agent.id: agent.membership for agent in self._home.register.agents()}
            newest = self._home.plans.newest_documents()
            orders, rollout = self._home.rollouts.orders(), sealed_report(self._home)
        self._known = set(members)
        self._retained = {}
        for document in newest:
            if document.addressee == CENTER:
                self._retained[topics.roster()] = document.sealed.encode()
            else:
                enrolled = members.get(document.addressee) is Membership.ENROLLED
                topic = topics.configuration(document.addressee)
                self._retained[topic] = document.sealed.encode() if enrolled else b""
        for order in orders:
            enrolled = members.get(order.agent_id) is Membership.ENROLLED
            self._retained[topics.software(order.agent_id)] = order.sealed.encode() if enrolled else b""
        if rollout is not None:
            self._retained[topics.rollout()] = rollout.encode()

    def _dial(self) -> None:
        host, port = process.listeners(self._home).services.here
        identity = self._home.identities.identity(Role.PROVISIONING.value)
        try:
            self._line = PublisherConnection(host, port, identity, self._hear)
        except LineLostError as error:
            self._lost(str(error))

    def _lost(self, cause: str) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        self._ear.line(up=False)
        self._say(cause)
        self._dial_at_s = time.monotonic() + self._wait_s
        self._wait_s = min(2 * self._wait_s, RETRY_MAX_S)

    def _say(self, fault: str | None) -> None:
        """Logs one line for each change."""
        if fault == self._fault:
            return
        self._fault = fault
        if fault is None:
            _log.info(
                "document publisher settled port=%d documents=%d", self._home.config.services_port, len(self._retained)
            )
        else:
            _log.warning("document publisher waits cause=%r", fault)

    def _hear(self, topic: str, payload: bytes) -> None:
        """Handles one message; no content makes this raise. A refused camera is cleared from the broker, too."""
        agent_id = "?"
        try:
            agent_id = topics.agent_of(topic)
            bounds.check_size(topic, payload)
            if topic != topics.configured(agent_id):
                self._ear.hear(topic, payload)
            elif payload:  # without: MQTT's way to delete a retained message
                self._reports[agent_id] = _read(agent_id, payload)
        except ContractError as error:
            self._warn(agent_id, str(error))
            if payload and bounds.kind_of(topic) == "cameras" and self._line is not None:
                self._line.clear(topic)

    def _store(self) -> None:
        reports, self._reports = self._reports, {}
        for agent_id, configured in reports.items():
            if agent_id not in self._known:
                self._warn(agent_id, "no such agent is in the register")
                continue
            text = codec.encode(configured).decode()
            if self._home.plans.configured(agent_id) != text:
                self._home.plans.put_configured(agent_id, text)
                _log.info(
                    "configured agent=%s number=%s verdict=%s active=%s cause=%r",
                    *(agent_id, configured.number, configured.verdict.value, configured.active, configured.cause),
                )

    def _warn(self, agent_id: str, cause: str) -> None:
        """Warns once for each agent."""
        if agent_id not in self._warned and len(self._warned) < _MAX_WARNED:
            self._warned.add(agent_id)
            _log.warning("answer ignored agent=%s cause=%r", agent_id, cause)


def _read(agent_id: str, payload: bytes) -> Configured:
    configured = codec.decode(Configured, payload)
    if configured.agent_id != agent_id:
        raise ContractError(RejectReason.FOREIGN_AGENT, f"it names agent {configured.agent_id}")
    return configured
