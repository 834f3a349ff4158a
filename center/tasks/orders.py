"""Pauses, resumes and orders parse tasks from afar: signs an order, sends it, and follows the agent's answer.

No order counts before the agent has confirmed it: until then it is *asked*. Only cameras that recordings are brought to
take orders; agents check the same for themselves (`edge_agent.remote_config.upload_commands`).
"""

from sqlalchemy import select

from center.access.permissions import Identity, Scope
from center.audit.log import Audit, locked
from center.clock import NowMs
from center.database.store import Store
from center.errors import UnknownCameraError
from center.fleet.devices import Devices, DeviceState
from center.tasks.errors import AgentAwayError, NotATaskError
from center.tasks.sender import CommandSender
from center.tasks.tables import TaskOrderRecord
from center.tasks.views import OrderState, TaskKind, TaskOrderView, task_kind
from provisioning.contracts.fleet.commands import LIFE_MS, Priority, TaskCommand, TaskReport, Verb
from provisioning.contracts.fleet.documents import Power


class TaskOrders:
    """Signs and sends orders to parse tasks. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, store: Store, audit: Audit, devices: Devices, sender: CommandSender, now_ms: NowMs) -> None:
        self._store = store
        self._audit = audit
        self._devices = devices
        self._sender = sender
        self._now_ms = now_ms

    @property
    def is_on(self) -> bool:
        """True if there is a key to sign with."""
        return self._sender.is_on

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
        self._sender.check(Power.CONTROL)
        states = {agent.agent_id: agent.state for agent in self._devices.agents()}
        if states.get(agent_id) is not DeviceState.ONLINE:
            raise AgentAwayError(agent_id=agent_id)
        with self._store.transaction() as session:
            locked(session)
            now_ms = self._now_ms()
            number = self._sender.next_number(session, agent_id, now_ms)
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
        if not self._sender.send(command):
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
