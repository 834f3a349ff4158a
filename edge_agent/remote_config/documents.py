"""Takes configuration documents from the centre, and keeps the verdict on each.

A number counts as seen, on the disk, before its document is tried: one that brings the process down is not tried twice,
and an older one never. Found on trial at a start, a document has failed. An orderly stop is no failure: a document on
trial then waits, and its probation begins again at the next start. A document that is not verified touches no disk.

Thread-safe: the publisher hands documents in and reads the verdict, the configurator tries them.
"""

import logging
import threading
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import ConfigurationRefused
from edge_agent.remote_config.document_store import DocumentState, DocumentStore, Trial, TrialStage
from edge_agent.remote_config.inbox import DocumentInbox
from provisioning.contracts.causes import work
from provisioning.contracts.config import processes
from provisioning.contracts.fleet.documents import Configuration, Configured, Sealed, Verdict
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import CodedCause

_log = logging.getLogger(__name__)

_REPLACED: Final = ("cameras", "redactor", "window", "heartbeat_s")
_DIED: Final = "the agent's process ended while it was tried; read the agent's log, then send a new document"


@dataclass(frozen=True, slots=True)
class OnTrial:
    """A document that is being tried."""

    number: int
    configuration: Configuration
    online: frozenset[str]
    """Cameras that worked under the configuration in force."""


