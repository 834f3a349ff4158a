"""Asks for the purpose of an export, and downloads it."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from center.console.frame import problem
from center.console.language import Language
from center.console.widgets.markup import words
from center.errors import CenterError


def ask_purpose(
    _: Language, note: str, *, purpose: str, name: str, made: Callable[[str | None], Awaitable[bytes]]
) -> None:
    """Opens the dialog. `made` gets the purpose, None where it is too short, and returns the CSV file `name`."""
    with ui.dialog() as dialog, ui.card().classes("ws-dialog"):
        words("h2", _("Export CSV"))
        words("span", f"{note} {_('The user and the purpose are recorded in the audit log.')}")
        entry = ui.input(_("Purpose"), value=purpose).props("outlined dense maxlength=200 autofocus")
        trouble = ui.element("div")

        async def take() -> None:
            trouble.clear()
            said = (entry.value or "").strip()
            try:
                data = await made(said if len(said) >= 3 else None)
            except CenterError as error:
                with trouble:
                    problem(error, _)
                return
            ui.download.content(data, name, "text/csv")
            dialog.close()

        with ui.element("div").classes("ws-acts"):
            ui.button(_("Cancel"), on_click=dialog.close).props("flat no-caps")
            ui.button(_("Export"), on_click=take).props("unelevated no-caps")
    dialog.open()
