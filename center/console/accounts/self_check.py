"""Draws the self-check: each weakness with its place, its severity and what to do. It runs when the page is opened."""

import asyncio
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.route_permissions import RoutePermissions
from center.console.frame import frame
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import marked
from center.self_check.findings import TEXTS, SelfCheckReport, WeaknessSeverity
from center.self_check.service import RAN
from center.services import identity_of, services_of

TITLE: Final = marked("Security check")
_SEVERITIES: Final = {
    WeaknessSeverity.HIGH: ("bad", marked("High")),
    WeaknessSeverity.MEDIUM: ("warn", marked("Medium")),
    WeaknessSeverity.LOW: ("off", marked("Low")),
}


async def show(request: Request) -> None:
    """Draws the page `/self-check`."""
    services, actor = services_of(request), identity_of(request).actor
    permits: RoutePermissions = request.state.permits

    def checked() -> SelfCheckReport:
        report = services.self_check.run(permits.rules)
        services.audit.append(actor, RAN, {"findings": len(report.findings)})
        return report

    report = await asyncio.to_thread(checked)
    with frame(request, title=TITLE, active="/self-check") as _:
        words("h1", _(TITLE))
        _draw(report, _)


def _draw(report: SelfCheckReport, _: Language) -> None:
    if report.findings:
        with table(_("Severity"), _("Where"), _("Weakness"), _("What to do"), label=_(TITLE), in_blocks=True):
            for finding in report.findings:
                texts = TEXTS[finding.weakness]
                tone, name = _SEVERITIES[finding.severity]
                with ui.element("tr"):
                    with ui.element("td"):
                        state(tone, _(name))
                    words("td", finding.where).classes("ws-mono ws-key")
                    with ui.element("td"):
                        words("div", _(texts.message).format(**finding.facts))
                        words("div", finding.weakness.value).classes("ws-sub")
                    words("td", _(texts.remedy).format(**finding.facts))
    else:
        with ui.element("div").classes("ws-alert ws-alert-ok"):
            words("strong", _("No weakness was found."))
    if not report.compared:
        text = _("Installed packages were compared with nothing: self_check.advisories_dir is not set.")
        words("div", text).classes("ws-muted")
    with words("div", "").classes("ws-muted"):
        words("span", _("Last checked"))
        moment(f" {moments.local(report.at_ms)}", moments.utc(report.at_ms))
