"""Two people before one console: each is shown what the account may see, and loses it while the page is open."""

import pytest
from playwright.sync_api import expect

from tests.center.street import AGENT
from tests.center.world import camera_status
from tests.e2e.conftest import PASSWORD, Running, Visitor

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

        visitor.context.clear_cookies()
        visitor.go("/login")
        page.get_by_label("User name").fill("ana")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/overview")
        visitor.go("/cameras")
        expect(page.get_by_text("Street cam-1")).to_be_visible()
        expect(page.get_by_text("Street cam-2")).to_have_count(0)
        expect(page.locator(".ws-nav a")).to_have_text(["Overview", "Cameras", "Cases", "Parse tasks"])

        visitor.expected.append("403")
        visitor.go("/live")
        expect(page.get_by_role("heading", name="Not here")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("live.view")
        visitor.photograph("denied-en-light")

        visitor.go("/cameras")
        expect(page.get_by_text("Street cam-1")).to_be_visible()
        taken = ask.put(f"{center.url}/api/users/ana/grants", data=[], headers=headers)
        assert taken.status == 200
        expect(page.get_by_role("heading", name="Not here")).to_be_visible()
