"""Exports through the API: audited before they leave, kept for a while, ended by name."""

import asyncio
import json
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import Response
from sqlalchemy import text

from center.evidence import names
from center.evidence.clock_state import ClockState
from center.evidence.exports import LOOK_FOR_ERASED_MS
from center.evidence.verify import verify
from provisioning.contracts.archive import Observation
from provisioning.contracts.messages import PictureState
from tests.center.evidence.conftest import KEEP_MS, Clerk, exports_of
from tests.center.evidence.desk import CASE, contents
from tests.center.street import NOW_MS, observation

pytestmark = pytest.mark.anyio

ASKED = {"case": CASE.number, "purpose": CASE.purpose, "requester": CASE.requester}


def fill(clerk: Clerk, count: int) -> list[str]:
    """Archive some; their keys, oldest first."""
    rows = [observation(f"cam-{number}", NOW_MS - 40_000 * (count - number), number) for number in range(count)]
    return [clerk.world.archive.add(*row).snapshot.row_key for row in rows]


async def start(clerk: Clerk, keys: list[str]) -> dict[str, Any]:
    answer = await clerk.browser.post("/api/evidence", json=ASKED | {"row_keys": keys})
    assert answer.status_code == 202, answer.text
    started: dict[str, Any] = answer.json()
    return started


async def ended(clerk: Clerk, export_id: str) -> dict[str, Any]:
    """Its state once it is no longer running."""
    async with asyncio.timeout(60):
        while True:
            answer = await clerk.browser.get(f"/api/evidence/{export_id}")
            assert answer.status_code == 200, answer.text
            state: dict[str, Any] = answer.json()
            if state["state"] != "running":
                return state
            await asyncio.sleep(0.02)


async def exported(clerk: Clerk, keys: list[str]) -> dict[str, Any]:
    return await ended(clerk, (await start(clerk, keys))["id"])


def erase(clerk: Clerk, key: str) -> None:
    """As `wayside-cluster erase` leaves it."""
    archive = clerk.world.archive
    archive.jpegs.pop(key, None)
    archive.rows = [_erased(row) if row.snapshot.row_key == key else row for row in archive.rows]


def _erased(row: Observation) -> Observation:
    return row.model_copy(update={"snapshot": row.snapshot.model_copy(update={"erased_at_ms": NOW_MS + 5})})


def actions(clerk: Clerk) -> list[str]:
    """Of the audit, oldest first."""
    return [entry.action for entry in reversed(clerk.world.services.audit.latest(500))]


async def test_an_export_is_started_made_fetched_and_stands(clerk: Clerk, tmp_path: Path) -> None:
    keys = fill(clerk, 5)
    started = await start(clerk, keys)
    assert started["state"] == "running"
    assert started["asked_for"] == 5
    done = await ended(clerk, started["id"])
    assert (done["state"], done["done"], done["left_out"], done["cause"]) == ("ready", 5, [], "")
    assert done["ends_at_ms"] == NOW_MS + KEEP_MS
    answer = await clerk.browser.get(f"/api/evidence/{done['id']}/file")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="evidence-J2026-117-{done["id"][:8]}.zip"'
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.content) == done["size"]
    path = tmp_path / "fetched.zip"
    path.write_bytes(answer.content)
    found = verify(path, clerk.desk.roots)
    assert found.manifest.exported_by == "operator"
    assert found.manifest.asked_for == 5
    metadata = json.loads(contents(path)["observations/0001-cam-0/metadata.json"])
    assert metadata["row_key"] == keys[0]
    assert metadata["camera"]["name"] == "name of cam-0 <script>"


async def test_the_audit_has_it_before_a_byte_leaves_and_its_extract_has_that_entry(clerk: Clerk) -> None:
    keys = fill(clerk, 3)
    await clerk.browser.get(f"/api/observations/{keys[0]}")
    started = await start(clerk, keys)
    first = clerk.world.services.audit.latest(500)
    assert any(entry.action == "evidence.pictures" and keys[0] in entry.detail for entry in first)
    done = await ended(clerk, started["id"])
    path, _ = await clerk.exports.file(done["id"], actor="operator")
    assert actions(clerk)[-4:] == ["evidence.export", "evidence.pictures", "evidence.ready", "evidence.download"]
    said = json.loads(clerk.world.services.audit.latest(1)[0].detail)
    assert said == {"export": done["id"], "case": CASE.number, "sha256": done["sha256"]}
    extract = json.loads(contents(path)[names.AUDIT])
    assert [entry["action"] for entry in extract["entries"]] == [
        "observation.view",
        "evidence.export",
        "evidence.pictures",
    ]


