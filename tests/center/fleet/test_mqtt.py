"""Messages from the broker: read by topic, believed only of their own agent, bad ones cost only themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.assessment.recording.recorder import Recorder
from center.audit.log import Audit
from center.clock import now_ms
from center.database.store import Store
from center.errors import StoreUnavailableError
from center.fleet.devices import Devices
from center.fleet.feed import Feed
from center.fleet.mqtt import NOBODY, Mailbox
from center.fleet.roster import Roster
from provisioning.contracts.errors import ContractError
from provisioning.contracts.wire import bounds, codec, topics
from provisioning.contracts.wire.messages import CameraStatus, Heartbeat
from tests.center.conftest import Clock
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import Noted, camera_status, configured, heartbeat, observed


@pytest.fixture
def feed() -> Feed:
    return Feed()


@pytest.fixture
def devices(store: Store, roster: Roster, clock: Clock) -> Devices:
    return Devices(store, roster, clock)


@pytest.fixture
def mailbox(roster: Roster, devices: Devices, store: Store, feed: Feed, clock: Clock) -> Mailbox:
    recorder = Recorder(store, devices, clock)
    return Mailbox(roster=roster, devices=devices, recorder=recorder, feed=feed, alarms=Noted(), ask_again=lambda: None)


def test_each_message_finds_its_place(mailbox: Mailbox, devices: Devices, feed: Feed) -> None:
    reader = feed.open()
    row, _ = observation("cam-1", NOW_MS, 3)
    mailbox.deliver(topics.observed(AGENT), codec.encode(observed(row)))
    mailbox.deliver(topics.heartbeat(AGENT), codec.encode(heartbeat()))
    mailbox.deliver(topics.camera_status(AGENT, "cam-1"), codec.encode(camera_status("cam-1")))
    mailbox.deliver(topics.configured(AGENT), codec.encode(configured(4)))
    assert [sighting.row_key for sighting in reader.drain()] == [row.snapshot.row_key]
    assert [agent.agent_id for agent in devices.agents()] == [AGENT]
    assert [camera.camera_id for camera in devices.cameras()] == ["cam-1"]
    assert [agent.configuration and agent.configuration.number for agent in devices.agents()] == [4]
    assert mailbox.counters.received == 4
    assert not mailbox.counters.malformed


def test_an_emptied_retained_state_removes_the_camera(mailbox: Mailbox, devices: Devices) -> None:
    topic = topics.camera_status(AGENT, "cam-1")
    mailbox.deliver(topic, codec.encode(camera_status("cam-1")))
    mailbox.deliver(topic, b"")
    assert devices.cameras() == ()
    assert not mailbox.counters.malformed


def test_one_camera_more_than_an_agent_may_name_is_refused_by_name_and_costs_no_other_agent_its_own(
    mailbox: Mailbox, devices: Devices, store: Store, roster: Roster, clock: Clock
) -> None:
    names = [f"cam-{number}" for number in range(bounds.MAX_CAMERAS + 3)]
    for name in names:
        mailbox.deliver(topics.camera_status(AGENT, name), codec.encode(camera_status(name)))
    other = camera_status("gate").model_copy(update={"agent_id": "cabinet-8"})
    mailbox.deliver(topics.camera_status("cabinet-8", "gate"), codec.encode(other))
    assert mailbox.counters.malformed == {AGENT: 3}
    assert f"camera {names[-1]} is one more than the 1024" in mailbox.counters.last_malformed[AGENT]
    known = {(view.agent_id, view.camera_id) for view in devices.cameras()}
    assert known == {*((AGENT, name) for name in names[: bounds.MAX_CAMERAS]), ("cabinet-8", "gate")}
    mailbox.deliver(topics.camera_status(AGENT, names[5]), b"")
    mailbox.deliver(topics.camera_status(AGENT, names[5]), b"")
    mailbox.deliver(topics.camera_status(AGENT, names[-1]), codec.encode(camera_status(names[-1])))
    mailbox.deliver(topics.camera_status(AGENT, names[-2]), codec.encode(camera_status(names[-2])))
    assert mailbox.counters.malformed == {AGENT: 4}, "a camera that is gone makes room for one"
    assert devices.camera(AGENT, names[-1]) is not None
    again = Devices(store, roster, clock)
    again.load()
    assert again.statuses().keys() == devices.statuses().keys()
    with pytest.raises(ContractError):
        again.changed(camera_status("another"))


def test_cameras_beyond_the_bound_that_a_database_of_before_holds_are_not_taken_up(
    store: Store, roster: Roster, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_CAMERAS", 9)
    before = Devices(store, roster, clock)
    for number in range(9):
        clock.now_ms += 1
        before.changed(camera_status(f"cam-{number}"))
    monkeypatch.setattr(bounds, "MAX_CAMERAS", 5)
    after = Devices(store, roster, clock)
    after.load()
    assert {camera_id for _, camera_id in after.statuses()} == {f"cam-{number}" for number in range(4, 9)}


@pytest.mark.parametrize(
    "topic",
    [topics.camera_status(AGENT, "cam-1"), topics.heartbeat(AGENT), topics.assessed(AGENT), topics.tasks(AGENT)],
)
def test_what_is_larger_than_its_topic_allows_is_not_read(mailbox: Mailbox, devices: Devices, topic: str) -> None:
    status = codec.encode(camera_status("cam-1"))
    mailbox.deliver(topic, status + b" " * bounds.MAX_BYTES[bounds.kind_of(topic)])
    assert mailbox.counters.malformed == {AGENT: 1}
    assert "limit" in mailbox.counters.last_malformed[AGENT]
    assert devices.statuses() == {}


@pytest.mark.parametrize(
    ("topic", "payload", "agent"),
    [
        (topics.observed(AGENT), b"{", AGENT),
        (topics.observed(AGENT), b"", AGENT),
        (topics.heartbeat(AGENT), b'{"version": 7}', AGENT),
        (topics.heartbeat("cabinet-8"), codec.encode(heartbeat()), "cabinet-8"),
        (topics.camera_status("cabinet-8", "cam-1"), codec.encode(camera_status("cam-1")), "cabinet-8"),
        (topics.camera_status(AGENT, "cam-2"), codec.encode(camera_status("cam-1")), AGENT),
        (topics.configured(AGENT), b"", AGENT),
        (topics.configured(AGENT), b'{"version": 1}', AGENT),
        (topics.configured("cabinet-8"), codec.encode(configured()), "cabinet-8"),
        (topics.archived(AGENT), b"{}", AGENT),
        ("something/else", b"{}", NOBODY),
        (f"{topics.PREFIX}/observed/center", b"{}", NOBODY),
    ],
)
def test_a_bad_message_is_counted_for_its_agent_and_the_next_is_read(
    mailbox: Mailbox, devices: Devices, topic: str, payload: bytes, agent: str
) -> None:
    mailbox.deliver(topic, payload)
    assert mailbox.counters.malformed == {agent: 1}
    assert mailbox.counters.last_malformed[agent]
    assert devices.cameras() == ()
    mailbox.deliver(topics.heartbeat(AGENT), codec.encode(heartbeat()))
    assert [known.agent_id for known in devices.agents()] == [AGENT]


class _FullDisk:
    """Devices whose database refuses."""

    def heard(self, _message: Heartbeat) -> None:
        raise StoreUnavailableError(cause="disk full")

    def changed(self, _message: CameraStatus) -> None:
        raise StoreUnavailableError(cause="disk full")


def test_a_database_that_refuses_stops_no_message(
    mailbox: Mailbox, feed: Feed, monkeypatch: pytest.MonkeyPatch, devices: Devices
) -> None:
    refusing = _FullDisk()
    monkeypatch.setattr(devices, "heard", refusing.heard)
    monkeypatch.setattr(devices, "changed", refusing.changed)
    reader = feed.open()
    mailbox.deliver(topics.heartbeat(AGENT), codec.encode(heartbeat()))
    mailbox.deliver(topics.camera_status(AGENT, "cam-1"), codec.encode(camera_status("cam-1")))
    mailbox.deliver(topics.observed(AGENT), codec.encode(observed(observation("cam-1", NOW_MS, 1)[0])))
    assert mailbox.counters.not_stored == 2
    assert len(reader.drain()) == 1


@given(
    topic=st.one_of(
        st.text(max_size=80),
        st.sampled_from([topics.observed(AGENT), topics.heartbeat(AGENT), topics.camera_status(AGENT, "cam-1")]),
        st.text(alphabet="abc/-+#", max_size=20).map(lambda tail: f"{topics.PREFIX}/agents/{tail}"),
    ),
    payload=st.one_of(st.binary(min_size=1, max_size=200), st.just(b"null"), st.just(b"[]"), st.just(b"[" * 5000)),
)
def test_nothing_anybody_sends_raises(topic: str, payload: bytes) -> None:
    # No valid message among these: the store is never reached, so none is needed.
    store = Store.__new__(Store)
    roster = Roster(store, Audit(store, now_ms), None, now_ms)
    devices = Devices(store, roster, now_ms)
    recorder = Recorder(store, devices, now_ms)
    mailbox = Mailbox(
        roster=roster, devices=devices, recorder=recorder, feed=Feed(), alarms=Noted(), ask_again=lambda: None
    )
    mailbox.deliver(topic, payload)
    assert sum(mailbox.counters.malformed.values()) == 1
