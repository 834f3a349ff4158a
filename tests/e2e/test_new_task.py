"""*New task* in a real browser, by keys: from its faults to running, paused, completed, aborted and cancelled."""

import re

import pytest
from playwright.sync_api import Locator, expect

from provisioning.contracts.causes import jobs as causes
from provisioning.contracts.fleet.commands import JobPhase, SpanWork, Verb
from tests.center.street import AGENT
from tests.e2e.conftest import Visitor
from tests.e2e.test_cases import _post
from tests.e2e.test_forms import field
from tests.e2e.test_jobs import HOUR_MS, PHONE, WIDE, Line, _clean, _in_both, _now_ms

pytestmark = [pytest.mark.e2e, pytest.mark.peer]


def _dialog_in_chinese(visitor: Visitor) -> None:
    """The dialog in Chinese, in the dark, as on a phone."""
    page = visitor.page
    visitor.prefer(language="zh", theme="dark")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type] # a plain dict
    visitor.go("/tasks")
    page.get_by_role("button", name="新建任务").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="创建任务")).to_be_visible()
    dialog.get_by_role("button", name="创建任务").click()
    expect(field(visitor, "用途")).to_contain_text("至少三个字符")
    expect(dialog.get_by_label("摄像机")).to_be_focused()
    _clean(page)
    visitor.photograph("new-task-zh-phone")
    dialog.get_by_text("实时码流").click()
    expect(dialog.get_by_label("时长")).to_be_visible()
    visitor.photograph("new-task-live-zh-phone")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    visitor.prefer(language="en", theme="light")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type] # a plain dict
    visitor.go("/tasks")


def test_a_new_task_is_ordered_by_keys_and_followed_to_each_of_its_ends(visitor: Visitor) -> None:
    visitor.set_up()
    line, page = Line(visitor), visitor.page
    _dialog_in_chinese(visitor)
    page.get_by_role("button", name="New task").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New task")
    expect(dialog.get_by_label("Cameras")).to_be_focused()
    dialog.get_by_role("button", name="Create task").click()
    expect(field(visitor, "Cameras")).to_contain_text("Choose a camera.")
    expect(field(visitor, "Purpose")).to_contain_text("at least three characters")
    _clean(page)
    visitor.photograph("new-task-faults")
    expect(dialog.get_by_label("Cameras")).to_be_focused()
    _choose_two(visitor)
    page.keyboard.press("Tab")
    dialog.get_by_label("Purpose").fill("a stolen bicycle <b>here</b>")
    visitor.photograph("new-task")
    dialog.get_by_role("button", name="Create task").press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator(".ws-job")).to_have_count(2)
    expect(page.locator(".ws-job").first).to_contain_text("Waiting for agent")
    visitor.photograph("tasks-ordered")
    line.take(2)
    works = [command.work for command in line.agent.taken]
    assert all(isinstance(work, SpanWork) for work in works)
    span = works[0].span if isinstance(works[0], SpanWork) else None
    assert span is not None
    line.change(
        0, reached_ms=span.started_at_ms + HOUR_MS // 4, selected=41, spooled=39, dropped={"duplicate": 2}, speed=3.5
    )
    line.change(1, phase=JobPhase.FAILED, ended_at_ms=_now_ms(), reason=causes.NOTHING_CAME())
    running = page.locator(".ws-job").filter(has_text="Running")
    expect(running).to_contain_text("25%")
    expect(running.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
    expect(running).to_contain_text("41 pictures found · 2 of them not kept · 3.5 × real time")
    failed = page.locator(".ws-job").filter(has_text="Aborted")
    expect(failed).to_contain_text("no picture of the span came: see in the recorder if it has recordings")
    expect(page.get_by_text("a stolen bicycle <b>here</b>").first).to_be_visible()
    _clean(page)
    visitor.photograph("tasks-running-failed")
    _steer(visitor, line, running)
    _live(visitor, line)
    line.change(0, phase=JobPhase.DONE, ended_at_ms=_now_ms(), selected=164, reason=None)
    expect(page.locator(".ws-job").filter(has_text="Completed")).to_contain_text("164 pictures found")
    _each_phase(visitor, line)
    visitor.prefer(language="zh")
    visitor.go("/tasks")
    aborted = page.locator(".ws-job").filter(has_text="已中断")
    expect(aborted).to_contain_text("该时间段没有得到任何图片。在录像机上检查该时间段是否有录像")
    _in_both(visitor, "/tasks", "tasks-jobs", ".ws-job")


def _each_phase(visitor: Visitor, line: Line) -> None:
    """Beside those that have ended: one that runs, one that is paused, one in the agent's queue, one on its way."""
    end_ms = _now_ms() // HOUR_MS * HOUR_MS
    work = {"kind": "span", "started_at_ms": end_ms - 8 * HOUR_MS, "ended_at_ms": end_ms}
    for _turn in range(4):
        _post(visitor, "/jobs", {"cameras": [f"{AGENT}/cam-1"], "work": work, "purpose": "the night of the theft"})
    line.take(3)
    line.change(3, reached_ms=end_ms - 3 * HOUR_MS, selected=1204, spooled=1204, speed=4.0)
    line.change(4, phase=JobPhase.PAUSED, reached_ms=end_ms - 7 * HOUR_MS, selected=311, spooled=311)
    line.change(5, phase=JobPhase.WAITING, begun_at_ms=None)
    for text in ("Running", "Paused", "Queued at agent", "Waiting for agent", "Completed", "Aborted", "Cancelled"):
        expect(visitor.page.locator(".ws-job").filter(has_text=text)).to_have_count(1)


def _choose_two(visitor: Visitor) -> None:
    """Two cameras by keys, as a person who looks at each step: an Enter within a millisecond of the last is lost."""
    page = visitor.page
    page.keyboard.press("ArrowDown")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)  # cam-3 has no recorder
    for place in range(2):
        page.keyboard.press("ArrowDown")
        expect(options.nth(place)).to_have_class(re.compile("q-manual-focusable--focused"))
        page.keyboard.press("Enter")
        expect(field(visitor, "Cameras").locator(".q-chip")).to_have_count(place + 1)


