"""Exports through the API: audited before they leave, and what is in the way is said by name."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import Response
from sqlalchemy import text

from center.access.permissions import EVERYWHERE
from center.evidence import names
from center.evidence.verify import verify
from center.evidence.visibility import Viewer
from provisioning.contracts.query.archive import HoldMark
from provisioning.contracts.wire.messages import PictureState
from tests.center.evidence.clerk import ASKED, KEEP_MS, Clerk, actions, ended, erase, exported, exports_of, fill, start
from tests.center.evidence.desk import CASE, contents
from tests.center.street import NOW_MS, observation

pytestmark = pytest.mark.anyio


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
    first = clerk.world.services.audit.page(limit=500)
    assert any(entry.action == "evidence.pictures" and keys[0] in entry.detail for entry in first)
    done = await ended(clerk, started["id"])
    path, _ = await clerk.exports.file(done["id"], Viewer(EVERYWHERE, "operator"))
    assert actions(clerk)[-4:] == ["evidence.export", "evidence.pictures", "evidence.ready", "evidence.download"]
    said = json.loads(clerk.world.services.audit.page(limit=1)[0].detail)
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
        json.loads(entry.detail) for entry in clerk.world.services.audit.page(limit=500) if "row_keys" in entry.detail
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
    path, _ = await clerk.exports.file(done["id"], Viewer(EVERYWHERE, "operator"))
    assert [out.row_key for out in verify(path, clerk.desk.roots).manifest.left_out] == [
        keys[0], keys[1], withheld, leaked, unknown,
    ]  # fmt: skip
    assert len([name for name in contents(path) if name.endswith(".jpg")]) == 3


async def test_a_legal_hold_stands_in_the_chain_of_custody(clerk: Clerk) -> None:
    keys = fill(clerk, 2)
    hold = HoldMark(name="station-street", case="J2026-117", placed_at_ms=NOW_MS - 9, until_ms=NOW_MS + 86_400_000)
    clerk.world.archive.holds[keys[1]] = (hold,)
    done = await exported(clerk, keys)
    path, _ = await clerk.exports.file(done["id"], Viewer(EVERYWHERE, "operator"))
    held = [each["legal_holds"] for each in json.loads(contents(path)[names.CUSTODY])["observations"]]
    assert held[0] == []
    assert [(each["name"], each["case"]) for each in held[1]] == [("station-street", "J2026-117")]
    assert held[1][0]["until"]["ms_since_1970_utc"] == hold.until_ms


async def test_if_none_has_a_picture_there_is_no_archive(clerk: Clerk) -> None:
    done = await exported(clerk, ["cabinet-7:" + "f" * 32])
    assert done["state"] == "failed"
    assert "none of them has a picture" in done["cause"]
    assert list(clerk.folder.iterdir()) == []


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
    assert "is not responding" in done["cause"]
    assert actions(clerk)[-1] == "evidence.failed"


async def test_the_stamp_says_when_by_the_centres_clock(clerk: Clerk) -> None:
    done = await exported(clerk, fill(clerk, 1))
    path, _ = await clerk.exports.file(done["id"], Viewer(EVERYWHERE, "operator"))
    assert verify(path, clerk.desk.roots).stamped_at == datetime.fromtimestamp(NOW_MS / 1000, UTC)
