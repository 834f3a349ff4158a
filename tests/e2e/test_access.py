"""Several people before one console: each is shown what the account may see, and loses it while the page is open."""

import time

import pytest
from playwright.sync_api import expect

from tests.center.street import AGENT, observation
from tests.center.world import camera_status
from tests.e2e.conftest import PASSWORD, Running, Visitor
from tests.e2e.test_pages import ready

pytestmark = [pytest.mark.e2e, pytest.mark.peer]


def test_somebody_with_one_district_sees_its_cameras_and_loses_them_while_he_looks(
    visitor: Visitor, center: Running
) -> None:
    visitor.set_up()
    for camera in ("cam-1", "cam-2"):
        center.deliver(camera_status(camera, name=f"Street {camera}"))
    with visitor.context.browser.new_context() as administrator:  # type: ignore[union-attr] # this one has a browser
        administrator.add_cookies(visitor.context.cookies())  # type: ignore[arg-type] # its own form
        page = visitor.page
        ask, headers = administrator.request, {"origin": center.url}
        district = {"district_id": "north", "name": "North"}
        assert ask.post(f"{center.url}/api/districts", data=district, headers=headers).status == 201
        cameras = [{"agent_id": AGENT, "camera_id": "cam-1"}]
        answer = ask.put(f"{center.url}/api/districts/north/cameras", data=cameras, headers=headers)
        assert answer.status == 200
        grants = [{"role": "auditor", "district_id": "north"}]
        account = {"username": "ana", "password": PASSWORD, "grants": grants}
        assert ask.post(f"{center.url}/api/users", data=account, headers=headers).status == 201

        _log_in(visitor, "ana")
        visitor.go("/cameras")
        expect(page.get_by_text("Street cam-1")).to_be_visible()
        expect(page.get_by_text("Street cam-2")).to_have_count(0)
        expect(page.locator(".ws-nav a")).to_have_text(["Overview", "Cameras", "Cases", "Parse tasks"])

        visitor.expected.append("403")
        visitor.go("/live")
        expect(page.get_by_role("heading", name="Page not available")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("live.view")
        visitor.photograph("denied-en-light")

        visitor.go("/cameras")
        expect(page.get_by_text("Street cam-1")).to_be_visible()
        taken = ask.put(f"{center.url}/api/users/ana/grants", data=[], headers=headers)
        assert taken.status == 200
        expect(page.get_by_role("heading", name="Page not available")).to_be_visible()


def _log_in(visitor: Visitor, name: str) -> None:
    visitor.context.clear_cookies()
    visitor.go("/login")
    visitor.page.get_by_label("User name").fill(name)
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Log in").click()
    visitor.page.wait_for_url("**/overview")


def test_no_link_of_any_page_leads_to_a_refusal_and_none_names_what_is_out_of_sight(
    visitor: Visitor, center: Running
) -> None:
    visitor.set_up()
    page, headers = visitor.page, {"origin": center.url}
    for camera in ("cam-1", "cam-2"):
        center.deliver(camera_status(camera, name=f"Street {camera}"))
    now_ms = int(time.time() * 1000)
    rows = [center.archived(*observation(camera, now_ms - 60_000, 7)) for camera in ("cam-1", "cam-2")]
    ask = visitor.context.request
    answer = ask.post(f"{center.url}/api/districts", data={"district_id": "north", "name": "North"}, headers=headers)
    assert answer.status == 201
    cameras = [{"agent_id": AGENT, "camera_id": "cam-1"}]
    assert ask.put(f"{center.url}/api/districts/north/cameras", data=cameras, headers=headers).status == 200
    accounts = {"technician": None, "operator": None, "supervisor": "north"}
    for role, district in accounts.items():
        account = {"username": f"a-{role}", "password": PASSWORD} | {
            "grants": [{"role": role, "district_id": district}]
        }
        assert ask.post(f"{center.url}/api/users", data=account, headers=headers).status == 201
    refused = []
    for role, district in accounts.items():
        _log_in(visitor, f"a-{role}")
        ready(visitor)
        # The situation wall has no frame and no link to follow.
        pages = [link.get_attribute("href") or "" for link in page.locator(".ws-nav a:not([href='/wall'])").all()]
        pages += [f"/cameras/{AGENT}/cam-1", f"/observations/{rows[0].snapshot.row_key}"]
        links: dict[str, str] = {}
        for path in pages:
            visitor.go(path)
            ready(visitor)
            if district is not None:
                expect(page.get_by_text("Street cam-2")).to_have_count(0)
            found = page.locator("a[href^='/']:not([download])").evaluate_all("all => all.map(a => a.pathname)")
            links |= dict.fromkeys(found, path)
        for link, path in links.items():
            opened = visitor.context.request.get(f"{center.url}{link}", headers={"accept": "text/html"})
            if opened.status != 200:
                refused.append(f"{role}: {path} -> {link}: {opened.status}")
    assert refused == []
    visitor.expected.append("404")
    for path in (f"/cameras/{AGENT}/cam-2", f"/observations/{rows[1].snapshot.row_key}"):
        visitor.go(path)
        expect(page.get_by_role("heading", name="Page not available")).to_be_visible()
        expect(page.get_by_text("Street cam-2")).to_have_count(0)
    visitor.photograph("out-of-sight-en-light")
