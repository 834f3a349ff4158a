"""Keeps the centre's commands: to parse tasks (pause, resume, priority), and to jobs, which it begins and cancels too.

A command is taken if the centre signed it by a key that provisioning vouches for, for this agent, now, once, and for a
camera that recordings are uploaded to, or for a job. A job begins only under a warrant that names that power. The
command's number is on the disk before it has an effect. Redaction and policies are out of its reach: there is no verb
for them.

Thread-safe: the publisher hands commands in; cameras, the redactor and the runner of jobs read the state.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from edge_agent.clock import Clock
from edge_agent.remote_config.job_rules import (
    RANKS,
    Job,
    JobProgress,
    JobSite,
    advanced,
    commanded,
    job_of,
    refusal,
    swept,
)
from provisioning.contracts.causes import jobs as causes
from provisioning.contracts.causes import work
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.commands import (
    MAX_COMMAND_BYTES,
    CommandWord,
    JobId,
    Priority,
    TaskCommand,
    TaskReport,
    TaskState,
    Verb,
)
from provisioning.contracts.fleet.documents import Power
from provisioning.contracts.fleet.uploads import DeskAddress, UploadPermit
from provisioning.contracts.ids import CameraId
from provisioning.contracts.wire.messages import CodedCause, Message
from provisioning.files import durable
from provisioning.signing.documents import ExpiredError, OpenedCommand, OutdatedError, Seal, SealError

_log = logging.getLogger(__name__)

_FILE: Final = "tasks.json"
_WRITE_MS: Final = 2000
"""Least time from one writing of the jobs' progress to the next: what a kill may have fetched twice."""


class CommandState(Message):
    """State of tasks and jobs, as it lies on the disk."""

    seen: int = 0
    """The highest number that was taken or refused."""
    warrant: int = 0
    tasks: dict[CameraId, TaskState] = Field(default_factory=dict)
    jobs: dict[JobId, Job] = Field(default_factory=dict, exclude_if=lambda value: not value)
    word: CommandWord | None = None


