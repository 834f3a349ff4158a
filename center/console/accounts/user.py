"""Draws the page of one account: its grants, its log-in, and its tokens."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission, Role
from center.access.tokens import ShownToken
from center.access.users import Account, GrantRequest
from center.console.accounts.users import ROLES, grant_words
from center.console.attempt import attempt
from center.console.frame import frame, problem
from center.console.irreversible import DISABLE_ACCOUNT, REMOVE_FACTOR, REVOKE_TOKEN, TAKE_ROLE, agreed
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import CenterError, marked
from center.services import Services, identity_of, services_of

TITLE: Final = marked("Users")
EVERYWHERE: Final = ""


async def user(request: Request, username: str) -> None:
    """Draws the page `/users/{username}`.

    Raises:
        UnknownUserError: no account has this name.
    """
    services, identity = services_of(request), identity_of(request)
    may_edit = identity.access.permits(Permission.USER_EDIT)
    read = await asyncio.to_thread(_read, services, username[:64])
    with frame(request, title=TITLE, active="/users") as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_("Users"), "/users")
            words("h1", read.account.username)
        page = _Page(services, identity.actor, read.account.username, _, edits=may_edit)
        page.show(read)


@dataclass(frozen=True, slots=True)
class _Read:
    """The data of the page."""

    account: Account
    tokens: tuple[ShownToken, ...]
    districts: dict[str, str]
    """Names of districts by id."""


def _read(services: Services, username: str) -> _Read:
    """Reads the data of the page. Blocks."""
    account = services.users.get(username)
    districts = {district.district_id: district.name for district in services.districts.all()}
    return _Read(account, services.tokens.of(account.user_id), districts)


class _Page:
    """One open page of an account."""

    def __init__(self, services: Services, actor: str, username: str, _: Language, *, edits: bool) -> None:
        self._services, self._actor, self._username, self._ = services, actor, username, _
        self._edits = edits
        self._trouble = ui.element("div")
        self._body = ui.element("div").classes("ws-column")

    async def load(self) -> None:
        """Reads the account again and draws it."""
        try:
            read = await asyncio.to_thread(_read, self._services, self._username)
        except CenterError as error:
            self._body.clear()
            with self._body:
                problem(error, self._)
            return
        self.show(read)

    def show(self, read: _Read) -> None:
        """Draws the account as it was read."""
        self._body.clear()
        with self._body:
            self._draw(read.account, read.tokens, read.districts)

    def _draw(self, account: Account, tokens: tuple[ShownToken, ...], districts: dict[str, str]) -> None:
        _ = self._
        with ui.element("dl").classes("ws-panel ws-facts"):
            words("dt", _("State"))
            with ui.element("dd"):
                state("off" if account.disabled else "ok", _("Disabled") if account.disabled else _("Enabled"))
            words("dt", _("Two-factor authentication"))
            words("dd", _("On") if account.second_factor else _("Off"))
            words("dt", _("Created"))
            moment(moments.local(account.created_at_ms), moments.utc(account.created_at_ms), tag="dd")
        words("h2", _("Roles"))
        if account.given:
            with table(_("Role"), ""):
                for given in account.given:
                    with ui.element("tr"):
                        words("td", grant_words(given, _))
                        with ui.element("td"), ui.element("div").classes("ws-acts"):
                            rest = tuple(each for each in account.given if each != given)
                            if self._edits:
                                role = grant_words(given, _)
                                ask = partial(agreed, TAKE_ROLE, _, name=account.username, role=role)
                                self._button(_("Remove role"), self._giving(rest), role, ask=ask)
        else:
            words("div", _("No roles: own account only")).classes("ws-muted")
        if self._edits:
            self._more(account, districts)
            self._door(account)
        words("h2", _("API tokens"))
        if not tokens:
            words("div", _("None")).classes("ws-muted")
            return
        with table(_("Name"), _("Scopes"), _("Expires"), _("State"), "", label=_("API tokens")):
            for token in tokens:
                self._token(account, token)

    def _more(self, account: Account, districts: dict[str, str]) -> None:
        _ = self._
        with ui.element("div").classes("ws-form"):
            roles = {role.value: _(name) for role, name in ROLES.items()}
            role = ui.select(roles, label=_("Role"), value=Role.OPERATOR.value).props("outlined dense")
            places = {
                EVERYWHERE: _("Everywhere"),
                **{each: each if each == name else f"{name} ({each})" for each, name in districts.items()},
            }
            place = ui.select(places, label=_("Scope"), value=EVERYWHERE).props("outlined dense")
            case = ui.input(_("Case (only if limited to one)")).props('outlined dense maxlength="64"')

            async def give() -> None:
                more = GrantRequest(Role(role.value), place.value or None, (case.value or "").strip() or None)
                await self._do(self._giving((*account.given, more)))

            ui.button(_("Assign role"), color=None, on_click=give).props("outline no-caps")

    def _door(self, account: Account) -> None:
        """Draws the log-in: enabled or not, second factor, password."""
        _, services, name = self._, self._services, account.username
        words("h2", _("Log-in"))
        with ui.element("div").classes("ws-form"):
            disabled = not account.disabled
            self._button(
                _("Disable account") if disabled else _("Enable account"),
                lambda: services.users.set_disabled(name, disabled=disabled, actor=self._actor),
                ask=partial(agreed, DISABLE_ACCOUNT, _, name=name) if disabled else None,
            )
            if account.second_factor:
                self._button(
                    _("Disable two-factor authentication"),
                    lambda: services.users.remove_second_factor(name, actor=self._actor),
                    ask=partial(agreed, REMOVE_FACTOR, _, name=name),
                )
            password = ui.input(_("New password"), password=True).props('outlined dense autocomplete="new-password"')
            end_tokens = ui.checkbox(_("Revoke all tokens of the account"), value=True)

            async def reset() -> None:
                new, end = password.value or "", bool(end_tokens.value)
                await self._do(
                    lambda: services.auth.reset_password(username=name, password=new, end_tokens=end, actor=self._actor)
                )

            ui.button(_("Set password"), color=None, on_click=reset).props("outline no-caps")
        words("div", _("Disabling the account or setting a new password ends its sessions immediately.")).classes(
            "ws-muted"
        )

    def _token(self, account: Account, token: ShownToken) -> None:
        _ = self._
        with ui.element("tr"):
            words("td", token.name)
            words("td", ", ".join(token.scopes)).classes("ws-mono")
            moment(moments.local(token.expires_at_ms), moments.utc(token.expires_at_ms), tag="td")
            over = token.expires_at_ms <= self._services.now_ms()
            with ui.element("td"):
                word = _("Revoked") if token.revoked_at_ms else _("Expired") if over else _("Active")
                state("off" if token.revoked_at_ms or over else "ok", word)
            with ui.element("td"), ui.element("div").classes("ws-acts"):
                if self._edits and not token.revoked_at_ms and not over:
                    revoke = self._services.tokens.revoke
                    self._button(
                        _("Revoke"),
                        lambda: revoke(account.user_id, token.token_id, actor=self._actor),
                        token.name,
                        ask=partial(agreed, REVOKE_TOKEN, _, name=token.name),
                    )

    def _giving(self, given: tuple[GrantRequest, ...]) -> Callable[[], object]:
        return lambda: self._services.users.set_grants(self._username, given, actor=self._actor)

    def _button(
        self,
        name: str,
        call: Callable[[], object],
        about: str = "",
        *,
        ask: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        async def click() -> None:
            if ask is None or await ask():
                await self._do(call)

        button = ui.button(name, color=None, on_click=click).props("outline dense no-caps")
        if about:
            button.props["aria-label"] = self._.named(name, about)

    async def _do(self, call: Callable[[], object]) -> None:
        await attempt(self._trouble, self._, call)
        await self.load()
