"""`docs/tour.md` click by click; its pictures are made here (`WAYSIDE_SCREENSHOTS=FOLDER`, then FOLDER/tour-*.webp)."""

from typing import Final

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running, Visitor
from tests.e2e.test_pages import ready, street

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

WIDTH: Final = 960


def picture(visitor: Visitor, name: str) -> None:
    """A small one, for the page."""
    if visitor.screenshots is None:
        return
    visitor.photograph(name)
    with Image.open(visitor.screenshots / f"{name}.png") as whole:
        small = whole.convert("RGB").resize((WIDTH, WIDTH * whole.height // whole.width))
    small.save(visitor.screenshots / f"{name}.webp", quality=70, method=6)


def shown(page: Page, images: str) -> None:
    """Wait until pictures are on the screen."""
    expect(page.locator(images).first).to_be_visible()
    page.wait_for_function(
        "s => [...document.querySelectorAll(s)].every(i => i.complete && i.naturalWidth > 0)", arg=images
    )


def test_from_the_set_up_page_to_a_found_machine(visitor: Visitor, center: Running) -> None:
    visitor.set_up_by_page()
    street(center)
    page = visitor.page
    visitor.go("/")
    page.wait_for_url("**/overview")
    expect(page.locator(".ws-cares")).to_contain_text("Market, east gate: Offline")
    page.get_by_role("button", name="Show all").click()  # the view was fitted once, to those that came first
    expect(page.locator(".ws-map-marker")).to_have_count(3)
    picture(visitor, "tour-overview")

    page.get_by_role("link", name="Live", exact=True).click()
    expect(page.locator(".ws-card .ws-box").first).to_be_visible()

    page.get_by_role("link", name="Search", exact=True).click()
    ready(visitor)
    page.get_by_role("combobox", name="Vehicle type").click()
    page.get_by_role("option", name="Bicycle").click()
    expect(page).to_have_url(f"{center.url}/observations?cls=bicycle")
    cards = page.locator("a.ws-card")
    expect(cards.first).to_contain_text("Bicycle")
    shown(page, ".ws-picture img")
    picture(visitor, "tour-found")

    cards.first.click()
    page.get_by_role("link", name="Open as a page").click()
    page.wait_for_url("**/observations/*")
    expect(page.locator(".ws-crop", has_text="Bicycle").first).to_be_visible()
    shown(page, ".ws-picture img")
    shown(page, ".ws-crop img")
    picture(visitor, "tour-machine")

    page.get_by_role("link", name="Cameras", exact=True).click()
    page.get_by_role("link", name="Bridge, north side").click()
    ready(visitor)
    expect(page.get_by_role("heading", name="Status")).to_be_visible()
