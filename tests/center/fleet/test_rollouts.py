"""What the centre believes and shows of a roll-out: what provisioning signed, and of agents those in sight."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from center.access.permissions import NOWHERE, CameraKey, Scope
from center.fleet.rollouts import Rollouts
from provisioning.contracts.causes.rollouts import TOO_MANY_FAILED
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.documents import Roster
from provisioning.contracts.fleet.rollout import AgentProgress, FailedAgent, RolloutPhase, RolloutReport
from provisioning.contracts.wire import topics
from provisioning.signing.documents import SealKey
from tests.center.conftest import World
from tests.center.world import sealed
from tests.contracts.examples import MESSAGES

REPORT = RolloutReport.model_validate(MESSAGES["document_rollout"].model_dump()["body"])


@pytest.fixture
def rollouts(seal_key: SealKey) -> Rollouts:
    made = Rollouts(seal_key.seal)
    made.accept(sealed(seal_key, 5, REPORT))
    return made


def test_the_newest_is_shown_and_the_same_again_is_nothing_new(rollouts: Rollouts, seal_key: SealKey) -> None:
    assert rollouts.newest() == REPORT
    rollouts.accept(sealed(seal_key, 5, REPORT))
    done = REPORT.model_copy(update={"phase": RolloutPhase.DONE})
    rollouts.accept(sealed(seal_key, 6, done))
    assert rollouts.newest() == done


def test_what_is_forged_older_or_something_else_is_not_believed(rollouts: Rollouts, seal_key: SealKey) -> None:
    forger = SealKey(Ed25519PrivateKey.generate())
    bad = [sealed(forger, 9, REPORT), sealed(seal_key, 3, REPORT), sealed(seal_key, 9, Roster(agents=())), b"", b"\0"]
    for payload in bad:
        with pytest.raises(ContractError):
            rollouts.accept(payload)
    assert rollouts.newest() == REPORT


def test_without_a_key_there_is_nothing_to_show(seal_key: SealKey) -> None:
    rollouts = Rollouts()
    rollouts.accept(sealed(seal_key, 5, REPORT))
    assert rollouts.newest() is None


def test_of_agents_only_those_in_sight_are_named(rollouts: Rollouts, seal_key: SealKey) -> None:
    other = FailedAgent(agent_id="cabinet-9", progress=AgentProgress.FAILED, cause="silent")
    stopped = TOO_MANY_FAILED(failures=2, size=2, limit="10%", agent="cabinet-9")
    rollouts.accept(
        sealed(seal_key, 6, REPORT.model_copy(update={"failed": (*REPORT.failed, other), "reason": stopped}))
    )
    seen = rollouts.newest(Scope(cameras=frozenset({CameraKey("cabinet-7", "cam-1")})))
    assert seen is not None
    assert [each.agent_id for each in seen.failed] == ["cabinet-7"]
    assert (seen.cause, seen.reason) == ("", None), "they name agents too"
    nothing = rollouts.newest(NOWHERE)
    assert nothing is not None
    assert (nothing.failed, nothing.total) == ((), REPORT.total)


@pytest.mark.anyio
async def test_it_comes_over_the_broker(world: World, seal_key: SealKey) -> None:
    world.mailbox.deliver(topics.rollout(), sealed(seal_key, 5, REPORT))
    assert world.services.rollouts.newest() == REPORT
    world.mailbox.deliver(topics.rollout(), b"junk")
    assert world.services.rollouts.newest() == REPORT
    assert sum(world.mailbox.counters.malformed.values()) == 1
