"""Lists of several: two choices that are made before the centre has answered the first both stand, and both count."""

import json

import pytest
from playwright.sync_api import expect

from tests.center.street import AGENT
from tests.center.world import camera_status
from tests.e2e.conftest import Visitor
from tests.e2e.late_line import LateLine

pytestmark = [pytest.mark.e2e, pytest.mark.peer]


def test_two_choices_before_the_first_answer_both_stand_and_both_are_saved(visitor: Visitor) -> None:
    visitor.set_up()
    for number in (1, 2, 3):
        visitor.center.deliver(camera_status(f"cam-{number}", name=f"Gate {number}"))
    page = visitor.page
    late = LateLine(page)
    visitor.go("/rules/new")
    page.get_by_label("Name", exact=True).fill("Faults of two")
    page.get_by_role("combobox", name="Event").click()
    page.get_by_role("option", name="Camera fault").click()
    expect(page.get_by_role("combobox", name="Fault types")).to_be_visible()  # its own fields have come
    page.get_by_role("combobox", name="Cameras (none: all)").click()
    options = [page.get_by_role("option", name=f"Gate {number}") for number in (1, 2, 3)]
    expect(options[2]).to_be_visible()
    late.hold(of_centre=True)
    for option in options[:2]:
        option.click()
        expect(option).to_have_attribute("aria-selected", "true")
    expect(options[0]).to_have_attribute("aria-selected", "true")
    late.let_go(of_centre=True)
    options[2].click()
    options[2].click()
    expect(options[2]).to_have_attribute("aria-selected", "false")
    for option in options[:2]:
        expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Create rule").click()
    page.wait_for_url("**/rules/1**")
    rule = json.loads(visitor.context.request.get(f"{visitor.center.url}/api/rules/1").text())
    assert f"{AGENT}/cam-1" in json.dumps(rule)
    assert f"{AGENT}/cam-2" in json.dumps(rule)
    assert f"{AGENT}/cam-3" not in json.dumps(rule)
