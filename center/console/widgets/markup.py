"""Makes HTML elements that NiceGUI has no name for. Texts are always escaped; attributes are values, never parsed."""

from collections.abc import Callable

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement


def words(tag: str, text: str, *, title: str | None = None) -> TextElement:
    """Makes an element that holds a text; `title` shows when the pointer rests on it."""
    element = TextElement(tag=tag, text=text)
    if title is not None:
        element.props["title"] = title
    return element


def tool(text: str, on_click: Callable[[], object], *, name: str = "") -> TextElement:
    """Makes a small button; `name` says what it does where its text is a sign."""
    button = words("button", text, title=name or None).classes("ws-tool").props('type="button"')
    if name:
        button.props["aria-label"] = name
    button.on("click", lambda _event: on_click())
    return button


def labelled(tag: str, label: str) -> ui.element:
    """Makes an element with a name for users who cannot see it."""
    element = ui.element(tag)
    element.props["aria-label"] = label
    return element


def moment(at_text: str, at_utc: str, *, tag: str = "span") -> TextElement:
    """Makes a local time that shows UTC when the pointer rests on it."""
    return words(tag, at_text, title=at_utc).classes("ws-nowrap")
