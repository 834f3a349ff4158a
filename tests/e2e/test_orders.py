"""A maintenance order from a planted fault to the signed month, on the console and on a telephone that goes offline.

test: clock, device states ─▶ centre ─▶ pages ─▶ Chromium, one window of 1366 px and one of 360
"""

import asyncio
import re
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from nicegui import core
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from center.app import application
from center.database.location import DATABASE
from tests.center.conftest import PASSWORD, Clock
from tests.center.orders.conftest import NORTH, SUE, TINA, TOM, Shift, open_shift
from tests.center.orders.test_order_scenario import FAULT, MONTH, check_signature
from tests.center.whole import served
from tests.e2e.accessibility import COLOURS, RULES, checked
from tests.e2e.conftest import LOG_IN, SCREEN
from tests.support.fresh_store import fresh_store
from tests.support.waiting import PAGE_MS, until

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

T = TypeVar("T")
PHONE: Final = ViewportSize(width=360, height=740)
KEPT: Final = """async () => {
  const open = indexedDB.open("wayside-orders");
  const database = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
  const all = (name) => new Promise((resolve) => {
    const request = database.transaction(name).objectStore(name).getAll();
    request.onsuccess = () => resolve(request.result);
  });
  const found = { orders: await all("orders"), steps: await all("steps"), about: await all("about") };
  database.close();
  return { ...found, caches: await caches.keys() };
}"""
"""Reads all that the page keeps in its browser."""


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Runs work of the centre in a thread of its own: in this one Playwright's loop runs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@dataclass
class Office:
    """A centre that is served, with a clock of the test's, and its users' browsers."""

    shift: Shift
    url: str
    chromium: Browser
    screenshots: Path | None
    contexts: list[BrowserContext] = field(default_factory=list)

    def browser(self, username: str, size: ViewportSize = SCREEN) -> BrowserContext:
        context = self.chromium.new_context(
            viewport=size, locale="en-GB", reduced_motion="reduce", accept_downloads=True, has_touch=size is PHONE
        )
        context.set_default_timeout(PAGE_MS)
        context.clock.set_fixed_time(self.shift.clock.now_ms / 1000)  # in Python it takes seconds
        self.log_in(context, username)
        self.contexts.append(context)
        return context

    def log_in(self, context: BrowserContext, username: str) -> None:
        ticket = self.shift.services.auth.login(username=username, password=PASSWORD, source="192.0.2.1")
        context.add_cookies([{"name": "wayside_session", "value": ticket.token, "url": self.url}])

    def pass_time(self, minutes: float, *contexts: BrowserContext) -> None:
        """Lets time pass at the centre and in the browsers."""
        _run(self.shift.pass_time(minutes))
        for context in contexts:
            context.clock.set_fixed_time(self.shift.clock.now_ms / 1000)

    def order(self, order_id: int = 1) -> dict[str, Any]:
        """The order and its history, as the API shows them."""
        found: dict[str, Any] = _run(self.shift.told(SUE, "GET", f"/{order_id}"))
        return found

    def events(self, order_id: int = 1) -> list[str]:
        return [event["event"] for event in self.order(order_id)["events"]]

    def photograph(self, page: Page, name: str) -> None:
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{name} scrolls sideways"
        if self.screenshots is not None:
            page.screenshot(path=self.screenshots / f"orders-{name}.png", full_page=True)


@pytest.fixture
def office(tmp_path: Path, chromium: Browser, screenshots: Path | None) -> Iterator[Office]:
    shift = open_shift(tmp_path, fresh_store(tmp_path / DATABASE), Clock())
    try:
        # Without the centre's loops: the test looks at faults and moves orders on itself.
        with served(application(shift.services)) as url:
            office = Office(shift, url, chromium, screenshots)
            yield office
            for context in office.contexts:
                context.close()
    finally:
        core.app.middleware_stack = None
        _run(shift.services.search.close())


def _contract(shift: Shift) -> None:
    """Terms and a roster, a rule in force, and its fault at a camera."""

    async def enter() -> None:
        terms = {"maintainer": "Acme 维护", "confirm": True}
        await shift.told(SUE, "PUT", "/terms", json={"district": NORTH, "terms": terms})
        await shift.told(SUE, "PUT", "/roster", json={"district": NORTH, "duties": [{"username": TOM}]})
        await shift.enforce(FAULT)
        shift.falls_away()
        await shift.pass_time(1)

    _run(enter())


