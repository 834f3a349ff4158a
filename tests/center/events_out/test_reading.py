"""Each receiver is queued what its section names: kinds, districts, nothing of a case, nothing twice."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.responses import JSONResponse
from sqlalchemy import select

from bench.center.assessment.fleet import MONTH, lay_down
from center.alarms.lifecycle import AlarmEvent
from center.alarms.tables import AlarmRecord
from center.assessment.months import CLOSES_AFTER_MS
from center.assessment.period import parse
from center.database.store import AuditEntry
from center.errors import QueryError
from center.events_out.outbox import EventDrop
from provisioning.contracts.config.events_out import EventKind
from provisioning.contracts.query.zone_counts import GRID_MS, ZoneBin, ZoneCount, ZoneCounts
from provisioning.contracts.wire.messages import CameraState, Signature
from tests.center.events_out.rig import Rig, mqtt, rig
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.world import camera_status

pytestmark = pytest.mark.anyio
GATE, YARD = f"{AGENT}/cam-1", f"{AGENT}/cam-2"


def subjects(events: list[Any]) -> list[str]:
    return [each["subject"] for each in events]


async def test_observations_of_the_chosen_districts_are_queued_once_without_people_or_picture(tmp_path: Path) -> None:
    whole = mqtt(id="whole", kinds=("observation",), districts=(), whole_centre=True)
    none = mqtt(id="none", kinds=("observation",), districts=())
    async with rig(tmp_path, mqtt(kinds=("observation",)), whole, none) as events:
        events.commit(6)
        brought, _ = observation("cam-1", NOW_MS - 5000, 7)
        signed = brought.snapshot.model_copy(update={"signature": Signature(certificate="c", value="ab" * 8)})
        events.archive.add(brought.model_copy(update={"snapshot": signed}), b"")
        for _ in range(2):
            await events.service.reader.read_observations()
        found = events.queued()
        assert subjects(found) == [GATE] * 3
        assert sorted(subjects(events.queued("whole"))) == [GATE] * 3 + [YARD] * 3
        assert events.queued("none") == []
        assert {each["data"]["district"] for each in found} == {"north"}
        assert [each["id"] for each in found] == [
            row.snapshot.row_key
            for row in reversed(events.archive.rows)
            if row.snapshot.camera_id == "cam-1" and row.snapshot.signature is None
        ]
        first = found[0]["data"]
        assert sum(first["counts"].values()) == len(first["machines"])
        assert not {"people", "picture", "picture_sha256", "redaction"} & first.keys()
        # A kind or archive that fails stops no other: alarms are read although the archive is away.
        events.archive.answer = lambda: JSONResponse({"error": "away"}, 503)
        with pytest.raises(QueryError):
            await events.service.reader.read_observations()
        events.raise_alarm()
        await asyncio.to_thread(events.service.reader.read_alarms)


async def test_what_is_too_old_is_dropped_by_name(tmp_path: Path) -> None:
    async with rig(tmp_path, mqtt(kinds=("observation",), give_up_after_h=1)) as events:
        events.commit(4, cameras=("cam-1",))
        events.clock.now_ms += 2 * 3_600_000
        await events.service.reader.read_observations()
        assert events.queued() == []
        assert events.service.outbox.dropped["city"] == {EventDrop.EXPIRED: 4}


async def test_changes_of_alarms_are_queued_without_comment_actor_or_case(tmp_path: Path) -> None:
    whole = mqtt(id="whole", kinds=("alarm",), districts=(), whole_centre=True)
    async with rig(tmp_path, mqtt(kinds=("alarm",)), whole) as events:
        number = events.raise_alarm(name="粤B12345 parks")
        events.raise_alarm("cam-2")
        events.raise_alarm("", kind="platform_fault")
        events.raise_alarm(kind="standing_lookalike", name="case 117")
        with events.alarms.writing() as writing:
            alarm = writing.session.get_one(AlarmRecord, number)
            writing.note(alarm, AlarmEvent.COMMENTED, "wangwu", "LaoWang was there")
            writing.note(alarm, AlarmEvent.CLOSED, "wangwu", "LaoWang left")
        for _ in range(2):
            await asyncio.to_thread(events.service.reader.read_alarms)
        found = events.queued()
        assert [(each["subject"], each["data"]["change"]) for each in found] == [(GATE, "raised"), (GATE, "closed")]
        assert {each["data"]["rule"] for each in found} == {"rule 1"}
        everything = json.dumps([found, events.queued("whole")], ensure_ascii=False)
        assert not [word for word in ("wangwu", "LaoWang", "case 117", "粤B12345", "lookalike") if word in everything]
        assert subjects(events.queued("whole")) == [GATE, YARD, "centre", GATE]


async def test_states_of_cameras_are_queued_when_they_change_and_again_after_a_new_connection(tmp_path: Path) -> None:
    async with rig(tmp_path, mqtt(kinds=("camera_state",))) as events:
        reader = events.service.reader
        reader.read_states()
        reader.read_states()
        (online,) = events.queued()
        assert (online["subject"], online["data"]["state"], online["data"]["name"]) == (GATE, "online", "cam-1")
        events.devices.changed(camera_status("cam-1", state=CameraState.OFFLINE, cause="of an agent's own words"))
        reader.read_states()
        assert [each["data"]["state"] for each in events.queued()] == ["online", "offline"]
        assert "own words" not in json.dumps(events.queued())
        events.service.outbox.forget_states("city")
        reader.compare_states()
        reader.read_states()
        assert [each["id"] for each in events.queued()][1:] == [events.queued()[1]["id"]] * 2
        # Half a minute without the centre's own broker says nothing of cameras; longer, they are unknown.
        events.devices.link(up=False)
        reader.read_states()
        assert len(events.queued()) == 3
        events.clock.now_ms += 31_000
        reader.read_states()
        assert events.queued()[-1]["data"]["state"] == "unknown"
        events.devices.removed(AGENT, "cam-1")
        reader.read_states()
        reader.read_states()
        assert [each["data"]["state"] for each in events.queued()][3:] == ["unknown", "removed"]


async def test_people_are_queued_as_the_bins_that_the_archive_reports(tmp_path: Path) -> None:
    async with rig(tmp_path, mqtt(kinds=("people",))) as events:
        reader, begin_ms = events.service.reader, NOW_MS // GRID_MS * GRID_MS
        await reader.read_people()
        events.clock.now_ms += 3 * GRID_MS
        bins = tuple(ZoneBin(from_ms=begin_ms + n * GRID_MS, pictures=3, mean=1.5, most=n) for n in range(3))
        events.archive.zones = ZoneCounts(
            zones=tuple(ZoneCount(agent_id=AGENT, camera_id=camera, bins=bins) for camera in ("cam-1", "cam-2")),
            told_to_ms=begin_ms + 2 * GRID_MS,
            rows_read=9,
        )
        await reader.read_people()
        found = events.queued()
        assert [(each["subject"], each["data"]["from_ms"], each["data"]["most"]) for each in found] == [
            (GATE, begin_ms, 0), (GATE, begin_ms + GRID_MS, 1),
        ]  # fmt: skip
        asked = events.archive.zoned[-1]
        assert (asked.bin_ms, asked.source) == (GRID_MS, (GATE,))
        await reader.read_people()
        assert events.archive.zoned[-1].from_ms == begin_ms + 2 * GRID_MS
        with events.store.transaction() as session:
            details = list(session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "people.publish")))
        assert [json.loads(each)["purpose"] for each in details] == ["event receiver city"] * 2


async def test_a_closed_month_is_queued_once_by_district_and_names_no_user(tmp_path: Path) -> None:
    kinds = (EventKind.ASSESSMENT,)
    whole = mqtt(id="whole", kinds=kinds, districts=(), whole_centre=True)
    async with rig(tmp_path, mqtt(kinds=kinds, districts=("District 1",)), whole) as events:
        lay_down(events.store, cameras=12, faults_each=1, hours=48)
        events.clock.now_ms = parse(MONTH).to_ms + CLOSES_AFTER_MS + 60_000
        for _ in range(2):
            events.service.reader.read_assessment()
        everything = events.queued("whole")
        scopes = [each["data"]["scope"] for each in everything]
        assert (scopes[0], scopes.count("fleet"), scopes.count("camera")) == ("fleet", 1, 14)
        names = {each["data"]["district"] for each in everything}
        assert len(names) > 2
        mine = events.queued()
        assert {each["data"]["district"] for each in mine} <= {"District 1"}
        assert len({each["id"] for each in everything}) == len(everything)
        assert {len(each["data"]["indicators"]) for each in everything} == {9}


async def test_a_receiver_that_is_gone_takes_its_events_along(tmp_path: Path) -> None:
    async with rig(tmp_path, mqtt(kinds=("observation",))) as events:
        events.commit(4)
        await events.service.reader.read_observations()
        assert events.queued()
        await _restarted_without(events)


async def _restarted_without(events: Rig) -> None:
    async with rig(Path(), mqtt(id="other", kinds=("observation",)), store=events.store) as again:
        again.service.outbox.recover()
        assert again.service.outbox.backlog() == {}
        with again.store.transaction() as session:
            (detail,) = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "events.sent"))
        assert json.loads(detail)["dropped"] == {"removed": 2}
