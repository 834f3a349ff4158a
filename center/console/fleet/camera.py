"""Draws one camera's file: its state, its hours, its alarms, and its entry in the register."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Access, CameraKey, Permission
from center.alarms.rules.composed import KIND_LABELS
from center.alarms.views import AlarmView
from center.assessment.hour_details import HourEvidence
from center.assessment.recording.facts import HOUR_MS
from center.assessment.report import Card
from center.console import labels, verdicts
from center.console.frame import empty, frame, opens, problem
from center.console.language import Language
from center.console.search.query import PATH as SEARCH
from center.console.search.query import SearchQuery
from center.console.widgets import charts, moments
from center.console.widgets.map import Map, MapPoint, Marker
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import CenterError, UnknownCameraError, marked
from center.fleet.devices import CameraView, TrafficView
from center.search.camera_positions import PlacedCameraView
from center.services import Services, identity_of, services_of, sight_of

TITLE: Final = marked("Camera")
REFRESH_S: Final = 2.0
HOURS: Final = 24 * 31
ALARMS: Final = 8
COMPASS: Final = (
    marked("north"),
    marked("north-east"),
    marked("east"),
    marked("south-east"),
    marked("south"),
    marked("south-west"),
    marked("west"),
    marked("north-west"),
)
"""Directions, clockwise, an eighth of a circle apart."""


@dataclass(frozen=True, slots=True)
class CameraHistory:
    """Assessment and alarms of one camera in one period."""

    card: Card | None
    hours: tuple[HourEvidence, ...]
    alarms: tuple[AlarmView, ...]


def path(agent_id: str, camera_id: str, period: str = "") -> str:
    """Returns the address of a camera's file; `period` as the assessment writes it."""
    address = f"/cameras/{quote(agent_id, safe='')}/{quote(camera_id, safe='')}"
    return f"{address}?period={quote(period)}" if period else address


async def camera(request: Request, agent_id: str, camera_id: str) -> None:
    """Draws the page `/cameras/{agent_id}/{camera_id}`.

    Raises:
        UnknownCameraError: it is not there, or out of sight.
        StoreUnavailableError: the database does not work.
    """
    services, access = services_of(request), identity_of(request).access
    found = services.devices.camera(agent_id, camera_id)
    if found is None or not sight_of(request).holds(agent_id, camera_id):
        raise UnknownCameraError(camera_id=camera_id[:64])
    (placed,) = await asyncio.to_thread(services.positions.placed, [found])
    today = datetime.fromtimestamp(services.now_ms() / 1000, moments.ZONE)
    period = request.query_params.get("period", "")[:16] or f"{today:%Y-%m-%d}"
    with frame(request, title=TITLE, active="/cameras") as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_("Cameras"), "/cameras")
            words("h1", found.title)
        with ui.element("div").classes("ws-two"):
            standing = _Standing(services, found, _, may_search=opens(request, SEARCH))
            _place(services, placed, _)
        if not access.permits(Permission.ASSESSMENT_VIEW):
            return
        with labelled_links(_("Period")):
            for text, name in _periods(today):
                link = ui.link(_(name), path(agent_id, camera_id, text))
                if text == period:
                    link.props('aria-current="page"')
            words("span", f"{period} ({moments.ZONE_TEXT})").classes("ws-muted")
        body = ui.element("div").classes("ws-column")
        with body:
            words("div", _("Counting…")).classes("ws-calm")

    async def load() -> None:
        try:
            story = await asyncio.to_thread(_story, services, found, period, access)
        except CenterError as error:
            body.clear()
            with body:
                problem(error, _)
            return
        body.clear()
        with body:
            _draw_history(story, found, _)

    ui.timer(0, load, once=True)
    ui.timer(REFRESH_S, standing.refresh)


def labelled_links(label: str) -> ui.element:
    """Draws a row of links between views of one page."""
    nav = ui.element("nav").classes("ws-tabs")
    nav.props["aria-label"] = label
    return nav


