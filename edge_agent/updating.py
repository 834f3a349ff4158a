"""Wires the update of an agent's software: its orders, the service that hands archives out, the agent itself."""

from edge_agent.clock import Clock
from edge_agent.config_runner import Configurator
from edge_agent.enrolment.client import EnrolmentClient
from edge_agent.updates.update_orders import Updates
from edge_agent.updates.updater import Updater, Watch
from provisioning.contracts.config.processes import EdgeConfig


def updates_of(edge: EdgeConfig, clock: Clock, version: str) -> Updates | None:
    """Open an agent's orders; None if it may not be changed remotely.

    Raises:
        DocumentsError: see `Updates`.
    """
    if edge.provisioning is None or edge.updates is None:
        return None
    return Updates(edge.agent_id, edge.provisioning.seal_key_file, edge.updates, clock, version)


def updater_of(edge: EdgeConfig, updates: Updates, configurator: Configurator, clock: Clock) -> Updater:
    """Build the updater that carries the orders out. `updates`: from `updates_of`."""
    provisioning, where = edge.provisioning, edge.updates
    assert provisioning is not None  # noqa: S101 - see above
    assert where is not None  # noqa: S101 - see above

    def fetch(sha256: str, offset: int) -> bytes:
        # Made anew each time: a renewed certificate is used from the next piece on.
        client = EnrolmentClient.verified(
            provisioning.host,
            provisioning.port,
            edge.broker.ca_file,
            clock,
            identity_file=edge.broker.cert_file,
        )
        return client.software(sha256, offset)

    watch = Watch(configurator.statuses, configurator.is_connected)
    return Updater(where, updates, watch, fetch, clock, settle_s=provisioning.settle_s)