def _steer(visitor: Visitor, line: Line, running: Locator) -> None:
    """Pause by a key: the button keeps the focus while the figures beside it are drawn again."""
    pause = running.get_by_role("button", name="Pause")
    pause.focus()
    line.change(0, selected=57)
    expect(running).to_contain_text("57 pictures found")
    expect(pause).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(running).to_contain_text("Requested: Pause")
    visitor.photograph("tasks-pause-asked")
    line.take()
    paused = visitor.page.locator(".ws-job").filter(has_text="Paused")
    expect(paused.get_by_role("button", name="Resume")).to_be_visible()
    paused.get_by_role("button", name="High").click()
    line.take()
    expect(paused.locator(".ws-chosen")).to_have_text("High")
    paused.get_by_role("button", name="Resume").click()
    line.take()
    expect(running).to_be_visible()


def _live(visitor: Visitor, line: Line) -> None:
    """An hour of a live stream more often, cancelled."""
    page = visitor.page
    page.get_by_role("button", name="New task").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Live stream").click()
    expect(dialog.get_by_label("Duration")).to_be_visible()
    dialog.get_by_label("Cameras").click()
    page.get_by_role("option", name="cam-3").click()
    page.keyboard.press("Escape")
    dialog.get_by_label("Purpose").fill("the market on Sunday")
    visitor.photograph("new-task-live")
    dialog.get_by_role("button", name="Create task").click()
    line.take()
    live = page.locator(".ws-job").filter(has_text="Live stream, up to 5 pictures/s")
    expect(live).to_contain_text("Running")
    live.get_by_role("button", name="Cancel").click()
    line.take()
    expect(live).to_contain_text("Cancelled")
    assert line.agent.taken[-1].verb is Verb.CANCEL
