"""A zone drawn in a camera's newest redacted picture, in a real browser: by clicks, by drag, by keys, by numbers."""

import json
import time
from typing import Any, Final

import pytest
from playwright.sync_api import APIResponse, Locator, Page, expect

from tests.center.street import AGENT, observation
from tests.center.world import camera_status
from tests.e2e.conftest import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.peer]
JSON: Final = {"content-type": "application/json"}


def corner(sheet: Locator, x: float, y: float) -> None:
    """Click at a share of the picture's width and height."""
    box = sheet.bounding_box()
    assert box is not None
    sheet.click(position={"x": x * box["width"], "y": y * box["height"]})


def begin(visitor: Visitor, kind: str) -> Locator:
    """A new rule of this kind for one camera; the sheet that its shape is drawn on."""
    page = visitor.page
    visitor.go("/rules/new")
    page.get_by_label("Name", exact=True).fill("No stopping at the gate")
    page.get_by_role("combobox", name="Event").click()
    expect(page.get_by_role("option", name="Camera fault")).to_be_visible()
    expect(page.get_by_role("option", name="Similar vehicle")).to_have_count(0)
    page.get_by_role("option", name=kind).click()
    expect(page.locator(".ws-shape-sheet")).to_be_visible()
    page.get_by_role("combobox", name="Cameras (none: all)").click()
    page.get_by_role("option", name="Bridge, north side").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Latest picture of Bridge, north side")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.ws-shape-sheet img')?.naturalWidth > 0")
    return page.locator(".ws-shape-sheet")


def fill_hours(visitor: Visitor) -> None:
    """The parameters beside the shape: on working days, quiet at night without an end yet."""
    page = visitor.page
    page.get_by_role("switch", name="Moving vehicles only").click()
    page.get_by_label("Minimum score (%)").fill("60")
    page.get_by_label("Minimum size (% of the picture's longer side)").fill("5")
    for name in ("Active hours", "Quiet hours (no notification)"):
        page.get_by_role("combobox", name=name).click()
        page.get_by_role("option", name="Certain hours").click()
        expect(page.get_by_role("option")).to_have_count(0)  # the menu of the next has the same
    expect(page.get_by_label("End")).to_have_count(2)  # else the last is the first
    page.get_by_role("combobox", name="Days").first.click()
    for day in ("Sat", "Sun"):
        page.get_by_role("option", name=day).click()
        # The second choice is made over the first's answer, which would else be taken back.
        expect(page.get_by_role("option", name=day)).to_have_attribute("aria-selected", "false")
    page.keyboard.press("Escape")
    page.get_by_label("Start").last.fill("22:00")
    page.get_by_label("End").last.fill("22:00")
    visitor.photograph("rule-hours")


def check_hours(visitor: Visitor, text: dict[str, Any]) -> None:
    """The rule has them, and its page shows them again."""
    page = visitor.page
    assert (text["what"]["moving_only"], text["min_score"], text["min_size"]) == (True, 0.6, 0.05)
    assert text["schedule"]["spans"] == [{"days": [0, 1, 2, 3, 4], "begins": "08:00", "ends": "18:00"}]
    assert text["quiet"]["spans"] == [{"days": [0, 1, 2, 3, 4, 5, 6], "begins": "22:00", "ends": "06:00"}]
    expect(page.get_by_label("Minimum score (%)")).to_have_value("60")
    expect(page.get_by_label("End")).to_have_count(2)


