"""Search and thefts as an analyst walks them by keys: results beside their list, two vehicles compared, a telephone.

test: archive of two cameras ◀─query─ centre ◀─ Chromium
"""

import time
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.center.street import AGENT
from tests.e2e.accessibility import RULES, checked
from tests.e2e.conftest import Running, Visitor
from tests.e2e.test_pages import street

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

DAY_MS: Final = 86_400_000
PHONE: Final = {"width": 390, "height": 844}
LOADED: Final = 32


def _opened(page: Page) -> str:
    """The place in the list of the result that is open."""
    return page.locator("a.ws-card[aria-current='true']").get_attribute("aria-posinset") or ""


def _accessible(visitor: Visitor) -> None:
    assert [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary']}"
        for each in checked(visitor.page, RULES)["violations"]
    ] == []
    width = visitor.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until what has the focus is one of these."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no way to {selector} by the Tab key")


def test_results_are_walked_beside_their_list_by_keys_alone(visitor: Visitor, center: Running) -> None:
    page = visitor.page
    visitor.set_up()
    street(center)
    visitor.go("/observations")
    expect(page.locator(".ws-search-head strong")).to_contain_text("pictures loaded")
    beside, heading = page.get_by_role("region", name="Selected result"), page.locator(".ws-beside-head h2")

    page.keyboard.press("/")
    _tab_to(page, "a.ws-card")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(beside).to_be_visible()
    expect(heading).to_contain_text(f"1 of {LOADED}")
    assert page.url.startswith(f"{center.url}/observations?open=")
    for key, place in (("j", "2"), ("j", "3"), ("k", "2"), ("ArrowRight", "3"), ("ArrowRight", "4")):
        page.keyboard.press(key)
        expect(heading).to_contain_text(f"{place} of {LOADED}")
        assert _opened(page) == place
    expect(page.locator("a.ws-card:focus")).to_have_attribute("aria-posinset", "4")
    expect(page.locator(".ws-beside .ws-picture img")).to_be_visible()
    visitor.settled()
    visitor.photograph("analyst-beside-en")
    _accessible(visitor)

    boxes = page.locator(".ws-picture svg").first
    expect(boxes).to_be_visible()
    page.keyboard.press("b")
    expect(boxes).to_be_hidden()
    expect(page.get_by_role("button", name="Boxes")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("b")
    expect(boxes).to_be_visible()

    page.reload()
    expect(heading).to_contain_text(f"4 of {LOADED}")
    page.keyboard.press("Escape")
    expect(beside).to_be_hidden()
    expect(page.locator("a.ws-card:focus")).to_have_attribute("aria-posinset", "4")
    page.wait_for_url(f"{center.url}/observations")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Open as a page").press("Enter")
    page.wait_for_url("**/observations/*")


def test_the_page_of_a_result_leads_on_and_back_to_the_same_search(visitor: Visitor, center: Running) -> None:
    page = visitor.page
    visitor.set_up()
    street(center)
    visitor.go("/observations?cls=car&period=7d")
    page.locator("a.ws-card").nth(1).click()
    heading = page.locator(".ws-beside-head h2")
    expect(heading).to_contain_text("2 of ")
    count = heading.inner_text().split(" · ")[0].split(" of ")[1]
    page.get_by_role("link", name="Open as a page").click()
    place = page.locator(".ws-neighbours .ws-number")
    expect(place).to_have_text(f"2 of {count}")
    page.keyboard.press("j")
    expect(place).to_have_text(f"3 of {count}")
    page.get_by_role("link", name="Previous result").click()
    expect(place).to_have_text(f"2 of {count}")
    page.keyboard.press("k")
    expect(place).to_have_text(f"1 of {count}")
    expect(page.get_by_role("link", name="Previous result")).to_have_attribute("aria-disabled", "true")
    visitor.settled()
    visitor.photograph("analyst-observation-en")
    _accessible(visitor)
    page.locator(".ws-title").get_by_role("link", name="Search").click()
    expect(heading).to_contain_text(f"1 of {count}")
    assert "cls=car" in page.url
    assert "period=7d" in page.url


def test_two_vehicles_are_compared_side_by_side(visitor: Visitor, center: Running) -> None:
    page = visitor.page
    visitor.set_up()
    street(center)
    visitor.go("/observations")
    page.locator("a.ws-card").first.click()
    page.locator(".ws-beside .ws-crop .q-btn").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ws-compare-line")).to_contain_text("Choose Compare at another vehicle")
    page.keyboard.press("j")
    expect(page.locator(".ws-beside-head h2")).to_contain_text("2 of ")
    page.locator(".ws-beside .ws-crop .q-btn").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("figure img")).to_have_count(2)
    expect(dialog).to_contain_text(" s apart")
    expect(dialog).to_contain_text("m apart in a straight line")
    visitor.settled()
    visitor.photograph("analyst-compare-en")
    _accessible(visitor)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("region", name="Selected result")).to_be_visible()
    page.get_by_role("button", name="Clear comparison").click()
    expect(page.locator(".ws-compare-line")).to_be_hidden()


