"""Forms of accounts in a real browser: what is wrong is said at the field that it is about, which has the focus."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import PASSWORD, USERNAME, Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.peer]


def field(visitor: Visitor, label: str) -> Locator:
    """The whole field with its message, by the label of its input."""
    return visitor.page.locator(".q-field", has=visitor.page.get_by_label(label, exact=True))


def test_wrong_input_is_said_at_its_field(visitor: Visitor) -> None:
    visitor.set_up()
    page = visitor.page
    visitor.go("/users")
    make = page.get_by_role("button", name="Create account")
    page.get_by_label("User name").fill("two words")
    page.get_by_label("Password").fill(PASSWORD)
    make.click()
    expect(field(visitor, "User name")).to_contain_text("This user name is not allowed.")
    expect(page.get_by_label("User name")).to_be_focused()
    page.get_by_label("User name").fill(USERNAME)
    make.click()
    expect(field(visitor, "User name")).to_contain_text(f"User {USERNAME} already exists.")
    page.get_by_label("User name").fill("newcomer")
    page.get_by_label("Password").fill("short")
    make.click()
    expect(field(visitor, "Password")).to_contain_text("This password is too easy to guess.")
    expect(field(visitor, "User name")).not_to_contain_text("already")
    message = field(visitor, "Password").locator(".q-field__messages").bounding_box()
    hint = page.get_by_text("At least 12 characters.").bounding_box()
    assert message is not None
    assert hint is not None
    assert message["y"] + message["height"] <= hint["y"], "the error lies over the hint"
    visitor.photograph("users-fault")
    page.get_by_label("Password").fill(PASSWORD)
    make.click()
    page.wait_for_url("**/users/newcomer")

    visitor.go("/account")
    page.get_by_label("Current password").first.fill("not the password")
    page.get_by_label("New password").fill(PASSWORD[::-1])
    page.get_by_role("button", name="Change password").click()
    expect(page.locator(".q-field", has_text="Current password").first).to_contain_text("Wrong user name or password")
    page.get_by_label("Current password").first.fill(PASSWORD)
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Change password").click()
    expect(field(visitor, "New password")).to_contain_text("too easy to guess")
    page.get_by_label("Valid for (days)").fill("")
    page.get_by_role("button", name="Create token").click()
    expect(field(visitor, "Name")).to_contain_text("Enter a name.")
    expect(field(visitor, "Valid for (days)")).to_contain_text("1 to")
    expect(page.get_by_text("Choose at least one scope.")).to_be_visible()
    visitor.photograph("account-fault")


HASTY = """async ([list, next]) => {
    const frame = () => new Promise(requestAnimationFrame);
    list.focus();
    list.click();
    let option;
    while (!(option = document.querySelector('.q-menu [role=option]'))) await frame();
    option.click();
    list.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', keyCode: 27, bubbles: true}));
    next.focus();
    for (let passed = 0; passed < 1000; passed += 16) await frame();
    return [document.activeElement === next, list.closest('.q-field').innerText];
}"""


def test_who_chooses_while_a_list_opens_and_types_in_the_next_field_is_not_taken_back(visitor: Visitor) -> None:
    """Quasar gave the list the focus once it had faded, so what was typed by then in the next field went there."""
    visitor.set_up()
    page = visitor.page
    visitor.go("/account")
    fields = (page.get_by_label("Scopes"), page.get_by_label("Name", exact=True))
    stays, text = page.evaluate(HASTY, [each.element_handle() for each in fields])
    assert "cancel" in text, "an option was chosen"
    assert stays