class Documents:
    """One per agent, and only beside its spool, whose lock keeps a second agent out."""

    def __init__(self, agent_id: str, provisioning: processes.Provisioning, clock: Clock) -> None:
        """Read the state, and settle a trial that the last run left open.

        Raises:
            DocumentsError: the folder or the seal's key cannot be used.
        """
        self.limits = provisioning
        self._agent_id = agent_id
        self._clock = clock
        self._lock = threading.Lock()
        self._store = DocumentStore(provisioning.documents_dir, provisioning.seal_key_file, agent_id)
        self._store.prepare()
        self._inbox = DocumentInbox(self._store.seal, agent_id, Configuration, "configuration", clock)
        self._unwritten = False
        self._used: int | None = None
        self._active: Configuration | None = None
        self._candidate: Configuration | None = None
        self._state = self._store.load(now_ms=clock.now_ms())
        self._settle_what_was_left()

    # --- from the publisher

    def accept(self, payload: bytes) -> None:
        """Take a message of the configuration topic. No content makes this raise: the verdict reports a fault."""
        with self._lock:
            state = self._state
            self._inbox.receive(
                payload,
                newer_than=state.seen - 1 if state.is_lost else state.seen,
                take=lambda number, body: self._take(number, body, payload),
                is_newest=lambda number: number == state.seen and self._is_the_newest(payload),
            )

    def configured(self) -> Configured | None:
        """Return the verdict on the newest document; None before the first."""
        with self._lock:
            report = self._inbox.refusal or self._state.word
            if report is None:
                return None
            return Configured(agent_id=self._agent_id, active=self._used, **dict(report))

    # --- from the configurator

    @property
    def active(self) -> int | None:
        """Number of the document in force; None: the agent's own file is."""
        return self._state.active

    @property
    def waiting(self) -> Trial | None:
        """The document that is accepted and not being tried."""
        trial = self._state.trial
        return trial if trial is not None and trial.stage is TrialStage.WAITING else None

    def in_force(self) -> Configuration | None:
        """Return the configuration in force; None: the agent's own file is."""
        return self._active

    def begin(self, online: Collection[str]) -> OnTrial:
        """Begin the trial of the waiting document.

        `online`: cameras that work now, ignored if an earlier trial never ended.

        Raises:
            ConfigurationRefused: nothing waits, or the start cannot be written; then the document goes on waiting.
        """
        with self._lock:
            waiting, configuration = self._state.trial, self._candidate
            if waiting is None or configuration is None:
                raise ConfigurationRefused("no document waits to be tried")
            before = frozenset(online) if waiting.online is None else waiting.online
            running = waiting.model_copy(update={"stage": TrialStage.RUNNING, "online": before})
            state = self._state.model_copy(update={"trial": running})
            self._store.commit(state)
            self._state = state
            return OnTrial(waiting.number, configuration, before)

    def apply(self, number: int, cause: str = "", reason: CodedCause | None = None) -> bool:
        """Apply a document that passed. False: a newer one took its place meanwhile, and is to be tried now.

        `cause`: names a camera that failed by itself meanwhile.
        """
        with self._lock:
            if not self._is_on_trial(number):
                return False
            state = self._state
            self._active, self._candidate = self._candidate, None
            self._settle(
                state.model_copy(
                    update={
                        "active": number,
                        "previous": state.active,
                        "trial": None,
                        "word": self._inbox.word(number, Verdict.APPLIED, cause, reason),
                    }
                )
            )
            _log.info("configuration applied number=%d cause=%r", number, cause)
            return True

    def roll_back(self, number: int, cause: str, reason: CodedCause | None = None) -> bool:
        """Roll back a document that failed. False: see `apply`."""
        with self._lock:
            if not self._is_on_trial(number):
                return False
            self._candidate = None
            self._settle(self._failed(self._state, cause, reason))
            return True

    def suspend(self) -> None:
        """Suspend the trial for an orderly stop: the document is tried again at the next start."""
        with self._lock:
            trial = self._state.trial
            if trial is not None and trial.stage is TrialStage.RUNNING:
                waiting = trial.model_copy(update={"stage": TrialStage.WAITING})
                self._settle(self._state.model_copy(update={"trial": waiting}))

    def now_using(self, number: int | None) -> None:
        """Note that an agent was started on this document, or on its own file."""
        with self._lock:
            self._used = number

    def write_pending(self) -> None:
        """Write what the disk had no room for. Call periodically."""
        with self._lock:
            if self._unwritten:
                self._settle(self._state)

    def cameras(self) -> frozenset[str]:
        """Every camera that one of the kept documents names."""
        with self._lock:
            found: set[str] = set()
            for number in {self._state.active, self._state.previous, self._state.seen} - {None, 0}:
                try:
                    found.update(camera.id for camera in self._store.configuration(number or 0).cameras)
                except ConfigurationRefused:
                    continue  # a document that cannot be read names nothing
            return frozenset(found)

    # --- inside

    def _take(self, number: int, body: Configuration, payload: bytes) -> None:
        state = self._state
        trial = Trial(number=number, online=None if state.trial is None else state.trial.online)
        taken = state.model_copy(
            update={
                "seen": number,
                "is_lost": False,
                "trial": trial,
                "word": self._inbox.word(number, Verdict.TRYING, ""),
            }
        )
        try:
            self._store.keep(number, payload)
            self._store.commit(taken)
        except ConfigurationRefused as error:
            self._store.discard(number)
            raise ConfigurationRefused(
                f"document {number}: {error}; it is taken when the agent connects again"
            ) from error
        self._state, self._candidate = taken, body
        _log.info("configuration accepted number=%d cameras=%d", number, len(body.cameras))

    def _is_the_newest(self, payload: bytes) -> bool:
        kept = self._store.text(self._state.seen)
        return kept is None or kept == codec.decode(Sealed, payload).document

    def _is_on_trial(self, number: int) -> bool:
        trial = self._state.trial
        return trial is not None and (trial.number, trial.stage) == (number, TrialStage.RUNNING)

    def _settle_what_was_left(self) -> None:
        """Settle a trial that the last run left open.

        Writes the state of a first start, too: a missing one is then damage.
        """
        state = self._state
        if state.trial is not None and state.trial.stage is TrialStage.RUNNING:
            state = self._failed(state, _DIED, work.DIED_ON_TRIAL())
        if state.trial is not None:
            self._candidate, damage = self._read_back(state.trial.number)
            if damage:
                lost = work.DOCUMENT_LOST(detail=damage)
                state = self._failed(state, f"{damage}: send a new document", lost)
                state = state.model_copy(update={"is_lost": True})
        if state.active is not None:
            self._active, damage = self._read_back(state.active)
            if damage:
                state = self._without_active(state, damage)
        self._settle(state)

    def _read_back(self, number: int) -> tuple[Configuration | None, str]:
        """Read a kept document, or return its damage."""
        try:
            return self._store.configuration(number), ""
        except ConfigurationRefused as error:
            return None, str(error)

    def _without_active(self, state: DocumentState, damage: str) -> DocumentState:
        """Go back to the document before, or to the agent's own file."""
        before = None
        if state.previous is not None:
            self._active, damaged_too = self._read_back(state.previous)
            before = None if damaged_too else state.previous
        instead = "the agent's own file" if before is None else f"document {before}"
        cause = f"{damage}; {instead} is in use instead: send a new document"
        _log.error("configuration lost number=%s: %s", state.active, cause)
        verdict = Verdict.ROLLED_BACK if state.trial is None else Verdict.TRYING
        earlier = state.word.cause if state.word is not None else ""
        said, reason = f"{earlier}; {cause}" if earlier else cause, work.DOCUMENT_LOST(detail=cause)
        return state.model_copy(
            update={
                "active": before,
                "previous": None,
                "is_lost": state.is_lost or state.active == state.seen,
                "word": self._inbox.word(state.seen, verdict, said, reason),
            }
        )

    def _failed(self, state: DocumentState, cause: str, reason: CodedCause | None) -> DocumentState:
        _log.warning("configuration rolled back number=%d: %s", state.seen, cause)
        return state.model_copy(
            update={"trial": None, "word": self._inbox.word(state.seen, Verdict.ROLLED_BACK, cause, reason)}
        )

    def _settle(self, state: DocumentState) -> None:
        """Take this state, and write it now or later; a start before it is written finds a failed trial."""
        self._state = state
        self._inbox.refusal = None
        try:
            self._store.commit(state)
        except ConfigurationRefused as error:
            if not self._unwritten:
                _log.error("the state of the configuration documents waits in memory: %s", error)
            self._unwritten = True
        else:
            self._unwritten = False


def effective(local: processes.EdgeConfig, configuration: Configuration | None) -> processes.EdgeConfig:
    """Replace the fields of the agent's own file that a document sets. One without recorders leaves the agent's own."""
    if configuration is None:
        return local
    update = {name: getattr(configuration, name) for name in _REPLACED}
    return local.model_copy(update=update | {"recorders": configuration.recorders or local.recorders})


def in_use(local: processes.EdgeConfig, clock: Clock) -> processes.EdgeConfig:
    """Return the configuration that the agent runs on, or would at its next start. Reads only, also while it runs.

    Raises:
        DocumentsError: the folder or the seal's key cannot be used.
    """
    if local.provisioning is None:
        return local
    store = DocumentStore(local.provisioning.documents_dir, local.provisioning.seal_key_file, local.agent_id)
    state = store.load(now_ms=clock.now_ms())
    trial = None if state.trial is None or state.trial.stage is TrialStage.WAITING else state.trial.number
    for number in (trial, state.active, state.previous):
        try:
            if number is not None:
                return effective(local, store.configuration(number))
        except ConfigurationRefused:
            continue  # the agent itself would take the next
    return local
