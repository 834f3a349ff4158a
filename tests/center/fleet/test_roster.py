"""The roster: believed for its seal and its number alone, also after a restart, and not at all without a key."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from center.access.passwords import ROSTER
from center.assessment.recording.recorder import Recorder
from center.audit.log import Audit
from center.database.store import Store
from center.fleet.devices import AgentView, CameraView, Devices
from center.fleet.feed import Feed
from center.fleet.mqtt import Mailbox
from center.fleet.roster import Roster
from provisioning.contracts.fleet.documents import Configuration, Membership, Sealed
from provisioning.contracts.fleet.documents import Roster as RosterBody
from provisioning.contracts.wire import codec, topics
from provisioning.signing.documents import Seal, SealKey
from tests.center import world
from tests.center.conftest import Clock
from tests.center.street import AGENT
from tests.center.world import Noted, configured, heartbeat, member, sealed
from tests.support.fresh_store import fresh_store

ENROLLED, PENDING, REVOKED = Membership.ENROLLED, Membership.PENDING, Membership.REVOKED


@dataclass
class Desk:
    """A centre's roster and the mailbox before it."""

    store: Store
    roster: Roster
    devices: Devices
    mailbox: Mailbox
    asked_again: list[str]

    def hear(self, payload: bytes) -> None:
        self.mailbox.deliver(topics.roster(), payload)

    def audited(self) -> list[tuple[str, str, object]]:
        entries = reversed(Audit(self.store, lambda: 0).page(limit=100))
        return [(entry.actor, entry.action, json.loads(entry.detail)) for entry in entries]


def desk_over(store: Store, seal: Seal | None, clock: Callable[[], int]) -> Desk:
    """As a start does it."""
    asked_again: list[str] = []
    roster = Roster(store, Audit(store, clock), seal, clock)
    roster.load()
    devices = Devices(store, roster, clock)
    devices.load()
    mailbox = Mailbox(
        roster=roster,
        devices=devices,
        recorder=Recorder(store, devices, clock),
        feed=Feed(),
        alarms=Noted(),
        ask_again=lambda: asked_again.append("again"),
    )
    mailbox.link(up=True)
    return Desk(store, roster, devices, mailbox, asked_again)


@pytest.fixture
def desk(store: Store, seal_key: SealKey, clock: Clock) -> Desk:
    return desk_over(store, seal_key.seal, clock)


def test_the_newest_is_in_force(desk: Desk, seal_key: SealKey) -> None:
    assert desk.roster.entry(AGENT) is None
    desk.hear(world.roster(seal_key, 1, member(ENROLLED)))
    assert desk.roster.entry(AGENT) == member(ENROLLED)
    desk.hear(world.roster(seal_key, 7, member(REVOKED)))
    assert desk.roster.in_force.number == 7
    assert desk.roster.revoked(AGENT)
    assert desk.mailbox.counters.rosters_refused == 0


def _tampered(key: SealKey) -> bytes:
    genuine = codec.decode(Sealed, world.roster(key, 9, member(REVOKED)))
    return codec.encode(Sealed(document=genuine.document.replace("revoked", "pending"), signature=genuine.signature))


