"""Proofs of agents: how they are earned and lost, and what an intake does with them."""

from collections.abc import Sequence
from math import ceil
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from provisioning.contracts.query.archive import FoundAt, LostProof, ProofLoss
from provisioning.contracts.wire.messages import Box, EdgeDetector, Machine, MachineClass, PictureState
from ray_cluster.inference.canary_sampler import CanarySampler
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import Comparison, Parsed, Photo, Unreadable
from ray_cluster.intake.agent_proofs import ALLOWED, ENOUGH, MOST_DOUBT, AgentProofs
from tests.ray_cluster.inference.test_reuse import found_as
from tests.ray_cluster.inference.test_seeing import FakeDetector
from tests.ray_cluster.street import FakeStages, Running, run
from tests.ray_cluster.world import BIKE, CAR, NOW_MS, jpeg, message, snapshot

PROOF = 20
EDGE = EdgeDetector(name="fake", sha256=FakeDetector.sha256, recipe="tiles-1280-fp32", threshold=0.4)
INVENTED = Machine(cls=MachineClass.BUS, score=0.9, box=Box(x0=40, y0=20, x1=60, y1=40))
AGREED = Comparison(6, 0)


def proofs(share: float = 0.0, pictures: int = PROOF) -> AgentProofs:
    return AgentProofs(CanarySampler(share).takes, pictures=pictures, now_ms=lambda: NOW_MS)


def prove(kept: AgentProofs, agent: str = "street", pictures: int = PROOF) -> None:
    for _ in range(pictures):
        kept.inspected(agent, leaked=False)
        kept.compared(agent, AGREED)


def test_every_picture_is_drawn_until_enough_in_a_row_showed_no_face_and_then_a_share() -> None:
    kept = proofs(share=0.1)
    for number in range(PROOF):
        assert kept.draws("street", f"n{number}")
        kept.inspected("street", leaked=number == 3)
    assert kept.draws("street", "n"), "the face in the fourth begins the row anew"
    for _ in range(4):
        kept.inspected("street", leaked=False)
    drawn = sum(kept.draws("street", f"n{number}") for number in range(5000))
    assert 350 < drawn < 650
    assert all(kept.draws("other", f"n{number}") for number in range(10)), "each agent earns its own"


