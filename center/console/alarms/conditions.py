"""Draws the conditions of a composed rule as a sentence, and their shapes on the pictures of their cameras."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import assert_never

from nicegui import ui

from center.alarms.rules.composed import Absent, And, Composed, Condition, Leaf, Many, Not, Or, Seen, Then, leaves_of
from center.alarms.rules.kinds import KINDS, LineCrossing
from center.alarms.rules.rule import RuleText
from center.console import labels
from center.console.alarms.newest import NewestPictures
from center.console.frame import problem
from center.console.language import Language
from center.console.widgets.drawing import Drawing, NamedShape
from center.console.widgets.markup import words
from center.console.widgets.picture import picture_path
from center.errors import CenterError


def conditions(what: Composed, _: Language, titles: Mapping[str, str]) -> None:
    """Draws conditions as nested lists, each with its number. `titles` names cameras by `agent/camera`."""
    if what.place_name is not None:
        words("strong", what.place_name).classes("ws-place-name")
    _draw(what.when, _, titles, count(1))


async def shapes(text: RuleText, pictures: NewestPictures, _: Language, titles: Mapping[str, str]) -> None:
    """Draws the shapes of the conditions, a picture a camera, at the place where it is called.

    Of a rule for each camera by itself the first one's picture stands for all.
    """
    if not isinstance(text.what, Composed):
        return
    here = ui.context.slot.parent
    for place, drawn in drawn_on(text).items():
        title, found = titles.get(place, place), None
        try:
            found = await pictures.find(place)
        except CenterError as error:
            with here:
                problem(error, _, tone="warn")
        src = None if found is None else picture_path(found[0])
        with here, ui.element("figure").classes("ws-drawn"):
            Drawing(_, drawn, src=src, alt=title, note=title)
            words("figcaption", title).classes("ws-muted")


def drawn_on(text: RuleText) -> dict[str, list[NamedShape]]:
    """Lists the drawn shapes of a composed rule by camera, each with the number of its condition in the sentence."""
    found: dict[str, list[NamedShape]] = {}
    leaves = leaves_of(text.what.when) if isinstance(text.what, Composed) else ()
    for number, (leaf, _negated) in enumerate(leaves, 1):
        shape = _shape(leaf, str(number))
        if shape is not None:
            found.setdefault(leaf.camera or text.cameras[0], []).append(shape)
    return found


def _shape(leaf: Leaf, name: str) -> NamedShape | None:
    of = leaf.what if isinstance(leaf, Seen) else leaf
    if isinstance(of, LineCrossing):
        return None if of.segment is None else NamedShape(name, (of.segment.start, of.segment.end), line=True)
    return None if of.polygon is None else NamedShape(name, of.polygon)


def _draw(what: Condition, _: Language, titles: Mapping[str, str], numbers: Iterator[int]) -> None:
    match what:
        case And(of=parts):
            _list(_("All of these at the same moment:"), parts, _, titles, numbers)
        case Or(of=parts):
            _list(_("One of these, or several:"), parts, _, titles, numbers)
        case Not(of=part):
            _list(_("Not:"), (part,), _, titles, numbers)
        case Then(first=first, second=second, within_s=within_s):
            says = _("First the one, then within {seconds} s the other:").format(seconds=within_s)
            _list(says, (first, second), _, titles, numbers)
        case Seen() | Many() | Absent():
            words("span", str(next(numbers))).classes("ws-condition-number")
            words("span", " · ".join(part for part in _said(what, _, titles) if part))
        case _ as never:
            assert_never(never)


def _list(
    says: str, parts: tuple[Condition, ...], _: Language, titles: Mapping[str, str], numbers: Iterator[int]
) -> None:
    words("span", says)
    with ui.element("ul").classes("ws-conditions"):
        for part in parts:
            with ui.element("li"):
                _draw(part, _, titles, numbers)


def _said(leaf: Leaf, _: Language, titles: Mapping[str, str]) -> tuple[str, ...]:
    match leaf:
        case Seen(what=what):
            named = (getattr(what, name, None) for name in ("zone", "line", "lane"))
            number = KINDS[what.kind].number
            lasts = "" if number is None else _.named(_(number.label), str(getattr(what, number.name)))
            says = (_(KINDS[what.kind].label), *(name for name in named if name), lasts)
        case Many(over=over, for_s=for_s):
            says = (_("More than {number} vehicles in the zone, for {seconds} s").format(number=over, seconds=for_s),)
        case Absent(for_s=for_s):
            says = (_("No vehicle in the zone, for {seconds} s").format(seconds=for_s),)
        case _ as never:
            assert_never(never)
    camera = "" if leaf.camera is None else titles.get(leaf.camera, leaf.camera)
    return (*says, *(_(labels.CLASSES[cls]) for cls in leaf.classes), camera)
