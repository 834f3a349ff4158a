"""Draws the list of accounts; each has a page of its own."""

import asyncio
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from nicegui import ui
from starlette.requests import Request

from center.access.errors import UserTakenError
from center.access.permissions import Permission, Role
from center.access.users import Account, GrantRequest
from center.console.attempt import attempt
from center.console.frame import frame, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import BadUsernameError, CenterError, WeakPasswordError, marked
from center.services import Services, identity_of, services_of

TITLE: Final = marked("Users")
ROLES: Final = {
    Role.TECHNICIAN: marked("Technician"),
    Role.ANALYST: marked("Analyst"),
    Role.SUPERVISOR: marked("Supervisor"),
    Role.OPERATOR: marked("Operator"),
    Role.AUDITOR: marked("Auditor"),
    Role.DISPLAY: marked("Wall display"),
    Role.ADMINISTRATOR: marked("Administrator"),
}


def users(request: Request) -> None:
    """Draws the page `/users`."""
    services, identity = services_of(request), identity_of(request)
    with frame(request, title=TITLE, active="/users") as _:
        words("h1", _(TITLE))
        body = ui.element("div").classes("ws-column")
        if identity.access.permits(Permission.USER_EDIT):
            _NewUser(services, identity.actor, _)

    async def load() -> None:
        try:
            accounts = await asyncio.to_thread(services.users.all)
        except CenterError as error:
            with body:
                problem(error, _)
            return
        with body:
            _list(accounts, _)

    ui.timer(0, load, once=True)


def path(username: str) -> str:
    """Returns the address of an account's page."""
    return f"/users/{quote(username, safe='')}"


def grant_words(given: GrantRequest, _: Language) -> str:
    """Writes a grant for people: `Analyst · district north · case 7`."""
    parts = [_(ROLES[given.role])]
    if given.district_id:
        parts.append(_("district {district}").format(district=given.district_id))
    if given.case_id:
        parts.append(_("case {case}").format(case=given.case_id))
    return " · ".join(parts)


def _list(accounts: Sequence[Account], _: Language) -> None:
    heads = (_("User name"), _("State"), _("Roles"), _("Two-factor authentication"), _("API tokens"), _("Created"))
    with table(*heads, label=_("Accounts")):
        for account in accounts:
            with ui.element("tr"):
                with ui.element("td"):
                    ui.link(account.username, path(account.username))
                with ui.element("td"):
                    state("off" if account.disabled else "ok", _("Disabled") if account.disabled else _("Enabled"))
                given = [grant_words(each, _) for each in account.given]
                words("td", ", ".join(given) or _("No roles: own account only"))
                words("td", _("On") if account.second_factor else _("Off"))
                words("td", str(account.tokens)).classes("ws-number")
                moment(moments.local(account.created_at_ms), moments.utc(account.created_at_ms), tag="td")


class _NewUser:
    """Draws the form of a new account and makes it."""

    def __init__(self, services: Services, actor: str, _: Language) -> None:
        self._services, self._actor, self._ = services, actor, _
        words("h2", _("New account"))
        self._trouble = ui.element("div")
        with ui.element("div").classes("ws-form"):
            self._name = ui.input(_("User name")).props('outlined dense autocomplete="off"')
            self._password = ui.input(_("Password"), password=True).props('outlined dense autocomplete="new-password"')
            names = {role.value: _(name) for role, name in ROLES.items()}
            self._role = ui.select(names, label=_("Role"), value=Role.OPERATOR.value).props("outlined dense")
            ui.button(_("Create account"), color=None, on_click=self._make).props("outline no-caps")
        words(
            "div",
            _(
                "At least 12 characters. The role applies everywhere; to limit it to a district, open "
                "the account after creating it."
            ),
        ).classes("ws-muted")

    async def _make(self) -> None:
        name, password, role = self._name.value or "", self._password.value or "", Role(self._role.value)
        made = await attempt(
            self._trouble,
            self._,
            lambda: self._services.users.add(name, password, (GrantRequest(role),), actor=self._actor),
            {BadUsernameError: self._name, UserTakenError: self._name, WeakPasswordError: self._password},
        )
        if made is not None:
            ui.navigate.to(path(made.username))
