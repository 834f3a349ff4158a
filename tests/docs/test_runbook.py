"""Whatever can be raised has its section: what it means, what to do, who acts."""

import re
from typing import Final, TypeVar

import pytest

from center.health import BrokerAwayError
from center.pipeline import causes
from center.pipeline.causes import Cause
from edge_agent.errors import DropReason, SourceError
from edge_agent.health import camera_state
from provisioning.contracts.errors import RejectReason
from provisioning.contracts.fleet.diagnosis import Fault
from provisioning.contracts.wire.messages import PictureCheck
from ray_cluster.errors import ClusterError
from tests.docs.pages import ROOT, anchors, sections

RULES: Final = ROOT / "deploy" / "prometheus" / "rules"
PAGE_OF: Final = {"edge": "box", "cluster": "cluster"}
Kind = TypeVar("Kind", bound=Exception)
WHO: Final = re.compile(r"technician|operator|supervisor|技术员|运维|主管", re.IGNORECASE)


def alerts(side: str) -> dict[str, str]:
    """What each rule's annotation says, by the rule's name."""
    blocks = (RULES / f"{side}.yml").read_text(encoding="utf-8").split("- alert: ")[1:]
    found = {block.split()[0]: re.search(r'runbook: "([^"]*)"', block) for block in blocks}
    return {name: "" if said is None else said.group(1) for name, said in found.items()}


def kinds(base: type[Kind]) -> set[type[Kind]]:
    """The class and all that are narrower, of its own file: what else is loaded must not count."""
    narrower: list[type[Kind]] = base.__subclasses__()
    found = {base}.union(*(kinds(each) for each in narrower))
    return {each for each in found if each.__module__ == base.__module__}


@pytest.mark.parametrize("side", ["edge", "cluster"])
def test_every_alert_points_at_its_section_and_there_is_no_other(side: str) -> None:
    page = PAGE_OF[side]
    told = alerts(side)
    assert len(told) > 10
    assert told == {name: f"docs/runbook/{page}.md#{name.lower()}" for name in told}
    assert set(sections(f"runbook/{page}.md", 2)) == set(told)


@pytest.mark.parametrize("page", ["runbook/box.md", "runbook/box.zh.md"])
def test_a_box_alert_says_who_acts_and_what_to_do(page: str) -> None:
    for name, body in sections(page, 2).items():
        first, *rest = body.strip().split("\n\n")
        assert first.startswith("**"), name
        assert WHO.search(first.split("**")[1]), name
        assert rest or "](" in first, name


def test_the_clusters_page_says_who_acts_in_general_or_by_section() -> None:
    page = (ROOT / "docs/runbook/cluster.md").read_text(encoding="utf-8")
    assert "The operator acts, unless" in page
    for name, body in sections("runbook/cluster.md", 2).items():
        assert re.match(r"\*\*(Critical|Warning|Information), ", body.strip()), name


def test_every_cause_of_the_chain_has_a_section() -> None:
    known = {each.code for each in vars(causes).values() if isinstance(each, Cause)}
    assert len(known) > 50
    told = sections("runbook/chain.md", 3)
    assert known - set(told) == set()
    assert {name for name in told if name not in known} == {
        "broker_away of a camera or an agent",
        "store",
        "audit_heads_signed",
    }
    assert BrokerAwayError.code in told
    assert all(body.strip() for body in told.values())


@pytest.mark.parametrize("language", ["", ".zh"])
def test_every_fault_of_the_doctor_can_be_linked_to(language: str) -> None:
    assert sorted(anchors(f"operations{language}.md")) == sorted(Fault)


@pytest.mark.parametrize("language", ["", ".zh"])
def test_every_cause_code_of_a_camera_and_every_picture_check_can_be_linked_to(language: str) -> None:
    codes = {
        *(kind.cause for kind in kinds(SourceError)),
        *(camera_state.SILENT, camera_state.STALE, camera_state.UNDECODABLE, camera_state.PAUSED),
        *(DropReason.REDACTION_UNAVAILABLE, DropReason.REDACTION_TIMEOUT, DropReason.SECOND_LOOK),
        *PictureCheck,
        "over",  # a recording; `edge_agent.pipeline` says it
    }
    assert set(anchors(f"health{language}.md")) == codes


def test_every_drop_rejection_and_error_of_the_cluster_has_a_section() -> None:
    told = set(sections("runbook/losses.md", 3))
    errors = {kind.__name__ for kind in kinds(ClusterError)} - {"ClusterError"}
    drops = {each.value for each in DropReason}
    rejects = {f"{each.value} of a message" if each.value in drops else each.value for each in RejectReason}
    assert told == drops | rejects | errors