def test_on_a_telephone_the_list_stays_above_the_result(visitor: Visitor, center: Running) -> None:
    page = visitor.page
    visitor.set_up()
    street(center)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type] # a mapping of both
    for language, filters in (("en", "Filters"), ("zh", "检索条件")):
        visitor.prefer(language=language)
        visitor.go("/observations")
        cards = page.locator("a.ws-card")
        expect(cards.first).to_be_visible()
        unfold = page.get_by_role("button", name=filters, exact=True)
        expect(page.locator(".ws-search-filters").first).to_be_hidden()
        unfold.click()
        expect(page.locator(".ws-search-filters").first).to_be_visible()
        unfold.click()
        expect(page.locator(".ws-search-filters").first).to_be_hidden()
        cards.nth(1).click()
        sheet = page.locator(".ws-beside")
        expect(sheet.locator(".ws-beside-head h2")).to_contain_text(str(LOADED))
        visitor.settled()
        card, top = page.locator("a.ws-card[aria-current='true']").bounding_box(), sheet.bounding_box()
        assert card is not None
        assert top is not None
        assert card["y"] + card["height"] <= top["y"] + 1
        visitor.photograph(f"analyst-phone-{language}")
        _accessible(visitor)


def _theft(visitor: Visitor, number: str, cls: str, hours_ago: int, latitude: float) -> None:
    now_ms = time.time_ns() // 1_000_000
    terms = {
        "purpose": "stolen at the station",
        "cls": cls,
        "from_ms": now_ms - 30 * DAY_MS,
        "to_ms": now_ms,
        "expires_at_ms": now_ms + 7 * DAY_MS,
        "cameras": [f"{AGENT}/cam-1"],
        "theft": {"at_ms": now_ms - hours_ago * 3_600_000, "latitude": latitude, "longitude": 118.71},
    }
    answer = visitor.context.request.post(
        f"{visitor.center.url}/api/cases",
        data={"number": number, "terms": terms},
        headers={"origin": visitor.center.url},
    )
    assert answer.ok, answer.text()


def test_thefts_are_counted_by_hour_weekday_and_place(visitor: Visitor, center: Running) -> None:
    page = visitor.page
    visitor.set_up()
    street(center)
    for number in range(6):
        _theft(visitor, f"A-{number}", ("bicycle", "car")[number % 3 == 0], 5 + 24 * number, 31.99 + number // 4 / 10)
    _theft(visitor, "A-old", "bicycle", 24 * 60, 31.99)
    visitor.go("/cases")
    page.get_by_role("link", name="Thefts by time and place").press("Enter")
    total = page.locator(".ws-main > .ws-sub")
    expect(total).to_have_text("Cases with time and place of the theft: 7")
    places = page.locator(".ws-table tbody tr")
    expect(places.first).to_contain_text("Renmin Road / Station Street")
    expect(places.first).to_contain_text("5")
    expect(page.locator("path.ws-map-heat")).to_have_count(2)
    page.get_by_role("link", name="Last 30 days").press("Enter")
    expect(total).to_have_text("Cases with time and place of the theft: 6")
    page.get_by_role("link", name="Two-wheelers").press("Enter")
    expect(total).to_have_text("Cases with time and place of the theft: 4")
    assert page.url.endswith("?days=30&kind=two")
    for language in ("en", "zh"):
        visitor.prefer(language=language)
        for width, height in ((1440, 900), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            visitor.go("/thefts")
            expect(page.locator("path.ws-map-heat")).to_have_count(2)
            visitor.photograph(f"analyst-thefts-{language}-{width}")
            _accessible(visitor)
