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
        "A closed case cannot be opened again. {days} days later its candidates, decisions and sightings are deleted, "
        "and so are the pictures that were brought for it. Its terms, its history and the audit stay."
    ),
    marked("Close case"),
)
RETIRE_RULE: Final = Irreversible(
    marked("Retire the rule {name} for good?"),
    marked("It raises no alarm from now on and cannot be switched on again. Its versions and its alarms stay."),
    marked("Retire it for good"),
)
SWITCH_ON_BLANK: Final = Irreversible(
    marked("Switch on {name} without having seen it at work?"),
    marked(
        "Nothing was archived in the 24 hours that the preview looked at: it shows nothing. The alarms that this "
        "version raises stay; preview it again once there are pictures."
    ),
    marked("Switch it on all the same"),
)
CLOSE_ALARM: Final = Irreversible(
    marked("Close the alarm of {rule}?"),
    marked(
        "A closed alarm cannot be opened again. It stays among the closed ones, and the next match raises a new one."
    ),
    marked("Close the alarm"),
)
TAKE_ROLE: Final = Irreversible(
    marked("Take a role from {name}?"),
    marked(
        "It goes at once: {role}. What this role alone allowed is refused from the next request on, tokens included."
    ),
    marked("Take it away"),
)
DISABLE_ACCOUNT: Final = Irreversible(
    marked("Disable the account {name}?"),
    marked("Its sessions end at once, and its tokens do not count until the account is enabled again."),
    marked("Disable the account"),
)
REMOVE_FACTOR: Final = Irreversible(
    marked("Remove the second factor of {name}?"),
    marked(
        "Its secret and its recovery codes are deleted at once: the password alone opens the account until its owner "
        "sets up another."
    ),
    marked("Remove the second factor"),
)
REVOKE_TOKEN: Final = Irreversible(
    marked("Revoke the token {name}?"),
    marked("Programs that show it are refused from now on. It cannot be made good again."),
    marked("Revoke"),
)
DELETE_SEARCH: Final = Irreversible(
    marked("Delete the saved search {name}?"),
    marked("It is gone at once, for everybody it is shared with too."),
    marked("Delete"),
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
