"""The watermark in a real browser: who looks and when, over each picture, on paper too, and not where it is off.

frame: name, time ──▶ static/watermark.js ──▶ a tile over .ws-picture, .ws-marked, .ws-shape-sheet
"""

import io
import re
from datetime import UTC, datetime

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Locator, expect

from center.clock import ZONE, ZONE_TEXT
from tests.center.alarms.making import LEFT_HALF, PLACE
from tests.e2e.conftest import SCREEN, USERNAME, Running, Visitor
from tests.e2e.test_alarms import enforce, told

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

PHONE = {"width": 390, "height": 844}
OVER = "element => decodeURIComponent(getComputedStyle(element, '::after').backgroundImage)"


def seen(visitor: Visitor) -> str:
    """Raises an alarm with a picture, and returns the address of its observation."""
    visitor.set_up()
    zone = {"kind": "zone_entry", "polygon": LEFT_HALF}
    enforce(visitor, {"name": "Yard", "what": zone, "cameras": [PLACE], "window_s": 1})
    told(visitor, "k1", 1)
    visitor.go("/alarms")
    link = visitor.page.locator(".ws-alarm-picture a")
    expect(link.locator("img")).to_have_js_property("complete", True)
    return link.get_attribute("href") or ""


def _today() -> str:
    return f"{datetime.now(UTC).astimezone(ZONE):%Y-%m-%d}"


def pixels(picture: Locator) -> Image.Image:
    return Image.open(io.BytesIO(picture.screenshot())).convert("L")


def test_name_and_time_lie_over_every_picture_and_are_printed(visitor: Visitor) -> None:
    path, page = seen(visitor), visitor.page
    thumb = page.locator(".ws-alarm-picture .ws-marked")
    visitor.photograph("watermark-alarms")
    days = [_today()]
    visitor.go(path)
    days.append(_today())  # another one at midnight
    picture, crop = page.locator(".ws-picture"), page.locator(".ws-crop .ws-marked").first
    expect(picture.locator("img")).to_have_js_property("complete", True)
    expect(crop.locator("img")).to_have_js_property("complete", True)
    for each in (picture, crop):
        tile = each.evaluate(OVER)
        assert f">{USERNAME}<" in tile
        assert any(day in tile for day in days)
        assert ZONE_TEXT in tile
    marked = pixels(picture)
    page.evaluate("document.documentElement.style.setProperty('--ws-watermark', 'none')")
    changed = ImageChops.difference(marked, pixels(picture)).point(lambda value: 255 * (value > 24))
    share = changed.histogram()[255] / (changed.width * changed.height)
    assert 0.01 < share < 0.25, share
    line = page.locator("#watermark")
    expect(line).to_be_hidden()
    page.emulate_media(media="print")
    expect(line).to_be_visible()
    expect(line).to_contain_text(re.compile(f"Wayside · {USERNAME} · ({'|'.join(days)})"))
    assert picture.evaluate("element => getComputedStyle(element, '::after').printColorAdjust") == "exact"
    page.emulate_media(media="screen")
    for name, language, theme, screen in (
        ("light", "en", "light", SCREEN),
        ("dark", "zh", "dark", SCREEN),
        ("phone", "zh", "light", PHONE),
    ):
        visitor.prefer(language=language, theme=theme)
        page.set_viewport_size(screen)  # type: ignore[arg-type] # a mapping of both
        visitor.go(path)
        expect(picture.locator("img")).to_have_js_property("complete", True)
        assert f">{USERNAME}<" in picture.evaluate(OVER)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        visitor.photograph(f"watermark-{name}")
    visitor.go("/alarms")
    assert f">{USERNAME}<" in thumb.evaluate(OVER)


@pytest.mark.parametrize("center", ["picture_watermark = false"], indirect=True)
def test_an_administrator_may_switch_it_off(visitor: Visitor, center: Running) -> None:
    assert center.process.process.is_alive()
    visitor.go(seen(visitor))
    picture = visitor.page.locator(".ws-picture")
    expect(picture.locator("img")).to_have_js_property("complete", True)
    expect(visitor.page.locator("#watermark")).to_have_count(0)
    assert picture.evaluate(OVER) == "none"
