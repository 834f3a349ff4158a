"""Keeps the orders about the agent's own software, and the verdict on each: as `remote_config.documents` does.

An order is written to the disk before anything is done for it, and its number counts as seen from then on. While the
machine changes its software a newer order waits. Thread-safe: the publisher hands orders in and reads the verdict, the
updater carries them out.
"""

import logging
import threading
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import Field

from edge_agent.clock import Clock
from edge_agent.errors import DocumentsError, UpdateRefused
from edge_agent.remote_config.inbox import DocumentInbox, DocumentVerdict
from provisioning.contracts.causes import software
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.documents import Installed, Key32, Number, Verdict
from provisioning.contracts.fleet.rollout import SoftwareOrder, Version
from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import CodedCause, Message, TimeMs
from provisioning.files import durable
from provisioning.signing.documents import Seal, SealError

_log = logging.getLogger(__name__)
_STATE: Final = "state.json"


class UpdateStep(StrEnum):
    """Progress of an order."""

    FETCHING = "fetching"
    ASKED = "asked"
    """The machine was asked to change its software. The process that finds this at a start finds out the result."""


class UpdateOrder(Message):
    """One order on its way."""

    number: Number
    body: SoftwareOrder
    step: UpdateStep = UpdateStep.FETCHING
    online: frozenset[CameraId] = frozenset()
    """Cameras that worked when the machine was asked."""
    asked_at_ms: TimeMs = 0


class UpdateState(Message):
    """State of the folder. `addressee` and `seal` name whose orders are counted."""

    addressee: AgentId
    seal: Key32
    seen: int = Field(default=0, ge=0, le=2**53)
    current: UpdateOrder | None = None
    waiting: UpdateOrder | None = None
    """A newer order, for when the current one has ended."""
    word: DocumentVerdict | None = None


class Updates:
    """One per agent, and only beside its spool, whose lock keeps a second agent out."""

    def __init__(
        self, agent_id: str, seal_key_file: Path, updates: processes.Updates, clock: Clock, version: str
    ) -> None:
        """Read the state. `version`: of the program that runs.

        Raises:
            DocumentsError: the folder or the seal's key cannot be used.
        """
        self._agent_id = agent_id
        self._clock = clock
        self._lock = threading.Lock()
        self._folder = updates.directory
        self.version: Version = version
        try:
            self._seal = Seal.load(seal_key_file)
            self._inbox = DocumentInbox(self._seal, agent_id, SoftwareOrder, "software order", clock)
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._state = self._load()
        except SealError as error:
            raise DocumentsError(str(error)) from error
        except OSError as error:
            raise DocumentsError(f"updates {self._folder}: cannot be used ({error.strerror})") from error

    # --- from the publisher

    def accept(self, payload: bytes) -> None:
        """Take a message of the software topic. No content makes this raise: the verdict reports a fault."""
        with self._lock:
            seen = self._state.seen
            self._inbox.receive(payload, newer_than=seen, take=self._take, is_newest=lambda number: number == seen)

    def installed(self) -> Installed | None:
        """Return the verdict on the newest order; None before the first."""
        with self._lock:
            report = self._inbox.refusal or self._state.word
            if report is None:
                return None
            return Installed(agent_id=self._agent_id, running=self.version, **dict(report))

    # --- from the updater

    @property
    def current(self) -> UpdateOrder | None:
        """The order to carry out."""
        return self._state.current

    def report_progress(self, number: int, cause: str) -> None:
        """Report an order's progress, or its obstacle for now; in memory only, not on the disk."""
        with self._lock:
            current, report = self._state.current, self._inbox.word(number, Verdict.TRYING, cause)
            earlier = self._state.word
            if current is not None and current.number == number and (earlier is None or earlier.cause != report.cause):
                self._state = self._state.model_copy(update={"word": report})

    def begin_change(self, number: int, online: Collection[str]) -> bool:
        """Note that the machine is to be asked now. False: a newer order took its place.

        Raises:
            OSError: it cannot be written; nothing has changed.
        """
        with self._lock:
            current = self._state.current
            if current is None or current.number != number:
                return False
            update = {"step": UpdateStep.ASKED, "online": frozenset(online), "asked_at_ms": self._clock.now_ms()}
            self._keep(self._state.model_copy(update={"current": current.model_copy(update=update)}))
            return True

    def settle(self, number: int, verdict: Verdict, cause: str = "", reason: CodedCause | None = None) -> None:
        """Settle an order that has come to its end, and begin the next one.

        Raises:
            OSError: it cannot be written; the result is found out anew.
        """
        with self._lock:
            current, following = self._state.current, self._state.waiting
            if current is None or current.number != number:
                return
            report = self._inbox.word(number, verdict, cause, reason)
            if following is not None:
                report = self._inbox.word(following.number, Verdict.TRYING, "")
            self._keep(self._state.model_copy(update={"current": following, "waiting": None, "word": report}))
            _log.info("software order ended number=%d verdict=%s cause=%r", number, verdict.value, cause)

    # --- inside

    def _load(self) -> UpdateState:
        nothing = UpdateState(addressee=self._agent_id, seal=self._seal.key)
        try:
            state = codec.decode(UpdateState, (self._folder / _STATE).read_bytes())
        except FileNotFoundError:
            return nothing
        except ContractError as error:
            _log.error("software orders forgotten: %s", error)
            return nothing
        return state if (state.addressee, state.seal) == (nothing.addressee, nothing.seal) else nothing

    def _take(self, number: int, body: SoftwareOrder) -> None:
        order = UpdateOrder(number=number, body=body)
        before = self._state.current
        is_busy = before is not None and before.step is UpdateStep.ASKED
        if is_busy:
            state = self._state.model_copy(update={"seen": order.number, "waiting": order})
        else:
            report = self._inbox.word(order.number, Verdict.TRYING, "")
            state = UpdateState(
                addressee=self._agent_id, seal=self._seal.key, seen=order.number, current=order, word=report
            )
        try:
            self._keep(state)
        except OSError as error:
            raise UpdateRefused(software.UNWRITTEN(what="the order", error=error.strerror)) from error
        _log.info("software order accepted number=%d %s %s", order.number, order.body.act.value, order.body.version)

    def _keep(self, state: UpdateState) -> None:
        durable.write(self._folder / _STATE, state.model_dump_json().encode())
        self._state = state
