"""Facts by the hour, as a centre counts what it hears: nothing twice, and what it did not hear is unknown."""

import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from center.access.permissions import EVERYWHERE, CameraKey
from center.assessment.assessor import Assessor
from center.assessment.hour_details import HourEvidence
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.recording.facts import hour_of, listed, sources_of
from center.assessment.recording.recorder import Recorder
from center.assessment.report import IndicatorFinding
from center.assessment.service import open_assessor
from center.assessment.tables import BooksRecord, CauseRecord, GapRecord, HeardCameraRecord, HourRecord
from center.audit.log import Audit
from center.database.store import Store
from center.fleet.devices import Devices
from center.fleet.feed import Feed
from center.fleet.mqtt import Mailbox
from center.fleet.roster import Roster
from center.search.camera_positions import CameraPositions
from provisioning.contracts import ids
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import (
    Assessed,
    CameraFacts,
    CameraState,
    CameraStatus,
    ClockReading,
    ClockSource,
    Heartbeat,
    Ledger,
    Observed,
    ObservedItem,
    PictureCheck,
    PictureState,
)
from tests.center.conftest import Clock
from tests.center.street import AGENT, NOW_MS
from tests.center.world import Noted, camera_status, heartbeat
from tests.support.fresh_store import fresh_store

HOUR = hour_of(NOW_MS)
BEGIN_MS = HOUR * 3_600_000
DAY = "2026-11-24"


class Centre:
    """A centre that hears, at the beginning of an hour."""

    def __init__(self, store: Store, roster: Roster, clock: Clock) -> None:
        self.store, self.clock, self._roster = store, clock, roster
        clock.now_ms = BEGIN_MS
        self.start()

    def start(self) -> None:
        """Anew, as after a crash: nothing of what was in memory is left."""
        self.devices = Devices(self.store, self._roster, self.clock)
        self.devices.load()
        self.recorder = Recorder(self.store, self.devices, self.clock)
        self.mailbox = Mailbox(
            roster=self._roster,
            devices=self.devices,
            recorder=self.recorder,
            feed=Feed(),
            alarms=Noted(),
            ask_again=lambda: None,
        )
        self.mailbox.link(up=True)

    def hear(self, *messages: Any) -> None:
        for message in messages:
            self.mailbox.deliver(topic_of(message), codec.encode(message))
        assert not self.mailbox.counters.malformed

    def minutes(self, count: int, *, beating: bool = True) -> None:
        """Time passes, and the centre looks, three times a minute."""
        for _ in range(count * 3):
            if beating:
                self.hear(beat(self.clock.now_ms))
            self.recorder.tick()
            self.clock.now_ms += 20_000

    def hours(self) -> dict[tuple[str, int], HourRecord]:
        with self.store.transaction() as session:
            return {(row.camera_id, row.hour - HOUR): row for row in session.scalars(select(HourRecord))}

    def causes(self) -> dict[tuple[str, str], int]:
        with self.store.transaction() as session:
            return {(row.camera_id, row.cause): row.minutes_n for row in session.scalars(select(CauseRecord))}

    def gaps(self) -> list[tuple[str, int]]:
        with self.store.transaction() as session:
            rows = session.scalars(select(GapRecord).order_by(GapRecord.from_ms))
            return [(row.cause, row.to_ms - row.from_ms) for row in rows]

    def everything(self) -> list[Any]:
        found: list[Any] = []
        with self.store.transaction() as session:
            for table in (HourRecord, CauseRecord, BooksRecord):
                rows = session.execute(select(*table.__table__.columns).where(table.hour == HOUR))
                found += [table.__tablename__, sorted(tuple(row) for row in rows)]
        return found

    def assessor(self) -> Assessor:
        return open_assessor(self.store, CameraPositions(self.store, dict).on_file, self.clock)

    def finding(self, indicator: Indicator) -> IndicatorFinding:
        (card,) = self.assessor().judged(DAY, sight=EVERYWHERE).report.cameras
        return card.findings[indicator]

    def evidence(self) -> list[HourEvidence]:
        return self.assessor().evidence(DAY, CameraKey(AGENT, "cam-1"), None, after=-1, limit=100, sight=EVERYWHERE)[1]


