"""A token in a real browser: made with the password once more, and ended by a new second factor."""

import base64
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from center import totp
from tests.e2e.conftest import PASSWORD, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.peer]


def _make(page: Page, password: str) -> None:
    page.get_by_label("Name", exact=True).fill("county board")
    page.get_by_label("Scopes").click()
    page.get_by_role("option", name="camera.view").click()
    page.keyboard.press("Escape")
    _prove(page, password)


def _prove(page: Page, password: str) -> None:
    page.get_by_label("Present password").last.fill(password)
    page.get_by_role("button", name="Make a token").click()


def _counted(visitor: Visitor) -> list[bool]:
    """Whether each token of the account still counts, newest first."""
    listed: Any = visitor.context.request.get(f"{visitor.center.url}/api/account/tokens").json()
    return [each["revoked_at_ms"] is None for each in listed]


def _code(secret: str) -> str:
    padded = secret + "=" * (-len(secret) % 8)
    return totp.code(base64.b32decode(padded), int(time.time()) // totp.STEP_S)


def test_a_token_asks_for_the_password_and_ends_with_a_new_second_factor(visitor: Visitor) -> None:
    visitor.set_up()
    page = visitor.page
    visitor.go("/account")
    expect(page.get_by_label("One-time code")).to_be_hidden()
    expect(page.get_by_label("Days")).to_have_value("30")
    _make(page, "not the password")
    expect(page.locator(".q-field", has_text="Present password").last).to_contain_text("password is wrong")
    assert _counted(visitor) == []
    _prove(page, PASSWORD)
    expect(page.get_by_text("Copy it now: it is shown once.")).to_be_visible()
    expect(page.get_by_label("Present password").last).to_have_value("")
    visitor.photograph("account-token-en")
    assert _counted(visitor) == [True]

    page.get_by_label("Present password").nth(1).fill(PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    begun = page.locator("img.ws-code + .ws-mono").inner_text()
    expect(page.get_by_role("checkbox", name="End all tokens of the account").last).to_be_checked()
    visitor.photograph("account-second-factor-en")
    page.get_by_label("Code of the app").fill(_code(begun))
    page.get_by_role("button", name="Switch it on", exact=True).click()
    recovery = page.locator("ul.ws-mono li")
    expect(recovery).to_have_count(10)
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
    assert _counted(visitor) == [False]
