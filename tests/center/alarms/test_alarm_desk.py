"""From what is heard to alarms: each match once, in its window, in time, over restarts."""

import asyncio

import pytest
from sqlalchemy import select, text

from center.access.permissions import EVERYWHERE
from center.alarms.lifecycle import AlarmEvent, AlarmState, MatchOutcome
from center.alarms.tables import AlarmRecord, MatchRecord
from center.errors import StoreUnavailableError
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Observed
from tests.center.alarms.conftest import Station
from tests.center.alarms.making import LEFT_HALF, hint, machine, motion, row, seen
from tests.center.street import AGENT, NOW_MS

pytestmark = pytest.mark.anyio
ZONE = {"kind": "zone_entry", "polygon": LEFT_HALF}
CROWD = {"kind": "crowding", "threshold": 10}


def alarms(station: Station) -> list[AlarmRecord]:
    with station.store.transaction() as session:
        return list(session.scalars(select(AlarmRecord).order_by(AlarmRecord.id)))


def outcomes(station: Station) -> list[str]:
    with station.store.transaction() as session:
        return list(
            session.scalars(select(MatchRecord.outcome).order_by(MatchRecord.at_ms, MatchRecord.captured_at_ms))
        )


async def test_a_hint_becomes_an_alarm_with_the_time_of_every_hop(station: Station) -> None:
    await station.enforce(ZONE, name="<script>'; DROP TABLE alarms; --")
    captured_at_ms = NOW_MS
    station.clock.now_ms += 900
    payload = codec.encode(hint(seen(machine())))
    station.room.observed(codec.decode(Observed, payload))
    push = station.reader.drain()[0]
    assert push.event.event is AlarmEvent.RAISED
    assert push.alarm.rule_name == "<script>'; DROP TABLE alarms; --"
    assert push.alarm.finding.cls == "car"
    assert push.alarm.times.model_dump() == {
        "clock": "arrival",
        "captured_at_ms": captured_at_ms,
        "selected_at_ms": captured_at_ms + 20,
        "redacted_at_ms": captured_at_ms + 260,
        "spooled_at_ms": captured_at_ms + 270,
        "published_at_ms": captured_at_ms + 300,
        "received_at_ms": captured_at_ms + 350,
        "parsed_at_ms": captured_at_ms + 450,
        "committed_at_ms": captured_at_ms + 600,
        "heard_at_ms": captured_at_ms + 900,
        "decided_at_ms": captured_at_ms + 900,
        "stored_at_ms": captured_at_ms + 900,
        "sent_at_ms": None,
    }


async def test_a_row_that_is_told_again_and_again_alarms_once(station: Station) -> None:
    await station.enforce(ZONE, window_s=1)
    told = hint(seen(machine()))
    for _ in range(3):
        station.room.observed(told)
        station.clock.now_ms += 10_000
    assert len(alarms(station)) == 1
    station = station.again()
    station.room.observed(told)
    assert len(alarms(station)) == 1
    assert alarms(station)[0].repeats == 0


async def test_hints_and_commits_that_bring_the_same_rows_at_once_alarm_once_each(station: Station) -> None:
    await station.enforce(ZONE, window_s=1, cameras=[f"{AGENT}/cam-{number}" for number in range(40)])
    hints = [hint(seen(machine(), camera=f"cam-{number}")) for number in range(40)]

    def bring() -> None:
        for told in hints:
            station.room.observed(told)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(asyncio.to_thread(bring))
    assert sorted(alarm.camera_id for alarm in alarms(station)) == sorted(f"cam-{number}" for number in range(40))
    assert {alarm.repeats for alarm in alarms(station)} == {0}
    pushed = [push.event.id for push in station.reader.drain()]
    assert pushed == sorted(pushed) == list(range(1, 41))


async def test_what_comes_within_the_window_is_added_to_its_alarm_and_the_window_is_not_stretched(
    station: Station,
) -> None:
    await station.enforce(ZONE, window_s=60)
    for number in range(7):
        station.room.observed(hint(seen(machine(), at_ms=station.clock.now_ms, key=f"k{number}")))
        station.clock.now_ms += 20_000
    assert [(alarm.raised_at_ms - NOW_MS, alarm.repeats) for alarm in alarms(station)] == [
        (0, 2),
        (60_000, 2),
        (120_000, 0),
    ]


async def test_cameras_and_rules_have_windows_of_their_own(station: Station) -> None:
    both = [f"{AGENT}/cam-1", f"{AGENT}/cam-2"]
    await station.enforce(ZONE, cameras=both)
    await station.enforce(ZONE, cameras=both)
    station.room.observed(hint(seen(machine(), camera="cam-1"), seen(machine(), camera="cam-2")))
    assert len(alarms(station)) == 4


async def test_a_window_outlives_a_restart(station: Station) -> None:
    await station.enforce(ZONE, window_s=300)
    station.room.observed(hint(seen(machine(), key="k1")))
    station = station.again()
    station.clock.now_ms += 60_000
    station.room.observed(hint(seen(machine(), at_ms=station.clock.now_ms, key="k2")))
    assert [alarm.repeats for alarm in alarms(station)] == [1]


