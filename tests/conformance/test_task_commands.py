"""What an agent takes of its command topic, whoever speaks there: the centre's, for it, now, once, in three verbs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.remote_config.upload_commands import TaskOrders
from provisioning.contracts.fleet.commands import LIFE_MS, Priority, TaskState, Verb
from provisioning.contracts.fleet.documents import TASKS, Document, Membership, Roster, RosterEntry, Sealed, Warrant
from provisioning.contracts.wire import codec
from provisioning.signing.documents import SealKey
from tests.edge_agent.commanding import AGENT, CAMERA, DAY_MS, Site
from tests.edge_agent.world import EPOCH_MS


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_pause_resume_and_priority_are_taken_and_told_and_outlive_the_agent(site: Site) -> None:
    assert (site.state, site.word) == (TaskState(), None)
    site.send(site.command(1))
    assert (site.state.paused, site.orders.is_paused(CAMERA), site.word) == (True, True, (1, True))
    site.send(site.command(2, Verb.PRIORITY, priority=Priority.LAST))
    assert site.orders.rank(CAMERA) == 2
    site.orders = site.start()
    assert site.state == TaskState(paused=True, priority=Priority.LAST)
    assert site.word == (2, True)
    site.send(site.command(3, Verb.RESUME))
    assert site.state == TaskState(priority=Priority.LAST)


def test_a_live_camera_is_never_a_task(site: Site) -> None:
    site.send(site.command(1, camera_id="gate"))
    assert site.word == (1, False)
    assert not site.orders.is_paused("gate")
    assert site.orders.rank("gate") is None
    assert set(site.report.tasks) == {CAMERA}


def test_what_has_expired_is_refused_by_name_and_never_counts_again(site: Site) -> None:
    late = site.command(1)
    site.clock.pass_s(LIFE_MS / 1000)
    site.send(late)
    assert (site.state.paused, site.word) == (False, (1, False))
    site.send(
        site.command(
            2, issued_at_ms=site.clock.now_ms() + 10 * LIFE_MS, expires_at_ms=site.clock.now_ms() + 11 * LIFE_MS
        )
    )
    assert (site.state.paused, site.word) == (False, (2, False))
    site.send(site.command(2))
    assert not site.state.paused


def test_a_replayed_command_does_nothing(site: Site) -> None:
    pause = site.send(site.command(1))
    site.send(site.command(2, Verb.RESUME))
    for _ in range(2):
        site.orders.accept(pause)
        site.orders = site.start()
    assert (site.state.paused, site.word) == (False, (2, True))


@pytest.mark.parametrize(
    "forge",
    [
        lambda site: site.send(site.command(1), key=site.seal, warrant=site.warrant()),
        lambda site: site.send(site.command(1), key=SealKey.create(site.folder / "other.key")),
        lambda site: site.send(site.command(1), warrant=_signed_by_itself(site)),
        lambda site: site.send(site.command(1), warrant=_a_roster(site)),
        lambda site: site.send(site.command(1, agent_id="cabinet-9")),
        lambda site: site.orders.accept(_changed(site)),
        lambda site: site.orders.accept(b""),
        lambda site: site.orders.accept(b"x" * 20_000),
    ],
    ids=[
        "by-the-seal",
        "by-a-stranger",
        "own-warrant",
        "roster-as-warrant",
        "other-agent",
        "changed",
        "empty",
        "large",
    ],
)
def test_what_the_centre_did_not_sign_for_this_agent_does_nothing_and_is_answered_nothing(
    site: Site, forge: Callable[[Site], object]
) -> None:
    forge(site)
    assert (site.state, site.word) == (TaskState(), None)


def _signed_by_itself(site: Site) -> Sealed:
    body = Warrant(key=site.center.seal.key, ends_at_ms=EPOCH_MS + DAY_MS)
    return site.center.sign(Document(addressee=TASKS, number=9, issued_at_ms=EPOCH_MS, body=body))


def _a_roster(site: Site) -> Sealed:
    entry = RosterEntry(agent_id=AGENT, site_id="x", membership=Membership.ENROLLED, since_ms=0)
    return site.seal.sign(Document(addressee=TASKS, number=9, issued_at_ms=EPOCH_MS, body=Roster(agents=(entry,))))


def _changed(site: Site) -> bytes:
    sealed = site.center.sign_command(site.command(1, Verb.RESUME), site.warrant())
    return codec.encode(sealed.model_copy(update={"command": sealed.command.replace("resume", "pause")}))


def test_a_warrant_ends_and_a_newer_one_puts_the_older_out_of_force(site: Site) -> None:
    site.send(site.command(1), warrant=site.warrant(ends_at_ms=EPOCH_MS))
    assert site.word == (1, False)
    successor = SealKey.create(site.folder / "next.key")
    site.send(site.command(2), key=successor, warrant=site.warrant(number=8, key=successor))
    assert (site.state.paused, site.word) == (True, (2, True))
    site.send(site.command(3, Verb.RESUME))
    assert (site.state.paused, site.word) == (True, (2, True)), "the stolen key of before commands nothing"


@pytest.mark.parametrize("verb", ["stop", "unredact", "policy", "PAUSE", ""])
def test_an_unknown_verb_is_no_command_whoever_signs_it(site: Site, verb: str) -> None:
    text = json.dumps(json.loads(site.command(1).model_dump_json()) | {"verb": verb})
    site.orders.accept(site.sealed(text))
    assert (site.state, site.word) == (TaskState(), None)


def test_a_priority_belongs_to_its_verb_and_a_life_is_short(site: Site) -> None:
    for wrong in (
        {"priority": "first"},
        {"verb": "priority"},
        {"expires_at_ms": site.clock.now_ms() + LIFE_MS + 1},
        {"expires_at_ms": site.clock.now_ms()},
        {"policy": "none"},
    ):
        with pytest.raises(ValueError, match=r"priority|expires_at_ms|Extra"):
            site.command(1, **wrong)


def test_what_cannot_be_written_down_has_no_effect_and_is_said(site: Site) -> None:
    site.folder.joinpath("tasks.json").mkdir()
    site.send(site.command(1))
    assert (site.state.paused, site.word) == (False, (1, False))


def test_an_agent_that_nobody_enrolled_takes_and_tells_nothing(site: Site) -> None:
    alone = TaskOrders(site.folder, AGENT, None, site.clock)
    alone.serve([CAMERA])
    alone.accept(codec.encode(site.center.sign_command(site.command(1), site.warrant())))
    assert alone.report() is None
    assert not alone.is_paused(CAMERA)


@given(st.binary(max_size=400))
@settings(max_examples=60)
def test_whatever_comes_it_raises_nothing_and_changes_nothing(site: Site, payload: bytes) -> None:
    site.orders.accept(payload)
    assert (site.state, site.word) == (TaskState(), None)
