"""What becomes of an export: erased pictures, its time, a cancel, a stop, an error."""

import json
import stat
from dataclasses import replace
from typing import Any

import pytest
from fastapi import Response
from sqlalchemy import text

from center.access.permissions import EVERYWHERE
from center.clock import ClockState
from center.evidence.service import LOOK_FOR_ERASED_MS
from center.evidence.visibility import Viewer
from tests.center.evidence.clerk import KEEP_MS, Clerk, actions, ended, erase, exported, exports_of, fill, start
from tests.support.power_cut import Disk
from tests.support.waiting import until

pytestmark = pytest.mark.anyio


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
    assert keys[1] in clerk.world.services.audit.page(limit=1)[0].detail
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
    entry = clerk.world.services.audit.page(limit=1)[0]
    assert (entry.actor, entry.action) == ("(centre)", "evidence.removed")
    assert json.loads(entry.detail)["reason"] == "kept long enough"
    answer = await clerk.browser.get(f"/api/evidence/{done['id']}/file")
    assert answer.status_code == 409
    assert answer.json()["code"] == "export_not_ready"
    assert (await clerk.browser.get("/api/evidence")).json()[0]["state"] == "removed"


async def test_one_that_runs_can_be_cancelled_and_leaves_nothing(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = fill(clerk, 20)

    def held() -> None:
        until(lambda: all(each.cancelled_by for each in clerk.exports._running.values()))

    monkeypatch.setattr(clerk.world.archive, "answer", held)
    started = await start(clerk, keys)
    answer = await clerk.browser.delete(f"/api/evidence/{started['id']}")
    assert answer.status_code == 200
    assert answer.json()["state"] == "cancelled"
    assert list(clerk.folder.iterdir()) == []
    entry = clerk.world.services.audit.page(limit=1)[0]
    assert (entry.actor, entry.action) == ("operator", "evidence.cancelled")


async def test_the_file_of_one_that_is_ready_can_be_removed(clerk: Clerk) -> None:
    done = await exported(clerk, fill(clerk, 1))
    answer = await clerk.browser.delete(f"/api/evidence/{done['id']}")
    assert answer.json()["state"] == "removed"
    assert list(clerk.folder.iterdir()) == []
    assert (await clerk.browser.delete(f"/api/evidence/{done['id']}")).json()["state"] == "removed"
    assert actions(clerk).count("evidence.removed") == 1


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
    found = await again.get(done["id"], Viewer(EVERYWHERE, "operator"))
    assert (found.state, found.cause) == ("failed", "the centre was stopped while it ran")
    assert list(clerk.folder.glob("*.part")) == []


async def test_one_that_is_ready_is_on_the_disk(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = fill(clerk, 1)
    disk = Disk(monkeypatch)
    done = await exported(clerk, keys)
    (file,) = clerk.folder.iterdir()
    assert done["id"] in file.name
    assert file.name in disk.renamed
    assert (disk.lost, disk.unsettled) == ([], [])


async def test_the_files_are_the_centres_alone(clerk: Clerk) -> None:
    await exported(clerk, fill(clerk, 1))
    assert stat.S_IMODE(clerk.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in clerk.folder.iterdir()} == {0o600}


async def test_a_clock_31_days_ahead_once_removes_no_export(clerk: Clerk) -> None:
    await exported(clerk, fill(clerk, 1))
    clerk.world.set_clock(31 * 86_400_000)
    await clerk.exports.sweep()
    assert len(list(clerk.folder.iterdir())) == 1
    clerk.world.set_clock(-31 * 86_400_000)
    await clerk.exports.sweep()
    assert len(list(clerk.folder.iterdir())) == 1


async def test_an_export_made_while_the_clock_is_back_is_kept_its_whole_time(clerk: Clerk) -> None:
    keys = fill(clerk, 1)
    clerk.world.clock.now_ms += 3 * KEEP_MS
    clerk.world.set_clock(-2 * KEEP_MS)
    await exported(clerk, keys)
    clerk.world.set_clock(2 * KEEP_MS)
    await clerk.exports.sweep()
    assert len(list(clerk.folder.iterdir())) == 1
