"""Draws the rules that raise alarms, those in force and the others, and the link to a new one."""

import asyncio
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.alarms.views import RuleList, RuleView
from center.console import labels
from center.console.alarms.tactics import tactics
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import CenterError, marked
from center.services import services_of, sight_of

TITLE: Final = marked("Rules")
PAGE: Final = 100


def path(rule_id: int) -> str:
    """Returns the address of a rule's page."""
    return f"/rules/{rule_id}"


def standing(rule: RuleView) -> tuple[str, str]:
    """Returns tone and text (to translate) of a rule's state."""
    if rule.retired:
        return "off", marked("Retired")
    if rule.on_version is None:
        return "off", marked("Not enabled")
    if rule.on_version != rule.version:
        return "warn", marked("Enabled, newer version not enabled")
    return "ok", marked("Enabled")


def rules(request: Request) -> None:
    """Draws the page `/rules`."""
    services, sight = services_of(request), sight_of(request)
    said = request.query_params.get("before", "")
    before = int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None
    with frame(request, title=TITLE, active="/rules") as _:
        with ui.element("div").classes("ws-alarms-head"):
            words("h1", _(TITLE))
            ui.link(_("New rule"), "/rules/new").classes("ws-button")
        body = ui.element("div").classes("ws-column")
        shelf = ui.element("div").classes("ws-column")

    async def load() -> None:
        try:
            found = await asyncio.to_thread(services.alarms.rules.rules, before=before, limit=PAGE, sight=sight)
            await tactics(request, _, shelf)
        except CenterError as error:
            with body:
                problem(error, _)
            return
        with body:
            _list(found, _)

    ui.timer(0, load, once=True)


def _list(found: RuleList, _: Language) -> None:
    if not found.items:
        empty(_("No rules yet"), _("Create a rule, preview it on the last 24 hours, and enable it."))
        return
    with table(_("Rule"), _("Event"), _("State"), _("Severity"), _("Cameras"), _("Created"), label=_("Rules")):
        for rule in found.items:
            with ui.element("tr"):
                with ui.element("td"):
                    ui.link(rule.text.name, path(rule.id))
                    number = _("Rule {number}, version {version}").format(number=rule.id, version=rule.version)
                    words("div", number).classes("ws-sub")
                words("td", _(rule.text.what.label))
                with ui.element("td"):
                    tone, word = standing(rule)
                    state(tone, _(word))
                words("td", _(labels.SEVERITIES[rule.text.severity]))
                count = len(rule.text.cameras)
                words("td", str(count) if count else _("All")).classes("ws-number")
                with ui.element("td"):
                    moment(moments.local(rule.written_at_ms), moments.utc(rule.written_at_ms), tag="div")
                    words("div", rule.written_by).classes("ws-sub")
    if found.next_cursor is not None:
        ui.link(_("Older"), f"/rules?before={found.next_cursor}")
