"""Checks that every selected picture is accounted for, by three independent counts: agent, archive and API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioning.contracts.ids import CameraId
from provisioning.contracts.query.archive import ArchiveStatus
from provisioning.contracts.wire.messages import Ledger


class AgentLedger(Ledger):
    """Output of `wayside-edge ledger --json`: the agent's count in all, and by camera."""

    cameras: dict[CameraId, Ledger]


@dataclass(frozen=True)
class LedgerCounts:
    """Counts of each stage, taken after the cameras stopped and the spool had its time to drain."""

    agent: AgentLedger
    archive: ArchiveStatus
    api_keys: Sequence[str]
    """Row keys that the centre's API listed, in its order, duplicates included."""
    api_rows: Mapping[str, int]
    """Rows by camera, as the API lists them."""

    @property
    def duplicates(self) -> int:
        """Observations that are in the archive, or in the API's answer, more than once."""
        in_archive = self.archive.rows - self.archive.distinct_ids
        return in_archive + len(self.api_keys) - len(set(self.api_keys))

    @property
    def lost(self) -> int:
        """Selected pictures without a known end: not in the agent's count, or archived by it and missing there."""
        ended = self.agent.archived + self.agent.rejected + sum(self.agent.dropped.values()) + self.agent.in_flight
        return max(0, self.agent.selected - ended) + max(0, self.agent.archived - self.archive.distinct_ids)


def faults(counts: LedgerCounts, cameras: Sequence[str]) -> list[str]:
    """Lists the discrepancies, a line each; empty if everything adds up."""
    agent, archive = counts.agent, counts.archive
    drops = sum(agent.dropped.values())
    api = len(set(counts.api_keys))
    rules = (
        (agent.in_flight == 0, f"{agent.in_flight} pictures were still under way when the time to drain was over"),
        (
            agent.selected - agent.in_flight == agent.archived + agent.rejected + drops,
            f"selected {agent.selected} is not archived {agent.archived} + rejected {agent.rejected} + dropped {drops}",
        ),
        (
            agent.spooled == agent.archived + agent.rejected,
            f"spooled {agent.spooled} is not archived {agent.archived} + rejected {agent.rejected}",
        ),
        (
            archive.distinct_ids == agent.archived,
            f"the archive has {archive.distinct_ids} observations, the agent was told of {agent.archived}",
        ),
        (
            archive.rows == archive.distinct_ids,
            f"the archive has {archive.rows} rows of {archive.distinct_ids} observations",
        ),
        (api == archive.rows, f"the API lists {api} observations, the archive has {archive.rows} rows"),
        (len(counts.api_keys) == api, f"the API lists {len(counts.api_keys) - api} observations twice"),
        (archive.leaks == 0, f"the canary found a face in {archive.leaks} pictures"),
        *((counts.api_rows.get(camera, 0) > 0, f"camera {camera} has no row in the API") for camera in cameras),
    )
    return [text for holds, text in rules if not holds]