async def test_where_the_audit_cannot_be_written_nothing_is_exported(clerk: Clerk) -> None:
    keys = fill(clerk, 1)
    with clerk.world.store.transaction() as session:
        session.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
        )
    asked = len(clerk.world.archive.asked)
    answer = await clerk.browser.post("/api/evidence", json=ASKED | {"row_keys": keys})
    assert answer.status_code == 503
    assert answer.json()["code"] == "store_unavailable"
    assert len(clerk.world.archive.asked) == asked
    assert (await clerk.browser.get("/api/evidence")).json() == []
    assert list(clerk.folder.iterdir()) == []


async def test_a_long_list_is_in_the_audit_whole_in_several_entries(clerk: Clerk) -> None:
    exports = exports_of(clerk.world, clerk.desk, clerk.folder)
    exports._keeping = replace(exports._keeping, max_pictures=200)
    clerk.world.services = replace(clerk.world.services, evidence=exports)
    keys = [f"cabinet-7:{number:032x}" for number in range(100)]
    async with clerk.world.browser() as browser:
        browser.cookies = clerk.browser.cookies
        answer = await browser.post("/api/evidence", json=ASKED | {"row_keys": keys})
    assert answer.status_code == 202
    await exports.close()
    entries = [
        json.loads(entry.detail) for entry in clerk.world.services.audit.latest(500) if "row_keys" in entry.detail
    ]
    assert sorted(key for entry in entries for key in entry["row_keys"]) == keys


async def test_what_has_no_picture_is_left_out_by_name(clerk: Clerk) -> None:
    keys = fill(clerk, 5)
    archive = clerk.world.archive
    erase(clerk, keys[0])
    withheld = archive.add(*observation("cam-w", NOW_MS, 90, state=PictureState.WITHHELD)).snapshot.row_key
    leaked = archive.add(*observation("cam-l", NOW_MS, 91, state=PictureState.LEAK)).snapshot.row_key
    archive.jpegs[keys[1]] = archive.jpegs[keys[2]]
    unknown = "cabinet-7:" + "f" * 32
    done = await exported(clerk, [*keys, withheld, leaked, unknown])
    assert done["state"] == "ready"
    assert {out["row_key"]: out["reason"] for out in done["left_out"]} == {
        keys[0]: "erased",
        keys[1]: "damaged",
        withheld: "withheld",
        leaked: "leak",
        unknown: "unknown",
    }
    path, _ = await clerk.exports.file(done["id"], actor="operator")
    assert [out.row_key for out in verify(path, clerk.desk.roots).manifest.left_out] == [
        keys[0], keys[1], withheld, leaked, unknown,
    ]  # fmt: skip
    assert len([name for name in contents(path) if name.endswith(".jpg")]) == 3


async def test_if_none_has_a_picture_there_is_no_archive(clerk: Clerk) -> None:
    done = await exported(clerk, ["cabinet-7:" + "f" * 32])
    assert done["state"] == "failed"
    assert "none of them has a picture" in done["cause"]
    assert list(clerk.folder.iterdir()) == []


async def test_a_picture_erased_while_the_export_runs_ends_it_by_name(clerk: Clerk) -> None:
    keys = fill(clerk, 2)
    fault = _after_pictures(clerk, 2, lambda: erase(clerk, keys[0]))
    done = await exported(clerk, keys)
    assert fault == ["done"]
    assert done["state"] == "failed"
    assert keys[0] in done["cause"]
    assert list(clerk.folder.iterdir()) == []


def _after_pictures(clerk: Clerk, count: int, act: Any) -> list[str]:
    """Once so many pictures have been served, do something."""
    done: list[str] = []

    def look() -> Response | None:
        served = clerk.world.archive.asked.count("/observations/picture")
        rows = clerk.world.archive.asked.count("/observations/one")
        if served == count and rows > count and not done:
            done.append("done")
            act()
        return None

    clerk.world.archive.answer = look  # type: ignore[assignment] # None: the archive answers as always
    return done


async def test_a_picture_erased_since_takes_the_archive_with_it(clerk: Clerk) -> None:
    keys = fill(clerk, 2)
    done = await exported(clerk, keys)
    erase(clerk, keys[1])
    answer = await clerk.browser.get(f"/api/evidence/{done['id']}/file")
    assert answer.status_code == 410
    assert keys[1] in answer.json()["message"]
    assert list(clerk.folder.iterdir()) == []
    assert actions(clerk)[-1] == "evidence.removed"
    assert keys[1] in clerk.world.services.audit.latest(1)[0].detail
    again = await exported(clerk, keys)
    assert [out["reason"] for out in again["left_out"]] == ["erased"]


