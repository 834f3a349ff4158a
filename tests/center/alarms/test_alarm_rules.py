"""Rules over time: versions, previews on the last 24 hours, and what keeps a rule from being switched on."""

import pytest
from sqlalchemy import select

from center.access.permissions import EVERYWHERE
from center.alarms.errors import BlankPreviewError, NoPreviewError, RuleChangedError, TooBroadError, UnknownRuleError
from center.alarms.preview import DAY_MS, RulePreviews
from center.alarms.rules.inputs import PartFault
from center.alarms.tables import AlarmRecord
from center.alarms.views import PreviewView
from center.database.store import AuditEntry
from provisioning.contracts.wire.messages import CameraState
from tests.center.alarms.conftest import Station
from tests.center.alarms.making import LEFT_HALF, hint, machine, motion, row, seen, text
from tests.center.street import AGENT, NOW_MS
from tests.center.world import camera_status

pytestmark = pytest.mark.anyio
ZONE = {"kind": "zone_entry", "polygon": LEFT_HALF}
NOON_MS = NOW_MS - DAY_MS // 2
"""Within the last 24 hours."""


def fill(station: Station, *, inside: int, outside: int, camera: str = "cam-1", people: int = 0) -> None:
    for number in range(inside + outside):
        where = 0.25 if number < inside else 0.75
        at_ms = NOON_MS + number * 1000
        station.archive.add(
            row(machine(where), camera=camera, at_ms=at_ms, key=f"{camera}{number}", people=people), b""
        )


async def test_versions_are_kept_and_every_change_is_audited(station: Station) -> None:
    rules = station.room.rules
    view = rules.create(text(ZONE), actor="anna", sight=EVERYWHERE)
    rules.change(view.id, text(ZONE, severity="critical"), version=1, actor="bo", sight=EVERYWHERE)
    fill(station, inside=1, outside=3)
    await station.room.previews.run(view.id, 2, actor="bo", sight=EVERYWHERE)
    rules.switch_on(view.id, version=2, actor="bo", sight=EVERYWHERE)
    rules.switch_off(view.id, actor="anna", sight=EVERYWHERE)
    retired = rules.switch_off(view.id, actor="anna", sight=EVERYWHERE, retire=True)
    assert [
        (each.version, each.text.severity, each.written_by) for each in rules.versions(view.id, sight=EVERYWHERE)
    ] == [
        (1, "warning", "anna"),
        (2, "critical", "bo"),
    ]
    assert (retired.retired, retired.on_version) == (True, None)
    with station.store.transaction() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.actor, entry.action) for entry in entries] == [
        ("anna", "rule.create"),
        ("bo", "rule.change"),
        ("bo", "rule.preview"),
        ("bo", "rule.previewed"),
        ("bo", "rule.on"),
        ("anna", "rule.off"),
        ("anna", "rule.retire"),
    ]


async def test_two_who_change_a_rule_at_once_do_not_overwrite_each_other(station: Station) -> None:
    rules = station.room.rules
    view = rules.create(text(ZONE), actor="anna", sight=EVERYWHERE)
    rules.change(view.id, text(ZONE, name="bo's"), version=1, actor="bo", sight=EVERYWHERE)
    with pytest.raises(RuleChangedError, match="version 2, not 1"):
        rules.change(view.id, text(ZONE, name="anna's"), version=1, actor="anna", sight=EVERYWHERE)
    rules.switch_off(view.id, actor="anna", sight=EVERYWHERE, retire=True)
    with pytest.raises(RuleChangedError, match="retired"):
        rules.change(view.id, text(ZONE), version=2, actor="bo", sight=EVERYWHERE)


async def test_nothing_is_in_force_that_was_not_previewed_in_this_very_version(station: Station) -> None:
    rules = station.room.rules
    view = rules.create(text(ZONE), actor="anna", sight=EVERYWHERE)
    with pytest.raises(NoPreviewError, match="Preview it on the last 24 hours"):
        rules.switch_on(view.id, version=1, actor="anna", sight=EVERYWHERE)
    fill(station, inside=1, outside=3)
    await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert rules.switch_on(view.id, version=1, actor="anna", sight=EVERYWHERE).on_version == 1
    changed = rules.change(view.id, text(ZONE, name="other"), version=1, actor="anna", sight=EVERYWHERE)
    assert (changed.version, changed.on_version, changed.preview) == (2, 1, None)
    with pytest.raises(NoPreviewError):
        rules.switch_on(view.id, version=2, actor="anna", sight=EVERYWHERE)
    with pytest.raises(UnknownRuleError):
        await station.room.previews.run(view.id, 3, actor="anna", sight=EVERYWHERE)


