"""Pauses, resumes and orders parse tasks from afar: signs an order, sends it, and follows the agent's answer.

No order counts before the agent has confirmed it: until then it is *asked*. Only cameras that recordings are brought to
take orders; agents check the same for themselves (`edge_agent.remote_config.upload_commands`).
"""

from collections.abc import Callable
from typing import Final

from sqlalchemy import BigInteger, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from center.access.permissions import Identity, Scope
from center.audit.log import Audit, locked
from center.clock import NowMs
from center.database.store import Base, Store
from center.errors import CenterError, StartError, UnknownCameraError, marked
from center.fleet.devices import Devices, DeviceState
from center.tasks.views import OrderState, TaskKind, TaskOrderView, task_kind
from provisioning.contracts.config.tasks import Tasks as TasksConfig
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.commands import LIFE_MS, Priority, TaskCommand, TaskReport, Verb
from provisioning.contracts.fleet.documents import Sealed
from provisioning.contracts.wire import codec, topics
from provisioning.signing.documents import SealError, SealKey

Publish = Callable[[str, bytes, int], bool]
"""Sends topic, payload and seconds after which the broker drops it; returns whether it was sent."""
EXPIRY_S: Final = LIFE_MS // 1000


class TaskOrderRecord(Base):
    """The newest order to a task."""

    __tablename__ = "task_orders"

    agent_id: Mapped[str] = mapped_column(String(63), primary_key=True)
    camera_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    verb: Mapped[str] = mapped_column(String(16))
    priority: Mapped[str | None] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64))
    issued_at_ms: Mapped[int] = mapped_column(BigInteger)
    expires_at_ms: Mapped[int] = mapped_column(BigInteger)


class TasksOffError(CenterError):
    """The centre has no key to sign orders with."""

    code = "tasks_off"
    message = marked("This centre cannot control parse tasks: it has no authorised key.")
    remedy = marked("Create one with wayside-center task-key, have it signed by provisioning, and set [tasks].")


class NotATaskError(CenterError):
    """The camera is live, or its agent does not report the kind of its source."""

    code = "not_a_task"
    message = marked("Camera {camera_id} of agent {agent_id} is not an import of recordings.")
    remedy = marked("Only imports at a desk agent can be paused or prioritised. Live cameras always run.")


class AgentAwayError(CenterError):
    """The agent would not get the order."""

    code = "agent_away"
    message = marked("Agent {agent_id} is unreachable: the command was not sent.")
    remedy = marked("Try again when the agent is online and the centre is connected to the broker.")


class TaskOrders:
    """Signs and sends orders to parse tasks. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(
        self,
        store: Store,
        audit: Audit,
        devices: Devices,
        publish: Publish,
        now_ms: NowMs,
        *,
        config: TasksConfig | None,
    ) -> None:
        """Raises StartError where the key or its warrant cannot be used."""
        self._store = store
        self._audit = audit
        self._devices = devices
        self._publish = publish
        self._now_ms = now_ms
        self._signs = None if config is None else _signs(config)

    @property
    def is_on(self) -> bool:
        """True if there is a key to sign with."""
        return self._signs is not None

    def send_order(
        self,
        agent_id: str,
        camera_id: str,
        verb: Verb,
        *,
        asker: Identity,
        sight: Scope,
        priority: Priority | None = None,
    ) -> TaskOrderView:
        """Signs an order to one task of an agent and sends it. It is in the audit before it is sent.

        Raises:
            UnknownCameraError: no such camera in sight.
            NotATaskError: no recordings are brought to this camera.
            TasksOffError, AgentAwayError: the order cannot be signed or sent.
        """
        status = self._devices.statuses().get((agent_id, camera_id))
        if status is None or not sight.holds(agent_id, camera_id):
            raise UnknownCameraError(agent_id=agent_id, camera_id=camera_id)
        if task_kind(status) is not TaskKind.OFFLINE:
            raise NotATaskError(agent_id=agent_id, camera_id=camera_id)
        if self._signs is None:
            raise TasksOffError
        states = {agent.agent_id: agent.state for agent in self._devices.agents()}
        if states.get(agent_id) is not DeviceState.ONLINE:
            raise AgentAwayError(agent_id=agent_id)
        key, warrant = self._signs
        with self._store.transaction() as session:
            locked(session)
            highest = select(func.max(TaskOrderRecord.number)).where(TaskOrderRecord.agent_id == agent_id)
            now_ms = self._now_ms()
            # By the clock: a database that was restored from a backup does not fall behind what agents have seen.
            number = max(now_ms, (session.scalar(highest) or 0) + 1)
            command = TaskCommand(
                agent_id=agent_id,
                camera_id=camera_id,
                number=number,
                issued_at_ms=now_ms,
                expires_at_ms=now_ms + LIFE_MS,
                verb=verb,
                priority=priority,
            )
            record = TaskOrderRecord(
                agent_id=agent_id,
                camera_id=camera_id,
                number=number,
                verb=verb.value,
                priority=priority,
                actor=asker.actor[:64],
                issued_at_ms=now_ms,
                expires_at_ms=command.expires_at_ms,
            )
            session.merge(record)
            facts = {"agent_id": agent_id, "camera_id": camera_id, "number": number}
            said = facts if priority is None else facts | {"priority": priority.value}
            self._audit.add(session, asker.actor, f"task.{verb.value}", said)
        payload = codec.encode(key.sign_command(command, warrant))
        if not self._publish(topics.commands(agent_id), payload, EXPIRY_S):
            raise AgentAwayError(agent_id=agent_id)
        return _asked(record, self._devices.tasks().get(agent_id), self._now_ms())

    def newest_orders(self) -> dict[tuple[str, str], TaskOrderView]:
        """Returns the newest order to each task, with the agent's answer."""
        reports, now_ms = self._devices.tasks(), self._now_ms()
        with self._store.transaction() as session:
            records = session.scalars(select(TaskOrderRecord)).all()
            return {
                (each.agent_id, each.camera_id): _asked(each, reports.get(each.agent_id), now_ms) for each in records
            }


def _asked(record: TaskOrderRecord, report: TaskReport | None, now_ms: int) -> TaskOrderView:
    newest = None if report is None else report.word
    state, cause, reason = OrderState.ASKED, "", None
    if newest is not None and newest.number == record.number:
        state = OrderState.TAKEN if newest.taken else OrderState.REFUSED
        cause, reason = newest.cause, newest.reason
    elif newest is not None and newest.number > record.number:
        state = OrderState.TAKEN  # another came after it; how the task stands, its agent says
    elif now_ms >= record.expires_at_ms:
        state = OrderState.UNANSWERED
    return TaskOrderView(
        verb=Verb(record.verb),
        priority=None if record.priority is None else Priority(record.priority),
        by=record.actor,
        at_ms=record.issued_at_ms,
        state=state,
        cause=cause,
        reason=reason,
    )


def _signs(config: TasksConfig) -> tuple[SealKey, Sealed]:
    try:
        return SealKey.load(config.key_file), codec.decode(Sealed, config.warrant_file.read_bytes())
    except (SealError, ContractError, OSError) as error:
        raise StartError(
            what=f"[tasks] cannot be used: {error}",
            what_to_do="Make the key with wayside-center task-key, its warrant with wayside-provision service warrant",
        ) from error
