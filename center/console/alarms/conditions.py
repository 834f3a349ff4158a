"""Draws the conditions of a composed rule as a sentence, a line a condition."""

from collections.abc import Callable
from typing import assert_never

from nicegui import ui

from center.alarms.rules.composed import Absent, And, Condition, Leaf, Many, Not, Or, Seen, Then
from center.alarms.rules.kinds import KINDS
from center.console import labels
from center.console.language import Language
from center.console.widgets.markup import words


def conditions(what: Condition, _: Language, title: Callable[[str], str]) -> None:
    """Draws conditions as nested lists. `title` returns the name of a camera by `AGENT/CAMERA`."""
    match what:
        case And(of=parts):
            _listed(_("All of these at the same moment:"), parts, _, title)
        case Or(of=parts):
            _listed(_("One of these, or several:"), parts, _, title)
        case Not(of=part):
            _listed(_("Not:"), (part,), _, title)
        case Then(first=first, second=second, within_s=within_s):
            says = _("First the one, then within {seconds} s the other:").format(seconds=within_s)
            _listed(says, (first, second), _, title)
        case Seen() | Many() | Absent():
            words("span", " · ".join(part for part in _said(what, _, title) if part))
        case _ as never:
            assert_never(never)


def _listed(says: str, parts: tuple[Condition, ...], _: Language, title: Callable[[str], str]) -> None:
    words("span", says)
    with ui.element("ul").classes("ws-conditions"):
        for part in parts:
            with ui.element("li"):
                conditions(part, _, title)


def _said(leaf: Leaf, _: Language, title: Callable[[str], str]) -> tuple[str, ...]:
    match leaf:
        case Seen(what=what):
            named = (getattr(what, name, None) for name in ("zone", "line", "lane"))
            says = (_(KINDS[what.kind].label), *(name for name in named if name))
        case Many(over=over, for_s=for_s):
            says = (_("More than {number} machines in the zone, for {seconds} s").format(number=over, seconds=for_s),)
        case Absent(for_s=for_s):
            says = (_("No machine in the zone, for {seconds} s").format(seconds=for_s),)
        case _ as never:
            assert_never(never)
    return (*says, *(_(labels.CLASSES[cls]) for cls in leaf.classes), title(leaf.camera) if leaf.camera else "")
