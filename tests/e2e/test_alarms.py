"""The alarm page in a real browser: what a rule finds comes in by itself, is acknowledged, and is text and no markup.

test: hint ─stdin─▶ centre: Mailbox ─▶ rules ─▶ store ─▶ page ─websocket─▶ Chromium
"""

import re
import time

from playwright.sync_api import Locator, expect

from provisioning.contracts.wire.messages import CameraState, PictureState
from tests.center.alarms.making import LEFT_HALF, PLACE, machine, row
from tests.center.street import draw
from tests.center.world import camera_status
from tests.e2e.conftest import Visitor

HOSTILE = "<script>document.title='owned'</script>'; DROP TABLE alarms; --"


def enforce(visitor: Visitor, body: dict[str, object]) -> None:
    """Write a rule, preview it and switch it on, as the page of rules would."""
    api, origin = f"{visitor.center.url}/api/rules", {"Origin": visitor.center.url}
    made = visitor.context.request.post(api, data=body, headers=origin)
    assert made.status == 201, made.text()
    number = made.json()["id"]
    for path, data in ((f"{number}/versions/1/preview", None), (f"{number}/on", {"version": 1, "unseen": True})):
        answer = visitor.context.request.post(f"{api}/{path}", data=data, headers=origin)
        assert answer.ok, answer.text()


def told(visitor: Visitor, key: str, commit_seq: int) -> None:
    """A row is committed now, with a car in the left half."""
    at_ms = int(time.time() * 1000)
    told = row(machine(), at_ms=at_ms, key=key, commit_seq=commit_seq)
    snapshot = told.snapshot.model_copy(update={"picture": PictureState.KEPT})
    visitor.center.archived(told.model_copy(update={"snapshot": snapshot}), draw(7)[0])


def test_an_alarm_comes_in_is_acknowledged_and_closed_without_loading_the_page(visitor: Visitor) -> None:
    visitor.set_up()
    enforce(
        visitor,
        {
            "name": HOSTILE,
            "what": {"kind": "zone_entry", "polygon": LEFT_HALF},
            "cameras": [PLACE],
            "severity": "critical",
            "window_s": 1,
        },
    )
    visitor.center.deliver(camera_status("cam-1", name="北口 <b>North</b>"))
    visitor.go("/alarms")
    page = visitor.page
    expect(page.get_by_text("No alarms")).to_be_visible()
    visitor.photograph("alarms-none")
    page.evaluate("window.unloaded = false; addEventListener('beforeunload', () => { window.unloaded = true })")
    told(visitor, "k1", 1)
    expect(page.get_by_text(HOSTILE, exact=True).first).to_be_visible()
    expect(page.get_by_text("北口 <b>North</b>")).to_be_visible()
    assert page.title() == "Alarms · Wayside"
    time.sleep(1.1)  # the rule's window, by the centre's own clock
    told(visitor, "k2", 2)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.ws-alarm-picture img')].filter(image => image.naturalWidth).length === 2"
    )
    visitor.photograph("alarms-two")
    # At each change the whole page is compared, element by element: a row is one, whatever stands in it.
    expect(rows.first).to_have_attribute("id", re.compile(r"^c\d+$"))
    expect(rows.first.locator("[id^=c]")).to_have_count(0)
    rows.first.get_by_role("button", name=re.compile("^Acknowledge")).click()
    expect(rows.first.get_by_text("Acknowledged")).to_be_visible()
    expect(rows.first.get_by_role("button", name=re.compile("^Acknowledge"))).to_have_count(0)
    _discuss(visitor, rows.first)
    close = rows.first.get_by_role("button", name=re.compile("^Close"))
    close.click()
    asked = page.get_by_role("alertdialog")
    expect(asked).to_contain_text(HOSTILE)
    visitor.photograph("asks-close-alarm")
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    expect(rows).to_have_count(2)
    close.click()
    asked.get_by_role("button", name="Close alarm").click()
    expect(rows).to_have_count(1)
    assert page.evaluate("window.unloaded") is False
    visitor.go("/alarms?closed")
    expect(rows).to_have_count(2)
    expect(rows.first.get_by_text("Closed", exact=True)).to_be_visible()
    _act_on_one_rule(visitor, rows)


def _discuss(visitor: Visitor, alarm: Locator) -> None:
    """Comment, and escalate."""
    page = visitor.page
    alarm.get_by_role("button", name=re.compile("^Comments")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    dialog.get_by_label("Comment", exact=True).fill("the guard is on the way <b>now</b>")
    visitor.photograph("alarms-comment")
    dialog.get_by_role("button", name="Save comment").click()
    expect(dialog).to_have_count(0)
    alarm.get_by_role("button", name=re.compile("^Escalate")).click()
    expect(alarm.get_by_text("Escalated")).to_be_visible()
    alarm.get_by_role("button", name=re.compile("^Comments")).click()
    expect(dialog).to_contain_text("the guard is on the way <b>now</b>")
    expect(dialog.get_by_role("listitem")).to_have_count(4)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def _act_on_one_rule(visitor: Visitor, rows: Locator) -> None:
    """All alarms of one rule, acknowledged and closed together; those of the other stay."""
    page = visitor.page
    zone = {"kind": "zone_entry", "polygon": LEFT_HALF}
    enforce(visitor, {"name": "Yard", "what": zone, "cameras": [PLACE], "window_s": 1})
    for number in (3, 4):
        told(visitor, f"k{number}", number)
        expect(rows.filter(has_text="Yard")).to_have_count(number - 2)
        time.sleep(1.1)  # the same: the next one is an alarm of its own
    visitor.go("/alarms")
    expect(rows).to_have_count(5)
    page.get_by_role("link", name="Yard").first.click()
    page.wait_for_url("**/alarms?rule=2")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Acknowledge listed").click()
    expect(rows.get_by_text("Acknowledged")).to_have_count(2)
    visitor.photograph("alarms-of-a-rule")
    page.get_by_role("button", name="Close listed").click()
    asked = page.get_by_role("alertdialog")
    expect(asked).to_contain_text("Close 2 alarms of this rule?")
    asked.get_by_role("button", name="Close alarms").click()
    expect(page.get_by_text("No alarms")).to_be_visible()
    page.get_by_role("link", name="All rules").click()
    expect(rows).to_have_count(3)


def test_what_another_page_did_shows_here_and_in_chinese_and_on_a_narrow_screen(visitor: Visitor) -> None:
    visitor.set_up()
    enforce(visitor, {"name": "摄像机离线", "what": {"kind": "camera_fault", "for_s": 0}})
    visitor.prefer(language="zh")
    visitor.go("/alarms")
    page = visitor.page
    expect(page.get_by_text("没有告警")).to_be_visible()
    visitor.center.deliver(
        camera_status("cam-1", name="北口", state=CameraState.OFFLINE, cause="no route to camera: check its cable")
    )
    expect(page.get_by_text("摄像机离线")).to_be_visible()
    expect(page.get_by_text("待处理")).to_be_visible()
    visitor.photograph("alarms-chinese")
    answer = visitor.context.request.post(
        f"{visitor.center.url}/api/alarms/1/acknowledge", data={}, headers={"Origin": visitor.center.url}
    )
    assert answer.ok
    expect(page.get_by_text("已确认")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    visitor.photograph("alarms-narrow")
