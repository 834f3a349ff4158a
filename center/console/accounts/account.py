"""Draws the page of the user's own account: password, second factor, tokens for programs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import segno
from nicegui import ui
from starlette.requests import Request

from center.access.errors import SecondFactorNeededError, WrongCodeError
from center.access.permissions import TOKEN_SCOPES, Identity, Permission
from center.access.second_factor import Enrolment
from center.access.tokens import ShownToken
from center.access.users import GrantRequest
from center.console.accounts.users import grant_words
from center.console.attempt import at_fault, attempt
from center.console.frame import frame, problem
from center.console.irreversible import REVOKE_TOKEN, agreed
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.several import SeveralSelect
from center.console.widgets.table import state, table
from center.errors import BadCredentialsError, CenterError, WeakPasswordError, marked
from center.services import Services, identity_of, services_of, source_of

TITLE: Final = marked("My account")


def account(request: Request) -> None:
    """Draws the page `/account`."""
    services, identity, source = services_of(request), identity_of(request), source_of(request)
    with frame(request, title=TITLE, active="/account") as _:
        words("h1", _(TITLE))
        with ui.element("dl").classes("ws-panel ws-facts"):
            words("dt", _("User name"))
            words("dd", identity.username)
            words("dt", _("Roles"))
            given = [
                GrantRequest(grant.role, grant.district.district_id if grant.district else None, grant.case_id)
                for grant in identity.access.grants
            ]
            words("dd", ", ".join(grant_words(each, _) for each in given) or _("No roles: own account only"))
            words("dt", _("Session expires"))
            moment(moments.local(identity.expires_at_ms), moments.utc(identity.expires_at_ms), tag="dd")
        _Password(services, identity, source, _)
        factor = _Factor(services, identity, source, _)
        tokens = _Tokens(services, identity, source, _)
        factor.changed = tokens.load

    async def load() -> None:
        await factor.load()
        await tokens.load()

    ui.timer(0, load, once=True)


class _Password:
    """Changes the password; the session ends with it."""

    def __init__(self, services: Services, identity: Identity, source: str, _: Language) -> None:
        self._services, self._identity, self._source, self._ = services, identity, source, _
        words("h2", _("Password"))
        self._trouble = ui.element("div")
        with ui.element("div").classes("ws-form"):
            self._old = _secret(_("Current password"), "current-password")
            self._new = _secret(_("New password"), "new-password")
            self._end_tokens = _ends_tokens(_)
            ui.button(_("Change password"), color=None, on_click=self._change).props("outline no-caps")
        words(
            "div", _("At least 12 characters. Changing it ends all sessions of the account, including this one.")
        ).classes("ws-muted")

    async def _change(self) -> None:
        old, new, auth = self._old.value or "", self._new.value or "", self._services.auth
        end_tokens = bool(self._end_tokens.value)

        def change() -> bool:
            auth.confirm_password(self._identity, old, source=self._source)
            auth.reset_password(username=self._identity.username, password=new, end_tokens=end_tokens)
            return True

        fields = {BadCredentialsError: self._old, WeakPasswordError: self._new}
        if await attempt(self._trouble, self._, change, fields):
            ui.navigate.to("/login")


class _Factor:
    """Switches the second factor on and off."""

    def __init__(self, services: Services, identity: Identity, source: str, _: Language) -> None:
        self._services, self._identity, self._source, self._ = services, identity, source, _
        self.changed: Callable[[], Awaitable[None]] | None = None
        """Called once the second factor was switched on or off."""
        words("h2", _("Two-factor authentication"))
        self._trouble = ui.element("div")
        self._body = ui.element("div").classes("ws-column")

    async def load(self) -> None:
        """Draws the present state."""
        _ = self._
        is_on = await attempt(self._trouble, _, lambda: self._services.second_factors.has(self._identity.user_id))
        self._body.clear()
        if is_on is None:
            return
        with self._body:
            state("ok" if is_on else "off", _("On") if is_on else _("Off"))
            with ui.element("div").classes("ws-form"):
                self._proof = _secret(_("Current password"), "current-password")
                if is_on:
                    ui.button(_("Disable"), color=None, on_click=self._remove).props("outline no-caps")
                else:
                    ui.button(_("Set up authenticator"), color=None, on_click=self._begin).props("outline no-caps")

    async def _begin(self) -> None:
        password, services, who = self._proof.value or "", self._services, self._identity

        def begin() -> Enrolment:
            services.auth.confirm_password(who, password, source=self._source)
            return services.second_factors.begin(who.user_id, who.username)

        begun = await attempt(self._trouble, self._, begin, {BadCredentialsError: self._proof})
        if begun is None:
            return
        _ = self._
        self._body.clear()
        with self._body:
            words(
                "div",
                _("Scan this code with an authenticator app, or enter the secret manually. It is shown only once."),
            )
            image = ui.element("img").props('width="200" height="200"').classes("ws-code")
            image.props["alt"] = _("QR code for an authenticator app")
            image.props["src"] = segno.make(begun.address, error="m").svg_data_uri(border=3, light="#fff", scale=4)
            words("div", begun.secret).classes("ws-mono")
            with ui.element("div").classes("ws-form"):
                code = ui.input(_("Code from the app")).props(
                    'outlined dense inputmode="numeric" autocomplete="one-time-code"'
                )

                end_tokens = _ends_tokens(_)

                async def confirm() -> None:
                    typed, end = code.value or "", bool(end_tokens.value)
                    codes = await attempt(
                        self._trouble,
                        _,
                        lambda: services.second_factors.confirm(who.user_id, who.username, typed, end_tokens=end),
                        {WrongCodeError: code},
                    )
                    if codes is not None:
                        self._show_codes(codes)
                        await self._notify()

                ui.button(_("Enable"), color=None, on_click=confirm).props("outline no-caps")

    async def _notify(self) -> None:
        if self.changed is not None:
            await self.changed()

    def _show_codes(self, codes: tuple[str, ...]) -> None:
        _ = self._
        self._body.clear()
        with self._body:
            state("ok", _("On"))
            words(
                "div",
                _(
                    "Store these recovery codes separately from the app. Each can be used once. They are "
                    "shown only once."
                ),
            )
            with ui.element("ul").classes("ws-mono"):
                for code in codes:
                    words("li", code)

    async def _remove(self) -> None:
        password, services, who = self._proof.value or "", self._services, self._identity

        def remove() -> bool:
            services.auth.confirm_password(who, password, source=self._source)
            services.second_factors.remove(who.user_id, who.username, actor=who.actor)
            return True

        if await attempt(self._trouble, self._, remove, {BadCredentialsError: self._proof}):
            await self.load()
            await self._notify()


class _Tokens:
    """Lists, makes and revokes the tokens of programs."""

    def __init__(self, services: Services, identity: Identity, source: str, _: Language) -> None:
        self._services, self._identity, self._source, self._ = services, identity, source, _
        words("h2", _("API tokens"))
        self._trouble = ui.element("div")
        self._made = ui.element("div").props('role="status"')
        self._body = ui.element("div")
        self._code: ui.input | None = None
        scopes = sorted(scope for scope in TOKEN_SCOPES if identity.access.permits(scope))
        if not scopes:
            words("div", _("A token cannot exceed the permissions of its account: this account has none.")).classes(
                "ws-muted"
            )
            return
        with ui.element("div").classes("ws-form"):
            self._name = ui.input(_("Name")).props('outlined dense maxlength="64"')
            self._scopes = SeveralSelect([scope.value for scope in scopes], label=_("Scopes")).props(
                "outlined dense use-chips options-dense"
            )
            most = services.tokens.max_days
            self._days = ui.number(
                _("Valid for (days)"), value=services.tokens.default_days, min=1, max=most, precision=0
            ).props("outlined dense")
            self._password = _secret(_("Current password"), "current-password")
            self._code = ui.input(_("One-time code")).props(
                'outlined dense maxlength="32" autocomplete="one-time-code"'
            )
            self._code.set_visibility(False)
            ui.button(_("Create token"), color=None, on_click=self._make).props("outline no-caps")
        words(
            "div",
            _("The token outlives this session, for at most {days} days: confirm your identity to create it.").format(
                days=most
            ),
        ).classes("ws-muted")

    async def load(self) -> None:
        """Draws the tokens, and asks for a code where there is a second factor."""
        _ = self._
        who, services = self._identity, self._services
        try:
            tokens = await asyncio.to_thread(services.tokens.of, who.user_id)
            has_factor = await asyncio.to_thread(services.second_factors.has, who.user_id)
        except CenterError as error:
            with self._trouble:
                problem(error, _)
            return
        if self._code is not None:
            self._code.set_visibility(has_factor)
        self._body.clear()
        with self._body:
            if not tokens:
                words("div", _("No tokens. A token lets a program call the API as you, within its scopes.")).classes(
                    "ws-muted"
                )
                return
            with table(_("Name"), _("Scopes"), _("Expires"), _("Last used"), _("State"), "", label=_("API tokens")):
                for token in tokens:
                    self._row(token)

    def _row(self, token: ShownToken) -> None:
        _ = self._
        over = token.expires_at_ms <= self._services.now_ms()
        with ui.element("tr"):
            words("td", token.name)
            words("td", ", ".join(token.scopes)).classes("ws-mono")
            moment(moments.local(token.expires_at_ms), moments.utc(token.expires_at_ms), tag="td")
            if token.used_at_ms is None:
                words("td", "–")
            else:
                moment(moments.local(token.used_at_ms), moments.utc(token.used_at_ms), tag="td")
            with ui.element("td"):
                word = _("Revoked") if token.revoked_at_ms else _("Expired") if over else _("Active")
                state("off" if token.revoked_at_ms or over else "ok", word)
            with ui.element("td"), ui.element("div").classes("ws-acts"):
                if token.revoked_at_ms or over:
                    return

                async def revoke() -> None:
                    if not await agreed(REVOKE_TOKEN, _, name=token.name):
                        return
                    who = self._identity
                    await attempt(
                        self._trouble,
                        _,
                        lambda: self._services.tokens.revoke(who.user_id, token.token_id, actor=who.actor),
                    )
                    await self.load()

                button = ui.button(_("Revoke"), color=None, on_click=revoke).props("outline dense no-caps")
                button.props["aria-label"] = _.named(_("Revoke"), token.name)

    async def _make(self) -> None:
        _, who, services = self._, self._identity, self._services
        name, days = (self._name.value or "").strip()[:64], int(self._days.value or 0)
        scopes = tuple(Permission(scope) for scope in self._scopes.value or ())
        password, code = self._password.value or "", (self._code.value or "" if self._code is not None else "")
        most = services.tokens.max_days
        self._made.clear()
        faults = (
            (self._days, "" if 1 <= days <= most else _("Enter 1 to {days} days.").format(days=most)),
            (self._scopes, "" if scopes else _("Choose at least one scope.")),
            (self._name, "" if name else _("Enter a name.")),
        )
        for field, fault in faults:
            field.error = fault or None
        if wrong := [(field, fault) for field, fault in faults if fault]:
            at_fault(*wrong[-1])
            return

        def make() -> tuple[ShownToken, str]:
            services.auth.prove(who, password=password, code=code, source=self._source)
            return services.tokens.create(who.user_id, who.access, name=name, scopes=scopes, days=days, actor=who.actor)

        fields: dict[type[CenterError], ui.input] = {BadCredentialsError: self._password}
        if self._code is not None:
            fields[SecondFactorNeededError] = self._code
        made = await attempt(self._trouble, _, make, fields)
        if made is None:
            return
        self._password.value = ""
        if self._code is not None:
            self._code.value = ""
        with self._made, ui.element("div").classes("ws-alert ws-alert-warn"):
            words("strong", _("Copy it now. It is shown only once."))
            words("span", made[1]).classes("ws-mono")
        await self.load()


def _ends_tokens(_: Language) -> ui.checkbox:
    return ui.checkbox(_("Revoke all tokens of the account"), value=True)


def _secret(label: str, kind: str) -> ui.input:
    return ui.input(label, password=True).props(f'outlined dense autocomplete="{kind}"')
