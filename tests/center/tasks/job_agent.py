"""An agent that takes jobs, as the contract has it: it opens each command by the seal's key and reports what it has."""

from collections.abc import Callable
from dataclasses import dataclass, field

from provisioning.contracts.causes import jobs as causes
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.fleet.commands import (
    CommandWord,
    JobPhase,
    JobState,
    Priority,
    TaskCommand,
    TaskReport,
    Verb,
)
from provisioning.contracts.fleet.documents import Power
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CodedCause
from provisioning.signing.documents import Seal

_AFTER = {Verb.PAUSE: JobPhase.PAUSED, Verb.RESUME: JobPhase.RUNNING, Verb.CANCEL: JobPhase.CANCELLED}


@dataclass
class JobAgent:
    """One agent; `deliver` takes its reports to the centre, as the broker would."""

    agent_id: str
    seal: Seal
    now_ms: Callable[[], int]
    deliver: Callable[[str, bytes], None]
    refuses: CodedCause | None = None
    """Set: the next job is refused with it."""
    jobs: dict[str, JobState] = field(default_factory=dict)
    seen: int = 0
    taken: list[TaskCommand] = field(default_factory=list)

    def accept(self, topic: str, payload: bytes) -> None:
        """Take a command that was sent, and answer it."""
        if topic != topics.commands(self.agent_id):
            return
        opened = self.seal.open_command(
            payload, agent_id=self.agent_id, newer_than=self.seen, warrant_from=0, now_ms=self.now_ms()
        )
        command, self.seen = opened.command, opened.command.number
        self.taken.append(command)
        self.report(self._word(command, self._do(command, opened.may)))

    def change(self, job_id: str, **changes: object) -> None:
        """Let a job come on, and report it."""
        self.jobs[job_id] = self.jobs[job_id].model_copy(update=changes)
        self.report(None)

    def report(self, word: CommandWord | None) -> None:
        said = TaskReport(agent_id=self.agent_id, tasks={}, word=word, jobs=self.jobs)
        self.deliver(topics.tasks(self.agent_id), codec.encode(said))

    def _do(self, command: TaskCommand, may: frozenset[Power]) -> CodedCause | None:
        assert command.job is not None
        if command.verb is Verb.START:
            if Power.START not in may:
                return causes.NOT_WARRANTED()
            if self.refuses is not None:
                return self.refuses
            assert command.work is not None
            self.jobs[command.job] = JobState(
                camera_id=command.camera_id,
                work=command.work,
                phase=JobPhase.RUNNING,
                priority=command.priority or Priority.NORMAL,
                ordered_at_ms=self.now_ms(),
                begun_at_ms=self.now_ms(),
            )
            return None
        known = self.jobs.get(command.job)
        if known is None or known.phase.has_ended:
            return causes.UNKNOWN(job=command.job, camera=command.camera_id)
        changes: dict[str, object] = {"priority": command.priority}
        if command.verb in _AFTER:
            phase = _AFTER[command.verb]
            changes = {"phase": phase, "ended_at_ms": self.now_ms() if phase.has_ended else None}
        self.jobs[command.job] = known.model_copy(update=changes)
        return None

    def _word(self, command: TaskCommand, reason: CodedCause | None) -> CommandWord:
        cause = "" if reason is None else english(reason)
        return CommandWord(number=command.number, taken=reason is None, cause=cause, reason=reason, at_ms=self.now_ms())
