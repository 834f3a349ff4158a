"""Edits a rule's text in a form, its shape in a picture (`rule_shape`)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from nicegui import ui
from pydantic import ValidationError
from starlette.requests import Request

from center.alarms.rules.composed import RULE_KINDS
from center.alarms.rules.rule import ALWAYS, NEVER, RuleText, Severity
from center.console import labels
from center.console.alarms.condition_form import ComposedForm
from center.console.alarms.hours import HoursEditor
from center.console.alarms.newest import NewestPictures
from center.console.alarms.rule_shape import RuleShape
from center.console.language import Language
from center.console.widgets.markup import words
from center.console.widgets.several import SeveralSelect
from center.fleet.devices import DeviceState
from center.services import services_of, sight_of

FAULTS: Final = {
    "camera_fault": (
        "states",
        {
            state.value: labels.DEVICE_STATES[state]
            for state in (DeviceState.OFFLINE, DeviceState.REDACTION_UNAVAILABLE, DeviceState.PAUSED)
        },
    ),
    "platform_fault": ("parts", dict(labels.FAULTY_PARTS)),
}
FIRST_KIND: Final = "zone_entry"
PERCENT: Final = 100
COMPOSED: Final = "composed"
OWN_KIND: Final = "standing_lookalike"
"""Kind of the rule that cases create by themselves: nobody writes one."""


class RuleForm:
    """Passes a valid text to `write`, or shows the faults of the form."""

    def __init__(
        self,
        request: Request,
        _: Language,
        text: RuleText | None,
        write: Callable[[RuleText], Awaitable[None]],
        pictures: NewestPictures,
        *,
        is_new: bool = False,
    ) -> None:
        """`text` fills the form in; `is_new`: of a rule that is yet to be made."""
        self._, self._text, self._write, self._pictures = _, text, write, pictures
        self._before: dict[str, Any] = {} if text is None else text.model_dump(mode="json")
        devices = services_of(request).devices
        known = {f"{each.agent_id}/{each.camera_id}": each.title for each in devices.cameras(sight_of(request))}
        self._places = {place: place for place in self._before.get("cameras", ())} | known
        self._what: dict[str, Any] = self._before.get("what", {"kind": FIRST_KIND})
        self._fields: dict[str, Any] = {}
        self._least: dict[str, ui.number] = {}
        self._shape: RuleShape | None = None
        self._composed: ComposedForm | None = None
        self._wrong = ui.element("div")
        with ui.element("div").classes("ws-panel ws-fields"):
            self._name = ui.input(_("Name"), value=self._before.get("name", "")).props('outlined dense maxlength="64"')
            offered = RULE_KINDS.keys() - {OWN_KIND} | {self._what["kind"]}
            kinds = {kind: _(parameters.label) for kind, parameters in RULE_KINDS.items() if kind in offered}
            self._kind = ui.select(kinds, label=_("Event"), value=self._what["kind"], on_change=self._draw_kind)
            self._kind.props("outlined dense options-dense")
            self._of_kind = ui.element("div").classes("ws-fields-of")
            self._severity = ui.select(
                {severity.value: _(name) for severity, name in labels.SEVERITIES.items()},
                label=_("Severity"),
                value=self._before.get("severity", Severity.WARNING.value),
            ).props("outlined dense")
            self._window = ui.number(
                _("Minimum interval per camera (s)"), value=self._before.get("window_s", 300), min=1, precision=0
            ).props("outlined dense")
            steps = ", ".join(map(str, self._before.get("escalate_after_min", ())))
            self._steps = ui.input(_("Escalate after (minutes, e.g. 5, 15)"), value=steps).props("outlined dense")
            schedule, quiet = (ALWAYS, NEVER) if text is None else (text.schedule, text.quiet)
            self._schedule = HoursEditor(_, _("Active hours"), ALWAYS, _("Always"), schedule)
            self._quiet = HoursEditor(_, _("Quiet hours (no notification)"), NEVER, _("None"), quiet)
            ui.button(_("Create rule") if is_new else _("Save as new version"), color=None).props(
                "outline no-caps"
            ).on_click(self._submit)
        self._draw_kind()

    def _draw_kind(self) -> None:
        _, kind = self._, str(self._kind.value)
        same = self._what if self._text is not None and self._what["kind"] == kind else {}
        self._fields, self._shape, self._composed = {}, None, None
        self._of_kind.clear()
        chosen = list(self._before.get("cameras", ()))
        with self._of_kind:
            if kind == COMPOSED:
                self._composed = ComposedForm(self._pictures, self._places, _, same, chosen, changed=self._wrong.clear)
                return
            parameters = RULE_KINDS[kind]
            if (number := parameters.number) is not None:
                value = same.get(number.name, number.usual)
                field = ui.number(_(number.label), value=value, min=0, precision=0).props("outlined dense")
                self._fields[number.name] = field
            if (flag := parameters.flag) is not None:
                self._fields[flag.name] = ui.switch(_(flag.label), value=bool(same.get(flag.name, False)))
            if kind in FAULTS:
                name, choices = FAULTS[kind]
                options = {value: _(text) for value, text in choices.items()}
                several = SeveralSelect(options, label=_("Fault types"), value=same.get(name, list(options)))
                self._fields[name] = several.props("outlined dense use-chips").classes("ws-field-wide")
                orders = {"": _("None")} | {urgency.value: _(text) for urgency, text in labels.ORDER_URGENCIES.items()}
                order = ui.select(orders, label=_("Maintenance order"), value=same.get("order") or "")
                self._fields["order"] = order.props("outlined dense options-dense")
            if kind != "platform_fault":
                self._cameras = SeveralSelect(self._places, label=_("Cameras (none: all)"), value=chosen)
                self._cameras.props("outlined dense use-chips options-dense")
            if (place := parameters.place) is not None:
                classes = {cls.value: _(name) for cls, name in labels.CLASSES.items()}
                chosen = list(self._before.get("classes", ()))
                self._classes = SeveralSelect(classes, label=_("Classes (none: all)"), value=chosen)
                self._classes.props("outlined dense use-chips options-dense")
                self._least = {
                    name: ui.number(label, value=self._percent(name), min=0, max=PERCENT).props("outlined dense")
                    for name, label in (
                        ("min_score", _("Minimum score (%)")),
                        ("min_size", _("Minimum size (% of the picture's longer side)")),
                    )
                }
                shape = self._shape = RuleShape(
                    self._pictures, self._places, _, kind, place, same, changed=self._wrong.clear
                )
                self._cameras.on_value_change(lambda event: shape.draw_on(event.value or []))
                ui.timer(0, lambda: shape.draw_on(self._cameras.value or []), once=True)

    def _percent(self, name: str) -> float:
        share: float = self._before.get(name, RuleText.model_fields[name].default)
        return round(share * PERCENT, 2)

    def _said(self) -> dict[str, Any]:
        """Reads the text from the form; fields that the form does not have keep their values."""
        kind = str(self._kind.value)
        of_machines = RULE_KINDS[kind].place is not None
        what: dict[str, Any] = dict(self._what) if self._what["kind"] == kind else {"kind": kind}
        for name, field in self._fields.items():
            value = field.value
            if isinstance(value, float):
                value = int(value)
            what[name] = None if value == "" else value
        if self._shape is not None:
            what |= self._shape.parameters()
        cameras: list[str] = []
        if self._composed is not None:
            what, cameras = self._composed.parameters(), self._composed.cameras()
        elif kind != "platform_fault":
            cameras = self._cameras.value or []
        machines = {name: (field.value or 0) / PERCENT for name, field in self._least.items()}
        steps = [part.strip() for part in (self._steps.value or "").split(",") if part.strip()]
        return self._before | {
            "name": (self._name.value or "").strip(),
            "what": what,
            "cameras": cameras,
            "classes": self._classes.value or [] if of_machines else [],
            **(machines if of_machines else {}),
            "schedule": self._schedule.value(),
            "quiet": self._quiet.value(),
            "severity": self._severity.value,
            "window_s": int(self._window.value or 0),
            "escalate_after_min": steps,
        }

    async def _submit(self) -> None:
        _ = self._
        self._wrong.clear()
        undrawn = "" if self._shape is None else self._shape.fault()
        composed = [] if self._composed is None else self._composed.faults()
        faults = [fault for fault in (undrawn, *composed, self._schedule.fault(), self._quiet.fault()) if fault]
        if faults:
            self._show_faults(faults)
            return
        try:
            text = RuleText.model_validate(self._said())
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[:5]
            places = [".".join(map(str, fault["loc"])) for fault in found]
            pairs = zip(places, found, strict=True)
            self._show_faults([self._.named(place, fault["msg"]) if place else fault["msg"] for place, fault in pairs])
            return
        await self._write(text)

    def _show_faults(self, faults: Sequence[str]) -> None:
        with self._wrong, ui.element("div").classes("ws-alert ws-alert-bad").props('role="alert"'):
            words("strong", self._("The rule is not valid."))
            for fault in faults:
                words("span", fault)
