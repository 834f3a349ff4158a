"""Edits the conditions of a composed rule: a sentence of nested parts, each with its fields and its shape."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from center.alarms.rules.composed import MAX_CONDITIONS, MAX_DEPTH, SINGLE_KINDS, Many
from center.alarms.rules.kinds import KINDS
from center.console import labels
from center.console.alarms.newest import NewestPictures
from center.console.alarms.rule_shape import RuleShape
from center.console.language import Language
from center.console.widgets.markup import labelled, words
from center.console.widgets.several import SeveralSelect
from center.errors import marked

JOINS: Final = {
    "and": marked("All of these at the same moment"),
    "or": marked("One of these, or several"),
    "not": marked("Not"),
}
COUNTS: Final = {
    "many": marked("More vehicles in a zone than"),
    "absent": marked("No vehicle in a zone"),
}
ORDER: Final = {"then": marked("First one, then another")}
SINGLES: Final = {kind: KINDS[kind].label for kind in SINGLE_KINDS}
LEGS: Final = SINGLES | {"many": COUNTS["many"]}
"""Conditions that an order in time may have."""
NEW: Final = {"op": "seen", "what": {"kind": SINGLE_KINDS[0]}}
WITHIN_S: Final = 20
OVER: Final = 3
LASTS_S: Final = 60
PERCENT: Final = 100
SHARED: Final = ("camera", "classes", "min_score", "min_size", "polygon")
"""Fields that stay when another kind of condition is chosen."""
_FIELDS: Final = "outlined dense options-dense"


class ComposedForm:
    """Fields of a composed rule: its cameras or its place, and its conditions."""

    def __init__(
        self,
        pictures: NewestPictures,
        places: Mapping[str, str],
        _: Language,
        what: Mapping[str, Any],
        cameras: Sequence[str],
        *,
        changed: Callable[[], object],
    ) -> None:
        """`what` and `cameras` are the rule's, if it is composed already; `changed` is called after each change."""
        self.pictures, self.places, self._ = pictures, places, _
        self.changed = changed
        name = what.get("place_name")
        self._where = ui.select(
            {"each": _("Each camera by itself"), "place": _("The cameras of one place")},
            label=_("Applies to"),
            value="each" if name is None else "place",
            on_change=self.draw,
        ).props(_FIELDS)
        self._cameras = SeveralSelect(places, label=_("Cameras"), value=list(cameras))
        self._cameras.props(f"{_FIELDS} use-chips").on_value_change(self.draw)
        self._name = ui.input(_("Name of the place"), value=name or "").props('outlined dense maxlength="64"')
        with ui.element("div").classes("ws-field-wide"):
            self._root = ConditionPart(self, _, what.get("when") or {"op": "and", "of": [NEW, NEW]})
        self._show()

    @property
    def is_of_place(self) -> bool:
        """True if each condition names its camera."""
        return bool(self._where.value == "place")

    def cameras(self) -> list[str]:
        """Reads the rule's cameras: those of a place are the cameras of its conditions."""
        if not self.is_of_place:
            return list(self._cameras.value or ())
        named = (fields.camera for _part, fields, _negated in self._root.leaves())
        return list(dict.fromkeys(camera for camera in named if camera))

    def parameters(self) -> dict[str, Any]:
        """Reads the parameters from the fields."""
        place = (self._name.value or "").strip() if self.is_of_place else None
        return {"kind": "composed", "place_name": place, "when": self._root.value()}

    def faults(self) -> list[str]:
        """Returns the faults of the fields; none where they make a rule."""
        _, leaves = self._, list(self._root.leaves())
        faults = [
            _.named(_("Condition {number}").format(number=number), fault)
            for number, (_part, fields, _negated) in enumerate(leaves, 1)
            if (fault := fields.fault())
        ]
        if len(leaves) > MAX_CONDITIONS:
            faults.append(_("A rule has {limit} conditions at most.").format(limit=MAX_CONDITIONS))
        if all(negated for *_unused, negated in leaves):
            faults.append(_("Every condition is negated, so the rule would never begin: add one that is not."))
        if self.is_of_place and not (self._name.value or "").strip():
            faults.append(_("Enter the name of the place."))
        if not self.is_of_place and not self._cameras.value and any(fields.is_drawn for _part, fields, _n in leaves):
            faults.append(_("Choose the cameras on whose pictures the shapes are drawn."))
        return faults

    def number(self) -> None:
        """Numbers the conditions in the order of the sentence, after a part came or went."""
        for number, (part, _fields, _negated) in enumerate(self._root.leaves(), 1):
            part.show_number(number)
        self.changed()

    async def draw(self) -> None:
        """Shows each condition on the picture of its camera."""
        self._show()
        for _part, fields, _negated in self._root.leaves():
            await fields.draw()

    def _show(self) -> None:
        self._cameras.set_visibility(not self.is_of_place)
        self._name.set_visibility(self.is_of_place)
        self.number()


