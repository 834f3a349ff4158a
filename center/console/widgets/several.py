"""Draws a list from which several are chosen; a choice stands in the browser at once, however late the answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui


class SeveralSelect(ui.select):
    """A list of several.

    `ui.select` shows a choice when the centre has answered: a second one that is made before takes the first one back.
    """

    LOOPBACK = False

    def __init__(
        self,
        options: Sequence[Any] | Mapping[Any, str],
        *,
        label: str,
        value: Sequence[Any] = (),
        with_input: bool = False,
    ) -> None:
        known = dict(options) if isinstance(options, Mapping) else list(options)
        super().__init__(known, label=label, value=list(value), multiple=True, with_input=with_input)
        # Without loop-back NiceGUI's own handler, which comes first, shows the list of the event's arguments: of one.
        show = f"(chosen) => {{ element.props['{self.VALUE_PROP}'] = chosen; }}"
        self.on(f"update:{self.VALUE_PROP}", js_handler=show)
