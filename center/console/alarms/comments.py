"""Shows the history of an alarm in a dialogue, and asks for a comment."""

from typing import Final

from nicegui import ui

from center.alarms.views import AlarmHistory
from center.console import labels
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words

MAX_COMMENT: Final = 2000


async def ask_comment(history: AlarmHistory, _: Language) -> str:
    """Returns the comment that the user wrote; empty for none."""
    with ui.context.client.content, ui.dialog() as dialog, ui.card().classes("ws-dialog ws-asks"):
        title = words("h2", _("Comments on alarm of {rule}").format(rule=history.alarm.rule_name))
        with ui.element("ol").classes("ws-alarm-history"):
            for event in history.events:
                with ui.element("li"):
                    moment(moments.local(event.at_ms), moments.utc(event.at_ms))
                    words("span", f" · {_(labels.ALARM_EVENTS[event.event])} · {event.actor}")
                    if event.comment:
                        words("div", event.comment)
        entry = ui.textarea(_("Comment")).props(f"outlined dense autofocus autogrow maxlength={MAX_COMMENT}")
        with ui.element("div").classes("ws-acts"):
            ui.button(_("Cancel"), color=None, on_click=lambda: dialog.submit("")).props("outline no-caps")
            ui.button(_("Save comment"), on_click=lambda: dialog.submit(entry.value or "")).props("unelevated no-caps")
    dialog.props(f'aria-labelledby="c{title.id}"')
    dialog.on("hide", dialog.delete)
    return str(await dialog or "").strip()
