"""Cameras and agents: state, cause, since when."""

from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access import Permission, Scope
from center.console import moments, vocabulary
from center.console.frame import empty, frame
from center.console.language import Language
from center.console.markup import moment, words
from center.console.question import Question
from center.devices import AgentView, CameraView
from center.errors import marked
from center.services import Services, identity_of, services_of, sight_of

TITLE: Final = marked("Cameras")
LOOK_S: Final = 2.0


def cameras(request: Request) -> None:
    """`/cameras`."""
    with frame(request, title=TITLE, active="/cameras") as _:
        words("h1", _(TITLE))
        agents = identity_of(request).access.scope(Permission.AGENT_VIEW)
        tables = _Tables(services_of(request), _, cameras=sight_of(request), agents=agents)
    ui.timer(LOOK_S, tables.look)


class _Tables:
    """Both tables of one open page; redrawn only when something changed."""

    def __init__(self, services: Services, _: Language, *, cameras: Scope, agents: Scope) -> None:
        self._services = services
        self._ = _
        self._sights = cameras, agents
        self._drawn: tuple[tuple[CameraView, ...], tuple[AgentView, ...]] | None = None
        self._body = ui.element("div").classes("ws-main").style("padding: 0")
        self.look()

    def look(self) -> None:
        """Redraw if need be."""
        cameras, agents = self._sights
        now = (self._services.devices.cameras(cameras), self._services.devices.agents(agents))
        if now == self._drawn:
            return
        self._drawn = now
        self._body.clear()
        with self._body:
            if not now[0]:
                empty(
                    self._("No camera has reported yet."),
                    self._("Start an agent with wayside-edge run; its cameras appear here by themselves."),
                )
            else:
                self._cameras(now[0])
            if now[1]:
                words("h2", self._("Agents"))
                self._agents(now[1])

    def _cameras(self, rows: tuple[CameraView, ...]) -> None:
        _ = self._
        with _table(_("Camera"), _("State"), _("Cause"), _("Since"), _("Agent"), ""):
            for camera in rows:
                with ui.element("tr"):
                    with ui.element("td"):
                        words("div", camera.title)
                        if camera.name:
                            words("div", camera.camera_id).classes("ws-sub")
                    with ui.element("td"):
                        _state(vocabulary.TONES[camera.state], _(vocabulary.STATES[camera.state]))
                    words("td", vocabulary.cause(camera, _) or "–")
                    moment(moments.local(camera.since_ms), moments.utc(camera.since_ms), tag="td")
                    words("td", camera.agent_id)
                    with ui.element("td"):
                        ui.link(_("Pictures"), Question.of_camera(camera.camera_id).path())

    def _agents(self, rows: tuple[AgentView, ...]) -> None:
        _ = self._
        with _table(
            _("Agent"),
            _("State"),
            _("Cause"),
            _("Last heard"),
            _("Waiting to be archived"),
            _("Quarantined"),
            _("Redaction"),
            _("Software"),
        ):
            for agent in rows:
                with ui.element("tr"):
                    words("td", agent.agent_id)
                    with ui.element("td"):
                        _state(vocabulary.TONES[agent.state], _(vocabulary.STATES[agent.state]))
                    words("td", vocabulary.cause(agent, _) or "–")
                    if agent.heard_at_ms is None:
                        words("td", "–")
                    else:
                        moment(moments.local(agent.heard_at_ms), moments.utc(agent.heard_at_ms), tag="td")
                    words("td", self._waiting(agent))
                    words("td", "–" if agent.quarantined is None else str(agent.quarantined))
                    words("td", "–" if agent.redaction_ms is None else f"{agent.redaction_ms:.0f} ms")
                    words("td", agent.software or "–")

    def _waiting(self, agent: AgentView) -> str:
        if agent.spool_messages is None or agent.spool_bytes is None:
            return "–"
        mib = f"{agent.spool_bytes / 1024**2:.1f}"
        return self._("{count} pictures, {mib} MiB").format(count=agent.spool_messages, mib=mib)


def _table(*heads: str) -> ui.element:
    """A panel with a table; gives the table's body to fill."""
    with ui.element("div").classes("ws-panel"), ui.element("table").classes("ws-table"):
        with ui.element("thead"), ui.element("tr"):
            for head in heads:
                words("th", head).props('scope="col"')
        return ui.element("tbody")


def _state(tone: str, text: str) -> None:
    with ui.element("span").classes("ws-state"):
        words("span", "").classes(f"ws-dot ws-dot-{tone}")
        words("span", text)