def _open_phone(office: Office, context: BrowserContext, language: str = "en") -> Page:
    """Opens the telephone's page, and waits until it would open without a network, too."""
    page = context.new_page()
    page.goto(f"{office.url}/my-orders/{language}")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    return page


def _axe(page: Page) -> list[str]:
    found = checked(page, RULES)["violations"]
    page.emulate_media(color_scheme="dark")
    found += checked(page, COLOURS)["violations"]
    page.emulate_media(color_scheme="light")
    return [f"{broken['id']}: {[node['target'] for node in broken['nodes'][:4]]}" for broken in found]


def test_an_order_from_a_planted_fault_to_the_signed_month(office: Office, tmp_path: Path) -> None:
    _contract(office.shift)
    phone, desk = office.browser(TOM, PHONE), office.browser(SUE)
    listed = desk.new_page()
    listed.goto(f"{office.url}/orders")
    row = listed.get_by_role("row").filter(has_text="Gate 大门")
    expect(row).to_contain_text("Offline · no route to camera")
    expect(row).to_contain_text(re.compile(r"Assigned.*tom.*59 min left"))
    office.photograph(listed, "list-en")
    page = _open_phone(office, phone)
    expect(page.get_by_text("Everything is sent")).to_be_visible()
    office.photograph(page, "phone-list-en")
    assert _axe(page) == []
    _work_offline(office, page)
    office.pass_time(20, phone, desk)
    _send(office, page)
    office.shift.comes_back()
    office.pass_time(11, phone, desk)
    _confirm(office, listed)
    listed.goto(f"{office.url}/orders/months")
    expect(listed.get_by_role("row").filter(has_text="Acme 维护")).to_contain_text("100.0%")
    office.photograph(listed, "month-en")
    with listed.expect_download() as download:
        listed.get_by_role("link", name="Signed PDF").click()
    assert download.value.suggested_filename == f"orders-{MONTH}.pdf"
    check_signature(Path(download.value.path()).read_bytes(), office.shift, tmp_path)
    desk.add_cookies([{"name": "wayside_language", "value": "zh", "url": office.url}])
    for path in ("orders", "orders/1", "orders/months", "orders/terms"):
        listed.goto(f"{office.url}/{path}")
        expect(listed.locator("h1")).to_be_visible()
        office.photograph(listed, f"{path.replace('/', '-')}-zh")
    _log_out(office, page)


def _work_offline(office: Office, page: Page) -> None:
    """Without a network the page opens, takes steps, and keeps them over a change of the language."""
    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_text("No connection to the centre")).to_be_visible()
    page.get_by_role("link", name="Gate 大门").click()
    expect(page.get_by_role("heading", name="Gate 大门")).to_be_focused()
    page.get_by_role("button", name="Accept").click()
    office.pass_time(10, page.context)
    page.get_by_role("button", name="Arrived on site").click()
    page.get_by_role("button", name="Part used").click()
    page.get_by_role("textbox", name="Part").fill("PoE 电源")
    office.photograph(page, "phone-part-en")
    assert checked(page, RULES)["violations"] == []
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="中文").click()
    page.wait_for_url("**/my-orders/zh")
    page.get_by_role("link", name="Gate 大门").click()
    expect(page.get_by_text("等待发送", exact=True)).to_have_count(3)
    office.photograph(page, "phone-offline-zh")
    assert _axe(page) == []
    fields = "account id state camera_id camera_name district fault cause opened_at_ms due_at_ms waiting"
    assert [set(order) for order in page.evaluate(KEPT)["orders"]] == [set(fields.split())]
    assert office.events() == ["opened", "assigned"]


