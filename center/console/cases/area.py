"""Lists the area of a case and where its machine was stolen, so that an approver reads what is approved."""

from collections.abc import Collection, Mapping

from nicegui import ui

from center.access.permissions import CameraKey
from center.cases.views import CaseView
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words


def draw_area(
    case: CaseView,
    area: Collection[CameraKey],
    districts: Mapping[str, str],
    titles: Mapping[CameraKey, str],
    _: Language,
) -> None:
    """Draws the facts. `area`: the cameras in sight; `districts` and `titles`: names by id and by camera."""
    terms = case.terms
    with ui.element("dl").classes("ws-facts ws-case-area"):
        if terms.districts:
            words("dt", _("Districts"))
            words("dd", ", ".join(districts.get(each, each) for each in terms.districts))
        words("dt", _("Cameras"))
        with ui.element("dd"):
            words("div", ", ".join(f"{titles.get(key, key.camera_id)} ({key.agent_id})" for key in sorted(area)))
            if hidden := case.cameras - len(area):
                words("div", _("Cameras that you cannot see: {count}").format(count=hidden)).classes("ws-sub")
        words("dt", _("Stolen at"))
        with ui.element("dd"):
            if terms.theft is None:
                words("span", _("Not entered"))
            else:
                moment(moments.local(terms.theft.at_ms), moments.utc(terms.theft.at_ms))
                words("span", f" · {terms.theft.latitude:.5f}, {terms.theft.longitude:.5f}")
        words("dt", _("Alarm for similar vehicles"))
        words("dd", _("Yes") if terms.standing else _("No"))
