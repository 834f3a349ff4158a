"""Draws the pipeline (全链路): each stage with its figures, and each fault with its cause and remedy."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.console import labels
from center.console.frame import empty, frame
from center.console.language import Language
from center.console.system.storage import draw_pack_store, draw_storage
from center.console.widgets import moments
from center.console.widgets.markup import labelled, moment, words
from center.errors import marked
from center.pipeline.history import EVERY_MS, Point
from center.pipeline.service import ChainState
from center.pipeline.stages import THIRD_PARTIES, Stage, StageState
from center.pipeline.verdict import StageVerdict
from center.services import Services, services_of

TITLE: Final = marked("Pipeline")
REFRESH_S: Final = 1.0
STRIP_MINUTES: Final = 60
SHOWN: Final = 10
"""Findings listed of one stage; the API has all of them."""
_MESSAGES: Final = frozenset({Stage.BROKER, Stage.INTAKE})
_RATED: Final = frozenset(Stage) - {Stage.PLATFORMS, Stage.STORAGE, Stage.QUERY, Stage.NOTIFY, *THIRD_PARTIES}
_DAY_AND_TIME: Final = slice(len("2026-"), len("2026-11-24 15:46:03"))
_WORST: Final = (StageState.RED, StageState.AMBER, StageState.STARTING, StageState.UNKNOWN)


def pipeline(request: Request) -> None:
    """Draws the page `/pipeline`."""
    services = services_of(request)
    with frame(request, title=TITLE, active="/pipeline") as _:
        with ui.element("div").classes("ws-alarms-head"):
            words("h1", _(TITLE))
            with ui.element("div").classes("ws-chain-links"):
                for name, address in (
                    (_("Ray dashboard"), services.ray_dashboard_url),
                    ("Grafana", services.grafana_url),
                ):
                    if address:
                        ui.link(name, address, new_tab=True).props('rel="noopener noreferrer"')
        chain = _Chain(services, _)
    ui.timer(REFRESH_S, chain.refresh)


class _Chain:
    """The stages of one open page; drawn again after each new sample of the centre."""

    def __init__(self, services: Services, _: Language) -> None:
        self._pipeline = services.pipeline
        self._ = _
        self._drawn_ms: int | None = None
        self._body = ui.element("div").classes("ws-main").style("padding: 0")
        self.refresh()

    def refresh(self) -> None:
        """Draws the stages if there is a new sample."""
        last = self._pipeline.last
        if last is None:
            if self._drawn_ms is None and not self._body.default_slot.children:
                with self._body:
                    empty(self._("First check in progress"), self._("This takes a few seconds."))
            return
        if last.sample.at_ms == self._drawn_ms:
            return
        self._drawn_ms = last.sample.at_ms
        self._body.clear()
        with self._body:
            self._draw(last)

    def _draw(self, last: ChainState) -> None:
        _ = self._
        points = {each.stage: each.points for each in self._pipeline.history(STRIP_MINUTES / 60)}
        with labelled("ol", _("Stages in processing order")).classes("ws-chain"):
            for verdict in last.verdicts:
                if verdict.stage not in THIRD_PARTIES:
                    self._stage(verdict, points[verdict.stage])
        third_parties = [verdict for verdict in last.verdicts if verdict.stage in THIRD_PARTIES]
        if third_parties:
            words("h2", _("Third parties"))
            with labelled("ul", _("Third parties")).classes("ws-chain ws-parties"):
                for verdict in third_parties:
                    self._stage(verdict, points[verdict.stage])
        window_s = 0 if last.before is None else (last.sample.at_ms - last.before.at_ms) / 1000
        with ui.element("div").classes("ws-hint"):
            words("span", _("Values of the last {seconds} s.").format(seconds=f"{window_s:.0f}"))
            words("span", " " + _("The bar shows the last hour. Updated") + " ")
            moment(moments.local(last.sample.at_ms), moments.utc(last.sample.at_ms))
        self._findings(last)
        draw_storage(last.storage, _)
        disk = None if last.sample.answers is None else last.sample.answers.storage.value
        draw_pack_store(None if disk is None else disk.pack_store, _)

    def _stage(self, verdict: StageVerdict, points: Sequence[Point]) -> None:
        _, figures = self._, verdict.figures
        with ui.element("li").classes(f"ws-stage ws-stage-{verdict.state.value}"):
            with ui.element("div").classes("ws-stage-head"):
                words("h2", _(labels.STAGES[verdict.stage]))
                with ui.element("span").classes("ws-state"):
                    words("span", "").classes(f"ws-dot ws-dot-{labels.STAGE_TONES[verdict.state]}")
                    words("span", _(labels.STAGE_STATES[verdict.state]))
            if verdict.state is StageState.UNKNOWN:
                words("div", labels.finding_texts(verdict.findings[0], _)[0]).classes("ws-sub")
            with ui.element("dl").classes("ws-stage-figures"):
                unit = _("Messages/s") if verdict.stage in _MESSAGES else _("Pictures/s")
                if verdict.stage in _RATED:
                    self._figure(unit, labels.number(figures.rate_per_s))
                self._figure(_("Delay"), labels.lag(figures.lag_s))
                self._figure(_("Queued"), labels.number(figures.queued))
                self._figure(_("Errors"), labels.number(figures.errors))
                self._figure(_("Dropped"), labels.number(figures.drops))
                if figures.free_bytes is not None:
                    self._figure(_("Free disk space"), f"{figures.free_bytes / 1e9:,.0f} GB")
                if figures.succeeded_at_ms is not None:
                    self._figure(_("Last success"), moments.local(figures.succeeded_at_ms)[_DAY_AND_TIME])
            self._strip(points)

    def _figure(self, name: str, text: str) -> None:
        if text == "–":
            return
        with ui.element("div"):
            words("dt", name)
            words("dd", text)

    def _strip(self, points: Sequence[Point]) -> None:
        """Draws the hour as runs of one state; the newest minute is at the right, minutes without a sample left out."""
        _ = self._
        bad = sum(each.state is StageState.RED for each in points)
        label = _("Last hour: {minutes} min with faults").format(minutes=bad)
        with labelled("div", label).classes("ws-strip").props('role="img"') as strip:
            strip.props["title"] = label
            for state, run in groupby(minutes(points)):
                span = words("span", "").style(f"flex-grow: {len(list(run))}")
                if state is not None:
                    span.classes(f"ws-strip-{labels.STAGE_TONES[state]}")

    def _findings(self, last: ChainState) -> None:
        """Draws the findings, a block for each stage, the worst stage first."""
        _ = self._
        found = sorted(
            (verdict for verdict in last.verdicts if verdict.findings), key=lambda each: _WORST.index(each.state)
        )
        if all(verdict.state is StageState.UNKNOWN for verdict in found):
            with ui.element("div").classes("ws-empty ws-empty-small"):
                words("strong", _("No open issues"))
        for verdict in found:
            with ui.element("div").classes(f"ws-alert ws-alert-{labels.STAGE_TONES[verdict.state]}"):
                with ui.element("div").classes("ws-finding-head"):
                    words("strong", f"{_(labels.STAGES[verdict.stage])} · {_(labels.STAGE_STATES[verdict.state])}")
                    since_ms = last.since_ms[verdict.stage]
                    with ui.element("span").classes("ws-muted"):
                        words("span", _("since") + " ")
                        moment(moments.local(since_ms), moments.utc(since_ms))
                for finding in verdict.findings[:SHOWN]:
                    what, advice = labels.finding_texts(finding, _)
                    words("span", what)
                    words("span", advice).classes("ws-muted")
                if len(verdict.findings) > SHOWN:
                    words("span", _("{count} more").format(count=len(verdict.findings) - SHOWN)).classes("ws-hint")


def minutes(points: Sequence[Point]) -> list[StageState | None]:
    """Returns the states of the last `STRIP_MINUTES` up to the newest point; None for a minute without one."""
    known = {each.at_ms // EVERY_MS: each.state for each in points}
    newest = max(known, default=0)
    return [known.get(newest - back) for back in reversed(range(STRIP_MINUTES))]
