"""Draws the settings, and the health of what the centre depends on. They are changed in files and by the API."""

import asyncio
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission
from center.assessment.settings import Settings
from center.console import verdicts
from center.console.frame import frame, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import CenterError, marked
from center.health import Condition, HealthReport
from center.services import Services, identity_of, services_of

TITLE: Final = marked("Settings")
_MALFORMED: Final = 20
"""Agents that are listed: those that sent most malformed messages."""
PARTS: Final = {
    "query": marked("Archive"),
    "broker": marked("Broker"),
    "store": marked("Database"),
    "background": marked("Background work"),
    "retention": marked("Retention"),
    "notify": marked("Notification"),
    "syslog": marked("Syslog server"),
}


def settings(request: Request) -> None:
    """Draws the page `/settings`."""
    services = services_of(request)
    sees_assessment = identity_of(request).access.permits(Permission.ASSESSMENT_VIEW)
    with frame(request, title=TITLE, active="/settings") as _:
        words("h1", _(TITLE))
        body = ui.element("div").classes("ws-column")

    async def load() -> None:
        try:
            health = await services.health.report()
            judged = await asyncio.to_thread(services.assessment.settings.load) if sees_assessment else None
        except CenterError as error:
            with body:
                problem(error, _)
            return
        with body:
            _health(health, services, _)
            if judged is not None:
                _assessment(judged, _)
            _files(services, _)

    ui.timer(0, load, once=True)


def _health(health: HealthReport, services: Services, _: Language) -> None:
    words("h2", _("Dependencies"))
    with table(_("Component"), _("State"), _("Cause"), label=_("Dependencies")):
        for part in health.dependencies:
            fault = services.health.faults.get(part.name)
            with ui.element("tr"):
                words("td", _(PARTS[part.name]) if part.name in PARTS else part.name)
                with ui.element("td"):
                    well = part.condition is Condition.OK
                    state("ok" if well else "bad", _("OK") if well else _("Unavailable"))
                words("td", " ".join(_.error(fault)) if fault is not None else "–")
    with ui.element("dl").classes("ws-panel ws-facts"):
        for name, value in (
            (_("Messages received"), f"{health.messages_received:,}"),
            (_("Malformed messages"), f"{sum(each.count for each in health.malformed):,}"),
            (_("Messages from revoked agents"), f"{sum(each.count for each in health.revoked):,}"),
            (_("Live streams in use"), f"{health.pages_open:,}"),
            (_("Roster"), "–" if health.roster.number is None else str(health.roster.number)),
            (_("Daily audit signature"), _("Yes") if health.audit_heads_signed else _("No: set audit_key_file")),
        ):
            words("dt", name)
            words("dd", value)
        if (syslog := health.audit_syslog) is not None:
            for name, value in (
                (_("Syslog server"), syslog.server),
                (_("Last audit entry read by it"), f"{syslog.sent_to:,}"),
                (_("Audit entries waiting for it"), f"{syslog.waiting:,}"),
                (_("Last failure"), syslog.cause or "–"),
            ):
                words("dt", name)
                words("dd", value)
        words("dt", _("Last checked"))
        moment(moments.local(health.checked_at_ms), moments.utc(health.checked_at_ms), tag="dd")
    if health.malformed:
        with table(_("Agent"), _("Malformed messages"), _("Cause"), label=_("Malformed messages")):
            for each in sorted(health.malformed, key=lambda each: -each.count)[:_MALFORMED]:
                with ui.element("tr"):
                    words("td", each.agent_id).classes("ws-mono")
                    words("td", f"{each.count:,}").classes("ws-number")
                    words("td", each.last)


def _assessment(judged: Settings, _: Language) -> None:
    words("h2", _("Assessment criteria"))
    with table(_("Indicator"), _("Pass threshold"), _("Weight"), label=_("Assessment criteria")):
        for indicator, name in verdicts.INDICATORS.items():
            with ui.element("tr"):
                words("td", _(name))
                words("td", f"{judged.pass_at[indicator]:.0%}").classes("ws-number")
                words("td", f"{judged.weight[indicator]:g}").classes("ws-number")
    words("div", _("Change with PUT /api/assessment/settings. The previous values are kept in the audit log.")).classes(
        "ws-muted"
    )


def _files(services: Services, _: Language) -> None:
    if not services.settings:
        return
    words("h2", _("Configuration file"))
    with table(_("Setting"), _("Value"), label=_("Configuration file")):
        for key, value in services.settings:
            with ui.element("tr"):
                words("td", key).classes("ws-mono ws-key")
                words("td", value or "–").classes("ws-mono")
    words(
        "div", _("For files, only whether they are set is shown. Changes take effect after a restart of the centre.")
    ).classes("ws-muted")