def topic_of(message: Any) -> str:
    match message:
        case Heartbeat():
            return topics.heartbeat(message.agent_id)
        case Assessed():
            return topics.assessed(message.agent_id)
        case Observed():
            return topics.observed(message.agent_id)
        case CameraStatus():
            return topics.camera_status(message.agent_id, message.camera_id)
    raise AssertionError(message)


def beat(at_ms: int, **counters: int) -> Heartbeat:
    ledger = {"selected": 9, "archived": 7, "rejected": 0, "in_flight": 2, **counters}
    told = Ledger(spooled=ledger["selected"], dropped={}, **ledger)
    return heartbeat(sent_at_ms=at_ms).model_copy(update={"ledger": told, "cameras": {"cam-1": told}})


def judged(at_ms: int, *faults: PictureCheck, skew_ms: float | None = None, bound_ms: float | None = None) -> Assessed:
    facts = CameraFacts(scores={PictureCheck.DARK: 0.1}, faults=faults, clock_skew_ms=skew_ms, clock_bound_ms=bound_ms)
    return Assessed(agent_id=AGENT, assessed_at_ms=at_ms, cameras={"cam-1": facts})


def picture(at_ms: int, state: PictureState = PictureState.KEPT) -> Observed:
    item = ObservedItem(
        observation_id=ids.observation_id("cam-1", at_ms, "k"),
        camera_id="cam-1",
        captured_at_ms=at_ms,
        picture=state,
        machines=(),
        people=3,
    )
    return Observed(agent_id=AGENT, commit_seq=1, items=(item,))


@pytest.fixture
def centre(store: Store, roster: Roster, clock: Clock) -> Centre:
    made = Centre(store, roster, clock)
    made.hear(camera_status("cam-1"))
    return made


def test_an_hour_online_is_sixty_minutes_told_but_the_first_while_the_line_settles(centre: Centre) -> None:
    centre.minutes(60)
    row = centre.hours()["cam-1", 0]
    assert (row.told_n, row.offline_n) == (59, 0)
    assert centre.causes() == {}
    assert centre.gaps() == []


def test_a_camera_that_is_off_counts_for_those_minutes_with_its_cause(centre: Centre) -> None:
    centre.minutes(10)
    centre.hear(camera_status("cam-1", state=CameraState.OFFLINE).model_copy(update={"code": "unreachable"}))
    centre.minutes(7)
    centre.hear(camera_status("cam-1"))
    centre.minutes(10)
    row = centre.hours()["cam-1", 0]
    assert listed(row.offline) == tuple(range(10, 17))
    assert row.told_n == 26
    assert centre.causes() == {("cam-1", "unreachable"): 7}


def test_an_agent_that_falls_silent_takes_its_cameras_along(centre: Centre) -> None:
    centre.minutes(10)
    centre.minutes(10, beating=False)
    assert centre.causes() == {("cam-1", "agent_silent"): centre.hours()["cam-1", 0].offline_n}
    assert centre.hours()["cam-1", 0].offline_n == 9


def test_a_restart_is_a_gap_with_a_name_and_never_offline(centre: Centre) -> None:
    centre.minutes(10)
    centre.clock.now_ms += 30 * 60_000
    centre.start()
    centre.hear(camera_status("cam-1"))
    centre.minutes(20)
    row = centre.hours()["cam-1", 0]
    assert row.offline == 0
    assert listed(row.told) == (*range(1, 10), *range(41, 60))
    assert [cause for cause, _ in centre.gaps()] == ["centre_stopped"]
    assert centre.gaps()[0][1] == pytest.approx(30 * 60_000, abs=20_000)


def test_a_crash_loses_no_more_than_was_not_written(centre: Centre) -> None:
    centre.minutes(5)
    centre.hear(judged(centre.clock.now_ms, PictureCheck.DARK))
    before = centre.everything()
    centre.start()
    centre.recorder.tick()
    assert centre.everything()[:2] == before[:2]


