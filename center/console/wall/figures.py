"""Writes the wall's figures for people: four pages of figures, lists and one chart. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from babel.numbers import format_compact_decimal, format_decimal

from center.cases.states import ENDED
from center.console import labels
from center.console.language import Language
from center.errors import marked
from center.fleet.devices import DeviceState
from center.wall.views import Capacity, Collected, Coverage, Source, StorageRoom, WallResults, WallView
from provisioning.contracts.query.archive import DayRows
from provisioning.contracts.wire.messages import SourceKind

ROWS: Final = 6
"""Rows of a list, the smallest of which are summed where there are more."""
DAYS: Final = 14
"""Days of the chart."""
COMPACT_FROM: Final = 100_000
GB: Final = 1_000_000_000
TB: Final = 1000 * GB
PROTOCOLS: Final = {
    SourceKind.RTSP: "RTSP",
    SourceKind.GB28181: "GB/T 28181",
    SourceKind.VIID: "GA/T 1400",
    SourceKind.UPLOAD: marked("Uploads"),
    SourceKind.REPLAY: marked("Recordings"),
    SourceKind.DROP_FOLDER: marked("Drop folder"),
    SourceKind.SNAPSHOT: marked("Snapshots on request"),
    SourceKind.RECORDER: marked("Recorders"),
}
DAY_NOT_OVER: Final = marked("available after one full day")
SILENT: Final = {
    Source.ARCHIVE: marked("No answer from the archive"),
    Source.CLUSTER: marked("No answer from the cluster"),
    Source.BROKER: marked("No connection to the broker"),
}


@dataclass(frozen=True, slots=True)
class WallFigure:
    """A figure as the wall shows it."""

    name: str
    value: str
    """Empty: not known, for the reason in `note`."""
    note: str = ""
    share: float | None = None
    """Length of the bar, 0 to 1; None for none."""
    is_silent: bool = False
    """True if its source does not answer."""


@dataclass(frozen=True, slots=True)
class WallRow:
    """Row of a list."""

    name: str
    count: int
    target: int | None = None
    tone: str = ""

    @property
    def size(self) -> int:
        """The larger of count and target, by which rows are sorted; a row of size 0 is not shown."""
        return max(self.count, self.target or 0)


@dataclass(frozen=True, slots=True)
class WallList:
    """List with a title; values are written."""

    title: str
    rows: tuple[tuple[str, str, str], ...]
    """Name, value and tone of each."""


@dataclass(frozen=True, slots=True)
class WallChart:
    """Bars of days, the last of which is not over."""

    title: str
    shares: tuple[float, ...]
    """Height of each bar, 0 to 1."""
    first: str
    last: str
    most: str
    """Value of the highest bar."""


@dataclass(frozen=True, slots=True)
class WallPage:
    """One of the pages that the wall turns."""

    title: str
    figures: tuple[WallFigure, ...]
    lists: tuple[WallList, ...] = ()
    chart: WallChart | None = None


def wall_pages(view: WallView, _: Language) -> tuple[WallPage, ...]:
    """Writes the pages in the order in which they are turned."""
    return (
        _coverage(view.coverage, _),
        _collected(view.collected, _),
        _results(view.results, _),
        _capacity(view.capacity, view.faults, _),
    )


def _coverage(coverage: Coverage, _: Language) -> WallPage:
    districts = [WallRow(each.name, each.cameras, each.target) for each in coverage.districts]
    protocols = [WallRow(_(PROTOCOLS.get(kind, kind.value)), count) for kind, count in coverage.protocols.items()]
    states = [
        WallRow(_(labels.DEVICE_STATES[state]), coverage.states.get(state, 0), tone=labels.DEVICE_TONES[state])
        for state in DeviceState
    ]
    return WallPage(
        _("Coverage"),
        (
            _against(_("Cameras"), coverage.cameras, coverage.target, _),
            _part(_("Online"), coverage.online, coverage.cameras, Source.BROKER, _),
        ),
        (
            _list(_("By district"), [*districts, WallRow(_("No district"), coverage.outside)], _),
            _list(_("By protocol"), [*protocols, WallRow(_("Not reported"), coverage.unnamed)], _),
            _list(_("By state"), states, _),
        ),
    )


def _collected(collected: Collected, _: Language) -> WallPage:
    return WallPage(
        _("Data collected"),
        (
            _known(_("Snapshots"), collected.snapshots, Source.ARCHIVE, _, note=_("in the archive")),
            _known(_("Vehicles"), collected.machines, Source.ARCHIVE, _, note=_("in the archive")),
            _growth(collected.storage, _),
            _room(collected.storage, collected.target_days, _),
        ),
        chart=_chart(collected.days[-DAYS:], _) if collected.days else None,
    )


def _growth(storage: StorageRoom | None, _: Language) -> WallFigure:
    name = _("Growth per day")
    if storage is None:
        return _silent(name, Source.ARCHIVE, _)
    if not storage.day_bytes:
        return WallFigure(name, "", _(DAY_NOT_OVER))
    return WallFigure(name, _bytes(storage.day_bytes), _("last full day"))


def _room(storage: StorageRoom | None, target_days: int | None, _: Language) -> WallFigure:
    name = _("Storage left")
    if storage is None:
        return _silent(name, Source.ARCHIVE, _)
    if storage.days_left is None:
        return WallFigure(name, "", _(DAY_NOT_OVER))
    note = _("{size} free").format(size=_bytes(storage.free_bytes))
    if target_days is not None:
        note = _("Target: {target}").format(target=_("{days} days").format(days=number(target_days, _)))
    value = _("{days} days").format(days=number(int(storage.days_left), _))
    return WallFigure(name, value, note, share=storage.free_bytes / max(storage.total_bytes, 1))


def _results(results: WallResults, _: Language) -> WallPage:
    raised = sum(results.alarms.values())
    median = results.median_taken_s
    open_cases = sum(count for state, count in results.cases.items() if state not in ENDED)
    return WallPage(
        _("Outcomes"),
        (
            WallFigure(_("Alarms"), number(raised, _), _("last 7 days")),
            WallFigure(_("Open alarms"), number(results.waiting, _), _("not acknowledged")),
            WallFigure(
                _("Response time"),
                "" if median is None else _duration(median),
                _("median, last 7 days") if median is not None else _("no alarm acknowledged"),
            ),
            _in_time(results, raised, _),
            WallFigure(
                _("Open cases"),
                number(open_cases, _),
                _("{count} in total").format(count=number(sum(results.cases.values()), _)),
            ),
            WallFigure(_("Vehicles found"), number(results.machines_found, _), _("cases with a sighting")),
            WallFigure(_("Sightings"), number(results.sightings, _), _("confirmed")),
            WallFigure(_("Evidence exports"), number(results.exports, _), _("created")),
        ),
    )


def _in_time(results: WallResults, raised: int, _: Language) -> WallFigure:
    """Writes the share of alarms taken within the target; without a target, how many were taken."""
    if results.in_time is None or results.target_s is None:
        return WallFigure(_("Acknowledged"), number(results.taken, _), _("last 7 days"))
    note = _("within {target}").format(target=_duration(results.target_s))
    if not raised:
        return WallFigure(_("In time"), "", note)
    return WallFigure(_("In time"), f"{100 * results.in_time // raised} %", note, share=results.in_time / raised)


def _capacity(capacity: Capacity, faults: Collection[Source], _: Language) -> WallPage:
    told = Source.BROKER not in faults
    gpus = None if capacity.gpus is None else round(capacity.gpus)
    return WallPage(
        _("Capacity"),
        (
            _part(_("Streams"), capacity.streams, capacity.streams_possible, Source.BROKER, _, capacity.streams_target),
            _rate(capacity, _, is_told=told),
            _lag(capacity.lag_ms, _, is_told=told),
            _part(_("Agents"), capacity.agents_online, capacity.agents, Source.BROKER, _),
            _part(_("Cluster nodes"), capacity.nodes_alive, capacity.nodes or 0, Source.CLUSTER, _),
            _known("GPU", gpus, Source.CLUSTER, _, note=_("in the cluster")),
        ),
    )


def _rate(capacity: Capacity, _: Language, *, is_told: bool) -> WallFigure:
    name, rate = _("Snapshots per second"), capacity.pictures_per_s
    if not is_told:
        return _silent(name, Source.BROKER, _)
    if rate is None:
        return WallFigure(name, "", _("Measuring…"))
    target, possible = capacity.pictures_target_per_s, capacity.pictures_possible_per_s
    if target is not None:
        note = _("Target: {target}").format(target=f"{target:g}")
    else:
        note = _("possible: {possible}").format(possible="–" if possible is None else f"{possible:.1f}")
    most = target or possible
    return WallFigure(name, f"{rate:.1f}", note, share=min(1.0, rate / most) if most else None)


def _lag(lag_ms: int | None, _: Language, *, is_told: bool) -> WallFigure:
    name = _("Parsing delay")
    if not is_told:
        return _silent(name, Source.BROKER, _)
    if lag_ms is None:
        return WallFigure(name, "", _("no pictures received"))
    return WallFigure(name, f"{lag_ms / 1000:.1f} s", _("median, arrival to archive"))


def number(count: int, _: Language) -> str:
    """Writes a count as it is read from afar: from 100,000 on with three or four digits and a unit."""
    locale = _.locale or "en"
    if abs(count) < COMPACT_FROM:
        return format_decimal(count, locale=locale)
    return format_compact_decimal(count, locale=locale, fraction_digits=1)


def _against(name: str, count: int, target: int | None, _: Language) -> WallFigure:
    if target is None:
        return WallFigure(name, number(count, _))
    note = _("Target: {target}").format(target=number(target, _))
    return WallFigure(name, number(count, _), note, share=min(1.0, count / target))


def _silent(name: str, source: Source, _: Language) -> WallFigure:
    return WallFigure(name, "", _(SILENT[source]), is_silent=True)


def _known(name: str, count: int | None, source: Source, _: Language, *, note: str = "") -> WallFigure:
    return _silent(name, source, _) if count is None else WallFigure(name, number(count, _), note)


def _part(
    name: str, count: int | None, whole: int, source: Source, _: Language, target: int | None = None
) -> WallFigure:
    """Writes a part of a whole, against its target where there is one."""
    if count is None:
        return _silent(name, source, _)
    if target is not None:
        return _against(name, count, target, _)
    share = count / whole if whole else None
    return WallFigure(name, number(count, _), _("of {total}").format(total=number(whole, _)), share=share)


def _list(title: str, rows: Sequence[WallRow], _: Language) -> WallList:
    """Writes the rows that count anything, the largest first."""
    shown = sorted((row for row in rows if row.size), key=lambda row: -row.size)
    if len(shown) > ROWS:
        rest = sum(row.count for row in shown[ROWS - 1 :])
        shown = [*shown[: ROWS - 1], WallRow(_("Other"), rest)]
    return WallList(
        title,
        tuple(
            (row.name, number(row.count, _) + ("" if row.target is None else f" / {number(row.target, _)}"), row.tone)
            for row in shown
        ),
    )


def _chart(days: Sequence[DayRows], _: Language) -> WallChart:
    most = max(day.snapshots for day in days)
    first, last = (f"{day.day[4:6]}-{day.day[6:]}" for day in (days[0], days[-1]))
    return WallChart(
        _("Snapshots per day"), tuple(day.snapshots / max(most, 1) for day in days), first, last, number(most, _)
    )


def _bytes(count: int) -> str:
    unit, name = (TB, "TB") if count >= TB else (GB, "GB")
    size = count / unit
    return f"{size:.0f} {name}" if size >= 100 else f"{size:.1f} {name}"


def _duration(seconds: float) -> str:
    """Writes a duration in one unit: `42 s`, `3.1 min`, `2.2 h`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