def test_machines_are_trusted_once_the_agent_is_proven_and_enough_of_them_agreed() -> None:
    kept = proofs()
    for _ in range(PROOF):
        kept.inspected("street", leaked=False)
    assert not kept.trusts_machines("street")
    for _ in range(ENOUGH // AGREED.machines):
        assert not kept.trusts_machines("street")
        kept.compared("street", AGREED)
    assert kept.trusts_machines("street")


def test_a_face_takes_the_proof_and_the_next_needs_twice_as_many_pictures() -> None:
    kept = proofs()
    prove(kept)
    kept.inspected("street", leaked=True)
    assert kept.lost == (LostProof(agent_id="street", cause=ProofLoss.LEAK, at_ms=NOW_MS, agreed_at_ms=NOW_MS),)
    assert not kept.trusts_machines("street")
    prove(kept, pictures=2 * PROOF - 1)
    assert kept.draws("street", "n")
    assert [each.agent_id for each in kept.lost] == ["street"]
    prove(kept, pictures=1)
    assert not kept.draws("street", "n")
    assert not list(kept.lost)


def test_an_agent_that_invents_all_machines_loses_its_proof_soon_one_that_hides_half_later() -> None:
    kept = proofs()
    prove(kept)
    seen = 0
    while not kept.lost:
        kept.compared("street", Comparison(1, 1))
        seen += 1
    assert seen == ceil(MOST_DOUBT / (1 - ALLOWED)) == 14
    assert kept.lost[0].cause is ProofLoss.MACHINES
    hides_half = proofs()
    prove(hides_half)
    pictures = 0
    while not hides_half.lost:
        hides_half.compared("street", Comparison(4, 2))
        pictures += 1
    assert pictures == 20


@given(st.lists(st.integers(0, 8), min_size=200, max_size=400), st.integers(0, 2**32))
def test_an_agent_of_whose_machines_a_sixth_differ_keeps_its_proof(pictures: list[int], seed: int) -> None:
    chance = Random(seed)
    kept = proofs()
    prove(kept)
    for machines in pictures:
        kept.compared("street", Comparison(machines, sum(chance.random() < 1 / 6 for _ in range(machines))))
    assert kept.lost == ()


class _Parsing(FakeStages):
    """The real parser before an archive in a dict."""

    def __init__(self, *seen: Machine) -> None:
        super().__init__()
        self.detector = FakeDetector(*(found_as(machine, machine.score) for machine in seen))
        self._parser = Parser.alone(self.detector, threshold=0.4)

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        return self._parser.parse(photos)

    def machines(self) -> dict[str, tuple[tuple[Machine, ...], FoundAt]]:
        entries = (entry for entry, _ in self.rows.values())
        return {entry.snapshot.source_key: (entry.machines, entry.found_at) for entry in entries}


def told(number: int, *machines: Machine, detector: EdgeDetector | None = EDGE) -> bytes:
    envelope = snapshot(number, machines=machines).model_copy(update={"detector": detector})
    return message(envelope, jpeg(number % 200))


async def deliver(running: Running, first: int, count: int, *machines: Machine) -> None:
    for number in range(first, first + count):
        running.deliver(told(number, *machines))
        await running.settle()


def test_the_machines_of_a_proven_agent_are_archived_as_it_saw_them_without_a_detection() -> None:
    stages = _Parsing(CAR)
    stages.detector.found.append(found_as(BIKE, 0.25))  # half of it is paint

    async def story(running: Running) -> None:
        running.drawn = set()
        await deliver(running, 0, PROOF, CAR, BIKE)
        looks = len(stages.detector.calls)
        await deliver(running, PROOF, 10, CAR, BIKE)
        assert len(stages.detector.calls) == looks == PROOF
        assert stages.machines()["n0"] == ((CAR,), FoundAt.CLUSTER)
        assert stages.machines()[f"n{PROOF}"] == ((CAR, BIKE), FoundAt.EDGE)
        status = running.intake.status(running.broker, running.acks)
        assert (status.inspected, status.lost_proofs) == (PROOF, ())
        assert status.reused >= 10
        hint = running.broker.observed()[-1].items[0]
        assert hint.machines == (CAR, BIKE)

    run(story, stages, proof=PROOF)


def test_an_agent_that_begins_to_lie_loses_its_proof_and_its_machines_are_detected_again() -> None:
    stages = _Parsing(CAR)

    async def story(running: Running) -> None:
        running.drawn = set()
        await deliver(running, 0, PROOF, CAR)
        running.drawn = None  # every one of the next is looked at again
        number = PROOF
        while not running.proofs.lost:
            await deliver(running, number, 1, INVENTED)
            number += 1
        assert number - PROOF == 7  # two machines a picture: one invented, one hidden
        (lost,) = running.intake.status(running.broker, running.acks).lost_proofs
        assert (lost.agent_id, lost.cause, lost.agreed_at_ms) == ("street", ProofLoss.MACHINES, NOW_MS)
        running.drawn = set()
        await deliver(running, number, 3, INVENTED)
        rows = stages.machines()
        assert rows[f"n{PROOF}"] == ((INVENTED,), FoundAt.EDGE), "marked: it rests on the agent's word"
        assert {rows[f"n{each}"] for each in range(number - 1, number + 3)} == {((CAR,), FoundAt.CLUSTER)}

    run(story, stages, proof=PROOF)


def test_an_older_agent_and_one_with_another_model_are_parsed_as_ever() -> None:
    stages = _Parsing(CAR)
    other = EDGE.model_copy(update={"sha256": "cd" * 32})

    async def story(running: Running) -> None:
        running.drawn = set()
        for number in range(2 * PROOF):
            running.deliver(told(number, BIKE, detector=other if number % 2 else None))
            await running.settle()
        assert set(stages.machines().values()) == {((CAR,), FoundAt.CLUSTER)}
        status = running.intake.status(running.broker, running.acks)
        assert (status.inspected, status.reused) == (PROOF, 0)

    run(story, stages, proof=PROOF)


def test_a_face_in_a_drawn_picture_of_a_proven_agent_takes_its_proof() -> None:
    stages = _Parsing(CAR)
    stages.leaks.add(jpeg(PROOF))

    async def story(running: Running) -> None:
        running.drawn = {snapshot(PROOF).observation_id}
        await deliver(running, 0, PROOF + 1, CAR)
        entry, _ = stages.rows[f"street:{snapshot(PROOF).observation_id}"]
        assert entry.picture is PictureState.LEAK
        assert [each.cause for each in running.proofs.lost] == [ProofLoss.LEAK]
        assert running.proofs.draws("street", "any")

    run(story, stages, proof=PROOF)
