"""Keeps each agent's proof: whether its pictures need to be looked at again, and its machines to be detected again.

    unproven ── `needed` pictures in a row without a face ──▶ proven: a drawn share of its pictures is looked at again
       ▲                                                         │
       └──── a face, or machines that differ too much ───────────┘

An agent without a proof has every picture inspected by the canary and searched by the parser. Each loss of a proof
doubles the pictures that it needs for the next. A proof is of one intake and ends with it; another makes its own.

Machines that differ count up, those that agree count down (a CUSUM): an honest agent, of whose machines a sixth
differ, stays near nought, one that invents or hides so many that more than `ALLOWED` differ loses its proof.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from provisioning.contracts.query.archive import LostProof, ProofLoss
from ray_cluster.inference.picture import Comparison

LOG = logging.getLogger(__name__)
ALLOWED: Final = 0.4
"""Share of compared machines that may differ in the long run."""
MOST_DOUBT: Final = 8.0
"""Machines that may differ beyond that share: 14 in a row take the proof. Where a sixth differ, each by chance, they
come up from nought to it with a probability of 1e-8."""
ENOUGH: Final = 30
"""Machines to be compared before those of an agent are trusted."""
MOST_LOSSES: Final = 10
"""Losses that double what an agent needs; further ones do not."""
SHOWN: Final = 16
"""Most agents without their former proof that a status names, the newest. Overflow policy: `drop_oldest`."""


@dataclass(slots=True)
class _Record:
    passed: int = 0
    """Inspected pictures without a face since the last loss."""
    compared: int = 0
    doubt: float = 0.0
    losses: int = 0
    agreed_at_ms: int | None = None
    lost: LostProof | None = None


class AgentProofs:
    """Proofs of all agents at one intake, bounded by the agents' certificates. Lives in one asyncio loop.

    Args:
        takes: true for an observation id of a proven agent that is to be looked at again (`CanarySampler.takes`).
        pictures: pictures in a row that an agent needs for its first proof.
        now_ms: wall clock.
    """

    def __init__(self, takes: Callable[[str], bool], *, pictures: int, now_ms: Callable[[], int]) -> None:
        self._takes = takes
        self._pictures = pictures
        self._now_ms = now_ms
        self._records: dict[str, _Record] = {}

    def draws(self, agent_id: str, observation_id: str) -> bool:
        """True if canary and parser are to look at this picture."""
        return not self._is_proven(self._record(agent_id)) or self._takes(observation_id)

    def trusts_machines(self, agent_id: str) -> bool:
        """True if the agent is proven and enough of its machines agreed."""
        record = self._record(agent_id)
        return self._is_proven(record) and record.compared >= ENOUGH

    @property
    def lost(self) -> tuple[LostProof, ...]:
        """Agents that lost their proof and do not have it again, the newest loss last."""
        lost = [record.lost for record in self._records.values() if record.lost is not None]
        return tuple(sorted(lost, key=lambda each: each.at_ms)[-SHOWN:])

    def inspected(self, agent_id: str, *, leaked: bool) -> None:
        """Count a picture that the canary saw."""
        record = self._record(agent_id)
        if leaked:
            self._lose(agent_id, record, ProofLoss.LEAK)
            return
        record.passed += 1
        if record.lost is not None and self._is_proven(record):
            record.lost = None
            LOG.warning("agent %s has its proof again", agent_id)

    def compared(self, agent_id: str, comparison: Comparison) -> None:
        """Count the machines of a picture that the parser compared."""
        record = self._record(agent_id)
        record.compared += comparison.machines
        record.doubt = max(0.0, record.doubt + comparison.differing - ALLOWED * comparison.machines)
        if record.doubt >= MOST_DOUBT:
            self._lose(agent_id, record, ProofLoss.MACHINES)
        elif not comparison.differing:
            record.agreed_at_ms = self._now_ms()

    def _record(self, agent_id: str) -> _Record:
        return self._records.setdefault(agent_id, _Record())

    def _is_proven(self, record: _Record) -> bool:
        return record.passed >= self._pictures << min(record.losses, MOST_LOSSES)

    def _lose(self, agent_id: str, record: _Record, cause: ProofLoss) -> None:
        """Take the proof away; an agent without one begins anew."""
        record.losses += self._is_proven(record)
        record.lost = LostProof(agent_id=agent_id, cause=cause, at_ms=self._now_ms(), agreed_at_ms=record.agreed_at_ms)
        LOG.error("proof lost: agent %s, cause %s: all its pictures are looked at again", agent_id, cause)
        record.passed = record.compared = 0
        record.doubt = 0.0