def test_without_the_broker_nothing_is_known_and_the_gap_has_its_name(centre: Centre) -> None:
    centre.minutes(10)
    centre.mailbox.link(up=False)
    centre.minutes(20, beating=False)
    centre.mailbox.link(up=True)
    centre.minutes(10)
    row = centre.hours()["cam-1", 0]
    assert row.offline == 0
    assert listed(row.told) == (*range(1, 10), *range(31, 40))
    assert centre.causes() == {("cam-1", "unknown:broker_away"): 20}
    assert centre.gaps() == [("broker_away", 20 * 60_000)]


def test_a_machine_that_slept_did_not_watch(centre: Centre) -> None:
    centre.minutes(5)
    centre.clock.now_ms += 600_000
    centre.minutes(5)
    assert [cause for cause, _ in centre.gaps()] == ["not_watched"]


def test_a_database_that_refuses_costs_nothing_once_it_works_again(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre.minutes(5)
    with centre.store.transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE assessment_hours RENAME TO away")
    centre.recorder.tick()
    assert "assessment_hours" in centre.recorder.fault
    centre.clock.now_ms += 60_000
    centre.recorder.tick()
    with centre.store.transaction() as session:
        session.connection().exec_driver_sql("ALTER TABLE away RENAME TO assessment_hours")
    centre.recorder.tick()
    assert centre.recorder.fault == ""
    assert listed(centre.hours()["cam-1", 0].told) == (1, 2, 3, 4, 5, 6)


def test_paused_and_starting_are_neither_online_nor_offline(centre: Centre) -> None:
    centre.minutes(2)
    centre.hear(camera_status("cam-1", state=CameraState.PAUSED))
    centre.minutes(3)
    centre.hear(camera_status("cam-1", state=CameraState.STARTING))
    centre.minutes(2)
    row = centre.hours()["cam-1", 0]
    assert (listed(row.told), row.offline) == ((1,), 0)
    centre.minutes(3)
    assert centre.hours()["cam-1", 0].offline_n == 3
    assert centre.causes() == {("cam-1", "unknown:paused"): 3, ("cam-1", "starting"): 3}


def test_facts_of_cameras_that_nobody_announced_are_not_taken(centre: Centre) -> None:
    facts = {f"invented-{n}": CameraFacts(scores={PictureCheck.DARK: 1}) for n in range(50)}
    centre.hear(Assessed(agent_id=AGENT, assessed_at_ms=BEGIN_MS, cameras=facts))
    centre.recorder.tick()
    assert centre.hours() == {}


def test_a_camera_that_its_agent_takes_away_leaves_and_may_come_back(centre: Centre) -> None:
    centre.minutes(2)
    centre.mailbox.deliver(topics.camera_status(AGENT, "cam-1"), b"")
    centre.recorder.tick()
    with centre.store.transaction() as session:
        assert [(row.first_hour, row.left_hour) for row in session.scalars(select(HeardCameraRecord))] == [(HOUR, HOUR)]
    centre.hear(camera_status("cam-1"))
    centre.recorder.tick()
    with centre.store.transaction() as session:
        assert [row.left_hour for row in session.scalars(select(HeardCameraRecord))] == [None]


def test_a_picture_is_timely_by_when_the_centre_heard_of_it(centre: Centre) -> None:
    centre.clock.now_ms = BEGIN_MS + 10 * 60_000
    for minute, late_s in enumerate((1, 30, 200, 1000, 4000, 100)):
        centre.clock.now_ms = BEGIN_MS + minute * 60_000 + late_s * 1000
        centre.hear(picture(BEGIN_MS + minute * 60_000))
    centre.hear(picture(BEGIN_MS + 30 * 60_000, PictureState.WITHHELD))
    centre.recorder.tick()
    row = centre.hours()["cam-1", 0]
    assert listed(row.pictured) == (0, 1, 2, 3, 4, 5)
    assert listed(row.within_10s) == (0,)
    assert listed(row.within_60s) == (0, 1)
    assert listed(row.within_300s) == (0, 1, 2, 5)
    assert listed(row.within_3600s) == (0, 1, 2, 3, 5)


def test_a_second_hint_of_a_timely_picture_makes_it_no_later(centre: Centre) -> None:
    centre.hear(picture(BEGIN_MS))
    centre.clock.now_ms += 50 * 60_000
    centre.hear(picture(BEGIN_MS))
    centre.recorder.tick()
    assert centre.hours()["cam-1", 0].within_10s_n == 1


@pytest.mark.parametrize("told_ms", [0, 2_145_916_800_000])
def test_a_picture_of_1970_or_2038_is_there_and_not_timely(centre: Centre, told_ms: int) -> None:
    centre.hear(picture(told_ms))
    centre.recorder.tick()
    row = centre.hours()["cam-1", 0]
    assert (row.pictured_n, row.within_3600s_n) == (1, 0)
    assert len(centre.hours()) == 1


@pytest.mark.parametrize(
    ("skew_ms", "bound_ms", "agent_ahead_ms", "sure_ms", "most_ms"),
    [
        (1000.0, 200.0, 0, 800, 1200),
        (-1000.0, None, 0, 1000, 1000),
        (None, 10_000.0, 0, 0, 10_000),
        (None, None, 0, None, None),
        (3000.0, 0.0, -3000, 0, 0),
        (0.0, 0.0, -1_795_000_000_000, 1_795_000_000_000, 1_795_000_000_000),
    ],
)
def test_a_cameras_clock_is_its_agents_off_by_more(
    centre: Centre, skew_ms: float | None, bound_ms: float | None, agent_ahead_ms: int, sure_ms: int, most_ms: int
) -> None:
    centre.hear(beat(max(0, centre.clock.now_ms + agent_ahead_ms)))
    centre.hear(judged(centre.clock.now_ms, skew_ms=skew_ms, bound_ms=bound_ms))
    centre.recorder.tick()
    row = centre.hours()["cam-1", 0]
    assert row.clock_sure_ms == (sure_ms and pytest.approx(sure_ms, abs=10**9 if sure_ms > 10**12 else 0))
    assert row.clock_most_ms == (most_ms and pytest.approx(most_ms, abs=10**9 if most_ms > 10**12 else 0))


def read_by(source: ClockSource, skew_ms: float, bound_ms: float = 600.0) -> ClockReading:
    return ClockReading(source=source, skew_ms=skew_ms, bound_ms=bound_ms, read_at_ms=BEGIN_MS)


@pytest.mark.parametrize(
    ("readings", "sure_ms", "most_ms", "sources", "cause"),
    [
        ([read_by(ClockSource.ONVIF, 30_000)], 29_400, 30_600, [ClockSource.ONVIF], None),
        ([read_by(ClockSource.PUSHED, -31_000, 5000)], 26_000, 36_000, [ClockSource.PUSHED], None),
        (
            [read_by(ClockSource.RTCP, 0), read_by(ClockSource.PICTURE, -28_800_000)],
            0,
            28_800_600,
            [ClockSource.RTCP, ClockSource.PICTURE],
            "clock_against:picture+rtcp",
        ),
        (
            [read_by(ClockSource.SIP, 20_000), read_by(ClockSource.ONVIF, 40_000)],
            19_400,
            40_600,
            [ClockSource.SIP, ClockSource.ONVIF],
            "clock_against:onvif+sip",
        ),
    ],
)
def test_a_reading_tells_its_source_and_two_that_contradict_each_other_leave_both_open(
    centre: Centre, readings: list[ClockReading], sure_ms: int, most_ms: int, sources: list[ClockSource], cause: str
) -> None:
    centre.hear(beat(centre.clock.now_ms))
    facts = CameraFacts(clock=readings[0], clock_against=readings[1] if len(readings) > 1 else None)
    centre.hear(Assessed(agent_id=AGENT, assessed_at_ms=centre.clock.now_ms, cameras={"cam-1": facts}))
    centre.recorder.tick()
    row = centre.hours()["cam-1", 0]
    assert (row.clock_sure_ms, row.clock_most_ms) == (sure_ms, most_ms)
    assert list(sources_of(row.clock_sources)) == sources
    finding = centre.finding(Indicator.CLOCK)
    assert set(finding.sources) == set(sources)
    assert [f"clock_against:{each}" for each in finding.contradictions] == ([cause] if cause else [])
    is_wrong = sure_ms > 5000
    assert finding.cause == ("clock_off" if is_wrong else "clock_contradiction")
    assert finding.verdict is (IndicatorVerdict.FAIL if is_wrong else IndicatorVerdict.UNKNOWN)
    assert centre.finding(Indicator.ONLINE).cause != cause


def test_the_quickest_of_the_last_heartbeats_tells_an_agents_clock(centre: Centre) -> None:
    for late_ms in (5000, 40, 7000):
        centre.hear(beat(centre.clock.now_ms - late_ms))
    centre.hear(judged(centre.clock.now_ms, skew_ms=0.0, bound_ms=0.0))
    centre.recorder.tick()
    assert centre.hours()["cam-1", 0].clock_most_ms == 40


def test_before_a_heartbeat_nobody_knows_a_clock(centre: Centre) -> None:
    centre.hear(judged(centre.clock.now_ms, skew_ms=0.0, bound_ms=0.0))
    centre.recorder.tick()
    assert centre.hours()["cam-1", 0].clock_most_ms is None


def test_counters_grow_over_a_gap_and_a_new_spool_begins_anew(centre: Centre) -> None:
    readings = [
        (0, {"selected": 100, "archived": 90, "rejected": 0, "in_flight": 10}),
        (1, {"selected": 160, "archived": 150, "rejected": 5, "in_flight": 5}),
        (4, {"selected": 300, "archived": 295, "rejected": 5, "in_flight": 0}),
        (5, {"selected": 30, "archived": 20, "rejected": 1, "in_flight": 9}),
        (6, {"selected": 60, "archived": 55, "rejected": 1, "in_flight": 2}),
    ]
    for hour, counters in readings:
        centre.clock.now_ms = BEGIN_MS + hour * 3_600_000
        centre.hear(beat(centre.clock.now_ms, **counters))
        centre.recorder.tick()
    grown = {each.hour - HOUR: each.growth for each in centre.evidence() if each.growth is not None}
    assert {hour: (each.selected, each.archived, each.rejected, each.astray) for hour, each in grown.items()} == {
        1: (60, 60, 5, 0),
        4: (140, 145, 0, 0),
        5: (30, 20, 1, 0),
        6: (30, 35, 0, 2),
    }


STORY = [
    *(judged(BEGIN_MS + n * 60_000, *([PictureCheck.DARK] if n % 3 == 0 else [])) for n in range(0, 30, 2)),
    *(picture(BEGIN_MS + n * 45_000) for n in range(30)),
    *(beat(BEGIN_MS + n * 600_000, selected=n * 10, archived=n * 9, in_flight=n) for n in range(6)),
]


@pytest.mark.parametrize("seed", range(6))
def test_what_comes_twice_late_or_in_another_order_gives_the_same_facts(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    told = [*STORY, *dice.sample(STORY, 20)]
    dice.shuffle(told)
    for name in ("plain", "other"):
        (tmp_path / name).mkdir()
    assert _facts(tmp_path / "other", told, dice) == _facts(tmp_path / "plain", STORY, None)


def _facts(folder: Path, messages: list[Any], dice: random.Random | None) -> list[Any]:
    """Of their hour; all arrive within one second of the next, written down now and then, or once."""
    clock = Clock()
    store = fresh_store(folder / "center.sqlite3")
    try:
        centre = Centre(store, Roster(store, Audit(store, clock), None, clock), clock)
        centre.hear(camera_status("cam-1"))
        clock.now_ms = BEGIN_MS + 3_600_000
        for message in messages:
            centre.hear(message)
            if dice is not None and dice.random() < 0.1:
                centre.recorder.tick()
        centre.recorder.tick()
        return centre.everything()
    finally:
        store.close()


def test_the_story_is_more_than_nothing(tmp_path: Path) -> None:
    tables = _facts(tmp_path, STORY, None)
    assert [len(rows) for rows in tables[1::2]] == [1, 1, 1]
