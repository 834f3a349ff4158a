"""Draws pictures of very low quality in a period, worst first, beside the verdict on their camera's picture quality."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import CameraKey, Permission
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.report import AssessmentReport, IndicatorFinding
from center.console import labels, verdicts
from center.console.fleet.camera import labelled_links
from center.console.fleet.camera import path as camera_path
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.search.export_dialog import ask_purpose
from center.console.search.filter_panel import LOW_QUALITY_PATH
from center.console.system.assessment import AssessmentQuery
from center.console.widgets import moments
from center.console.widgets.marked_image import MarkedImage
from center.console.widgets.markup import moment, words
from center.console.widgets.picture import page_path, picture_path
from center.console.widgets.table import state, table
from center.errors import CenterError, marked
from center.search import low_quality
from center.search.filters import Filters
from center.search.low_quality import LowQualityList, LowQualityPicture
from center.services import Services, identity_of, services_of, sight_of
from provisioning.contracts.wire.messages import PictureState

TITLE: Final = marked("Pictures of very low quality")
PAGE: Final = 50
SIDE_PX: Final = 160


def show(request: Request) -> None:
    """Draws the page `/low-quality`."""
    services, identity, sight = services_of(request), identity_of(request), sight_of(request)
    now = datetime.fromtimestamp(services.now_ms() / 1000, moments.ZONE)
    wanted = AssessmentQuery.read(request, f"{now:%Y-%m-%d}")
    with frame(request, title=TITLE, active="/observations") as _:
        with ui.element("div").classes("ws-title"):
            ui.link(_("Search"), "/observations")
            words("h1", _(TITLE))
        _periods(wanted, now, _)
        body = ui.element("div").classes("ws-column")
        with body:
            words("div", _("Searching…")).classes("ws-calm").props('role="status"')

    async def load() -> None:
        judging = identity.access.scope(Permission.ASSESSMENT_VIEW)
        try:
            judged = await asyncio.to_thread(services.assessment.recent.judged, wanted.period, judging)
            made = await low_quality.listed(
                services.search,
                judged.report,
                Filters(),
                actor=identity.actor,
                sight=sight,
                district=wanted.district,
            )
        except CenterError as error:
            body.clear()
            with body:
                problem(error, _)
            return
        names = {CameraKey(each.agent_id, each.camera_id): each.title for each in services.devices.cameras(sight)}
        body.clear()
        with body:
            _LowQuality(made, judged.report, wanted, names, _).draw(services, identity.actor)

    ui.timer(0, load, once=True)


def _periods(wanted: AssessmentQuery, now: datetime, _: Language) -> None:
    periods = (
        (f"{now:%Y-%m-%d}", _("Today")),
        (f"{now - timedelta(days=1):%Y-%m-%d}", _("Yesterday")),
        (f"{now:%Y-%m}", _("This month")),
    )
    with labelled_links(_("Period")):
        for text, name in periods:
            link = ui.link(name, replace(wanted, period=text, page=1).path(LOW_QUALITY_PATH))
            if text == wanted.period:
                link.props('aria-current="page"')
        words("span", f"{wanted.period} ({moments.ZONE_TEXT})").classes("ws-muted")


class _LowQuality:
    """Draws one list: districts, cameras, pictures of one page."""

    def __init__(
        self,
        made: LowQualityList,
        report: AssessmentReport,
        wanted: AssessmentQuery,
        names: dict[CameraKey, str],
        _: Language,
    ) -> None:
        self._made, self._report, self._wanted, self._names, self._ = made, report, wanted, names, _

    def draw(self, services: Services, actor: str) -> None:
        """Draws filter, cameras and pictures."""
        _, made = self._, self._made
        self._districts()
        if not made.pictures:
            empty(
                _("No pictures of very low quality"),
                _("No picture of this period is blurred, too dark, too bright or almost without contrast."),
            )
            return
        count = f"{len(made.pictures):,}"
        text = (
            _("Pictures: {count}, worst first.")
            if made.complete
            else _("The newest {count} pictures, worst first. There are more: choose a shorter period.")
        )

        async def csv(purpose: str | None) -> bytes:
            return await low_quality.export(
                services.audit, made, self._wanted.period, self._names, actor=actor, purpose=purpose
            )

        def export() -> None:
            ask_purpose(_, _("All pictures of this list."), purpose="", name="low-quality.csv", made=csv)

        with ui.element("div").classes("ws-acts"):
            words("span", text.format(count=count)).classes("ws-sub")
            ui.button(_("Export CSV"), icon="download", on_click=export).props("flat dense no-caps")
        self._cameras()
        self._pictures()
        self._pager()

    def _districts(self) -> None:
        _, wanted = self._, self._wanted
        names = sorted({card.profile.district for card in self._report.cameras if card.profile is not None})
        if len(names) < 2:
            return
        with labelled_links(_("District")):
            for name in (None, *names):
                text = _("All districts") if name is None else name or _("No district")
                link = ui.link(text, replace(wanted, district=name, page=1).path(LOW_QUALITY_PATH))
                if name == wanted.district:
                    link.props('aria-current="true"')

    def _cameras(self) -> None:
        _ = self._
        words("h2", _("Cameras"))
        heads = (_("District"), _("Camera"), _("Pictures"), _("Faults"), _(verdicts.INDICATORS[Indicator.SNAPSHOT]))
        with table(*heads, label=_("Cameras")):
            for camera in self._made.cameras:
                with ui.element("tr"):
                    words("td", camera.district or "–")
                    self._camera(camera.key)
                    words("td", f"{camera.pictures:,}").classes("ws-number")
                    with ui.element("td"), ui.element("div").classes("ws-badges"):
                        for fault, count in camera.faults.items():
                            words("span", _.named(_(labels.QUALITY_FAULTS[fault]), f"{count:,}")).classes("ws-badge")
                    self._finding(camera.finding)

    def _pictures(self) -> None:
        _ = self._
        words("h2", _("Pictures"))
        first = (self._wanted.page - 1) * PAGE
        heads = (
            _("Picture"),
            _("Captured"),
            _("Camera"),
            _("District"),
            _("Sharpness"),
            _("Exposure"),
            _("Contrast"),
            _("Faults"),
            _(verdicts.INDICATORS[Indicator.SNAPSHOT]),
        )
        with table(*heads, label=_("Pictures")):
            for picture in self._made.pictures[first : first + PAGE]:
                with ui.element("tr"):
                    self._picture(picture)

    def _picture(self, picture: LowQualityPicture) -> None:
        _, found = self._, picture.found
        name = self._names.get(picture.key, found.camera_id)
        alt = labels.picture_alt(name, found.captured_at_ms, [each.cls for each in found.machines], _)
        with ui.element("td"), ui.element("a").props(f'href="{page_path(found.row_key)}"') as link:
            if found.picture is PictureState.KEPT:
                MarkedImage(picture_path(found.row_key, max_side_px=SIDE_PX), alt=alt, lazy=True).classes("ws-low")
            else:
                link.props["aria-label"] = alt
                words("span", _(labels.PICTURES[found.picture]))
        moment(moments.local(found.captured_at_ms), moments.utc(found.captured_at_ms), tag="td")
        self._camera(picture.key)
        words("td", picture.district or "–")
        for score in (found.quality.sharpness, found.quality.brightness, found.quality.contrast):
            words("td", f"{score:.0%}").classes("ws-number")
        with ui.element("td"), ui.element("div").classes("ws-badges"):
            for fault in picture.faults:
                words("span", _(labels.QUALITY_FAULTS[fault])).classes("ws-badge")
        self._finding(picture.finding)

    def _camera(self, key: CameraKey) -> None:
        with ui.element("td"):
            ui.link(self._names.get(key, key.camera_id), camera_path(*key, self._wanted.period))
            words("div", f"{key.agent_id} · {key.camera_id}").classes("ws-sub")

    def _finding(self, finding: IndicatorFinding | None) -> None:
        _ = self._
        with ui.element("td"):
            if finding is None:
                words("span", _("Not assessed"))
                return
            is_decided = finding.verdict in {IndicatorVerdict.PASS, IndicatorVerdict.FAIL}
            rate = f" {verdicts.rate(finding)}" if is_decided else ""
            state(verdicts.TONES[finding.verdict], f"{_(verdicts.VERDICTS[finding.verdict])}{rate}")
            if why := verdicts.reason(finding, _):
                words("div", why).classes("ws-sub")

    def _pager(self) -> None:
        _, wanted, last = self._, self._wanted, max(1, -(-len(self._made.pictures) // PAGE))
        if last == 1:
            return
        with labelled_links(_("Pages")):
            if wanted.page > 1:
                ui.link(_("Previous"), replace(wanted, page=wanted.page - 1).path(LOW_QUALITY_PATH))
            words("span", _("Page {page} of {pages}").format(page=wanted.page, pages=last)).classes("ws-muted")
            if wanted.page < last:
                ui.link(_("Next"), replace(wanted, page=wanted.page + 1).path(LOW_QUALITY_PATH))
