"""Keeps the centre's commands about this agent's parse tasks: pause, resume, priority. No other command exists.

A command is taken if the centre signed it by a key that provisioning vouches for, for this agent, now, once, and for a
camera that recordings are uploaded to. Its number is on the disk before it has an effect. A live camera, redaction and
policies are out of its reach: there is no verb for them, and no such camera is a task.

Thread-safe: the publisher hands commands in; cameras and the redactor read the state.
"""

import logging
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import Field, ValidationError

from edge_agent.clock import Clock
from provisioning.contracts.causes import work
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.commands import (
    MAX_COMMAND_BYTES,
    CommandWord,
    Priority,
    TaskCommand,
    TaskReport,
    TaskState,
    Verb,
)
from provisioning.contracts.fleet.uploads import DeskAddress, UploadPermit
from provisioning.contracts.ids import CameraId
from provisioning.contracts.wire.messages import CodedCause, Message
from provisioning.files import durable
from provisioning.signing.documents import ExpiredError, OutdatedError, Seal, SealError

_log = logging.getLogger(__name__)

_FILE: Final = "tasks.json"
RANKS: Final = {Priority.FIRST: 0, Priority.NORMAL: 1, Priority.LAST: 2}
Rank: TypeAlias = Callable[[str], int | None]
"""Rank of a camera; None for a live one, which always keeps its turn."""


class _State(Message):
    seen: int = 0
    """The highest number that was taken or refused."""
    warrant: int = 0
    tasks: dict[CameraId, TaskState] = Field(default_factory=dict)
    word: CommandWord | None = None


class TaskOrders:
    """The tasks of one agent. Without [provisioning] it takes no command, and reports no tasks."""

    def __init__(
        self, directory: Path, agent_id: str, provisioning: processes.Provisioning | None, clock: Clock
    ) -> None:
        self._file = directory / _FILE
        self._agent_id = agent_id
        self._seal_key_file = None if provisioning is None else provisioning.seal_key_file
        self._clock = clock
        self._lock = threading.Lock()
        self._cameras: frozenset[str] = frozenset()
        self._desk: DeskAddress | None = None
        self._state = self._load()

    def serve(self, cameras: Collection[str], desk: processes.Desk | None = None) -> None:
        """Set the cameras that recordings are uploaded to, and their desk, under the configuration that begins."""
        with self._lock:
            self._cameras = frozenset(cameras)
            self._desk = (
                None
                if desk is None or desk.public_url is None or desk.console_url is None
                else DeskAddress(url=desk.public_url, console=desk.console_url)
            )

    def open_permit(self, text: str) -> UploadPermit:
        """Verify a permit of the centre for this agent's desk. A newer warrant is on the disk before it counts.

        Raises:
            SealError, ContractError: it is none, or not for this agent, or not now.
            OSError: the number of its warrant cannot be written.
        """
        with self._lock:
            if self._seal_key_file is None:
                raise SealError("this agent has no [provisioning], so it knows no centre: enrol it")
            permit, warrant = Seal.load(self._seal_key_file).open_permit(
                text, agent_id=self._agent_id, warrant_from=self._state.warrant, now_ms=self._clock.now_ms()
            )
            if warrant > self._state.warrant:
                after = self._state.model_copy(update={"warrant": warrant})
                durable.write(self._file, after.model_dump_json().encode())
                self._state = after
            return permit

    def accept(self, payload: bytes) -> None:
        """Take a message of the command topic. No content makes this raise: the verdict reports a fault."""
        with self._lock:
            if self._seal_key_file is None or len(payload) > MAX_COMMAND_BYTES:
                return
            state = self._state
            try:
                opened = Seal.load(self._seal_key_file).open_command(
                    payload,
                    agent_id=self._agent_id,
                    newer_than=state.seen,
                    warrant_from=state.warrant,
                    now_ms=self._clock.now_ms(),
                )
            except ExpiredError as error:
                if error.number > state.seen:
                    self._settle(state, error.number, reason=work.COMMAND_EXPIRED(detail=error))
                return
            except (OutdatedError, SealError, ContractError) as error:
                # Not the centre's, not ours, or here a second time: its sender gets no answer.
                _log.warning("command refused: %s", error)
                return
            command = opened.command
            state = state.model_copy(update={"warrant": opened.warrant})
            if command.job is not None:
                self._settle(state, command.number, reason=work.NOT_COMMANDED(camera=command.camera_id))
                return
            if command.camera_id not in self._cameras:
                self._settle(state, command.number, reason=work.NOT_COMMANDED(camera=command.camera_id))
                return
            tasks = state.tasks | {command.camera_id: _after(state.tasks.get(command.camera_id, TaskState()), command)}
            self._settle(state.model_copy(update={"tasks": tasks}), command.number)

    def report(self) -> TaskReport | None:
        """Report the state of the tasks; None if the agent takes no commands."""
        if self._seal_key_file is None:
            return None
        with self._lock:
            tasks = {camera_id: self._of(camera_id) for camera_id in sorted(self._cameras)}
            return TaskReport(agent_id=self._agent_id, tasks=tasks, word=self._state.word, desk=self._desk)

    def is_paused(self, camera_id: str) -> bool:
        """True if the centre has paused a task."""
        with self._lock:
            return self._of(camera_id).paused

    def rank(self, camera_id: str) -> int | None:
        with self._lock:
            return RANKS[self._of(camera_id).priority] if camera_id in self._cameras else None

    def _of(self, camera_id: str) -> TaskState:
        known = self._state.tasks.get(camera_id)
        return TaskState() if known is None or camera_id not in self._cameras else known

    def _settle(self, state: _State, number: int, *, reason: CodedCause | None = None) -> None:
        """Write the state to the disk, then use it. A command that cannot be written is refused, and may come again.

        `reason`: of a refusal.
        """
        result = self._result(number, reason)
        after = state.model_copy(update={"seen": number, "word": result})
        try:
            durable.write(self._file, after.model_dump_json().encode())
        except OSError as error:
            result = self._result(number, work.COMMAND_UNWRITTEN(number=number, error=error.strerror))
            after = self._state.model_copy(update={"seen": number, "word": result})
        self._state = after
        _log.info("command number=%d taken=%s: %s", number, result.taken, result.cause)

    def _result(self, number: int, reason: CodedCause | None) -> CommandWord:
        cause = "" if reason is None else english(reason)[:500]
        return CommandWord(number=number, taken=reason is None, cause=cause, reason=reason, at_ms=self._clock.now_ms())

    def _load(self) -> _State:
        """Read the state, or begin anew if it cannot be read: commands of before have expired by themselves."""
        try:
            return _State.model_validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return _State()
        except (OSError, ValidationError) as error:
            _log.warning("%s: cannot be read, every task goes on with normal priority (%s)", self._file, error)
            return _State()


def _after(state: TaskState, command: TaskCommand) -> TaskState:
    match command.verb:
        case Verb.PAUSE:
            return state.model_copy(update={"paused": True})
        case Verb.RESUME:
            return state.model_copy(update={"paused": False})
        case Verb.PRIORITY:
            return state.model_copy(update={"priority": command.priority})
        case Verb.START | Verb.CANCEL:
            raise ValueError("a task is neither begun nor cancelled")
