"""Draws the audit: entries newest first, a check of the chain on demand, and the export for a check elsewhere."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from nicegui import ui
from starlette.requests import Request

from center.audit.chain import ChainCheck
from center.console.attempt import attempt
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import table
from center.database.store import AuditEntry
from center.errors import CenterError, marked
from center.services import Services, identity_of, services_of

TITLE: Final = marked("Audit log")
PAGE: Final = 100
SHORT_HASH: Final = 12


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """The filters of the page; their text form is its query string."""

    actor: str = ""
    action: str = ""
    before: int | None = None

    @classmethod
    def read(cls, request: Request) -> "AuditQuery":
        """Reads the filters from an address; unreadable ones are left out."""
        said = request.query_params
        before = said.get("before", "")
        known = before.isascii() and before.isdecimal() and len(before) < 16
        return cls(
            said.get("actor", "").strip()[:64],
            said.get("action", "").strip()[:64],
            int(before) if known else None,
        )

    def about(self) -> dict[str, str | int]:
        """The filters that are set."""
        said = {"actor": self.actor, "action": self.action, "before": self.before}
        return {name: value for name, value in said.items() if value}

    def path(self) -> str:
        """Writes the address of the page with these filters."""
        return f"/audit?{urlencode(self.about())}" if self.about() else "/audit"


def audit(request: Request) -> None:
    """Draws the page `/audit`."""
    services, actor, wanted = services_of(request), identity_of(request).actor, AuditQuery.read(request)
    with frame(request, title=TITLE, active="/audit") as _:
        words("h1", _(TITLE))
        _Chain(services, actor, _)
        _form(wanted, _)
        body = ui.element("div").classes("ws-column")

    def found() -> tuple[AuditEntry, ...]:
        services.audit.append(actor, "audit.view", wanted.about())
        return services.audit.page(
            limit=PAGE + 1, before=wanted.before, actor=wanted.actor or None, action=wanted.action or None
        )

    async def load() -> None:
        try:
            entries = await asyncio.to_thread(found)
        except CenterError as error:
            with body:
                problem(error, _)
            return
        with body:
            _entries(entries, wanted, _)

    ui.timer(0, load, once=True)


def _form(wanted: AuditQuery, _: Language) -> None:
    with ui.element("form").classes("ws-form").props('method="get" action="/audit"'):
        for name, label, value in (
            ("actor", _("User"), wanted.actor),
            ("action", _("Action (or its prefix)"), wanted.action),
        ):
            with ui.element("label"):
                words("span", label)
                ui.element("input").props(f'name="{name}" maxlength="64"').props["value"] = value
        words("button", _("Filter")).props('type="submit"')
        if wanted.about():
            ui.link(_("Reset"), "/audit")


def _entries(entries: tuple[AuditEntry, ...], wanted: AuditQuery, _: Language) -> None:
    if not entries:
        empty(_("No matching entries."), _("Change or reset the filter."))
        return
    with table(_("Number"), _("Time"), _("User"), _("Action"), _("Details"), _("Hash"), label=_("Audit entries")):
        for entry in entries[:PAGE]:
            with ui.element("tr"):
                words("td", str(entry.id)).classes("ws-number")
                moment(moments.local(entry.at_ms), moments.utc(entry.at_ms), tag="td")
                with ui.element("td"):
                    ui.link(entry.actor, AuditQuery(actor=entry.actor).path())
                with ui.element("td"):
                    ui.link(entry.action, AuditQuery(action=entry.action).path())
                words("td", "" if entry.detail == "{}" else entry.detail).classes("ws-mono ws-detail-cell")
                words("td", f"{entry.sha256[:SHORT_HASH]}…", title=entry.sha256).classes("ws-mono ws-nowrap")
    with ui.element("nav").classes("ws-tabs") as pager:
        pager.props["aria-label"] = _("More entries")
        if wanted.before is not None:
            ui.link(_("Newest"), replace(wanted, before=None).path())
        if len(entries) > PAGE:
            ui.link(_("Older"), replace(wanted, before=entries[PAGE - 1].id).path())


class _Chain:
    """Checks the chain on demand and shows the result."""

    def __init__(self, services: Services, actor: str, _: Language) -> None:
        self._services, self._actor, self._ = services, actor, _
        with ui.element("div").classes("ws-form"):
            self._button = ui.button(_("Verify chain"), color=None, on_click=self._verify).props("outline no-caps")
            ui.link(_("Export all"), "/api/audit/export").props('download="audit.jsonl"')
            words(
                "span",
                _("To verify on another machine: wayside-center audit verify --export audit.jsonl --key audit.pub"),
            ).classes("ws-muted")
        self._said = ui.element("div").props('role="status"')

    async def _verify(self) -> None:
        _ = self._
        self._button.disable()
        self._said.clear()
        with self._said:
            words("div", _("Verifying…")).classes("ws-calm")
        trusted = self._services.audit_keeper.trusted
        found = await attempt(self._said, _, lambda: self._services.audit.verify_for(self._actor, trusted))
        self._button.enable()
        if found is not None:
            with self._said:
                self._show(found)

    def _show(self, found: ChainCheck) -> None:
        _ = self._
        if found.broken is not None:
            tone, what = "bad", _("The chain is broken at entry {number}.").format(number=found.broken.number)
            advice = found.broken.why
        else:
            whole = _("Entries {first} to {last} are intact ({count}).")
            tone, what = "warn", whole.format(first=found.first, last=found.last, count=found.entries)
            advice = _(
                "No signed daily head covers them: anyone with write access to the database could have rewritten them."
            )
            if found.signed_to:
                tone, advice = (
                    "ok",
                    _("Signed daily heads cover the entries up to {number}.").format(number=found.signed_to),
                )
        with ui.element("div").classes(f"ws-alert ws-alert-{tone}"):
            words("strong", what)
            words("span", advice)
