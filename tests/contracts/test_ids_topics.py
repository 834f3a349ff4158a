"""Identity and addresses: who may be called what, and which topic is whose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.contracts import ids
from provisioning.contracts.errors import ContractError
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.topics import RIGHTS, Role

PART = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)


@given(st.tuples(PART, st.integers(0, 2**42), PART), st.tuples(PART, st.integers(0, 2**42), PART))
def test_different_observations_have_different_ids(one: tuple[str, int, str], other: tuple[str, int, str]) -> None:
    assert (ids.observation_id(*one) == ids.observation_id(*other)) is (one == other)


def test_the_row_key_carries_the_agent_so_that_none_squats_anothers_id() -> None:
    observation = ids.observation_id("cam", 1, "k1")
    assert ids.row_key("a", observation) != ids.row_key("b", observation)


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a+", "#", "a" * 64, "cluster", "center", "a\n", "é"])
def test_these_name_no_agent(name: str) -> None:
    assert not ids.is_agent_id(name)
    with pytest.raises(ContractError):
        topics.agent_of(topics.snapshots(name))


@given(st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,62}\Z").filter(ids.is_agent_id))
def test_a_topic_gives_back_its_agent(agent: str) -> None:
    for topic in (
        topics.snapshots(agent),
        topics.heartbeat(agent),
        topics.camera_status(agent, "c"),
        topics.observed(agent),
    ):
        assert topics.agent_of(topic) == agent


@given(st.text(max_size=60))
def test_any_other_topic_is_a_contract_error(text: str) -> None:
    with pytest.raises(ContractError):
        topics.agent_of(text)


def test_only_the_cluster_acknowledges() -> None:
    writers = {role for role, rights in RIGHTS.items() for r in rights if r.access == "write" and "archived" in r.topic}
    assert writers == {Role.CLUSTER}


def test_an_agent_has_rights_under_its_own_name_alone() -> None:
    assert all("/agents/%u/" in right.topic for right in RIGHTS[Role.AGENT])