def test_a_zone_is_drawn_in_the_newest_picture_mended_written_and_previewed(visitor: Visitor) -> None:
    visitor.set_up()
    page = visitor.page
    visitor.center.deliver(camera_status("cam-1", name="Bridge, north side"))
    visitor.center.archived(*observation("cam-1", int(time.time() * 1000) - 60_000, 77))
    sheet = begin(visitor, "Zone entry")
    write = page.get_by_role("button", name="Create rule")
    fill_hours(visitor)
    write.click()
    expect(page.get_by_role("alert")).to_contain_text("at least three corners")
    expect(page.get_by_role("alert")).to_contain_text("Quiet hours (no notification): choose days")
    page.get_by_label("End").last.fill("06:00")
    for x, y in ((0.2, 0.4), (0.8, 0.9), (0.8, 0.4), (0.2, 0.9)):
        corner(sheet, x, y)
    expect(page.get_by_text("at least three corners")).to_have_count(0)
    expect(page.locator(".ws-shape .ws-alert")).to_contain_text("sides 1 and 3 intersect")
    visitor.photograph("rule-crossing")
    write.click()
    expect(page.get_by_text("The rule is not valid.")).to_be_visible()
    for _ in range(3):
        page.get_by_role("button", name="Undo").click()
    expect(page.locator(".ws-shape-corner")).to_have_count(1)
    for x, y in ((0.8, 0.4), (0.8, 0.9)):
        corner(sheet, x, y)
    page.get_by_role("button", name="Add corner").press("Enter")
    fourth = page.get_by_role("button", name="Corner 4", exact=True)
    across = page.get_by_label("Corner 4: Left")
    across.fill("20")  # typed, not yet left
    page.evaluate("() => getElement(document.querySelector('.ws-shape').id.slice(1)).$forceUpdate()")
    expect(across).to_have_value("20")
    page.get_by_label("Corner 4: Top").fill("89.5")
    fourth.press("ArrowDown")
    expect(page.get_by_label("Corner 4: Top")).to_have_value("90")
    expect(page.locator(".ws-shape .ws-alert")).to_have_count(0)
    first, box = page.get_by_role("button", name="Corner 1", exact=True), sheet.bounding_box()
    assert box is not None
    first.hover()
    page.mouse.down()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.5 * box["height"], steps=3)
    page.mouse.up()
    expect(page.locator(".ws-shape-corner")).to_have_count(4)
    expect(page.get_by_label("Corner 1: Left")).to_have_value("10")
    visitor.photograph("rule-drawn")
    write.press("Enter")  # what a photograph moves takes no key away, as it may a click
    page.wait_for_url("**/rules/1")
    made = visitor.context.request.get(f"{visitor.center.url}/api/rules/1").json()
    drawn = made["text"]["what"]["polygon"]
    assert [[round(x, 1), round(y, 1)] for x, y in drawn] == [[0.1, 0.5], [0.8, 0.4], [0.8, 0.9], [0.2, 0.9]]
    assert made["text"]["cameras"] == [f"{AGENT}/cam-1"]
    check_hours(visitor, made["text"])
    page.get_by_role("button", name="Preview on last 24 hours").click()
    expect(page.get_by_text("Preview results of this version")).to_be_visible()
    expect(page.locator(".ws-shape-corner")).to_have_count(4)
    visitor.photograph("rule-previewed")


def test_a_line_has_two_ends_and_a_camera_without_picture_an_empty_sheet(visitor: Visitor) -> None:
    visitor.set_up()
    page = visitor.page
    visitor.center.deliver(camera_status("cam-1", name="Bridge, north side"))
    visitor.prefer(language="zh")
    visitor.go("/rules/new")
    page.get_by_role("combobox", name="事件").click()
    page.get_by_role("option", name="越线").click()
    expect(page.get_by_role("combobox", name="方向")).to_be_visible()  # the form of a zone, drawn at first, has gone
    page.get_by_role("combobox", name="摄像机").click()
    page.get_by_role("option", name="Bridge, north side").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("暂无画面")).to_be_visible()
    sheet = page.locator(".ws-shape-sheet")
    for x in (0.2, 0.8, 0.5):
        corner(sheet, x, 0.5)
    expect(page.locator(".ws-shape-corner")).to_have_count(2)
    visitor.photograph("rule-line-chinese")


def choose(page: Page, within: Page | Locator, field: str, option: str) -> None:
    """One choice of a select, whose menu has then gone: the next one's may have the same."""
    within.get_by_role("combobox", name=field, exact=True).first.click()
    page.get_by_role("option", name=option, exact=True).click()
    expect(page.get_by_role("option")).to_have_count(0)