async def test_while_a_new_version_waits_the_old_one_goes_on(station: Station) -> None:
    number = await station.enforce(ZONE)
    station.room.rules.change(number, text(ZONE, name="new"), version=1, actor="anna", sight=EVERYWHERE)
    station.room.observed(hint(seen(machine(), key="k1")))
    station = station.again()
    station.room.observed(hint(seen(machine(), key="k2")))
    listed = station.room.care.alarms().items
    assert [(alarm.rule_version, alarm.rule_name, alarm.repeats) for alarm in listed] == [(1, "a rule", 1)]


async def test_a_preview_reads_all_of_the_last_24_hours_page_by_page_and_tells_what_it_found(station: Station) -> None:
    fill(station, inside=150, outside=350)
    fill(station, inside=30, outside=0, camera="cam-2")
    station.archive.add(row(machine(), at_ms=NOW_MS, key="today"), b"")
    station.archive.add(row(machine(), at_ms=NOW_MS - DAY_MS - 1, key="before"), b"")
    view = station.room.rules.create(text(ZONE, window_s=60), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.rows, preview.matched, preview.alarms, preview.complete) == (500, 150, 3, True)
    assert preview.by_camera == {f"{AGENT}/cam-1": 150}
    assert len(preview.examples) == 20
    assert station.archive.asked.count("/observations") == 3
    assert not preview.too_broad
    assert station.room.rules.rule(view.id, sight=EVERYWHERE).preview == preview


async def test_what_the_edge_followed_is_previewed_too(station: Station) -> None:
    for number in range(30):
        told = motion(90, crossed=[("stop", "left")]) if number == 7 else motion(90)
        station.archive.add(row(machine(motion=told), at_ms=NOON_MS + number, key=f"k{number}"), b"")
    view = station.room.rules.create(text({"kind": "line_crossing", "line": "stop"}), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.rows, preview.matched) == (30, 1)


async def test_a_preview_that_had_nothing_to_look_at_lets_nothing_be_switched_on_unasked(station: Station) -> None:
    rules = station.room.rules
    fill(station, inside=30, outside=300, camera="cam-2")
    view = rules.create(text(ZONE), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.rows, preview.blank, preview.too_broad) == (0, True, False)
    with pytest.raises(BlankPreviewError, match="nothing was archived in that period"):
        rules.switch_on(view.id, version=1, actor="anna", sight=EVERYWHERE)
    assert rules.rule(view.id, sight=EVERYWHERE).on_version is None
    assert rules.switch_on(view.id, version=1, actor="anna", sight=EVERYWHERE, unseen=True).on_version == 1
    assert '"unseen":true' in station.audit.page(limit=1)[0].detail.replace(" ", "")


async def test_what_was_archived_a_moment_ago_is_previewed(station: Station) -> None:
    """A centre of today has no yesterday."""
    station.archive.add(row(machine(), at_ms=NOW_MS - 1000, key="k"), b"")
    station.clock.now_ms = NOW_MS + DAY_MS // 3
    view = station.room.rules.create(text(ZONE), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.from_ms, preview.to_ms) == (station.clock.now_ms - DAY_MS, station.clock.now_ms)
    assert (preview.rows, preview.matched, preview.blank) == (1, 1, False)


async def test_a_rule_on_faults_is_never_blank_for_it_looks_at_what_is_wrong_now(station: Station) -> None:
    rules = station.room.rules
    what = {"kind": "platform_fault", "for_s": 60}
    view = rules.create(text(what, cameras=()), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.rows, preview.blank) == (0, False)
    assert rules.switch_on(view.id, version=1, actor="anna", sight=EVERYWHERE).on_version == 1


def test_a_preview_kept_by_an_older_version_is_blank_where_it_has_no_rows() -> None:
    kept = {
        "rule_id": 1,
        "version": 1,
        "at_ms": NOW_MS,
        "from_ms": 0,
        "to_ms": 1,
        "rows": 0,
        "complete": True,
        "matched": 0,
        "alarms": 0,
        "by_camera": {},
        "examples": [],
        "too_broad": False,
    }
    assert PreviewView.model_validate(kept).blank
    assert not PreviewView.model_validate(kept | {"rows": 1}).blank


