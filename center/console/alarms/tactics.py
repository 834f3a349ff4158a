"""Draws tactics: the list of those that the account's districts share, and the form that shares one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from nicegui import ui
from starlette.requests import Request

from center.access.districts import NamedDistrict
from center.access.permissions import Permission
from center.alarms.views import RuleView, TacticView
from center.alarms.visibility import cameras_of
from center.console.attempt import attempt
from center.console.irreversible import REMOVE_TACTIC, agreed
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import table
from center.services import identity_of, services_of


async def tactics(request: Request, _: Language, body: ui.element) -> None:
    """Draws the tactics of the account's districts into `body`; nothing where there is none.

    Raises:
        StoreUnavailableError: the database does not work.
    """
    services, identity = services_of(request), identity_of(request)
    districts = identity.access.districts(Permission.ALARM_EDIT)
    found = await asyncio.to_thread(services.alarms.tactics.tactics, districts=districts)
    names = {each.district_id: each.name for each in await asyncio.to_thread(services.districts.all)}
    body.clear()
    if not found:
        return
    with body:
        words("h2", _("Tactics"))
        trouble = ui.element("div")

        async def remove(tactic: TacticView) -> None:
            call = partial(services.alarms.tactics.remove, tactic.id, actor=identity.actor, districts=districts)
            if await agreed(REMOVE_TACTIC, _, name=tactic.name):
                await attempt(trouble, _, call)
                await tactics(request, _, body)

        _list(found, names, _, remove)


def _list(
    found: Sequence[TacticView], names: dict[str, str], _: Language, remove: Callable[[TacticView], Awaitable[None]]
) -> None:
    with table(_("Tactic"), _("District"), _("Event"), _("Created"), "", label=_("Tactics")):
        for tactic in found:
            with ui.element("tr"):
                with ui.element("td"):
                    ui.link(tactic.name, f"/rules/new?tactic={tactic.id}")
                words("td", names.get(tactic.district_id, tactic.district_id))
                words("td", _(tactic.text.what.label))
                with ui.element("td"):
                    moment(moments.local(tactic.shared_at_ms), moments.utc(tactic.shared_at_ms), tag="div")
                    words("div", tactic.shared_by).classes("ws-sub")
                with ui.element("td").classes("ws-acts"):
                    button = ui.button(_("Remove"), color=None, on_click=partial(remove, tactic))
                    button.props("outline no-caps")


def sharing(request: Request, found: RuleView, districts: Sequence[NamedDistrict], _: Language) -> None:
    """Draws the form that shares a rule's newest version in one of `districts`, those of its cameras."""
    services, identity = services_of(request), identity_of(request)
    mine = identity.access.districts(Permission.ALARM_EDIT)
    cameras = cameras_of(found.text)
    offered = {
        each.district_id: each.name
        for each in districts
        if (mine is None or each.district_id in mine) and cameras <= set(each.cameras)
    }
    if not offered:
        return
    words("h2", _("Share as tactic"))
    trouble = ui.element("div")
    with ui.element("div").classes("ws-form"):
        district = ui.select(offered, label=_("District"), value=next(iter(offered)))
        district.props("outlined dense options-dense")
        name = ui.input(_("Name of the tactic"), value=found.text.name).props('outlined dense maxlength="64"')

        async def share() -> None:
            share_it = partial(
                services.alarms.tactics.share,
                district.value,
                (name.value or "").strip() or found.text.name,
                found.id,
                found.version,
                actor=identity.actor,
                sight=identity.access.scope(Permission.ALARM_EDIT),
                districts=mine,
            )
            if await attempt(trouble, _, share_it) is not None:
                ui.notify(_("Shared."), type="positive")

        ui.button(_("Share as tactic"), color=None, on_click=share).props("outline no-caps")