async def test_one_that_nobody_fetches_goes_with_the_erased_picture_too(clerk: Clerk) -> None:
    keys = fill(clerk, 1)
    done = await exported(clerk, keys)
    await clerk.exports.sweep()
    erase(clerk, keys[0])
    clerk.world.clock.now_ms += LOOK_FOR_ERASED_MS
    await clerk.exports.sweep()
    assert (await clerk.browser.get(f"/api/evidence/{done['id']}")).json()["state"] == "removed"
    assert list(clerk.folder.iterdir()) == []


async def test_an_observation_whose_days_are_over_does_not_end_its_export(clerk: Clerk) -> None:
    keys = fill(clerk, 1)
    done = await exported(clerk, keys)
    clerk.world.archive.rows.clear()
    assert (await clerk.browser.get(f"/api/evidence/{done['id']}/file")).status_code == 200


async def test_while_the_archive_cannot_say_whether_one_was_erased_nothing_leaves(clerk: Clerk) -> None:
    done = await exported(clerk, fill(clerk, 1))
    clerk.world.archive.answer = lambda: Response(status_code=503)
    answer = await clerk.browser.get(f"/api/evidence/{done['id']}/file")
    assert answer.status_code == 503
    assert "evidence.download" not in actions(clerk)


async def test_an_export_is_kept_for_its_time_then_removed_and_that_is_audited(clerk: Clerk) -> None:
    done = await exported(clerk, fill(clerk, 1))
    clerk.world.clock.now_ms = done["ends_at_ms"] - 1
    await clerk.exports.sweep()
    assert len(list(clerk.folder.iterdir())) == 1
    clerk.world.clock.now_ms += 1
    await clerk.exports.sweep()
    assert list(clerk.folder.iterdir()) == []
    entry = clerk.world.services.audit.latest(1)[0]
    assert (entry.actor, entry.action) == ("(centre)", "evidence.removed")
    assert json.loads(entry.detail)["reason"] == "kept long enough"
    answer = await clerk.browser.get(f"/api/evidence/{done['id']}/file")
    assert answer.status_code == 409
    assert answer.json()["code"] == "export_not_ready"
    assert (await clerk.browser.get("/api/evidence")).json()[0]["state"] == "removed"


async def test_one_that_runs_can_be_cancelled_and_leaves_nothing(clerk: Clerk) -> None:
    keys = fill(clerk, 20)
    started = await start(clerk, keys)
    answer = await clerk.browser.delete(f"/api/evidence/{started['id']}")
    assert answer.status_code == 200
    assert answer.json()["state"] == "cancelled"
    assert list(clerk.folder.iterdir()) == []
    entry = clerk.world.services.audit.latest(1)[0]
    assert (entry.actor, entry.action) == ("operator", "evidence.cancelled")


async def test_the_file_of_one_that_is_ready_can_be_removed(clerk: Clerk) -> None:
    done = await exported(clerk, fill(clerk, 1))
    answer = await clerk.browser.delete(f"/api/evidence/{done['id']}")
    assert answer.json()["state"] == "removed"
    assert list(clerk.folder.iterdir()) == []
    assert (await clerk.browser.delete(f"/api/evidence/{done['id']}")).json()["state"] == "removed"
    assert actions(clerk).count("evidence.removed") == 1


async def test_progress_counts_what_is_dealt_with(clerk: Clerk) -> None:
    keys = fill(clerk, 3)
    counted: list[int] = []
    running = clerk.exports._running

    def look() -> None:
        counted.extend(each.done for each in running.values())

    clerk.world.archive.answer = look  # type: ignore[assignment] # None: the archive answers as always
    await exported(clerk, keys)
    assert counted[0] == 0
    assert counted == sorted(counted)
    assert counted[-1] == 3


async def test_more_than_the_setting_allows_is_refused_and_so_is_a_third_at_once(clerk: Clerk) -> None:
    many = [f"cabinet-7:{number:032x}" for number in range(26)]
    answer = await clerk.browser.post("/api/evidence", json=ASKED | {"row_keys": many})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_pictures")
    keys = fill(clerk, 20)
    started = [await start(clerk, keys), await start(clerk, keys)]
    answer = await clerk.browser.post("/api/evidence", json=ASKED | {"row_keys": keys})
    assert (answer.status_code, answer.json()["code"]) == (429, "exports_busy")
    for each in started:
        assert (await ended(clerk, each["id"]))["state"] == "ready"