def choose_condition(page: Page, within: Locator, option: str) -> None:
    """Another condition, whose own fields have come: a choice in those before would go with them."""
    before = within.locator(".ws-condition-body > *").first.element_handle()
    choose(page, within, "Condition", option)
    before.wait_for_element_state("hidden")


def write_sentence(page: Page) -> tuple[Locator, Locator]:
    """A truck stands before a school while a two-wheeler comes against the lane or nothing is in the bus bay.

    Returns the two conditions that need a zone.
    """
    page.get_by_label("Name", exact=True).fill("Riders forced out")
    choose(page, page, "Event", "Composed rule")
    choose(page, page, "Applies to", "The cameras of one place")
    page.get_by_label("Name of the place").fill("School front")
    first, second = (page.get_by_role("group", name=f"Condition {number}") for number in (1, 2))
    choose_condition(page, first, "Illegal parking")
    choose(page, first, "Camera", "School gate")
    page.wait_for_function("() => document.querySelector('.ws-shape-sheet img')?.naturalWidth > 0")
    first.get_by_role("combobox", name="Classes (none: all)").click()
    page.get_by_role("option", name="Truck").click()
    expect(page.get_by_role("option", name="Truck")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    choose_condition(page, second, "One of these, or several")
    join = page.get_by_role("group", name="One of these, or several")
    choose_condition(page, second, "Wrong way")
    choose(page, second, "Camera", "School corner")
    choose(page, second, "Shape", "Lane from the agent configuration (empty: any)")
    second.get_by_label("Name in the configuration").fill("north")
    third = page.get_by_role("group", name="Condition 3")
    choose_condition(page, third, "No vehicle in a zone")
    choose(page, third, "Camera", "School corner")
    join.get_by_role("button", name="Add condition").click()
    expect(page.get_by_role("group", name="Condition 4")).to_be_visible()
    page.get_by_role("group", name="Condition 4").get_by_role("button", name="Remove condition").click()
    expect(page.get_by_role("group", name="Condition 4")).to_have_count(0)
    return first, third


def test_a_composed_rule_is_written_as_a_sentence_over_the_pictures_of_a_place(visitor: Visitor) -> None:
    visitor.set_up()
    page = visitor.page
    for number, (camera, name) in enumerate((("cam-1", "School gate"), ("cam-2", "School corner"))):
        visitor.center.deliver(camera_status(camera, name=name))
        visitor.center.archived(*observation(camera, int(time.time() * 1000) - 60_000, 77 + number))
    visitor.go("/rules/new")
    zones = write_sentence(page)
    write = page.get_by_role("button", name="Create rule")
    write.click()
    expect(page.get_by_role("alert").first).to_contain_text("Condition 1: Draw a zone with at least three corners")
    expect(page.get_by_role("alert").first).to_contain_text("Condition 3: Draw a zone")
    for part in zones:
        sheet = part.locator(".ws-shape-sheet")
        for x, y in ((0.2, 0.4), (0.8, 0.4), (0.5, 0.9)):
            corner(sheet, x, y)
        expect(part.locator(".ws-shape-corner")).to_have_count(3)
    visitor.photograph("rule-composed-form")
    write.press("Enter")
    page.wait_for_url("**/rules/1")
    made = visitor.context.request.get(f"{visitor.center.url}/api/rules/1").json()["text"]
    gate, far = f"{AGENT}/cam-1", f"{AGENT}/cam-2"
    assert (made["cameras"], made["what"]["place_name"]) == ([gate, far], "School front")
    standing, either = made["what"]["when"]["of"]
    assert (standing["what"]["kind"], standing["classes"], standing["camera"]) == ("standing", ["truck"], gate)
    assert [each["op"] for each in either["of"]] == ["seen", "absent"]
    assert (either["of"][0]["what"]["lane"], either["of"][1]["camera"]) == ("north", far)
    sentence = page.locator(".ws-sentence")
    expect(sentence).to_contain_text("All of these at the same moment:")
    expect(sentence.locator("figure")).to_have_count(2)
    page.wait_for_function("() => document.querySelectorAll('.ws-drawing img').length === 2")
    page.get_by_role("button", name="Preview on last 24 hours").click()
    expect(page.get_by_text("Preview results of this version")).to_be_visible()
    visitor.photograph("rule-composed")
    visitor.prefer(language="zh")
    visitor.go("/rules/1")
    expect(page.locator(".ws-sentence")).to_contain_text("以下至少一项成立")
    page.get_by_role("group", name="条件 3").get_by_role("button", name="移除条件").click()
    choose(page, page.get_by_role("group", name="以下至少一项成立"), "条件", "以下不成立")
    visitor.photograph("rule-composed-chinese")
    page.get_by_role("button", name="保存为新版本").press("Enter")
    expect(page.locator(".ws-sentence")).to_contain_text("以下不成立")
    changed = visitor.context.request.get(f"{visitor.center.url}/api/rules/1").json()
    assert changed["version"] == 2
    assert changed["text"]["what"]["when"]["of"] == [standing, {"op": "not", "of": either["of"][0]}]


def test_a_tactic_is_shared_and_filled_in_from_a_file_and_not_enabled_by_its_author(visitor: Visitor) -> None:
    visitor.set_up()
    page, url = visitor.page, visitor.center.url
    here, gone = f"{AGENT}/cam-1", f"{AGENT}/cam-9"
    visitor.center.deliver(camera_status("cam-1", name="School gate"))
    zone = {"op": "absent", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]], "for_s": 60}
    crossed = {"op": "seen", "what": {"kind": "line_crossing", "line": "stop"}}
    what = {"kind": "composed", "when": {"op": "and", "of": [crossed, zone]}}

    def send(method: str, path: str, body: object) -> APIResponse:
        answer = visitor.context.request.fetch(
            f"{url}/api{path}", method=method, data=json.dumps(body), headers={"origin": url} | JSON
        )
        assert answer.ok, answer.text()
        return answer

    send("POST", "/districts", {"district_id": "north", "name": "North"})
    send("PUT", "/districts/north/cameras", [{"agent_id": AGENT, "camera_id": "cam-1"}])
    send("PUT", "/districts/north/second-account", {"second_account": True})
    send("POST", "/rules", {"name": "Bay left empty", "cameras": [here], "what": what})
    visitor.go("/rules/1")
    expect(page.get_by_role("button", name="Enable", exact=True)).to_be_disabled()
    expect(page.get_by_text("requires that another supervisor enables this version")).to_be_visible()
    page.get_by_role("button", name="Preview on last 24 hours").click()
    expect(page.get_by_text("Cameras without pictures")).to_be_visible()
    page.get_by_label("Name of the tactic").fill("Empty bay")
    page.get_by_role("button", name="Share as tactic").press("Enter")
    expect(page.get_by_text("Shared.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export file").click()
    file = json.loads(download.value.path().read_text(encoding="utf-8"))
    visitor.photograph("rule-shared")
    visitor.go("/rules")
    expect(page.get_by_role("region", name="Tactics")).to_contain_text("North")
    visitor.photograph("rule-tactics")
    page.get_by_role("link", name="Empty bay").click()
    page.wait_for_url("**/rules/new?tactic=1")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Bay left empty")
    expect(page.get_by_role("group", name="Condition 2").locator(".ws-shape-corner")).to_have_count(3)
    visitor.prefer(language="zh")
    visitor.go("/rules/new")
    field = page.get_by_label("从文件填写")
    field.set_input_files({"name": "a.json", "mimeType": "application/json", "buffer": b"{}"})
    expect(page.get_by_text("该文件不是规则")).to_be_visible()
    file["text"] |= {"cameras": [here, gone], "name": "Elsewhere"}
    field.set_input_files({"name": "b.json", "mimeType": "application/json", "buffer": json.dumps(file).encode()})
    expect(page.get_by_role("alert")).to_contain_text(f"不存在的摄像机：{gone}")
    expect(page.get_by_label("名称", exact=True)).to_have_value("Elsewhere")
    expect(page.get_by_role("group", name="条件 2")).to_be_visible()
    visitor.photograph("rule-file-chinese")
