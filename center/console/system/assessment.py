"""Draws the assessment of a month, day or hour: fleet, districts and cameras as league tables with links to details."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Permission
from center.assessment.cause_words import gap_words
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.report import Card, Judged, LeagueLine, ranked
from center.console import verdicts
from center.console.fleet.camera import labelled_links
from center.console.fleet.camera import path as camera_path
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.search.filter_panel import LOW_QUALITY_PATH
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import CenterError, marked
from center.services import Services, identity_of, services_of, sight_of

TITLE: Final = marked("Assessment")
PAGE: Final = 100
NONE: Final = "-"
"""Stands in the address for cameras without a district."""


@dataclass(frozen=True, slots=True)
class AssessmentQuery:
    """Filters of the page, and of that of low quality; their text form is its query string."""

    period: str
    district: str | None = None
    """None: all; empty: cameras without one."""
    indicator: Indicator | None = None
    failed: bool = False
    page: int = 1

    @classmethod
    def read(cls, request: Request, this_month: str) -> "AssessmentQuery":
        """Reads the filters from an address; unreadable ones are left out."""
        said = request.query_params
        district, indicator, page = said.get("district"), said.get("by", ""), said.get("page", "")
        return cls(
            period=said.get("period", "")[:16] or this_month,
            district="" if district == NONE else district[:64] if district else None,
            indicator=Indicator(indicator) if indicator in set(Indicator) else None,
            failed="failed" in said,
            page=max(1, min(int(page), 10_000)) if page.isascii() and page.isdecimal() and len(page) < 6 else 1,
        )

    def path(self, page: str = "/assessment") -> str:
        """Writes the address of a page with these filters."""
        said: list[tuple[str, str]] = [("period", self.period)]
        if self.district is not None:
            said.append(("district", self.district or NONE))
        if self.indicator is not None:
            said.append(("by", self.indicator.value))
        if self.failed:
            said.append(("failed", "1"))
        if self.page > 1:
            said.append(("page", str(self.page)))
        return f"{page}?{urlencode(said)}"


def assessment(request: Request) -> None:
    """Draws the page `/assessment`."""
    services, sight = services_of(request), sight_of(request)
    now = datetime.fromtimestamp(services.now_ms() / 1000, moments.ZONE)
    wanted = AssessmentQuery.read(request, f"{now:%Y-%m}")
    with frame(request, title=TITLE, active="/assessment") as _:
        words("h1", _(TITLE))
        _head(wanted, now, _)
        if identity_of(request).access.permits(Permission.OBSERVATION_SEARCH):
            link = f"{LOW_QUALITY_PATH}?{urlencode({'period': wanted.period})}"
            ui.link(_("Pictures of very low quality"), link).classes("ws-sub")
        body = ui.element("div").classes("ws-column")
        with body:
            words("div", _("Counting…")).classes("ws-calm").props('role="status"')

    async def load() -> None:
        try:
            judged = await asyncio.to_thread(services.assessment.recent.judged, wanted.period, sight)
        except CenterError as error:
            body.clear()
            with body:
                problem(error, _)
            return
        body.clear()
        with body:
            _Report(judged, wanted, _).draw(services)

    ui.timer(0, load, once=True)


def _head(wanted: AssessmentQuery, now: datetime, _: Language) -> None:
    last_month = now.replace(day=1) - timedelta(days=1)
    periods = (
        (f"{now:%Y-%m-%d}", _("Today")),
        (f"{now:%Y-%m}", _("This month")),
        (f"{last_month:%Y-%m}", _("Last month")),
    )
    with labelled_links(_("Period")):
        for text, name in periods:
            link = ui.link(name, replace(wanted, period=text, page=1).path())
            if text == wanted.period:
                link.props('aria-current="page"')
        words("span", f"{wanted.period} ({moments.ZONE_TEXT})").classes("ws-muted")
        words("span", "").classes("ws-grow")
        words("span", _("Download")).classes("ws-muted")
        for form in ("xlsx", "csv", "pdf"):
            target = f"/api/assessment/export?{urlencode({'period': wanted.period, 'form': form})}"
            ui.link(form.upper(), target).props("download")


class _Report:
    """Draws the report of one period."""

    def __init__(self, judged: Judged, wanted: AssessmentQuery, _: Language) -> None:
        self._report, self._gaps, self._wanted, self._ = judged.report, judged.gaps, wanted, _

    def draw(self, services: Services) -> None:
        """Draws the whole report."""
        _, recorder = self._, services.assessment.recorder
        if recorder.fault:
            with ui.element("div").classes("ws-alert ws-alert-warn").props('role="alert"'):
                words("strong", _("The latest statistics are not saved yet; they are held in memory."))
                words("span", recorder.fault)
        if not self._report.cameras:
            empty(
                _("No data for this period"),
                _("Data is collected while the centre runs and the agents report. Choose another period."),
            )
            return
        self._fleet(self._report.fleet)
        if self._wanted.district is None and len(self._report.districts) > 1:
            self._districts()
        self._cameras()
        if self._gaps:
            self._not_watched()

    def _fleet(self, card: Card) -> None:
        _ = self._
        with ui.element("dl").classes("ws-figures").style("margin: 0"):
            _figure(_("Score"), _score(card.score), _("cameras: {count}").format(count=card.cameras), "")
            for indicator, finding in card.findings.items():
                why = verdicts.reason(finding, _)
                word = _(verdicts.VERDICTS[finding.verdict])
                note = f"{word} · {why}" if why else word
                tone = verdicts.TONES[finding.verdict]
                _figure(_(verdicts.INDICATORS[indicator]), verdicts.rate(finding), note, tone)

    def _districts(self) -> None:
        _ = self._
        words("h2", _("Districts"))
        with table(_("Rank"), _("District"), _("Cameras"), _("Score"), _("Failed"), label=_("Districts")):
            for place in ranked(self._report.districts):
                with ui.element("tr"):
                    words("td", _rank(place)).classes("ws-number")
                    with ui.element("td"):
                        name = place.card.name
                        ui.link(name or _("No district"), replace(self._wanted, district=name, page=1).path())
                    words("td", str(place.card.cameras)).classes("ws-number")
                    words("td", _score(place.card.score)).classes("ws-number")
                    with ui.element("td"):
                        self._failed(place.card)

    def _cameras(self) -> None:
        _, wanted = self._, self._wanted
        cards = [card for card in self._report.cameras if self._holds(card)]
        places = ranked(cards, wanted.indicator)
        title = _("Cameras")
        if wanted.district is not None:
            title = f"{title} · {wanted.district or _('No district')}"
        words("h2", title)
        with labelled_links(_("Camera filter")):
            if wanted.district is not None:
                ui.link(_("All districts"), replace(wanted, district=None, page=1).path())
            link = ui.link(_("Failed only"), replace(wanted, failed=not wanted.failed, page=1).path())
            if wanted.failed:
                link.props('aria-current="true"')
            words("span", _("Rank by")).classes("ws-muted")
            for indicator in (None, *Indicator):
                name = _("Score") if indicator is None else _(verdicts.INDICATORS[indicator])
                link = ui.link(name, replace(wanted, indicator=indicator, page=1).path())
                if indicator == wanted.indicator:
                    link.props('aria-current="true"')
        if not places:
            empty(_("No matching cameras"), _("Choose another district, or include the cameras that passed."))
            return
        first = (wanted.page - 1) * PAGE
        value = _("Score") if wanted.indicator is None else _(verdicts.INDICATORS[wanted.indicator])
        with table(_("Rank"), _("Camera"), _("District"), value, _("Failed"), label=title):
            for place in places[first : first + PAGE]:
                self._camera(place)
        self._pager(len(places))

    def _holds(self, card: Card) -> bool:
        wanted, profile = self._wanted, card.profile
        if profile is None or (wanted.district is not None and profile.district != wanted.district):
            return False
        if not wanted.failed:
            return True
        if wanted.indicator is None:
            return bool(card.failed)
        return card.findings[wanted.indicator].verdict is IndicatorVerdict.FAIL

    def _camera(self, place: LeagueLine) -> None:
        _, profile = self._, place.card.profile
        if profile is None:
            return
        with ui.element("tr"):
            words("td", _rank(place)).classes("ws-number")
            with ui.element("td"):
                ui.link(profile.title, camera_path(profile.agent_id, profile.camera_id, self._wanted.period))
                words("div", f"{profile.agent_id} · {profile.camera_id}").classes("ws-sub")
            words("td", profile.district or "–")
            shown = _score(place.value)
            with ui.element("td").classes("ws-number"):
                words("div", shown if self._wanted.indicator is None or place.value is None else f"{shown} %")
                if self._wanted.indicator is Indicator.CLOCK:
                    words("div", verdicts.clock_notes(place.card.findings[Indicator.CLOCK], _)).classes("ws-sub")
            with ui.element("td"):
                self._failed(place.card)

    def _failed(self, card: Card) -> None:
        _ = self._
        if not card.failed:
            if card.score is not None:
                state("ok", _("None"))
                return
            # Too little is known for a score: that nothing failed is no pass.
            is_unknown = any(finding.verdict is IndicatorVerdict.UNKNOWN for finding in card.findings.values())
            state("off", _(verdicts.VERDICTS[IndicatorVerdict.UNKNOWN if is_unknown else IndicatorVerdict.EXCUSED]))
            words("div", verdicts.undecided(card, _)).classes("ws-sub")
            return
        with ui.element("div").classes("ws-badges"):
            for indicator in card.failed:
                finding = card.findings[indicator]
                text = f"{_(verdicts.INDICATORS[indicator])} {verdicts.rate(finding)}"
                cause = verdicts.cause(finding.cause, _) if finding.cause else ""
                words("span", f"{text} · {cause}" if cause else text).classes("ws-badge")

    def _pager(self, count: int) -> None:
        _, wanted, last = self._, self._wanted, max(1, -(-count // PAGE))
        if last == 1:
            return
        with labelled_links(_("Camera pages")):
            if wanted.page > 1:
                ui.link(_("Previous"), replace(wanted, page=wanted.page - 1).path())
            words("span", _("Page {page} of {pages}").format(page=wanted.page, pages=last)).classes("ws-muted")
            if wanted.page < last:
                ui.link(_("Next"), replace(wanted, page=wanted.page + 1).path())

    def _not_watched(self) -> None:
        _ = self._
        words("h2", _("Monitoring gaps of the centre"))
        with table(_("From"), _("To"), _("Cause"), label=_("Monitoring gaps of the centre")):
            for gap in self._gaps[-50:]:
                with ui.element("tr"):
                    moment(moments.local(gap.from_ms), moments.utc(gap.from_ms), tag="td")
                    moment(moments.local(gap.to_ms), moments.utc(gap.to_ms), tag="td")
                    words("td", gap_words(gap.cause).in_language(_.code))


def _rank(place: LeagueLine) -> str:
    return "–" if place.rank is None else str(place.rank)


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _figure(name: str, value: str, note: str, tone: str) -> None:
    with ui.element("div").classes("ws-figure"):
        words("dt", name)
        words("dd", value)
        with ui.element("dd").classes("ws-figure-note"):
            if tone:
                words("span", "").classes(f"ws-dot ws-dot-{tone}")
            words("span", note)