class ConditionPart:
    """One part of the sentence: a condition, or a join of parts."""

    def __init__(
        self,
        form: ComposedForm,
        _: Language,
        said: Mapping[str, Any],
        *,
        depth: int = 1,
        leads: "ConditionPart | None" = None,
        is_leg: bool = False,
        remove: "Callable[[ConditionPart], object] | None" = None,
    ) -> None:
        """`leads` is the first part of an order, whose camera the second has; `is_leg`: a part of an order."""
        self._form, self._, self._depth, self._leads = form, _, depth, leads
        self._parts: list[ConditionPart] = []
        self._fields: ConditionFields | None = None
        self._within: ui.number | None = None
        with labelled("div", "").classes("ws-condition").props('role="group"') as self.box:
            with ui.element("div").classes("ws-condition-head"):
                self._badge = words("span", "").classes("ws-condition-number")
                offered = LEGS if is_leg else SINGLES | COUNTS | ORDER
                if not is_leg and depth < MAX_DEPTH:
                    offered = JOINS | offered
                self._op = ui.select(
                    {op: _(label) for op, label in offered.items()}, label=_("Condition"), value=_choice(said)
                ).props(_FIELDS)
                self._op.on_value_change(self._choose)
                if remove is not None:
                    button = ui.button(icon="close", color=None, on_click=lambda: remove(self)).props("flat dense")
                    button.props["aria-label"] = _("Remove condition")
            self._body = ui.element("div").classes("ws-condition-body")
        self._fill(said)

    @property
    def camera(self) -> str | None:
        """Camera of the condition in a rule of a place."""
        return None if self._fields is None else self._fields.camera

    def leaves(self, *, negated: bool = False) -> "Iterator[tuple[ConditionPart, ConditionFields, bool]]":
        """Yields the conditions that look at pictures, in order, with whether an odd number of *not* is above each."""
        if self._fields is not None:
            yield self, self._fields, negated
        for part in self._parts:
            yield from part.leaves(negated=negated is not (self._op.value == "not"))

    def value(self) -> dict[str, Any]:
        """Reads the condition from the fields."""
        op = str(self._op.value)
        if self._fields is not None:
            return self._fields.value()
        of = [part.value() for part in self._parts]
        if op == "then":
            within_s = 0 if self._within is None else int(self._within.value or 0)
            return {"op": op, "first": of[0], "second": of[1], "within_s": within_s}
        return {"op": op, "of": of[0] if op == "not" else of}

    def show_number(self, number: int) -> None:
        """Shows the number of a condition, by which faults and the picture name it."""
        self._badge.set_text(str(number))
        self.box.props["aria-label"] = self._("Condition {number}").format(number=number)
        self.box.update()

    def _choose(self) -> None:
        """Draws the fields of another choice around what was there."""
        kept = [part.value() for part in self._parts] if self._fields is None else [self._fields.value()]
        said: Mapping[str, Any]
        match str(self._op.value):
            case "and" | "or":
                said = {"of": [*kept, NEW] if len(kept) == 1 else kept}
            case "not":
                said = {"of": kept[0]}
            case "then":
                legs = [each for each in kept if _choice(each) in LEGS]
                said = dict(zip(("first", "second"), legs, strict=False))
            case _:
                said = {name: kept[0][name] for name in SHARED if name in kept[0]}
        self._body.clear()
        self._fill(said)
        self._form.number()

    def _fill(self, said: Mapping[str, Any]) -> None:
        _, op = self._, str(self._op.value)
        self._parts, self._fields, self._within = [], None, None
        self._badge.set_text("")
        self.box.props["aria-label"] = self._(JOINS.get(op) or ORDER.get(op) or "Condition")
        with self._body:
            match op:
                case "and" | "or":
                    self._join(said.get("of") or (NEW, NEW))
                case "not":
                    self._parts = [ConditionPart(self._form, _, said.get("of") or NEW, depth=self._depth + 1)]
                case "then":
                    first = ConditionPart(self._form, _, said.get("first") or NEW, is_leg=True)
                    self._within = ui.number(
                        _("Then within (s)"), value=said.get("within_s", WITHIN_S), min=1, max=600, precision=0
                    ).props("outlined dense")
                    second = ConditionPart(self._form, _, said.get("second") or NEW, is_leg=True, leads=first)
                    self._parts = [first, second]
                case _:
                    with ui.element("div").classes("ws-fields ws-condition-fields"):
                        lead = self._leads
                        self._fields = ConditionFields(
                            self._form, _, op, said, lead=None if lead is None else (lambda: lead.camera)
                        )

    def _join(self, of: Sequence[Mapping[str, Any]]) -> None:
        with ui.element("div").classes("ws-condition-body") as inside:
            for said in of:
                self._add(said)

        def add() -> None:
            with inside:
                self._add(NEW)
            self._form.number()

        ui.button(self._("Add condition"), color=None, on_click=add).props("outline no-caps")

    def _add(self, said: Mapping[str, Any]) -> None:
        self._parts.append(ConditionPart(self._form, self._, said, depth=self._depth + 1, remove=self._remove))

    def _remove(self, part: "ConditionPart") -> None:
        self._parts.remove(part)
        part.box.delete()
        self._form.number()


