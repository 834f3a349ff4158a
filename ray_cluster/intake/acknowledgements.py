"""Sends acknowledgements: *archived* batches to each agent, and *observed* hints to the centre.

An acknowledgement can wait for others to the same agent; a user may wait at a page for the news of a hint, so a hint
goes with those of its commit. Safety does not depend on either: after a lost *archived* the agent sends again, and the
archive then knows the row; the commit cursor makes up for a lost hint.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Archived, ArchivedItem, Observed, ObservedItem
from ray_cluster.intake.mqtt_client import Broker

MAX_ITEMS: Final = 500
DELAY_S: Final = 0.2
HINT_DELAY_S: Final = 0.01
"""Delay of hints: receipts of one commit come within this time."""


class _Pending:
    """Pending acknowledgements to one agent."""

    def __init__(self) -> None:
        self.archived: list[ArchivedItem] = []
        self.since_s: list[float] = []


class _Hint:
    """Pending hint of one agent's new observations."""

    def __init__(self) -> None:
        self.observed: list[ObservedItem] = []
        self.commit_seq = 0


class Acks:
    """Batches items by agent; sends at `MAX_ITEMS` items, or `delay_s` after the first, hints `HINT_DELAY_S` after it.

    Lives in one asyncio loop.

    `on_sent` is called for each item that was sent, with the seconds that it had waited here.
    """

    def __init__(
        self, broker: Broker, *, delay_s: float = DELAY_S, on_sent: Callable[[float], None] = lambda _waited_s: None
    ) -> None:
        self._broker = broker
        self._delay_s = delay_s
        self._on_sent = on_sent
        self._pending: dict[str, _Pending] = {}
        self._hints: dict[str, _Hint] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._hint_timer: asyncio.TimerHandle | None = None
        self.dropped = 0
        """Messages dropped because the outgoing queue was full: `drop_newest`."""

    def add(self, agent_id: str, item: ArchivedItem, observed: ObservedItem | None, commit_seq: int) -> None:
        """Add one archived observation; `observed` only if it is new."""
        pending = self._pending.setdefault(agent_id, _Pending())
        pending.archived.append(item)
        pending.since_s.append(asyncio.get_running_loop().time())
        if observed is not None:
            self._hint(agent_id, observed, commit_seq)
        if len(pending.archived) >= MAX_ITEMS:
            self._send(agent_id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._delay_s, self.flush)

    def flush(self) -> None:
        """Send all pending acknowledgements and hints at once."""
        self._flush_hints()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for agent_id in list(self._pending):
            self._send(agent_id)

    def _hint(self, agent_id: str, observed: ObservedItem, commit_seq: int) -> None:
        hint = self._hints.setdefault(agent_id, _Hint())
        hint.observed.append(observed)
        hint.commit_seq = max(hint.commit_seq, commit_seq)
        if len(hint.observed) >= MAX_ITEMS:
            self._send_hint(agent_id)
        if self._hint_timer is None:
            delay_s = min(HINT_DELAY_S, self._delay_s)
            self._hint_timer = asyncio.get_running_loop().call_later(delay_s, self._flush_hints)

    def _flush_hints(self) -> None:
        if self._hint_timer is not None:
            self._hint_timer.cancel()
            self._hint_timer = None
        for agent_id in list(self._hints):
            self._send_hint(agent_id)

    def _send_hint(self, agent_id: str) -> None:
        hint = self._hints.pop(agent_id)
        observed = Observed(agent_id=agent_id, commit_seq=hint.commit_seq, items=tuple(hint.observed))
        self._publish(topics.observed(agent_id), codec.encode(observed))

    def _send(self, agent_id: str) -> None:
        pending = self._pending.pop(agent_id)
        archived = Archived(items=tuple(pending.archived))
        self._publish(topics.archived(agent_id), codec.encode(archived))
        now_s = asyncio.get_running_loop().time()
        for since_s in pending.since_s:
            self._on_sent(now_s - since_s)

    def _publish(self, topic: str, payload: bytes) -> None:
        if not self._broker.publish(topic, payload):
            self.dropped += 1
