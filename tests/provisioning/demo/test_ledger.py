"""The demo's verdict: a run that lost, doubled or leaked anything does not pass."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.contracts.query.archive import ArchiveStatus
from provisioning.contracts.wire.messages import Ledger
from provisioning.demo.ledger import AgentLedger, LedgerCounts, faults

CAMERAS = ("north", "south")


def books(north: int = 30, south: int = 20, *, rejected: int = 2, dropped: int = 3) -> LedgerCounts:
    """The books of a run in which everything went as promised."""
    archived = north + south
    return LedgerCounts(
        agent=AgentLedger(
            selected=archived + rejected + dropped,
            spooled=archived + rejected,
            archived=archived,
            rejected=rejected,
            dropped={"redactor_busy": dropped},
            in_flight=0,
            cameras={},
        ),
        archive=ArchiveStatus(
            days=("20261124",), rows=archived, distinct_ids=archived, objects=99, leaks=0, last_commit_seq=7
        ),
        api_keys=[f"street:{number}" for number in range(archived)],
        api_rows={"north": north, "south": south},
    )


def agent(**change: Any) -> Callable[[LedgerCounts], LedgerCounts]:
    return lambda good: replace(good, agent=good.agent.model_copy(update=change))


def archive(**change: Any) -> Callable[[LedgerCounts], LedgerCounts]:
    return lambda good: replace(good, archive=good.archive.model_copy(update=change))


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 50), st.integers(0, 500))
def test_a_run_that_adds_up_has_no_fault(north: int, south: int, rejected: int, dropped: int) -> None:
    good = books(north, south, rejected=rejected, dropped=dropped)
    assert faults(good, CAMERAS) == []
    assert (good.lost, good.duplicates) == (0, 0)


@pytest.mark.parametrize(
    ("spoil", "said", "lost", "duplicates"),
    [
        (agent(selected=56), ["selected 56 is not archived 50 + rejected 2 + dropped 3"], 1, 0),
        (agent(selected=54), ["selected 54 is not archived 50 + rejected 2 + dropped 3"], 0, 0),
        (agent(spooled=53), ["spooled 53 is not archived 50 + rejected 2"], 0, 0),
        (agent(selected=56, spooled=53, in_flight=1), ["1 pictures were still under way", "spooled 53 is not"], 0, 0),
        (archive(rows=51), ["has 51 rows of 50 observations", "the API lists 50 observations"], 0, 1),
        (
            archive(rows=49, distinct_ids=49),
            ["the archive has 49 observations, the agent was told of 50", "the API lists 50 observations"],
            1,
            0,
        ),
        (archive(leaks=1), ["the canary found a face in 1 pictures"], 0, 0),
        (
            lambda good: replace(good, api_keys=good.api_keys[1:]),
            ["the API lists 49 observations, the archive has 50 rows"],
            0,
            0,
        ),
        (
            lambda good: replace(good, api_keys=[*good.api_keys, good.api_keys[0]]),
            ["the API lists 1 observations twice"],
            0,
            1,
        ),
        (lambda good: replace(good, api_rows={"north": 50}), ["camera south has no row in the API"], 0, 0),
    ],
)
def test_whatever_does_not_add_up_is_said(
    spoil: Callable[[LedgerCounts], LedgerCounts], said: list[str], lost: int, duplicates: int
) -> None:
    spoilt = spoil(books())
    found = faults(spoilt, CAMERAS)
    assert len(found) == len(said)
    assert all(text in fault for text, fault in zip(said, found, strict=True)), found
    assert (spoilt.lost, spoilt.duplicates) == (lost, duplicates)


def test_a_run_that_saw_nothing_does_not_pass() -> None:
    nothing = books(0, 0, rejected=0, dropped=0)
    assert faults(nothing, CAMERAS) == ["camera north has no row in the API", "camera south has no row in the API"]


def test_the_agents_answer_is_read_as_it_prints_it() -> None:
    zero = '{"selected":0,"spooled":0,"archived":0,"rejected":0,"dropped":{},"in_flight":0}'
    text = f'{zero[:-1]},"cameras":{{"north":{zero}}}}}'
    assert AgentLedger.model_validate_json(text).cameras == {"north": Ledger.model_validate_json(zero)}
