"""Draws the agents: sites, versions, certificates, waiting snapshots, pending agents, and each configuration."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Scope
from center.console import labels
from center.console.fleet.rollout import rollout
from center.console.frame import empty, frame
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.errors import marked
from center.fleet.devices import AgentView, CauseKind
from center.services import Services, services_of, sight_of
from provisioning.contracts.fleet.rollout import RolloutReport
from provisioning.contracts.wire.messages import Heartbeat

TITLE: Final = marked("Agents")
REFRESH_S: Final = 2.0
_DAY_MS: Final = 86_400_000
SOON_DAYS: Final = 30
"""An agent renews when a third of its ninety days is left: under this it is late."""


def agents(request: Request) -> None:
    """Draws the page `/agents`."""
    with frame(request, title=TITLE, active="/agents") as _:
        words("h1", _(TITLE))
        table = _Agents(services_of(request), _, sight_of(request))
    ui.timer(REFRESH_S, table.refresh)


class _Agents:
    """The tables of one open page; drawn again when something changed."""

    def __init__(self, services: Services, _: Language, sight: Scope) -> None:
        self._devices = services.devices
        self._rollouts = services.rollouts
        self._now_ms = services.now_ms
        self._near_days = services.pipeline.limits.certificate_days
        self._ = _
        self._sight = sight
        self._drawn: tuple[tuple[AgentView, ...], RolloutReport | None] | None = None
        self._body = ui.element("div").classes("ws-main").style("padding: 0")
        self.refresh()

    def refresh(self) -> None:
        """Draws the tables if something changed."""
        rows, told = self._devices.agents(self._sight), self._rollouts.newest(self._sight)
        if (rows, told) == self._drawn:
            return
        self._drawn = rows, told
        beats = self._devices.heartbeats()
        self._body.clear()
        with self._body:
            if not rows:
                empty(
                    self._("No agents yet"),
                    self._("Create one with wayside-provision agent new and enrol it on its box."),
                )
                return
            self._summary(rows)
            if told is not None:
                rollout(told, self._)
            pending = [each for each in rows if each.cause_kind is CauseKind.AGENT_PENDING]
            if pending:
                words("h2", self._("Awaiting enrolment"))
                self._pending(pending)
            there = [each for each in rows if each.cause_kind is not CauseKind.AGENT_PENDING]
            if there:
                words("h2", self._("Enrolled"))
                self._table(there, beats)

    def _summary(self, rows: Sequence[AgentView]) -> None:
        _ = self._
        states = Counter(each.state for each in rows)
        versions = Counter(each.software for each in rows if each.software)
        parts = [f"{_(labels.DEVICE_STATES[state])} {count}" for state, count in states.most_common()]
        said = " · ".join(parts)
        if versions:
            said += (
                " — " + _("Versions") + ": " + ", ".join(f"{name} ×{count}" for name, count in versions.most_common())
            )
        words("div", said).classes("ws-muted")

    def _pending(self, rows: Sequence[AgentView]) -> None:
        _ = self._
        with _panel(_("Agent"), _("Site"), _("Created"), _("Next step")):
            for agent in rows:
                with ui.element("tr"):
                    words("td", agent.agent_id)
                    words("td", agent.site_id or "–")
                    self._moment(agent.since_ms)
                    words("td", labels.cause(agent, _))

    def _table(self, rows: Sequence[AgentView], beats: Mapping[str, Heartbeat]) -> None:
        _ = self._
        with _panel(
            _("Agent"),
            _("State"),
            _("Last heartbeat"),
            _("Software"),
            _("Certificate expires"),
            _("Queued"),
            _("Free disk space"),
            _("Configuration"),
        ):
            for agent in rows:
                with ui.element("tr"):
                    self._row(agent, beats.get(agent.agent_id))

    def _row(self, agent: AgentView, beat: Heartbeat | None) -> None:
        _ = self._
        with ui.element("td"):
            words("div", agent.agent_id)
            words("div", agent.site_id or _("not in roster")).classes("ws-sub")
        with ui.element("td"):
            _state(labels.DEVICE_TONES[agent.state], _(labels.DEVICE_STATES[agent.state]))
            if cause := labels.cause(agent, _):
                words("div", cause).classes("ws-sub")
        self._moment(agent.heard_at_ms)
        words("td", agent.software or "–")
        self._certificate(agent)
        with ui.element("td"):
            if beat is None:
                words("span", "–")
            else:
                mib = f"{beat.spool_bytes / 1024**2:.1f}"
                words("div", _("{count} pictures, {mib} MiB").format(count=beat.spool_messages, mib=mib))
                words(
                    "div",
                    _("Awaiting redaction: {queued}, quarantined: {quarantined}").format(
                        queued=beat.queued, quarantined=beat.quarantined
                    ),
                ).classes("ws-sub")
        free = None if beat is None else beat.disk_free_bytes
        words("td", "–" if free is None else f"{free / 1e9:.0f} GB")
        self._configuration(agent)

    def _certificate(self, agent: AgentView) -> None:
        _, ends_ms = self._, agent.certificate_ends_ms
        with ui.element("td"):
            if ends_ms is None:
                words("span", "–")
                return
            days = (ends_ms - self._now_ms()) / _DAY_MS
            tone = "bad" if days <= self._near_days else "warn" if days < SOON_DAYS else "ok"
            with ui.element("span").classes("ws-state"):
                words("span", "").classes(f"ws-dot ws-dot-{tone}")
                moment(moments.local(ends_ms)[:10], moments.utc(ends_ms))
            text = _("expired") if days <= 0 else _("{days} days left").format(days=int(days))
            words("div", text).classes("ws-sub")

    def _configuration(self, agent: AgentView) -> None:
        _, said = self._, agent.configuration
        with ui.element("td"):
            if said is None:
                words("span", _("local file"))
                return
            tone, text = labels.CONFIGURATION_VERDICTS[said.verdict]
            number = "?" if said.number is None else str(said.number)
            _state(tone, _("Number {number}: {verdict}").format(number=number, verdict=_(text)))
            if said.active is not None and said.active != said.number:
                words("div", _("Number {number}: in use").format(number=said.active)).classes("ws-sub")
            if said.cause:
                words("div", labels.reported("", said.reason, said.cause, _)).classes("ws-sub")

    def _moment(self, at_ms: int | None) -> None:
        if at_ms is None:
            words("td", "–")
        else:
            moment(moments.local(at_ms), moments.utc(at_ms), tag="td")


def _panel(*heads: str) -> ui.element:
    """Draws a panel with a table; returns the table's body."""
    with ui.element("div").classes("ws-panel ws-wide"), ui.element("table").classes("ws-table"):
        with ui.element("thead"), ui.element("tr"):
            for head in heads:
                words("th", head).props('scope="col"')
        return ui.element("tbody")


def _state(tone: str, text: str) -> None:
    with ui.element("span").classes("ws-state"):
        words("span", "").classes(f"ws-dot ws-dot-{tone}")
        words("span", text)
