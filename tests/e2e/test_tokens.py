"""A token in a real browser: made with what its owner logs in by, and ended by a new password or a second factor."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import LOG_IN, PASSWORD, USERNAME, Visitor
from tests.support import authenticator

pytestmark = [pytest.mark.e2e, pytest.mark.peer]


def _make(page: Page, password: str, code: str | None = None) -> None:
    page.get_by_label("Name", exact=True).fill("county board")
    page.get_by_label("Scopes").click()
    page.get_by_role("option", name="camera.view").click()
    page.keyboard.press("Escape")
    _prove(page, password, code)


def _prove(page: Page, password: str, code: str | None = None) -> None:
    page.get_by_label("Current password").last.fill(password)
    if code is not None:
        page.get_by_label("One-time code").fill(code)
    page.get_by_role("button", name="Create token").click()


def _counted(visitor: Visitor) -> list[bool]:
    """Whether each token of the account still counts, newest first."""
    listed: Any = visitor.context.request.get(f"{visitor.center.url}/api/account/tokens").json()
    return [each["revoked_at_ms"] is None for each in listed]


def test_a_token_asks_for_password_and_code_and_goes_with_them(visitor: Visitor) -> None:
    visitor.set_up()
    page = visitor.page
    visitor.go("/account")
    expect(page.get_by_label("One-time code")).to_be_hidden()
    expect(page.get_by_label("Valid for (days)")).to_have_value("30")
    _make(page, "not the password")
    expect(page.locator(".q-field", has_text="Current password").last).to_contain_text("Wrong user name or password")
    assert _counted(visitor) == []
    _prove(page, PASSWORD)
    expect(page.get_by_text("Copy it now. It is shown only once.")).to_be_visible()
    expect(page.get_by_label("Current password").last).to_have_value("")
    visitor.photograph("account-token-en")
    assert _counted(visitor) == [True]

    page.get_by_label("Current password").nth(1).fill(PASSWORD)
    page.get_by_role("button", name="Set up authenticator").click()
    begun = page.locator("img.ws-code + .ws-mono").inner_text()
    expect(page.get_by_role("checkbox", name="Revoke all tokens of the account").last).to_be_checked()
    visitor.photograph("account-second-factor-en")
    page.get_by_label("Code from the app").fill(authenticator.code(begun, time.time()))
    page.get_by_role("button", name="Enable", exact=True).click()
    recovery = page.locator("ul.ws-mono li")
    expect(recovery).to_have_count(10)
    codes = recovery.all_inner_texts()
    expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
    assert _counted(visitor) == [False]

    _prove(page, PASSWORD, "")
    expect(page.locator(".q-field", has_text="One-time code")).to_contain_text("requires a one-time code")
    page.get_by_label("One-time code").fill(codes[0])
    page.get_by_label("Current password").last.fill(PASSWORD)
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_text("Copy it now. It is shown only once.")).to_be_visible()
    assert _counted(visitor) == [True, False]

    visitor.prefer(language="zh")
    visitor.go("/account")
    expect(page.get_by_label("一次性验证码")).to_be_visible()
    visitor.photograph("account-token-zh")
    visitor.prefer(language="en")
    visitor.go(f"/users/{USERNAME}")
    ends = page.get_by_role("checkbox", name="Revoke all tokens of the account")
    expect(ends).to_be_checked()
    visitor.photograph("user-reset-en")
    visitor.go("/account")
    page.get_by_role("checkbox", name="Revoke all tokens of the account").first.click()
    page.get_by_label("Current password").first.fill(PASSWORD)
    page.get_by_label("New password").fill("eight dry umbrellas")
    page.get_by_role("button", name="Change password").click()
    expect(page).to_have_url(LOG_IN)
    answer = visitor.context.request.post(
        f"{visitor.center.url}/api/login",
        data={"username": USERNAME, "password": "eight dry umbrellas", "one_time_code": codes[1]},
        headers={"origin": visitor.center.url},
    )
    assert answer.ok, answer.text()
    assert _counted(visitor) == [True, False]
