"""Listens at the broker for the heartbeats of agents, for a bounded time: finds those that run and are connected."""

import time
from collections.abc import Collection
from typing import Final

from provisioning.broker import process
from provisioning.contracts.errors import ContractError
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.topics import Role
from provisioning.delivery.mqtt import LineLostError, PublisherConnection
from provisioning.home import fleet_settings
from provisioning.home.home import Home

BEATS: Final = 2.5
"""Length of listening to an agent, in its heartbeats: one may be lost."""
_PUMP_S: Final = 0.2


def heard_agents(home: Home, wanted: Collection[str], patience_s: float | None = None) -> set[str] | None:
    """Returns those agents of `wanted` that sent a heartbeat; ends as soon as all have. Blocks.

    `patience_s`: limit of listening; by default `BEATS` of the slowest agent's heartbeats. Returns None without a
    connection to the broker.
    """
    if not wanted:
        return set()
    alive: set[str] = set()

    def hear(topic: str, _: bytes) -> None:
        try:
            agent_id = topics.agent_of(topic)
        except ContractError:
            return  # not an agent's
        if topic == topics.heartbeat(agent_id) and agent_id in wanted:
            alive.add(agent_id)

    host, port = process.listeners(home).services.here
    try:
        line = PublisherConnection(host, port, home.identities.identity(Role.PROVISIONING.value), hear)
    except LineLostError:
        return None
    try:
        ends_s = time.monotonic() + (_patience_s(home, wanted) if patience_s is None else patience_s)
        while alive < set(wanted) and time.monotonic() < ends_s:
            line.pump(_PUMP_S)
    except LineLostError:
        return None
    finally:
        line.close()
    return alive


def _patience_s(home: Home, wanted: Collection[str]) -> float:
    with home.rollouts.reading() as page:
        settings = [page.setting(agent_id) for agent_id in wanted]
    return BEATS * max(fleet_settings.parse(each).heartbeat_s for each in settings)
