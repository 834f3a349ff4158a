"""Asks before an act that cannot be undone by a click: the dialogue says what is deleted, when, and what stays.

Every such act of the console is a row of this table and goes through `agreed`.
"""

from dataclasses import dataclass
from typing import Final

from nicegui import ui

from center.console.language import Language
from center.console.widgets.markup import words
from center.errors import marked


@dataclass(frozen=True, slots=True)
class Irreversible:
    """The texts of one act. All are to translate and may have placeholders."""

    asks: str
    what_goes: str
    act: str
    """Text of the button that does it."""


CLOSE_CASE: Final = Irreversible(
    marked("Close case {number}?"),
    marked(
        "A closed case cannot be reopened. After {days} days its candidates, decisions and "
        "sightings are deleted, and so are the pictures imported for it. Its details, history "
        "and audit entries are kept."
    ),
    marked("Close case"),
)
RETIRE_RULE: Final = Irreversible(
    marked("Retire rule {name}?"),
    marked("It raises no more alarms and cannot be enabled again. Its versions and alarms are kept."),
    marked("Retire rule"),
)
REMOVE_TACTIC: Final = Irreversible(
    marked("Remove tactic {name}?"),
    marked("The district no longer sees it. Rules that were made of it stay."),
    marked("Remove tactic"),
)
SWITCH_ON_BLANK: Final = Irreversible(
    marked("Enable {name} without a preview result?"),
    marked(
        "No pictures were archived in the 24 hours of the preview, so it shows nothing. Alarms "
        "that this version raises are kept. Preview it again once there are pictures."
    ),
    marked("Enable anyway"),
)
CLOSE_ALARM: Final = Irreversible(
    marked("Close alarm of {rule}?"),
    marked(
        "A closed alarm cannot be reopened. It stays in the list of closed alarms; the next match raises a new one."
    ),
    marked("Close alarm"),
)
CLOSE_ALARMS: Final = Irreversible(
    marked("Close {count} alarms of this rule?"),
    marked(
        "Closed alarms cannot be reopened. They stay in the list of closed alarms; the next match raises a new one."
    ),
    marked("Close alarms"),
)
TAKE_ROLE: Final = Irreversible(
    marked("Remove a role from {name}?"),
    marked(
        "Removed immediately: {role}. Everything that only this role allows is refused from the "
        "next request on, for API tokens too."
    ),
    marked("Remove role"),
)
DISABLE_ACCOUNT: Final = Irreversible(
    marked("Disable account {name}?"),
    marked("Its sessions end immediately, and its tokens stop working until the account is enabled again."),
    marked("Disable account"),
)
REMOVE_FACTOR: Final = Irreversible(
    marked("Disable two-factor authentication of {name}?"),
    marked(
        "Its secret and recovery codes are deleted immediately. The password alone is enough to "
        "log in until the user sets it up again."
    ),
    marked("Disable two-factor authentication"),
)
REVOKE_TOKEN: Final = Irreversible(
    marked("Revoke token {name}?"),
    marked("Programs that use it are refused from now on. This cannot be undone."),
    marked("Revoke"),
)
DELETE_SEARCH: Final = Irreversible(
    marked("Delete saved search {name}?"),
    marked("It is deleted immediately, also for everyone it is shared with."),
    marked("Delete"),
)
CONFIRM_ORDER: Final = Irreversible(
    marked("Confirm the repair of order {number}?"),
    marked("The order is closed, in your name. Only the same fault, or a note that it is back, opens it again."),
    marked("Confirm"),
)
VOID_ORDER: Final = Irreversible(
    marked("Void order {number}?"),
    marked("It ends without repair and cannot be opened again. Its history is kept, and the month counts it as void."),
    marked("Void"),
)
# Letters are keys of the pages below; Escape and Tab belong to the dialogue.
_KEEP_KEYS: Final = "(event) => event.key === 'Escape' || event.key === 'Tab' || event.stopPropagation()"


async def agreed(act: Irreversible, _: Language, **blanks: object) -> bool:
    """Asks the user, and returns whether the act's button was pressed.

    The button to cancel has the focus: Enter alone changes nothing. Escape, a click beside the dialogue and the end of
    the page count as a cancel.
    """
    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("ws-dialog ws-asks") as card:
        title = words("h2", _(act.asks).format(**blanks))
        text = words("p", _(act.what_goes).format(**blanks))
        with ui.element("div").classes("ws-acts"):
            ui.button(_("Cancel"), color=None, on_click=lambda: dialog.submit(False)).props(
                "outline no-caps data-autofocus"
            )
            ui.button(_(act.act), color=None, on_click=lambda: dialog.submit(True)).props("unelevated no-caps").classes(
                "ws-goes"
            )
    dialog.props(f'role=alertdialog aria-labelledby="c{title.id}" aria-describedby="c{text.id}"')
    card.on("keydown", js_handler=_KEEP_KEYS)
    # Not before it has gone from the page: as it goes it gives the focus back to where it was.
    dialog.on("hide", dialog.delete)
    return bool(await dialog)