def _periods(today: datetime) -> tuple[tuple[str, str], ...]:
    return (
        (f"{today:%Y-%m-%d}", marked("Today")),
        (f"{today - timedelta(days=1):%Y-%m-%d}", marked("Yesterday")),
        (f"{today:%Y-%m}", marked("This month")),
    )


def _story(services: Services, found: CameraView, period: str, access: Access) -> CameraHistory:
    """Reads assessment and alarms of a period. Blocks."""
    key, assessment = CameraKey(found.agent_id, found.camera_id), services.assessment
    sight = access.scope(Permission.ASSESSMENT_VIEW)
    cards = assessment.recent.judged(period, sight).report.cameras
    try:
        _span, hours = assessment.assessor.evidence(period, key, None, after=-1, limit=HOURS, sight=sight)
    except UnknownCameraError:
        # It reported a moment ago: its first facts are written at the next look.
        hours = []
    recent: tuple[AlarmView, ...] = ()
    if access.permits(Permission.ALARM_VIEW):
        where = access.scope(Permission.ALARM_VIEW)
        page = services.alarms.care.alarms(camera_id=found.camera_id, limit=ALARMS, sight=where)
        recent = tuple(alarm for alarm in page.items if alarm.agent_id == found.agent_id)
    mine = next((card for card in cards if card.profile is not None and card.profile.key == key), None)
    return CameraHistory(mine, tuple(hours), recent)


class _Standing:
    """Draws a camera's present state."""

    def __init__(self, services: Services, found: CameraView, _: Language, *, may_search: bool) -> None:
        self._services, self._, self._may_search = services, _, may_search
        self._key = found.agent_id, found.camera_id
        self._drawn: tuple[CameraView, TrafficView | None] | None = None
        with ui.element("section").classes("ws-column").props('aria-labelledby="standing"'):
            words("h2", _("Status")).props('id="standing"')
            self._facts = ui.element("dl").classes("ws-panel ws-facts")
        self.refresh()

    def refresh(self) -> None:
        """Draws the state if it changed."""
        _, devices = self._, self._services.devices
        now, traffic = devices.camera(*self._key), devices.traffic(*self._key)
        if now is None or (now, traffic) == self._drawn:
            return
        self._drawn = now, traffic
        self._facts.clear()
        with self._facts:
            words("dt", _("State"))
            with ui.element("dd"):
                state(labels.DEVICE_TONES[now.state], _(labels.DEVICE_STATES[now.state]))
            if cause := labels.cause(now, _):
                words("dt", _("Cause"))
                words("dd", cause)
            for name, at_ms in ((_("Since"), now.since_ms), (_("Last state change"), now.heard_at_ms)):
                words("dt", name)
                moment(moments.local(at_ms), moments.utc(at_ms), tag="dd")
            if traffic is not None:
                words("dt", _("Data received"))
                mib, since = f"{traffic.received_bytes / 1024**2:,.1f}", moments.local(traffic.since_ms)
                words("dd", _("{mib} MiB since {since}, when the agent started").format(mib=mib, since=since))
            words("dt", _("Agent"))
            words("dd", now.agent_id)
            words("dt", _("Camera"))
            words("dd", now.camera_id)
            if self._may_search:
                words("dt", _("Pictures"))
                with ui.element("dd"):
                    ui.link(_("Search"), SearchQuery.of_camera(now.camera_id).path())


def _compass(bearing_deg: float, _: Language) -> str:
    """Names the nearest of eight compass directions."""
    return _(COMPASS[round(bearing_deg / 45) % len(COMPASS)])