REFUSED: dict[str, tuple[Callable[[SealKey], bytes], str]] = {
    "forged": (lambda _: world.roster(SealKey(Ed25519PrivateKey.generate()), 9, member(ENROLLED)), "not by the key"),
    "tampered": (_tampered, "not by the key"),
    "older": (lambda key: world.roster(key, 4, member(ENROLLED)), "not newer than 5"),
    "another of its number": (lambda key: world.roster(key, 5, member(ENROLLED)), "not newer than 5"),
    "an agent's": (lambda key: sealed(key, 9, RosterBody(agents=()), addressee=AGENT), f"meant for '{AGENT}'"),
    "no roster": (lambda key: sealed(key, 9, Configuration(cameras=())), "no roster"),
    "malformed": (lambda _: b'{"version": 1}', "not a valid Sealed"),
    "of a version to come": (lambda _: b'{"version": 2}', "unknown contract version"),
    "emptied": (lambda _: b"", "not a valid Sealed"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_believed_is_counted_with_its_cause_and_changes_nothing(
    desk: Desk, seal_key: SealKey, kind: str
) -> None:
    desk.hear(world.roster(seal_key, 5, member(REVOKED)))
    before, audited = desk.roster.in_force, desk.audited()
    make, cause = REFUSED[kind]
    desk.hear(make(seal_key))
    assert desk.roster.in_force is before
    assert desk.audited() == audited
    counters = desk.mailbox.counters
    assert counters.rosters_refused == 1
    assert counters.last_roster_refused.startswith("A roster was refused: ")
    assert cause in counters.last_roster_refused
    assert not counters.malformed
    desk.hear(world.roster(seal_key, 6, member(ENROLLED)))
    assert not desk.roster.revoked(AGENT)


def test_a_forged_one_is_told_with_both_reasons_it_may_have(desk: Desk) -> None:
    desk.hear(world.roster(SealKey(Ed25519PrivateKey.generate()), 9))
    assert "seal_key_file" in desk.mailbox.counters.last_roster_refused
    assert "find out who else" in desk.mailbox.counters.last_roster_refused


def test_the_same_again_at_each_connection_is_silently_nothing(desk: Desk, seal_key: SealKey, clock: Clock) -> None:
    payload = world.roster(seal_key, 5, member(REVOKED))
    desk.hear(payload)
    before, audited = desk.roster.in_force, desk.audited()
    clock.now_ms += 60_000
    desk.hear(payload)
    desk.hear(b" " + payload)
    assert desk.roster.in_force is before
    assert desk.audited() == audited
    assert desk.mailbox.counters.rosters_refused == 0
    assert desk.asked_again == []


def test_a_restart_lets_no_older_one_in(desk: Desk, seal_key: SealKey, clock: Clock) -> None:
    first = world.roster(seal_key, 1, member(ENROLLED))
    newest = world.roster(seal_key, 2, member(REVOKED))
    desk.hear(first)
    desk.hear(newest)
    again = desk_over(desk.store, seal_key.seal, clock)
    assert again.roster.revoked(AGENT)
    again.hear(first)
    assert again.roster.revoked(AGENT)
    assert again.mailbox.counters.rosters_refused == 1
    again.hear(newest)
    assert again.mailbox.counters.rosters_refused == 1
    assert len(again.audited()) == 1


def test_a_revocation_and_its_end_are_audited_once_each(desk: Desk, seal_key: SealKey) -> None:
    other = member(REVOKED, "cabinet-8")
    desk.hear(world.roster(seal_key, 1, member(ENROLLED), member(ENROLLED, "cabinet-8")))
    desk.hear(world.roster(seal_key, 2, member(ENROLLED), other))
    desk.hear(world.roster(seal_key, 3, member(REVOKED), other))
    desk.hear(world.roster(seal_key, 4, member(PENDING), other))
    desk.hear(world.roster(seal_key, 5, member(ENROLLED), other))
    assert desk.audited() == [
        (ROSTER, "agent.revoked", {"agent_id": "cabinet-8", "roster": 2}),
        (ROSTER, "agent.revoked", {"agent_id": AGENT, "roster": 3}),
        (ROSTER, "agent.reinstated", {"agent_id": AGENT, "roster": 4}),
    ]


def test_an_agent_that_left_the_roster_is_as_if_there_were_none(desk: Desk, seal_key: SealKey) -> None:
    desk.hear(world.roster(seal_key, 1, member(REVOKED)))
    desk.hear(world.roster(seal_key, 2))
    assert desk.roster.entry(AGENT) is None
    assert [action for _, action, _ in desk.audited()] == ["agent.revoked", "agent.reinstated"]


def test_without_a_key_every_roster_is_ignored_and_counted(store: Store, seal_key: SealKey, clock: Clock) -> None:
    desk_over(store, seal_key.seal, clock).hear(world.roster(seal_key, 1, member(REVOKED)))
    desk = desk_over(store, None, clock)
    desk.hear(world.roster(seal_key, 2, member(REVOKED)))
    desk.hear(b"{")
    assert (desk.mailbox.counters.rosters_ignored, desk.mailbox.counters.rosters_refused) == (2, 0)
    assert not desk.roster.revoked(AGENT)


def test_another_key_begins_anew_and_the_first_keeps_its_count(
    desk: Desk, seal_key: SealKey, clock: Clock, tmp_path: Path
) -> None:
    other_key = SealKey.create(tmp_path / "other.key")
    desk.hear(world.roster(seal_key, 9, member(REVOKED)))
    other = desk_over(desk.store, other_key.seal, clock)
    other.hear(world.roster(other_key, 1, member(ENROLLED)))
    other.hear(world.roster(seal_key, 10, member(REVOKED)))
    assert (other.roster.in_force.number, other.mailbox.counters.rosters_refused) == (1, 1)
    back = desk_over(desk.store, seal_key.seal, clock)
    back.hear(world.roster(seal_key, 8, member(ENROLLED)))
    assert (back.roster.in_force.number, back.roster.revoked(AGENT)) == (9, True)


def test_a_stored_one_that_cannot_be_read_is_named_and_comes_again(desk: Desk, seal_key: SealKey, clock: Clock) -> None:
    newest = world.roster(seal_key, 5, member(REVOKED))
    desk.hear(newest)
    with desk.store.transaction() as session:
        session.execute(text("UPDATE rosters SET sealed = 'nonsense'"))
    again = desk_over(desk.store, seal_key.seal, clock)
    assert "not a valid Sealed" in again.roster.unreadable
    again.hear(world.roster(seal_key, 4, member(ENROLLED)))
    assert (again.mailbox.counters.rosters_refused, again.roster.entry(AGENT)) == (1, None)
    again.hear(newest)
    assert again.roster.revoked(AGENT)
    assert again.roster.unreadable == ""
    assert desk_over(desk.store, seal_key.seal, clock).roster.revoked(AGENT)


def test_a_database_that_refuses_lets_no_revoked_agent_in_and_is_told_later(
    desk: Desk, seal_key: SealKey, clock: Clock
) -> None:
    payload = world.roster(seal_key, 1, member(REVOKED))
    with desk.store.transaction() as session:
        session.execute(text("ALTER TABLE audit RENAME TO away"))
    desk.hear(payload)
    assert desk.roster.revoked(AGENT)
    assert desk.mailbox.counters.not_stored == 1
    assert not desk_over(desk.store, seal_key.seal, clock).roster.revoked(AGENT)
    with desk.store.transaction() as session:
        session.execute(text("ALTER TABLE away RENAME TO audit"))
    desk.hear(payload)
    assert [action for _, action, _ in desk.audited()] == ["agent.revoked"]
    assert desk_over(desk.store, seal_key.seal, clock).roster.revoked(AGENT)


Shown = tuple[tuple[AgentView, ...], tuple[CameraView, ...]]


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, SealKey]:
    """A desk that believes a roster and knows an agent."""
    folder = tmp_path_factory.mktemp("standing")
    key = SealKey.create(folder / "seal.key")
    store = fresh_store(folder / "center.sqlite3")
    desk = desk_over(store, key.seal, Clock())
    desk.hear(world.roster(key, 5, member(ENROLLED), member(REVOKED, "cabinet-8")))
    desk.mailbox.deliver(topics.heartbeat(AGENT), codec.encode(heartbeat()))
    desk.mailbox.deliver(topics.configured(AGENT), codec.encode(configured()))
    return desk, key


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
RUBBISH = st.binary(max_size=300) | JSON | st.just(b"[" * 5000)


@given(payload=RUBBISH, topic=st.sampled_from([topics.roster(), topics.configured(AGENT)]))
def test_no_bytes_raise_or_change_anything(standing: tuple[Desk, SealKey], payload: bytes, topic: str) -> None:
    desk, _ = standing
    in_force, agents = desk.roster.in_force, desk.devices.agents()
    counted = desk.mailbox.counters.rosters_refused + desk.mailbox.counters.malformed.total()
    desk.mailbox.deliver(topic, payload)
    assert desk.roster.in_force is in_force
    assert desk.devices.agents() == agents
    assert desk.mailbox.counters.rosters_refused + desk.mailbox.counters.malformed.total() == counted + 1


@given(data=st.data())
def test_no_byte_of_a_roster_can_be_changed(standing: tuple[Desk, SealKey], data: st.DataObject) -> None:
    desk, key = standing
    in_force = desk.roster.in_force
    payload = bytearray(world.roster(key, 6, member(ENROLLED, "cabinet-8")))
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != payload[place]))
    desk.hear(bytes(payload))
    assert desk.roster.in_force is in_force