def _send(office: Office, page: Page) -> None:
    """With a network the steps go in their order; one whose answer is lost is sent again, and is one."""
    lost: list[int] = []

    def lose_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    page.context.route("**/steps", lose_first)
    page.context.set_offline(False)

    def has_arrived() -> bool:
        page.wait_for_timeout(20)  # in which the browser is served
        return bool(lost)

    until(has_arrived, "the first step has arrived, and its answer is lost")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text("全部已发送")).to_be_visible()
    expect(page.get_by_text("等待发送")).to_have_count(0)
    assert lost == [200]
    assert office.events() == ["opened", "assigned", "accepted", "arrived", "parts"]
    accepted, arrived = office.order()["events"][2:4]
    assert arrived["counted_at_ms"] - accepted["counted_at_ms"] == 10 * 60_000
    page.get_by_role("button", name="修复完成").click()
    page.get_by_role("textbox", name="备注").fill("更换电源")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已报修复，核验中")).to_be_visible()  # on the telephone; the centre may not have it yet

    def is_told() -> bool:
        page.wait_for_timeout(20)
        return office.events()[-1] == "done"

    until(is_told, "the centre has the repair, from which on evidence counts")
    office.photograph(page, "phone-done-zh")


def _confirm(office: Office, listed: Page) -> None:
    """The indicator has proved the repair; a second person confirms it, and is asked before."""
    listed.get_by_role("link", name="1", exact=True).click()
    expect(listed.get_by_text("Awaiting confirmation")).to_be_visible()
    office.photograph(listed, "order-en")
    listed.get_by_role("button", name="Confirm repair").click()
    listed.get_by_role("alertdialog").get_by_role("button", name="Confirm").click()
    expect(listed.get_by_text("Closed", exact=True)).to_be_visible()
    expect(listed.get_by_role("button", name="Void order")).to_have_count(0)


def _log_out(office: Office, page: Page) -> None:
    """Log-out leaves nothing in the browser."""
    page.reload()
    expect(page.get_by_text("全部已发送")).to_be_visible()
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(LOG_IN)
    assert page.evaluate(KEPT) == {"orders": [], "steps": [], "about": [], "caches": []}
    assert office.events()[-1] == "confirmed"


def test_steps_outlive_a_session_and_are_sent_by_their_account_alone(office: Office) -> None:
    _contract(office.shift)
    phone = office.browser(TOM, PHONE)
    page = _open_phone(office, phone)
    expect(page.get_by_text("Everything is sent")).to_be_visible()
    phone.set_offline(True)
    page.get_by_role("link", name="Gate 大门").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Waiting to be sent")).to_be_visible()

    # the session ends meanwhile: the steps stay, and the page says what to do
    phone.clear_cookies()
    phone.set_offline(False)
    alert = page.locator("#status")
    expect(alert).to_contain_text("The session has ended")
    expect(alert).to_contain_text("Steps not sent: 1. They are kept on this phone: log in again as tom to send them.")
    office.photograph(page, "phone-ended-en")
    assert _axe(page) == []

    # another account at the same telephone sees none of it but that there is something, and sends nothing
    office.log_in(phone, TINA)
    page.goto(f"{office.url}/my-orders/en")
    expect(alert).to_contain_text("Steps of tom on this phone are not sent")
    expect(page.get_by_text("Gate 大门")).to_have_count(0)
    office.photograph(page, "phone-other-en")
    stale = phone.request.get(f"{office.url}/api/orders", headers={"wayside-account": TOM})
    assert stale.status == 401
    assert office.events() == ["opened", "assigned"]

    # meanwhile TINA is assigned, and accepts: two technicians at once
    _run(office.shift.told(SUE, "POST", "/1/assign", json={"username": TINA}))
    page.reload()
    page.get_by_role("link", name="Gate 大门").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Accepted", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Arrived on site")).to_be_visible()
    until(lambda: office.events()[-1] == "accepted", "the step has arrived")

    # the account itself sends them; the centre refuses, which is shown until the technician discards the step
    office.log_in(phone, TOM)
    page.goto(f"{office.url}/my-orders/en")
    expect(page.get_by_text("Another technician has accepted this order.")).to_be_visible()
    office.photograph(page, "phone-refused-en")
    assert _axe(page) == []
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("alertdialog")).to_contain_text("Log out and delete steps that are not sent?")
    office.photograph(page, "phone-log-out-en")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Discard").click()
    expect(page.get_by_text("Another technician has accepted this order.")).to_have_count(0)
    assert office.events() == ["opened", "assigned", "assigned", "accepted"]