async def test_a_rule_that_matches_everything_is_refused_with_its_count(station: Station) -> None:
    fill(station, inside=16, outside=14)
    whole = {"kind": "zone_entry", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}
    view = station.room.rules.create(text(whole), actor="anna", sight=EVERYWHERE)
    await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    with pytest.raises(TooBroadError, match="it matches 30 of 30 pictures") as caught:
        station.room.rules.switch_on(view.id, version=1, actor="anna", sight=EVERYWHERE)
    assert "at most 50 %" in caught.value.advice()
    half = station.room.rules.change(view.id, text(ZONE), version=1, actor="anna", sight=EVERYWHERE)
    assert (await station.room.previews.run(view.id, half.version, actor="anna", sight=EVERYWHERE)).matched == 16
    with pytest.raises(TooBroadError, match="16 of 30"):
        station.room.rules.switch_on(view.id, version=2, actor="anna", sight=EVERYWHERE)


async def test_a_preview_is_bounded_and_says_so(station: Station) -> None:
    fill(station, inside=0, outside=500)
    room = station.room
    previews = RulePreviews(
        room.previews._search,
        station.audit,
        room.rules,
        tuple,
        station.clock,
        max_share=0.5,
        max_rows=200,
    )
    view = room.rules.create(text(ZONE), actor="anna", sight=EVERYWHERE)
    preview = await previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.rows, preview.complete) == (200, False)


async def test_the_preview_of_a_crowd_names_no_picture(station: Station) -> None:
    fill(station, inside=30, outside=0, people=12)
    view = station.room.rules.create(text({"kind": "crowding", "threshold": 10}), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert preview.matched == 30
    assert preview.examples == ()


async def test_the_preview_of_a_fault_rule_looks_at_now(station: Station) -> None:
    station.devices.link(up=True)
    station.devices.changed(camera_status("cam-1", state=CameraState.OFFLINE, cause="no route"))
    await station.room.tend(_well)
    view = station.room.rules.create(text({"kind": "camera_fault", "for_s": 0}), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.matched, preview.by_camera, preview.too_broad) == (1, {f"{AGENT}/cam-1": 1}, False)


async def _well() -> dict[str, PartFault]:
    return {}


async def test_rules_are_listed_in_pages(station: Station) -> None:
    for number in range(5):
        station.room.rules.create(text(ZONE, name=f"rule {number}"), actor="anna", sight=EVERYWHERE)
    names, before = [], None
    while True:
        page = station.room.rules.rules(before=before, limit=2, sight=EVERYWHERE)
        names += [each.text.name for each in page.items]
        if page.next_cursor is None:
            break
        before = int(page.next_cursor)
    assert names == [f"rule {number}" for number in (4, 3, 2, 1, 0)]


async def test_a_composed_rule_is_previewed_in_the_order_of_time_and_raises_one_alarm_a_place(station: Station) -> None:
    """A truck stands at one camera of a school's front while something is in the zone of the other."""
    cameras = [f"{AGENT}/cam-1", f"{AGENT}/cam-2"]
    zone = {"op": "seen", "what": ZONE}
    when = {"op": "and", "of": [zone | {"camera": camera} for camera in cameras]}
    what = {"kind": "composed", "place_name": "the school", "when": when}
    for number, (camera, where, second) in enumerate(
        [("cam-1", 0.25, 0), ("cam-2", 0.25, 8), ("cam-1", 0.75, 12), ("cam-2", 0.25, 400), ("cam-1", 0.25, 500)]
    ):
        at_ms = NOON_MS + 1000 * second
        station.archive.add(row(machine(where), camera=camera, at_ms=at_ms, key=f"{number}"), b"")
    rules = station.room.rules
    view = rules.create(text(what, cameras=cameras), actor="anna", sight=EVERYWHERE)
    preview = await station.room.previews.run(view.id, 1, actor="anna", sight=EVERYWHERE)
    assert (preview.rows, preview.matched, preview.alarms) == (5, 1, 1)
    assert preview.by_camera == {cameras[0]: 1}
    rules.switch_on(view.id, version=1, actor="anna", sight=EVERYWHERE)
    live = [
        seen(machine(0.25), camera=camera, at_ms=NOW_MS - 9000 + 1000 * number, key=f"live{number}")
        for number, camera in enumerate(["cam-1", "cam-2", "cam-1"])
    ]
    for each in live:
        rules.load()  # as after a change of any rule: what this one remembers stays
        station.room.observed(hint(each))
    alarm = station.reader.drain()[-1].alarm
    assert (alarm.kind, alarm.camera_id, alarm.row_key) == ("composed", "cam-2", live[1].row_key)
    assert (alarm.finding.where, alarm.finding.cls) == ("the school", "car")
    with station.store.transaction() as session:
        assert [record.repeats for record in session.scalars(select(AlarmRecord))] == [1]