@pytest.mark.parametrize(
    "changed",
    [
        {"row_keys": []},
        {"row_keys": ["../../etc/passwd"]},
        {"row_keys": ["cabinet-7:" + "0" * 31]},
        {"case": ""},
        {"case": "a\nb"},
        {"purpose": "\x1b[31m"},
        {"requester": " "},
    ],
    ids=["none", "path", "short", "no-case", "two-lines", "escape", "blank"],
)
async def test_what_is_no_order_is_refused(clerk: Clerk, changed: dict[str, Any]) -> None:
    answer = await clerk.browser.post("/api/evidence", json=ASKED | {"row_keys": ["cabinet-7:" + "0" * 32]} | changed)
    assert answer.status_code == 422
    assert list(clerk.folder.iterdir()) == []


async def test_an_observation_named_twice_is_taken_once(clerk: Clerk) -> None:
    key = fill(clerk, 1)[0]
    assert (await exported(clerk, [key, key]))["asked_for"] == 1


async def test_without_a_session_nothing_is_started_shown_or_fetched(clerk: Clerk) -> None:
    done = await exported(clerk, fill(clerk, 1))
    async with clerk.world.browser() as stranger:
        for method, path in (
            ("POST", "/api/evidence"),
            ("GET", "/api/evidence"),
            ("GET", f"/api/evidence/{done['id']}"),
            ("GET", f"/api/evidence/{done['id']}/file"),
            ("DELETE", f"/api/evidence/{done['id']}"),
        ):
            assert (await stranger.request(method, path)).status_code == 401


async def test_an_unknown_export_and_a_centre_without_keys_say_so(clerk: Clerk) -> None:
    answer = await clerk.browser.get(f"/api/evidence/{'0' * 32}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_export")
    assert (await clerk.browser.get("/api/evidence/..%2f..%2fetc")).status_code in {404, 422}
    clerk.world.services = replace(clerk.world.services, evidence=None)
    async with clerk.world.browser() as browser:
        browser.cookies = clerk.browser.cookies
        answer = await browser.get("/api/evidence")
    assert (answer.status_code, answer.json()["code"]) == (503, "evidence_off")


async def test_an_archive_that_does_not_answer_fails_it_with_the_cause(clerk: Clerk) -> None:
    keys = fill(clerk, 1)
    clerk.world.archive.answer = lambda: Response(status_code=503)
    done = await exported(clerk, keys)
    assert done["state"] == "failed"
    assert "does not answer" in done["cause"]
    assert actions(clerk)[-1] == "evidence.failed"


async def test_an_error_that_nobody_foresaw_is_written_down_and_goes_on_upwards(clerk: Clerk) -> None:
    keys = fill(clerk, 1)

    def broken() -> ClockState:
        raise ZeroDivisionError

    clerk.exports._sealer = replace(clerk.desk.sealer, clock_state=broken)
    started = await start(clerk, keys)
    task = clerk.exports._running[started["id"]].task
    assert task is not None
    with pytest.raises(ZeroDivisionError):
        await task
    assert (await ended(clerk, started["id"]))["state"] == "failed"
    assert list(clerk.folder.iterdir()) == []


async def test_what_a_stop_cut_off_is_failed_at_the_next_start_and_its_part_is_gone(clerk: Clerk) -> None:
    done = await exported(clerk, fill(clerk, 1))
    with clerk.world.store.transaction() as session:
        session.execute(text("UPDATE evidence_exports SET state = 'running'"))
    (clerk.folder / f"{done['id']}.part").write_bytes(b"half")
    again = exports_of(clerk.world, clerk.desk, clerk.folder)
    again.recover()
    found = await again.get(done["id"])
    assert (found.state, found.cause) == ("failed", "the centre was stopped while it ran")
    assert list(clerk.folder.glob("*.part")) == []


async def test_the_files_are_the_centres_alone(clerk: Clerk) -> None:
    await exported(clerk, fill(clerk, 1))
    assert stat.S_IMODE(clerk.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in clerk.folder.iterdir()} == {0o600}


async def test_the_stamp_says_when_by_the_centres_clock(clerk: Clerk) -> None:
    done = await exported(clerk, fill(clerk, 1))
    path, _ = await clerk.exports.file(done["id"], actor="operator")
    assert verify(path, clerk.desk.roots).stamped_at == datetime.fromtimestamp(NOW_MS / 1000, UTC)
