"""Several people before one console: each is shown what the account may see, and loses it while the page is open."""

import functools
import time
from collections.abc import Callable, Iterable
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.center.street import AGENT, observation
from tests.center.world import camera_status
from tests.e2e.conftest import PASSWORD, Running, Visitor
from tests.e2e.test_pages import CAMERA, PAGES, UPLOAD, ready, street

pytestmark = [pytest.mark.e2e, pytest.mark.peer]

_CHAIN: Final = ["Pipeline", "Parse tasks", "Agents"]
ROLES: Final = {
    "technician": ["Overview", "Live", "Cameras", *_CHAIN, "Assessment", "Maintenance orders", "Settings", "My orders"],
    "operator": [
        "Overview",
        "Live",
        "Alarms",
        "Cameras",
        "Pipeline",
        "Parse tasks",
        "Agents",
        "Assessment",
        "Maintenance orders",
        "Settings",
        "Situation wall",
    ],
    "analyst": ["Overview", "Live", "Alarms", "Search", "Cameras", "Cases", "Parse tasks", "Agents", "Assessment"],
    "auditor": ["Overview", "Cameras", "Cases", "Parse tasks", "Users", "Audit log", "Security check"],
}
_REACHED_FROM: Final = {"/thefts": "/cases", "/low-quality": "/observations"}
"""Pages that the navigation does not name."""
_UPLOADERS: Final = {"operator", "analyst"}
"""Others who see tasks do not bring recordings."""
_SUPERVISED: Final = {"/orders/new"}
"""Pages of supervisors, beside others of the same entry."""
_PLAIN: Final = {"/wall", "/my-orders"}
"""Pages without the frame."""
_WALKED: Final = {"technician", "operator"}
"""Roles whose pages are all opened, for their links."""


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
        expect(page.get_by_role("heading", name="Page not available")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("live.view")
        visitor.photograph("denied-en-light")

        visitor.go("/cameras")
        expect(page.get_by_text("Street cam-1")).to_be_visible()
        taken = ask.put(f"{center.url}/api/users/ana/grants", data=[], headers=headers)
        assert taken.status == 200
        expect(page.get_by_role("heading", name="Page not available")).to_be_visible()


def _add(visitor: Visitor, role: str, district: str | None = None) -> None:
    grants = [{"role": role, "district_id": district}]
    account = {"username": f"a-{role}", "password": PASSWORD, "grants": grants}
    url = visitor.center.url
    made = visitor.context.request.post(f"{url}/api/users", data=account, headers={"origin": url})
    assert made.status == 201


def _status(visitor: Visitor) -> Callable[[str], int]:
    """Returns what opens an address as this user, each once, and gives the status."""

    @functools.cache
    def status(path: str) -> int:
        url = f"{visitor.center.url}{path}"
        return visitor.context.request.get(url, headers={"accept": "text/html"}).status

    return status


def _links(visitor: Visitor) -> list[str]:
    """Returns the addresses of this site that the page links to."""
    links = visitor.page.locator("a[href^='/']:not([download])")
    return [str(path) for path in links.evaluate_all("all => all.map(a => a.pathname)")]


def _dead_ends(links: Iterable[str], status: Callable[[str], int]) -> dict[str, int]:
    return {link: status(link) for link in links if status(link) != 200}


def test_each_role_is_shown_its_pages_refused_the_others_and_no_link_leads_to_a_refusal(
    visitor: Visitor, center: Running
) -> None:
    visitor.set_up()
    street(center)
    page, row_key = visitor.page, center.archive.rows[0].snapshot.row_key
    for role in ROLES:
        _add(visitor, role)
    for role, names in ROLES.items():
        visitor.log_in(f"a-{role}")
        status = _status(visitor)
        visitor.go("/overview")
        ready(visitor)
        expect(page.locator(".ws-nav a")).to_have_text(names)
        visitor.photograph(f"role-{role}")
        allowed = [link.get_attribute("href") or "" for link in page.locator(".ws-nav a").all()]
        for path in PAGES:
            entry = _REACHED_FROM.get(path, f"/{path.split('/')[1]}")
            inside = path == "/account" or (role in _UPLOADERS if path == UPLOAD else entry in allowed)
            inside = inside and path not in _SUPERVISED
            assert status(path) == (200 if inside else 403), f"{role} {path}"
        links = {"/overview": _links(visitor)}
        others = [path for path in allowed if path not in {"/overview", *_PLAIN}]
        for path in [*others, f"/observations/{row_key}"] if role in _WALKED else []:
            visitor.go(path)
            ready(visitor)
            links[path] = _links(visitor)
        visitor.go(CAMERA)
        ready(visitor)
        links[CAMERA] = _links(visitor)
        expect(page.get_by_role("alert")).to_have_count(0)
        hours = page.get_by_role("navigation", name="Period")
        expect(hours).to_have_count(int("Assessment" in names))
        visitor.photograph(f"role-{role}-camera")
        assert {path: bad for path, found in links.items() if (bad := _dead_ends(found, status))} == {}, role


def test_no_page_names_what_is_out_of_sight_and_no_link_leads_there(visitor: Visitor, center: Running) -> None:
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
    _add(visitor, "supervisor", "north")
    visitor.log_in("a-supervisor")
    status = _status(visitor)
    visitor.go("/overview")
    ready(visitor)
    named = [link.get_attribute("href") or "" for link in page.locator(".ws-nav a").all()]
    pages = [path for path in named if path not in _PLAIN]
    links: dict[str, list[str]] = {}
    for path in [*pages, f"/cameras/{AGENT}/cam-1", f"/observations/{rows[0].snapshot.row_key}"]:
        visitor.go(path)
        ready(visitor)
        expect(page.get_by_text("Street cam-2")).to_have_count(0)
        links[path] = _links(visitor)
    assert {path: bad for path, found in links.items() if (bad := _dead_ends(found, status))} == {}
    visitor.expected.append("404")
    for path in (f"/cameras/{AGENT}/cam-2", f"/observations/{rows[1].snapshot.row_key}"):
        visitor.go(path)
        expect(page.get_by_role("heading", name="Page not available")).to_be_visible()
        expect(page.get_by_text("Street cam-2")).to_have_count(0)
    visitor.photograph("out-of-sight-en-light")
