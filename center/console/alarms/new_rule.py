"""Draws the page of a new rule: its form, empty, or filled in from a tactic of the district or from a file."""

import asyncio
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission
from center.alarms.errors import RuleFileError, UnknownTacticError
from center.alarms.rule_files import MAX_FILE, read_rule_file
from center.alarms.rules.rule import RuleText
from center.console.alarms.newest import NewestPictures
from center.console.alarms.rule_form import RuleForm
from center.console.alarms.rules import path
from center.console.attempt import attempt
from center.console.frame import frame, problem
from center.console.widgets.file_text import FileText
from center.console.widgets.markup import words
from center.errors import marked
from center.services import identity_of, services_of, sight_of

TITLE: Final = marked("Rule")


async def new(request: Request) -> None:
    """Draws the page `/rules/new`; with `?tactic=`, filled in from that tactic.

    Raises:
        UnknownTacticError: there is no such tactic in the account's districts.
    """
    services, identity, sight = services_of(request), identity_of(request), sight_of(request)
    alarms, tactic = services.alarms, None
    said = request.query_params.get("tactic")
    if said is not None:
        if not (said.isascii() and said.isdecimal() and len(said) < 10):
            raise UnknownTacticError(tactic_id=said[:20])
        districts = identity.access.districts(Permission.ALARM_EDIT)
        tactic = await asyncio.to_thread(alarms.tactics.tactic, int(said), districts=districts)
    with frame(request, title=TITLE, active="/rules") as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_("Rules"), "/rules")
            words("h1", _("New rule"))
        trouble = ui.element("div")

        async def write(text: RuleText) -> None:
            made = await attempt(trouble, _, lambda: alarms.rules.create(text, actor=identity.actor, sight=sight))
            if made is not None:
                ui.navigate.to(path(made.id))

        def fill(text: RuleText | None) -> None:
            trouble.clear()
            body.clear()
            missing = () if text is None else alarms.files.missing(text, sight=sight)
            with body:
                if missing:
                    with ui.element("div").classes("ws-alert ws-alert-warn").props('role="alert"'):
                        names = ", ".join(missing)
                        words("strong", _("Cameras that are not there: {cameras}").format(cameras=names))
                        words("span", _("Choose other cameras and check the shapes on their pictures."))
                RuleForm(request, _, text, write, NewestPictures(services, identity), is_new=True)

        def read(content: bytes) -> None:
            try:
                text = read_rule_file(content)
            except RuleFileError as error:
                trouble.clear()
                with trouble:
                    problem(error, _)
                return
            fill(text)

        with ui.element("div").classes("ws-form"):
            FileText(_("Fill in from a file"), most=MAX_FILE, on_text=read)
        body = ui.element("div").classes("ws-column")
        fill(None if tactic is None else tactic.text)
