"""Draws three charts of one camera's hours over one time axis. Each says in words what it shows."""

from collections.abc import Sequence
from typing import Any, Final

from nicegui import ui

from center.assessment.cause_words import CHECKS
from center.assessment.hour_details import HourEvidence
from center.assessment.recording.facts import HOUR_MS, HourFacts
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import words

OK: Final = "#2e9e6b"
BAD: Final = "#d9534f"
BLUE: Final = "#4a7de2"
GREY: Final = "#8b95a3"
PALETTE: Final = (
    "#4a7de2",
    "#d9822b",
    "#2e9e6b",
    "#d9534f",
    "#8e6bd1",
    "#1f9aa8",
    "#b5892b",
    "#c2549b",
    "#6b7480",
    "#5a8f29",
    "#94623f",
)
"""Colours told apart on white and on black; the legend and the table say the same."""


def availability(hours: Sequence[HourEvidence], _: Language) -> None:
    """Draws minutes online and offline of each hour; minutes missing to sixty are unknown."""
    online = [_minutes(hour, lambda facts: facts.told & ~facts.offline) for hour in hours]
    offline = [_minutes(hour, lambda facts: facts.offline) for hour in hours]
    _chart(
        _("Online"),
        hours,
        [_bars(_("Online"), online, OK), _bars(_("Offline"), offline, BAD)],
        said=_("Minutes online and offline per hour; {bad} minutes offline in total.").format(
            bad=sum(each or 0 for each in offline)
        ),
        unit=_("minutes"),
        most=60,
    )


def clock(hours: Sequence[HourEvidence], _: Language) -> None:
    """Draws the clock's error by the hour: the least that is certain, and the most."""
    sure = [_seconds(hour.facts.clock_sure_ms if hour.facts else None) for hour in hours]
    most = [_seconds(hour.facts.clock_most_ms if hour.facts else None) for hour in hours]
    known = [each for each in most if each is not None]
    worst = _("off by at most {seconds} s").format(seconds=f"{max(known):.1f}") if known else _("not reported")
    _chart(
        _("Clock deviation"),
        hours,
        [_line(_("Minimum deviation"), sure, BAD), _line(_("Maximum deviation"), most, BLUE)],
        said=_("Clock deviation per hour: {worst}.").format(worst=worst),
        unit=_("seconds"),
    )


def checks(hours: Sequence[HourEvidence], _: Language) -> None:
    """Draws the picture checks: minutes in which each found its fault, over the minutes checked."""
    looked = [_minutes(hour, lambda facts: facts.looked) for hour in hours]
    series = [_line(_("Checked"), looked, GREY)]
    found = []
    for colour, (check, names) in zip(PALETTE, CHECKS.items(), strict=True):
        name = names.in_language(_.code)
        values = [hour.causes[check.value].bit_count() if check.value in hour.causes else None for hour in hours]
        if total := sum(each or 0 for each in values):
            series.append(_bars(name, values, colour))
            found.append(f"{name} {total}")
    said = _("Minutes with a fault: {found}.").format(found=", ".join(found)) if found else _("No faults found.")
    _chart(_("Picture checks"), hours, series, said=said, unit=_("minutes"))


def off(facts: HourFacts, _: Language) -> str:
    """Writes the clock's error in one hour, in words."""
    if facts.clock_most_ms is None:
        return "–"
    sure, most = (facts.clock_sure_ms or 0) / 1000, facts.clock_most_ms / 1000
    return f"{most:.1f} s" if f"{sure:.1f}" == f"{most:.1f}" else f"{sure:.1f} – {most:.1f} s"


def _minutes(hour: HourEvidence, mask: Any) -> int | None:
    return None if hour.facts is None else int(mask(hour.facts).bit_count())


def _seconds(value_ms: int | None) -> float | None:
    return None if value_ms is None else value_ms / 1000


def _bars(name: str, values: Sequence[int | None], colour: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "bar",
        "stack": "all",
        "data": list(values),
        "itemStyle": {"color": colour},
        "barMaxWidth": 18,
        "barMinWidth": 1,
    }


def _line(name: str, values: Sequence[float | None], colour: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "data": list(values),
        "symbolSize": 5,
        "itemStyle": {"color": colour},
        "lineStyle": {"color": colour, "width": 2},
    }


def _chart(
    title: str,
    hours: Sequence[HourEvidence],
    series: list[dict[str, Any]],
    *,
    said: str,
    unit: str,
    most: int | None = None,
) -> None:
    times = [moments.local(hour.hour * HOUR_MS)[5:16] for hour in hours]
    muted = {"color": "#7a8595"}
    with ui.element("figure").classes("ws-chart"):
        words("figcaption", f"{title} · {unit} · {moments.ZONE_TEXT}")
        chart = ui.echart(
            {
                "animation": False,
                "grid": {"left": 44, "right": 12, "top": 30, "bottom": 26},
                "legend": {"top": 0, "right": 0, "textStyle": muted, "itemWidth": 14, "itemHeight": 8},
                "tooltip": {"trigger": "axis", "confine": True},
                "xAxis": {"type": "category", "data": times, "axisLabel": {**muted, "hideOverlap": True}},
                "yAxis": {
                    "type": "value",
                    "max": most,
                    "minInterval": 1 if most else 0,
                    "axisLabel": muted,
                    "splitLine": {"lineStyle": {"color": "rgba(127,137,150,.2)"}},
                },
                "series": series,
            }
        )
        chart.style("height: 220px").props('role="img"').props["aria-label"] = f"{title}. {said}"
        words("div", said).classes("ws-muted")