def _place(services: Services, found: PlacedCameraView, _: Language) -> None:
    with ui.element("section").classes("ws-column").props('aria-labelledby="place"'):
        words("h2", _("Location")).props('id="place"')
        if found.latitude is None or found.longitude is None:
            empty(
                _("No coordinates"),
                _("Set latitude and longitude in the agent configuration or in the register."),
            )
            return
        shown = Map(_, services.atlas, label=_("Camera map")).style("flex: 1; min-height: 240px")
        tone = labels.DEVICE_TONES[found.state]
        at = MapPoint(found.latitude, found.longitude)
        shown.show([Marker(found.camera_id, at, found.title, tone, bearing_deg=found.bearing_deg)])
        with ui.element("div").classes("ws-muted"):
            words("span", f"{found.latitude:.5f}, {found.longitude:.5f} (WGS 84)")
            if found.bearing_deg is not None:
                looks = _("looks towards {degrees}° ({name})")
                words(
                    "span",
                    " · " + looks.format(degrees=f"{found.bearing_deg:.0f}", name=_compass(found.bearing_deg, _)),
                )


def _draw_history(story: CameraHistory, found: CameraView, _: Language) -> None:
    if story.card is not None:
        _card(story.card, _)
    known = [hour for hour in story.hours if hour.facts is not None]
    if not known:
        empty(
            _("No data for this period"),
            _("Data is collected while the centre runs and the agent reports. Choose another period."),
        )
    else:
        with ui.element("div").classes("ws-two"):
            charts.availability(story.hours, _)
            charts.clock(story.hours, _)
        charts.checks(story.hours, _)
        _figures(known, _)
    if story.alarms:
        _alarms(story.alarms, found, _)


def _card(card: Card, _: Language) -> None:
    words("h2", _("Assessment"))
    with table(_("Indicator"), _("Result"), _("Rate"), _("Good"), _("Bad"), _("Unknown"), _("Excused"), _("Cause")):
        for indicator, finding in card.findings.items():
            with ui.element("tr"):
                words("td", _(verdicts.INDICATORS[indicator]))
                with ui.element("td"):
                    state(verdicts.TONES[finding.verdict], _(verdicts.VERDICTS[finding.verdict]))
                words("td", verdicts.rate(finding)).classes("ws-number")
                tally = finding.tally
                for number in (tally.good, tally.bad, tally.unknown, tally.excused):
                    words("td", f"{number:,}").classes("ws-number")
                notes = [verdicts.reason(finding, _), verdicts.clock_notes(finding, _)]
                words("td", " · ".join(filter(None, notes)) or "–")


def _figures(hours: Sequence[HourEvidence], _: Language) -> None:
    """Draws the figures of the charts as a table."""
    with ui.element("details").classes("ws-panel ws-more"):
        words("summary", _("Hourly table"))
        heads = (
            _("Hour"),
            _("Known minutes"),
            _("Offline"),
            _("Pictures"),
            _("Checked"),
            _("Abnormal"),
            _("Clock off"),
        )
        with table(*heads, _("Causes")):
            for hour in reversed(hours):
                facts = hour.facts
                if facts is None:
                    continue
                with ui.element("tr"):
                    at_ms = hour.hour * HOUR_MS
                    moment(moments.local(at_ms), moments.utc(at_ms), tag="td")
                    for mask in (facts.told, facts.offline, facts.pictured, facts.looked, facts.abnormal):
                        words("td", str(mask.bit_count())).classes("ws-number")
                    words("td", charts.off(facts, _)).classes("ws-number")
                    said = (f"{verdicts.cause(each, _)} {mask.bit_count()}" for each, mask in hour.causes.items())
                    words("td", " · ".join(said) or "–")


def _alarms(found: Sequence[AlarmView], camera_view: CameraView, _: Language) -> None:
    words("h2", _("Recent alarms"))
    with table(
        _("Rule"), _("Event"), _("State"), _("Time"), label=_("Alarms of {name}").format(name=camera_view.title)
    ):
        for alarm in found:
            with ui.element("tr"):
                words("td", alarm.rule_name)
                words("td", _(KIND_LABELS[alarm.kind]))
                words("td", _(labels.ALARM_STATES[alarm.state]))
                at_ms = alarm.times.captured_at_ms or alarm.times.decided_at_ms
                moment(moments.local(at_ms), moments.utc(at_ms), tag="td")
