"""Lets the number of parsers follow the snapshots that the intakes hold.

Serve counts calls, and an intake makes a bounded number at a time, however much waits behind them: with groups of
eight, eight calls, at two a parser never more than four parsers. So each parser reports what the intakes hold, and the
policy goes by the larger number.
"""

from typing import Any, Final

from ray import serve
from ray.serve.config import AutoscalingContext

from ray_cluster.errors import Unavailable
from ray_cluster.serve.handles import Handle, answer_all

CALLS: Final = 2.0
"""Calls for each parser, each of a group: two keep it busy while the next comes."""
BACKLOG: Final = "parser_backlog"


class ReportsBacklog:
    """Reports to Serve, as a part of a parser's replica, what the intakes hold for all parsers."""

    _intake: Handle | None = None

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """Ask the intakes; Serve calls this about once a second while the number of parsers may change.

        Empty while no intake answers, as at the start: `status` reports that, and the policy goes by the calls alone.
        """
        if self._intake is None:
            self._intake = serve.get_deployment_handle("intake", serve.get_replica_context().app_name)
        try:
            return {BACKLOG: sum(await answer_all(self._intake, "parser_backlog"))}
        except Unavailable:
            return {}


def replicas_wanted(context: AutoscalingContext) -> tuple[float, dict[str, Any]]:
    """Return the number of replicas for their calls and the reported backlog; Serve applies bounds and delays."""
    if context.current_num_replicas == 0:
        return context.target_num_replicas, {}  # none runs that could report
    reported = (context.aggregated_metrics or {}).get(BACKLOG, {})
    calls = max([context.total_num_requests, *reported.values()])
    return calls / CALLS, {}
