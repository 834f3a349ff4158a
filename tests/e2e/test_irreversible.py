"""What one click would not bring back is asked first, by one dialogue: what goes, when, and a way back by keys."""

import re
import time
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.center.alarms.making import LEFT_HALF, PLACE
from tests.center.street import AGENT
from tests.center.world import camera_status
from tests.e2e.conftest import PASSWORD, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.peer]
DAY_MS: Final = 86_400_000


def _post(visitor: Visitor, path: str, body: object = None) -> Any:
    url, headers = f"{visitor.center.url}/api{path}", {"origin": visitor.center.url}
    answer = visitor.context.request.post(url, data=body, headers=headers)
    assert answer.ok, answer.text()
    return answer.json() if answer.status != 204 else None


def _got(visitor: Visitor, path: str) -> Any:
    return visitor.context.request.get(f"{visitor.center.url}/api{path}").json()


def _refuse(page: Page, button: Locator, says: str) -> None:
    """Ask, and go back: by Escape, by Enter, and by what is a key of the page below."""
    dialog = page.get_by_role("alertdialog")
    button.press("Enter")
    expect(dialog).to_contain_text(says)
    expect(dialog.get_by_role("button").first).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    button.press("Enter")
    expect(dialog.get_by_role("button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


def _photograph(visitor: Visitor, button: Locator, name: str) -> None:
    button.click()
    expect(visitor.page.get_by_role("alertdialog")).to_be_visible()
    visitor.photograph(name)
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.get_by_role("alertdialog")).to_have_count(0)


def _agree(page: Page, button: Locator) -> None:
    """By keys alone."""
    dialog = page.get_by_role("alertdialog")
    button.press("Enter")
    expect(dialog.get_by_role("button").first).to_be_focused()
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)


def test_a_rule_that_nothing_was_seen_of_is_asked_about_before_it_is_on_and_before_it_is_retired(
    visitor: Visitor,
) -> None:
    visitor.set_up()
    page = visitor.page
    what = {"kind": "zone_entry", "polygon": LEFT_HALF}
    number = _post(visitor, "/rules", {"name": "The yard", "what": what, "cameras": [PLACE]})["id"]
    visitor.go(f"/rules/{number}")
    page.get_by_role("button", name="Preview on last 24 hours").click()
    expect(page.get_by_role("alert").or_(page.locator(".ws-alert")).first).to_contain_text(
        "No pictures were archived in this period"
    )
    switch = page.get_by_role("button", name="Enable", exact=True)
    _refuse(page, switch, "No pictures were archived in the 24 hours")
    assert _got(visitor, f"/rules/{number}")["on_version"] is None
    _photograph(visitor, switch, "asks-blank-preview-en")
    _agree(page, switch)
    expect(page.get_by_role("region", name="Versions").get_by_text("Enabled", exact=True)).to_be_visible()
    assert _got(visitor, f"/rules/{number}")["on_version"] == 1
    retire = page.get_by_role("button", name="Retire rule")
    _refuse(page, retire, "cannot be enabled again")
    assert not _got(visitor, f"/rules/{number}")["retired"]
    _agree(page, retire)
    expect(page.get_by_text("Retired", exact=True)).to_be_visible()


def test_a_case_is_closed_by_who_was_told_what_is_deleted_and_when(visitor: Visitor) -> None:
    visitor.set_up()
    page, now_ms = visitor.page, int(time.time() * 1000)
    visitor.center.deliver(camera_status("cam-1", name="Bridge, north side"))
    terms = {
        "purpose": "theft of a red e-bike at the station",
        "cameras": [f"{AGENT}/cam-1"],
        "from_ms": now_ms - DAY_MS,
        "to_ms": now_ms,
        "expires_at_ms": now_ms + 7 * DAY_MS,
        "cls": "bicycle",
    }
    _post(visitor, "/cases", {"number": "A-1", "terms": terms})
    visitor.go("/cases/A-1")
    close = page.get_by_role("button", name="Close case")
    _refuse(page, close, "After 30 days its candidates, decisions and sightings are deleted")
    assert _got(visitor, "/cases/A-1")["case"]["state"] == "draft"
    _photograph(visitor, close, "asks-close-case-en")
    _agree(page, close)
    expect(page.get_by_text("Closed case", exact=True)).to_be_visible()
    visitor.prefer(language="zh", theme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    _post(visitor, "/cases", {"number": "A-2", "terms": terms})
    visitor.go("/cases/A-2")
    page.get_by_role("button", name="结案").click()
    expect(page.get_by_role("alertdialog")).to_contain_text("30 天后")
    visitor.photograph("asks-close-case-zh-dark-phone")


def test_what_an_account_has_is_taken_by_who_was_asked(visitor: Visitor) -> None:
    visitor.set_up()
    page = visitor.page
    grants = [{"role": "analyst"}, {"role": "auditor"}]
    _post(visitor, "/users", {"username": "ana", "password": PASSWORD, "grants": grants})
    visitor.go("/users/ana")
    take = page.get_by_role("button", name=re.compile("^Remove role: Analyst"))
    _refuse(page, take, "Removed immediately: Analyst")
    assert len(_got(visitor, "/users/ana")["grants"]) == 2
    _photograph(visitor, take, "asks-take-role-en")
    _agree(page, take)
    expect(page.get_by_role("button", name=re.compile("^Remove role"))).to_have_count(1)
    disable = page.get_by_role("button", name="Disable account")
    _refuse(page, disable, "Its sessions end immediately")
    _agree(page, disable)
    expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
    page.get_by_role("button", name="Enable account").click()
    expect(page.get_by_text("Enabled", exact=True)).to_be_visible()


def test_a_saved_search_is_deleted_by_who_was_asked(visitor: Visitor) -> None:
    visitor.set_up()
    page = visitor.page
    _post(visitor, "/saved-searches", {"name": "red ones", "filters": {"colour": ["red"]}})
    visitor.go("/observations")
    page.get_by_role("button", name="Saved searches").click()
    remove = page.get_by_role("button", name="Delete red ones")
    _refuse(page, remove, "It is deleted immediately")
    assert [each["name"] for each in _got(visitor, "/saved-searches")] == ["red ones"]
    _agree(page, remove)
    expect(remove).to_have_count(0)
    assert _got(visitor, "/saved-searches") == []