@pytest.mark.parametrize(
    ("at_ms", "outcome"),
    [
        (NOW_MS - 60_000, MatchOutcome.RAISED),
        (NOW_MS - 60_001, MatchOutcome.LATE),
        (NOW_MS + 300_000, MatchOutcome.RAISED),
        (NOW_MS + 300_001, MatchOutcome.UNTRUSTED),
        (0, MatchOutcome.LATE),
        (2_145_916_800_000, MatchOutcome.UNTRUSTED),
    ],
    ids=["a minute old", "older", "ahead", "too far ahead", "1970", "2038"],
)
async def test_late_rows_and_rows_of_a_wrong_clock_alarm_nobody_and_are_kept(
    station: Station, at_ms: int, outcome: MatchOutcome
) -> None:
    number = await station.enforce(ZONE)
    station.room.observed(hint(seen(machine(), at_ms=at_ms)))
    raised = outcome is MatchOutcome.RAISED
    assert len(alarms(station)) == len(station.reader.drain()) == len(await _told(station)) == raised
    assert outcomes(station) == [outcome]
    assert station.room.figures().outcomes[outcome] == 1
    assert [late.outcome for late in station.room.rules.late(number, sight=EVERYWHERE).items] == (
        [] if raised else [outcome]
    )


async def test_a_row_whose_time_the_archive_does_not_trust_alarms_nobody(station: Station) -> None:
    await station.enforce(ZONE)
    await station.room.reconciler.run_once()
    station.archive.add(row(machine(), commit_seq=5, trusted=False), b"")
    await station.room.reconciler.run_once()
    assert alarms(station) == []
    assert outcomes(station) == [MatchOutcome.UNTRUSTED]


async def test_a_crowd_is_told_without_a_count_and_without_a_picture(station: Station) -> None:
    await station.enforce(CROWD)
    crowded = seen(machine(), people=9973)
    station.room.observed(hint(crowded))
    push = station.reader.drain()[0]
    assert push.alarm.row_key is None
    assert push.alarm.finding.cls is None
    with station.store.transaction() as session:
        tables = session.scalars(text("SELECT name FROM sqlite_master WHERE name LIKE 'alarm%' AND type = 'table'"))
        written = "".join(
            str(tuple(line)) for table in tables.all() for line in session.execute(text(f"SELECT * FROM {table}"))
        )
    assert crowded.row_key not in written
    assert "9973" not in written + push.model_dump_json()
    station.room.observed(hint(crowded))
    assert len(alarms(station)) == 1


async def test_what_is_closed_and_old_goes_with_its_history_and_what_is_open_stays(station: Station) -> None:
    await station.enforce(ZONE, window_s=1)
    for key in ("k1", "k2"):
        station.clock.now_ms += 2000
        station.room.observed(hint(seen(machine(), at_ms=station.clock.now_ms, key=key)))
    station.room.hand_over()
    station.room.care.act(1, AlarmEvent.CLOSED, actor="operator")
    station.clock.now_ms += 180 * 86_400_000 - 3000
    station.room.forget()
    assert [alarm.id for alarm in alarms(station)] == [1, 2]
    assert outcomes(station) == []
    station.clock.now_ms += 10_000
    station.room.forget()
    assert [alarm.id for alarm in alarms(station)] == [2]
    assert [event.event for event in station.room.care.alarm(2).events] == ["raised"]


async def test_a_refused_write_leaves_nothing_behind_and_the_row_counts_when_it_comes_again(station: Station) -> None:
    await station.enforce(ZONE)
    with station.store.transaction() as session:
        session.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON alarm_matches BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        )
    with pytest.raises(StoreUnavailableError, match="disk full"):
        station.room.observed(hint(seen(machine())))
    assert station.events() == []
    assert station.room.figures().outcomes[MatchOutcome.RAISED] == 0
    with station.store.transaction() as session:
        session.execute(text("DROP TRIGGER full"))
    station.room.observed(hint(seen(machine())))
    assert [event for event, _ in station.events()] == ["raised"]
    assert [alarm.repeats for alarm in alarms(station)] == [0]


async def test_nobody_is_told_in_quiet_hours_and_it_escalates_when_they_end(station: Station) -> None:
    # NOW_MS is midnight in the archive's zone.
    quiet = {"spans": [{"begins": "23:30", "ends": "00:30"}]}
    await station.enforce(ZONE, quiet=quiet, escalate_after_min=[1])
    station.room.observed(hint(seen(machine())))
    assert station.events() == [("raised", 1)]
    assert alarms(station)[0].quiet
    for _ in range(30):
        station.room.care.escalate_due()
        assert await _told(station) == []
        station.clock.now_ms += 60_000
    station.room.care.escalate_due()
    assert await _told(station) == [(1, 1)]
    assert alarms(station)[0].state == AlarmState.ESCALATED


async def test_a_rule_looks_only_in_its_schedule(station: Station) -> None:
    await station.enforce(ZONE, schedule={"spans": [{"begins": "03:00", "ends": "04:00"}]})
    station.room.observed(hint(seen(machine())))
    assert outcomes(station) == []


async def test_what_the_edge_follows_is_heard_beside_what_the_parser_found(station: Station) -> None:
    await station.enforce({"kind": "line_crossing", "line": "stop"})
    station.room.observed(hint(seen(machine(motion=motion(90, crossed=[("stop", "right")])))))
    assert [alarm.kind for alarm in alarms(station)] == ["line_crossing"]
    assert "dwell" not in alarms(station)[0].finding


async def _told(station: Station) -> list[tuple[int, int]]:
    """Notices that were handed over: alarm and level."""
    station.room.hand_over()
    return [(notice.alarm.id, notice.level) for notice in station.held.notices.values()]


async def test_a_clock_that_is_a_year_ahead_once_takes_no_closed_alarm(station: Station) -> None:
    await station.enforce(ZONE, window_s=1)
    station.room.observed(hint(seen(machine(), at_ms=station.clock.now_ms, key="k1")))
    station.room.care.act(1, AlarmEvent.CLOSED, actor="operator")
    station.clock.now_ms += 365 * 86_400_000
    station.clocks.skew_ms = 365 * 86_400_000
    station.room.forget()
    assert [alarm.id for alarm in alarms(station)] == [1]
