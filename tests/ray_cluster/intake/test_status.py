"""Several intakes are one answer."""

import pytest

from provisioning.contracts.query.archive import HopTotal, IntakeStatus, LostProof, ProofLoss, StuckStage
from ray_cluster.errors import Unavailable
from ray_cluster.intake.status import total

ONE = IntakeStatus(
    broker_connected=True, received=5, archived=3, duplicates=1, leaks=1, rejected={"not_jpeg": 1},
    dropped={"drop_newest": 2}, in_flight=4, retries=7, waiting={"live": 1, "backlog": 3}, at_work={"parser": 8},
    hops={"parse": HopTotal(count=3, total_ms=900.0)},
)  # fmt: skip


def test_one_is_its_own_total() -> None:
    assert total([ONE]) == ONE


def test_counts_add_up_by_name_and_one_connection_is_enough() -> None:
    other = ONE.model_copy(update={"broker_connected": False, "rejected": {"malformed": 2}, "received": 1})
    both = total([ONE, other])
    assert both.broker_connected
    assert (both.received, both.retries, both.in_flight) == (6, 14, 8)
    assert both.rejected == {"not_jpeg": 1, "malformed": 2}
    assert both.waiting == {"live": 2, "backlog": 6}
    assert both.hops == {"parse": HopTotal(count=6, total_ms=1800.0)}


def test_what_makes_no_way_is_one_line_a_stage_with_the_longest_cause() -> None:
    def stuck(stage: str, messages: int, seconds: int) -> StuckStage:
        return StuckStage(stage=stage, messages=messages, seconds=seconds, cause=f"{stage} {seconds}")

    statuses = [
        ONE.model_copy(update={"alone": 3, "stuck": (stuck("parser", 8, 30), stuck("canary", 2, 25))}),
        ONE.model_copy(update={"alone": 1, "stuck": (stuck("parser", 4, 70),)}),
    ]
    both = total(statuses)
    assert both.alone == 4
    assert both.stuck == (stuck("parser", 12, 70), stuck("canary", 2, 25))


def test_agents_that_lost_their_proof_at_several_intakes_are_named_once_the_newest_last() -> None:
    def lost(agent: str, at_ms: int) -> LostProof:
        return LostProof(agent_id=agent, cause=ProofLoss.MACHINES, at_ms=at_ms)

    statuses = [
        ONE.model_copy(update={"inspected": 3, "lost_proofs": (lost("east", 5), lost("west", 2))}),
        ONE.model_copy(update={"reused": 4, "lost_proofs": (lost("west", 9),)}),
    ]
    both = total(statuses)
    assert (both.inspected, both.reused) == (3, 4)
    assert both.lost_proofs == (lost("east", 5), lost("west", 9))


def test_no_intake_is_no_answer() -> None:
    with pytest.raises(Unavailable):
        total([])
