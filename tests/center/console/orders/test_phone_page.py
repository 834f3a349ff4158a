"""The telephone's page is whole without a network, knows no account, and takes no photograph."""

import re
from typing import Final

import httpx
import pytest

from center.access.permissions import Role
from center.access.users import GrantRequest
from center.app import application
from center.console.language import LANGUAGES
from tests.center.conftest import PASSWORD, World

pytestmark = pytest.mark.anyio
CAMERA: Final = re.compile(r"type=.?file|getUserMedia|mediaDevices|ImageCapture|capture=", re.IGNORECASE)


@pytest.fixture
async def technician(world: World) -> httpx.AsyncClient:
    world.make_account()
    world.services.users.add("tom", PASSWORD, [GrantRequest(Role.TECHNICIAN)], actor="operator")
    ticket = world.services.auth.login(username="tom", password=PASSWORD, source="-")
    browser = world.browser(application(world.services))
    browser.cookies.set("wayside_session", ticket.token)
    return browser


async def test_all_that_it_needs_is_kept_and_none_of_it_asks_for_a_picture(technician: httpx.AsyncClient) -> None:
    async with technician:
        worker = await technician.get("/my-orders/worker.js")
        assert worker.headers["content-type"].startswith("text/javascript")
        assert "connect-src 'self'" in worker.headers["content-security-policy"]
        kept = re.findall(r'"(/[^"]+)"', worker.text)
        texts = {path: (await technician.get(path)).raise_for_status() for path in kept}
        for language in LANGUAGES.values():
            page = texts[f"/my-orders/{language.code}"]
            assert page.headers["permissions-policy"].startswith("camera=()")
            assert "unsafe" not in page.headers["content-security-policy"]
            assert f'lang="{language.tag}"' in page.text
            assert "tom" not in re.findall(r"\w+", page.text)
            for path in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
                assert path in kept, path
        for path, answer in texts.items():
            if path.endswith(".js"):
                folder = path.rpartition("/")[0]
                assert {f"{folder}/{name}" for name in re.findall(r'from "\./([^"]+)"', answer.text)} <= set(kept), path
            assert CAMERA.search(answer.text) is None, path


async def test_it_is_refused_without_the_permission_and_a_request_for_another_account_is_no_request(
    technician: httpx.AsyncClient,
) -> None:
    async with technician:
        assert (await technician.get("/my-orders")).headers["location"] == "/my-orders/zh"
        assert (await technician.get("/my-orders/fr")).status_code == 404
        assert (await technician.get("/api/me", headers={"wayside-account": "tom"})).status_code == 200
        assert (await technician.get("/api/me", headers={"wayside-account": "tina"})).status_code == 401
