"""The faults of the training ground: twenty, in both languages, with causes that the product itself has."""

import re
from pathlib import Path

import pytest

from center.assessment import cause_words
from center.pipeline import causes as chain
from provisioning.contracts.fleet.diagnosis import Fault as DoctorFault
from provisioning.training.cameras import ACTS, Condition
from provisioning.training.faults import FAULTS, PlantedFault
from provisioning.training.names import NAMES
from provisioning.training.phrase import Phrase
from provisioning.training.product import HINTS, Source

DOCS = Path(__file__).parents[3] / "docs"
MANUALS = "".join(
    (DOCS / name).read_text() for name in ("health.md", "operations.md", "runbook/chain.md", "assessment.md")
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
AGENT_NAMES = {"agent_silent", "agent_revoked", "agent_pending"}
"""Names that an agent has in the API, and no section: the page of the agents explains them."""


def test_there_are_twenty_different_faults_over_the_whole_chain() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) == 20
    assert len({(fault.cause, fault.where) for fault in FAULTS}) == 20
    assert {fault.source for fault in FAULTS} == set(Source)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_offers_four_causes_and_is_told_in_both_languages(fault: PlantedFault) -> None:
    assert len({fault.cause, *fault.others}) == 4
    assert {fault.cause, *fault.others} <= NAMES.keys()
    for text in (fault.call, fault.remedy):
        assert text.en
        assert text.zh
        assert not CHINESE.search(text.en)
    assert CHINESE.search(fault.call.zh)
    # A call is what somebody sees, and not the name that is looked for.
    assert fault.cause not in fault.call.en
    assert ("{note}" in fault.call.en) == ("{note}" in fault.call.zh) == (fault.note is not None)


def test_the_causes_are_names_that_the_product_says() -> None:
    of_chain = {each.code for each in vars(chain).values() if isinstance(each, chain.Cause)}
    known = of_chain | {each.value for each in DoctorFault} | cause_words.CAUSES.keys() | {"redaction_unavailable"}
    assert NAMES.keys() <= known
    for name, gloss in NAMES.items():
        assert f"`{name}`" in MANUALS or f"### {name}\n" in MANUALS or name in AGENT_NAMES
        words = cause_words.CAUSES.get(name)
        if words is not None and name != "clock_off":  # there it is a camera's, here a machine's
            assert gloss == Phrase(words.english, words.chinese)


def test_every_source_has_a_hint_in_both_languages() -> None:
    assert HINTS.keys() == set(Source)
    assert all(CHINESE.search(hint.zh) and not CHINESE.search(hint.en) for hint in HINTS.values())


@pytest.mark.parametrize(
    ("act", "wrong"),
    [
        ("plug", Condition(is_plugged=False)),
        ("power", Condition(hangs=True)),
        ("lamp", Condition(view="dark")),
        ("clean", Condition(view="covered")),
        ("straighten", Condition(view="turned")),
        ("codec", Condition(codec="mjpg")),
        ("ntp", Condition(clock_error_s=-83.0)),
        ("login", Condition(password_file=Path("old"))),
    ],
)
def test_an_act_on_site_cures_its_own_fault_alone(act: str, wrong: Condition) -> None:
    for word, each in ACTS.items():
        assert each.at(wrong) == (Condition() if word == act else wrong)
        assert each.at(Condition()) == Condition()
