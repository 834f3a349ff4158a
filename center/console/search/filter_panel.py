"""Draws the filters of the search page in one column; each change is passed on as the fields that it changes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import ui

from center.console import labels
from center.console.language import Language
from center.console.search.query import CUSTOM, PERIODS, SearchQuery
from center.console.widgets import moments
from center.console.widgets.markup import words
from center.console.widgets.several import SeveralSelect
from center.errors import marked
from center.search.low_quality import QualityFault
from provisioning.contracts.query.search import LOW_QUALITY

QUALITIES: Final[dict[str, tuple[str, dict[str, float]]]] = {
    "": (marked("Any quality"), {}),
    **{
        fault.value: (labels.QUALITY_FAULTS[fault], {f"{fault.value}_below": LOW_QUALITY[fault.value]})
        for fault in QualityFault
    },
    "good": (marked("Good quality"), {"sharpness_above": 0.5, "contrast_above": 0.3}),
}
SCORES: Final = {
    "sharpness": marked("Sharpness"),
    "brightness": marked("Exposure"),
    "contrast": marked("Contrast"),
}
_OWN: Final = "own"
LOW_QUALITY_PATH: Final = "/low-quality"
Change = Callable[[dict[str, Any]], object]


class FilterPanel:
    """`cameras` are names by id. `change` gets filters by their names, `when` a period."""

    def __init__(
        self,
        _: Language,
        question: SearchQuery,
        cameras: Mapping[str, str],
        *,
        change: Change,
        when: Callable[[str], object],
    ) -> None:
        self._ = _
        self._change = change
        self._question = question
        filters = question.filters
        with ui.element("form").classes("ws-search-filters").props("onsubmit='return false'") as form:
            form.props["aria-label"] = _("Filters")
            self._when(question, when)
            known = dict(cameras) | {each: each for each in filters.camera_id if each not in cameras}
            self._several("camera_id", _("Camera"), known)
            self._several("cls", _("Vehicle type"), {cls.value: _(name) for cls, name in labels.CLASSES.items()})
            self._several("colour", _("Colour"), {c.value: _(name) for c, name in labels.COLOURS.items()})
            self._heading()
            self._zone()
            with ui.element("div").classes("ws-search-pair"):
                self._number("min_side_px", _("Min. side (px)"), 1)
                self._number("max_side_px", _("Max. side (px)"), 1)
            with ui.element("div").classes("ws-search-pair"):
                self._number("min_share", _("Min. share (%)"), 100)
                self._number("max_share", _("Max. share (%)"), 100)
            self._quality()

    def _when(self, question: SearchQuery, when: Callable[[str], object]) -> None:
        _ = self._
        periods = {key: _(name) for key, (name, _span) in PERIODS.items()}
        select = ui.select(periods, label=_("Time"), value=question.period).props("outlined dense")
        custom = ui.element("div").classes("ws-search-column")
        with custom:
            self._moment("from_ms", _("From ({zone})"))
            self._moment("to_ms", _("To ({zone})"))
        custom.set_visibility(question.period == CUSTOM)

        def changed(period: str) -> object:
            custom.set_visibility(period == CUSTOM)
            return when(period)

        select.on_value_change(lambda event: changed(event.value))

    def _moment(self, name: str, label: str) -> None:
        at_ms = getattr(self._question.filters, name)
        entry = ui.input(label.format(zone=moments.ZONE_TEXT), value="" if at_ms is None else moments.to_input(at_ms))
        entry.props("outlined dense stack-label type=datetime-local")
        entry.on_value_change(lambda event: self._change({name: moments.from_input(event.value)}))

    def _several(self, name: str, label: str, options: Mapping[str, str]) -> None:
        chosen = [str(getattr(each, "value", each)) for each in getattr(self._question.filters, name)]
        select = SeveralSelect([], label=label)
        select.props("outlined dense options-dense").classes("ws-search-several")
        # Last: hundreds of cameras would be handed over anew with each property.
        select.set_options(dict(options), value=chosen)
        select.on_value_change(lambda event: self._change({name: tuple(event.value or ())}))

    def _heading(self) -> None:
        _ = self._
        options = {-1: _("Any direction")} | {degrees: _(name) for degrees, name in labels.HEADINGS.items()}
        heading = self._question.filters.heading_deg
        now = -1 if heading is None else int(heading)
        options.setdefault(now, f"{now}°")
        select = ui.select(options, label=_("Direction in picture"), value=now).props("outlined dense")
        select.on_value_change(lambda event: self._change({"heading_deg": None if event.value < 0 else event.value}))

    def _zone(self) -> None:
        zones = self._question.filters.zone
        entry = ui.input(self._("Zone name"), value=", ".join(zones)).props("outlined dense debounce=600")
        entry.props["hint"] = self._("As named in the camera configuration.")
        entry.on_value_change(
            lambda event: self._change(
                {"zone": tuple(each.strip() for each in (event.value or "").split(",") if each.strip())}
            )
        )

    def _number(self, name: str, label: str, per: int) -> None:
        value = getattr(self._question.filters, name)
        entry = ui.number(label, value=None if value is None else round(value * per, 3), min=0)
        entry.props("outlined dense debounce=600")
        entry.on_value_change(lambda event: self._change({name: _scaled(event.value, per)}))

    def _quality(self) -> None:
        _ = self._
        filters = self._question.filters
        said = {
            f"{score}_{side}": value
            for score in SCORES
            for side in ("below", "above")
            if (value := getattr(filters, f"{score}_{side}")) is not None
        }
        now = next((key for key, (_name, preset) in QUALITIES.items() if preset == said), _OWN)
        options = {key: _(name) for key, (name, _preset) in QUALITIES.items()} | {_OWN: _("Custom")}
        select = ui.select(options, label=_("Quality"), value=now).props("outlined dense")
        entries: dict[str, ui.number] = {}
        with ui.element("details").classes("ws-more"):
            words("summary", _("Scores from 0 (unusable) to 1 (good)"))
            for score, name in SCORES.items():
                with ui.element("div").classes("ws-search-pair"):
                    for side, label in (("above", _("{score} min.")), ("below", _("max."))):
                        field = f"{score}_{side}"
                        entry = ui.number(
                            label.format(score=_(name)), value=said.get(field), min=0, max=1, step=0.05
                        ).props("outlined dense debounce=600")
                        entry.on_value_change(lambda event, field=field: self._change({field: _scaled(event.value, 1)}))
                        entries[field] = entry

        def preset(key: str) -> None:
            if key in QUALITIES:
                for field, entry in entries.items():
                    entry.set_value(QUALITIES[key][1].get(field))

        select.on_value_change(lambda event: preset(event.value))
        ui.link(_("List of very low quality"), LOW_QUALITY_PATH).classes("ws-sub")


def _scaled(value: float | None, per: int) -> float | None:
    return None if value is None else value / per
