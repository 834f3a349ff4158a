"""Keeps the newest roll-out report that provisioning signed. The centre shows it; it starts and ends no roll-out.

Kept in memory: the broker retains the report, so a centre that starts gets it again.
"""

from center.access.permissions import EVERYWHERE, Scope
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.fleet.documents import CENTER
from provisioning.contracts.fleet.rollout import RolloutReport
from provisioning.signing.documents import Seal, SealError


class Rollouts:
    """The newest report that was believed. Without a key no report is."""

    def __init__(self, seal: Seal | None = None) -> None:
        self._seal = seal
        self._number = 0
        self._newest: RolloutReport | None = None

    def accept(self, payload: bytes) -> None:
        """Takes a report; a repetition of the newest one changes nothing."""
        if self._seal is None:
            return
        try:
            document = self._seal.open(payload, addressee=CENTER, newer_than=max(0, self._number - 1))
        except SealError as error:
            raise ContractError(RejectReason.MALFORMED, str(error)) from error
        if not isinstance(document.body, RolloutReport):
            raise ContractError(
                RejectReason.MALFORMED, f"document {document.number} is a {document.body.kind} and no roll-out"
            )
        self._number, self._newest = document.number, document.body

    def newest(self, sight: Scope = EVERYWHERE) -> RolloutReport | None:
        """Returns the newest report; figures are of all agents, failures only of agents with a camera in sight."""
        newest = self._newest
        if newest is None or sight.everywhere:
            return newest
        failed = tuple(each for each in newest.failed if sight.holds_agent(each.agent_id))
        return newest.model_copy(update={"failed": failed, "cause": "", "reason": None})
