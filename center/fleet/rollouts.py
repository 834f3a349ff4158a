"""How the newest roll-out stands, as provisioning signed it. It is shown: the centre neither begins nor ends any.

Kept in memory: the broker retains it, so a centre that starts hears it again.
"""

from center.access.permissions import EVERYWHERE, Scope
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.fleet.documents import CENTER
from provisioning.contracts.fleet.rollout import RolloutReport
from provisioning.signing.documents import Seal, SealError


class Rollouts:
    """The newest report that was believed. Without a key none is."""

    def __init__(self, seal: Seal | None = None) -> None:
        self._seal = seal
        self._number = 0
        self._newest: RolloutReport | None = None

    def take(self, payload: bytes) -> None:
        """Believe a report from now on; the one that is known, come again, is nothing new.

        Raises:
            ContractError: forged, older than the one that is known, or none.
        """
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
        """What somebody may see of it: figures are of the whole; of agents, only those with a camera in sight."""
        told = self._newest
        if told is None or sight.everywhere:
            return told
        failed = tuple(each for each in told.failed if sight.holds_agent(each.agent_id))
        return told.model_copy(update={"failed": failed, "cause": ""})