class TaskOrders:
    """The tasks and jobs of one agent. Without [provisioning] it takes no command, and reports none."""

    def __init__(
        self,
        directory: Path,
        agent_id: str,
        provisioning: processes.Provisioning | None,
        clock: Clock,
        is_leaked: Callable[[str], bool] = lambda _camera_id: False,
    ) -> None:
        """`is_leaked`: true for a camera that is paused since a face was found in a picture of it."""
        self._file = directory / _FILE
        self._agent_id = agent_id
        self._seal_key_file = None if provisioning is None else provisioning.seal_key_file
        self._clock = clock
        self._is_leaked = is_leaked
        self._lock = threading.Lock()
        self._cameras: frozenset[str] = frozenset()
        self._site = JobSite()
        self._desk: DeskAddress | None = None
        self._state = read_commands(directory)
        self._shown = self._state.jobs
        self._written_s: float | None = None

    def serve(self, cameras: Collection[str], site: JobSite | None = None, desk: processes.Desk | None = None) -> None:
        """Set the cameras for uploads and those for jobs, and the desk, under the configuration that begins."""
        with self._lock:
            self._cameras = frozenset(cameras)
            self._site = site or JobSite()
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
                self._write(after)
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
            state = state.model_copy(update={"warrant": opened.warrant})
            reason = self._refusal(opened)
            after = state if reason is not None else self._after(state, opened.command)
            self._settle(after, opened.command.number, reason=reason)

    def report(self) -> TaskReport | None:
        """Report the state of the tasks; None if the agent takes no commands."""
        if self._seal_key_file is None:
            return None
        with self._lock:
            tasks = {camera_id: self._of(camera_id) for camera_id in sorted(self._cameras)}
            jobs = {job_id: job.state for job_id, job in self._shown.items()}
            return TaskReport(agent_id=self._agent_id, tasks=tasks, word=self._state.word, jobs=jobs, desk=self._desk)

    def is_paused(self, camera_id: str) -> bool:
        """True if the centre has paused a task."""
        return self._of(camera_id).paused

    def rank(self, lane: str) -> int | None:
        """Rank of a task's or a job's lane; None for a live camera, which always keeps its turn.

        The redactor's queue asks for it at each picture: it waits for no disk.
        """
        if (job_id := job_of(lane)) is not None:
            job = self._state.jobs.get(job_id)
            return RANKS[Priority.NORMAL if job is None else job.state.priority]
        return RANKS[self._of(lane).priority] if lane in self._cameras else None

    def jobs(self) -> Mapping[str, Job]:
        """Return every job, by id."""
        return self._state.jobs

    def advance(self, progress: Mapping[str, JobProgress], *, at_once: bool = False) -> None:
        """Take the runner's report; write it when a job changes its phase or its cause, now and then, and `at_once`.

        What cannot be written is in use all the same, and is written with the next report.
        """
        with self._lock:
            before, now_ms = self._state.jobs, self._clock.now_ms()
            changed = {
                job_id: advanced(before[job_id], each, now_ms) for job_id, each in progress.items() if job_id in before
            }
            jobs = swept(dict(before) | changed, now_ms)
            self._state = self._state.model_copy(update={"jobs": jobs})
            is_turn = any(
                (jobs[job_id].state.phase, jobs[job_id].state.reason) != (known.state.phase, known.state.reason)
                for job_id, known in before.items()
                if job_id in jobs
            )
            now_s = self._clock.monotonic_s()
            is_due = self._written_s is None or now_s - self._written_s >= _WRITE_MS / 1000
            if jobs != self._shown and (is_turn or is_due or at_once or jobs.keys() != self._shown.keys()):
                self._shown, self._written_s = jobs, now_s
                try:
                    self._write(self._state)
                except OSError as error:
                    _log.warning("%s: progress of jobs cannot be written (%s)", self._file, error.strerror)

    def _refusal(self, opened: OpenedCommand) -> CodedCause | None:
        command = opened.command
        if (Power.START if command.verb is Verb.START else Power.CONTROL) not in opened.may:
            return causes.NOT_WARRANTED()
        if command.job is None:
            return None if command.camera_id in self._cameras else work.NOT_COMMANDED(camera=command.camera_id)
        is_leaked = self._is_leaked(command.camera_id)
        return refusal(command, self._site, self._state.jobs, self._clock.now_ms(), is_leaked=is_leaked)

    def _after(self, state: CommandState, command: TaskCommand) -> CommandState:
        if command.job is not None:
            now_ms = self._clock.now_ms()
            return state.model_copy(update={"jobs": swept(commanded(state.jobs, command, now_ms), now_ms)})
        task = _after(state.tasks.get(command.camera_id, TaskState()), command)
        return state.model_copy(update={"tasks": state.tasks | {command.camera_id: task}})

    def _of(self, camera_id: str) -> TaskState:
        known = self._state.tasks.get(camera_id)
        return TaskState() if known is None or camera_id not in self._cameras else known

    def _settle(self, state: CommandState, number: int, *, reason: CodedCause | None = None) -> None:
        """Write the state to the disk, then use it. A command that cannot be written is refused, and may come again.

        `reason`: of a refusal.
        """
        result = self._result(number, reason)
        after = state.model_copy(update={"seen": number, "word": result})
        try:
            self._write(after)
        except OSError as error:
            result = self._result(number, work.COMMAND_UNWRITTEN(number=number, error=error.strerror))
            after = self._state.model_copy(update={"seen": number, "word": result})
        self._state, self._shown = after, after.jobs
        _log.info("command number=%d taken=%s: %s", number, result.taken, result.cause)

    def _result(self, number: int, reason: CodedCause | None) -> CommandWord:
        cause = "" if reason is None else english(reason)[:500]
        return CommandWord(number=number, taken=reason is None, cause=cause, reason=reason, at_ms=self._clock.now_ms())

    def _write(self, state: CommandState) -> None:
        durable.write(self._file, state.model_dump_json().encode())


def read_commands(directory: Path) -> CommandState:
    """Read the state from the spool's folder, or begin anew if it cannot be read: old commands have expired."""
    file = directory / _FILE
    try:
        return CommandState.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return CommandState()
    except (OSError, ValidationError) as error:
        _log.warning("%s: cannot be read: every task goes on with normal priority, no job does (%s)", file, error)
        return CommandState()


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