def _choice(said: Mapping[str, Any]) -> str:
    """Returns the choice of the select: of a condition that is seen its kind, of any other its operator."""
    return str(said["what"]["kind"] if said["op"] == "seen" else said["op"])


class ConditionFields:
    """Fields of a condition of kind `choice`: a kind of rule, or a key of `COUNTS`."""

    def __init__(
        self,
        form: ComposedForm,
        _: Language,
        choice: str,
        said: Mapping[str, Any],
        *,
        lead: Callable[[], str | None] | None,
    ) -> None:
        """`said` is the condition if it is written already; `lead` returns the camera of the condition before it."""
        self._form, self._, self._choice, self._lead = form, _, choice, lead
        kind = None if choice in COUNTS else KINDS[choice]
        self._before: Mapping[str, Any] = said.get("what", {}) if kind is not None else {}
        self._numbers: dict[str, ui.number] = {}
        self._flags: dict[str, ui.switch] = {}
        self._camera = ui.select(dict(form.places), label=_("Camera"), value=said.get("camera"))
        self._camera.props("outlined dense options-dense").on_value_change(form.draw)
        if choice == "many":
            self._number("over", _("More than"), said.get("over", OVER), most=200)
        if kind is None:
            self._number("for_s", _("For at least (s)"), said.get("for_s", LASTS_S), most=3600)
        elif kind.number is not None:
            self._number(kind.number.name, _(kind.number.label), self._before.get(kind.number.name, kind.number.usual))
        if kind is not None and (flag := kind.flag) is not None:
            self._flags[flag.name] = ui.switch(_(flag.label), value=bool(self._before.get(flag.name, False)))
        classes = {cls.value: _(name) for cls, name in labels.CLASSES.items()}
        self._classes = SeveralSelect(classes, label=_("Classes (none: all)"))
        self._classes.set_value(list(said.get("classes", ())))
        self._classes.props("outlined dense use-chips options-dense")
        self._least = {
            name: ui.number(label, value=_percent(said, name), min=0, max=PERCENT).props("outlined dense")
            for name, label in (
                ("min_score", _("Minimum score (%)")),
                ("min_size", _("Minimum size (% of the picture's longer side)")),
            )
        }
        self._shape = RuleShape(
            form.pictures,
            form.places,
            _,
            choice,
            None if kind is None else kind.place,
            said if kind is None else self._before,
            changed=form.changed,
        )
        ui.timer(0, self.draw, once=True)

    @property
    def camera(self) -> str | None:
        """Camera of the condition in a rule of a place; None in any other."""
        if not self._form.is_of_place:
            return None
        return self._camera.value if self._lead is None else self._lead()

    @property
    def is_drawn(self) -> bool:
        """True if the condition has a shape of its own."""
        return self._shape.is_drawn

    async def draw(self) -> None:
        """Shows the picture of the condition's camera, for which its shape is."""
        self._camera.set_visibility(self._form.is_of_place and self._lead is None)
        if not self._form.is_of_place:
            await self._shape.draw_on(self._form.cameras())
            return
        await self._shape.draw_on([self.camera] if self.camera else [], shared=False)

    def value(self) -> dict[str, Any]:
        """Reads the condition from the fields."""
        numbers = {name: int(field.value or 0) for name, field in self._numbers.items()}
        flags = {name: field.value for name, field in self._flags.items()}
        own = self._shape.parameters() | numbers | flags
        common = {
            "camera": self.camera,
            "classes": self._classes.value or [],
            **{name: (field.value or 0) / PERCENT for name, field in self._least.items()},
        }
        if self._choice in COUNTS:
            return {"op": self._choice, **own, **common}
        return {"op": "seen", "what": {**self._before, "kind": self._choice, **own}, **common}

    def fault(self) -> str:
        """Returns what is wrong; empty for nothing."""
        if self._form.is_of_place and not self.camera:
            return self._("Choose its camera.")
        return self._shape.fault()

    def _number(self, name: str, label: str, value: int | None, most: int | None = None) -> None:
        field = ui.number(label, value=value, min=0, max=most, precision=0).props("outlined dense")
        self._numbers[name] = field


def _percent(said: Mapping[str, Any], name: str) -> float:
    share: float = said.get(name, Many.model_fields[name].default)
    return round(share * PERCENT, 2)
