"""Cameras and agents: state, cause, since when; the choice of cameras stands in the address."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from nicegui import ui
from nicegui.events import ValueChangeEventArguments
from starlette.requests import Request

from center.access import Permission, Scope
from center.console import moments, vocabulary
from center.console.camera import path
from center.console.frame import empty, frame
from center.console.language import Language
from center.console.markup import moment, words
from center.console.question import Question
from center.console.table import state, table
from center.devices import AgentView, CameraView
from center.errors import marked
from center.services import Services, identity_of, services_of, sight_of

TITLE: Final = marked("Cameras")
LOOK_S: Final = 2.0
ROWS: Final = 60
"""Drawn at once; a browser takes seconds for hundreds of rows, and draws them anew whenever one changes."""
STATES: Final = {
    "": marked("Any state"),
    "bad": marked("Needs somebody"),
    **{state.value: text for state, text in vocabulary.STATES.items()},
}


def cameras(request: Request) -> None:
    """`/cameras`; `?q=` and `?state=` choose."""
    said = request.query_params
    with frame(request, title=TITLE, active="/cameras") as _:
        words("h1", _(TITLE))
        agents = identity_of(request).access.scope(Permission.AGENT_VIEW)
        wanted = Wanted(said.get("q", "")[:64], said.get("state", "") if said.get("state") in STATES else "")
        tables = _Tables(services_of(request), _, wanted, cameras=sight_of(request), agents=agents)
    ui.timer(LOOK_S, tables.look)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cameras are listed."""

    text: str = ""
    state: str = ""

    def holds(self, camera: CameraView) -> bool:
        """Whether it is one of them."""
        named = f"{camera.title} {camera.camera_id} {camera.agent_id}".casefold()
        if self.text.casefold().strip() not in named:
            return False
        return self.state in {"", camera.state.value, vocabulary.TONES[camera.state]}

    def path(self) -> str:
        """The address that says so."""
        said = {name: value for name, value in (("q", self.text), ("state", self.state)) if value}
        return f"/cameras?{urlencode(said)}" if said else "/cameras"


class _Tables:
    """Both tables of one open page; each is drawn anew only when something in it changed."""

    def __init__(self, services: Services, _: Language, wanted: Wanted, *, cameras: Scope, agents: Scope) -> None:
        self._services = services
        self._ = _
        self._wanted = wanted
        self._sights = cameras, agents
        self._most = ROWS
        self._drawn_cameras: tuple[Wanted, int, int, tuple[CameraView, ...]] | None = None
        self._drawn_agents: tuple[AgentView, ...] = ()
        with ui.element("div").classes("ws-filters"):
            ui.input(_("Name, camera or agent"), value=wanted.text, on_change=self._named).props(
                "outlined dense clearable debounce=300"
            )
            ui.select(
                {value: _(text) for value, text in STATES.items()},
                label=_("State"),
                value=wanted.state,
                on_change=self._chosen,
            ).props("outlined dense options-dense")
            self._count = words("span", "").classes("ws-muted ws-count").props('aria-live="polite"')
        self._cameras_at = ui.element("div")
        self._agents_at = ui.element("section").classes("ws-column").props('id="agents"')
        self.look()

    def look(self) -> None:
        """Redraw if need be."""
        cameras, agents = self._sights
        known = self._services.devices.cameras(cameras)
        chosen = tuple(filter(self._wanted.holds, known))
        now = (self._wanted, len(known), len(chosen), chosen[: self._most])
        if now != self._drawn_cameras:
            self._drawn_cameras = now
            self._cameras_at.clear()
            with self._cameras_at:
                self._draw(*now[1:])
        heard = self._services.devices.agents(agents)[: self._most]
        if heard != self._drawn_agents:
            self._drawn_agents = heard
            self._agents_at.clear()
            with self._agents_at:
                words("h2", self._("Agents"))
                self._agents(heard)

    def _named(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._want(replace(self._wanted, text=(event.value or "")[:64]))

    def _chosen(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._want(replace(self._wanted, state=event.value or ""))

    def _more(self) -> None:
        self._most += ROWS
        self.look()

    def _want(self, wanted: Wanted) -> None:
        self._wanted, self._most = wanted, ROWS
        ui.navigate.history.replace(wanted.path())
        self.look()

    def _draw(self, count: int, chosen: int, rows: tuple[CameraView, ...]) -> None:
        _ = self._
        self._count.set_text(_("{shown} of {count}").format(shown=chosen, count=count) if count else "")
        if not count:
            empty(
                _("No camera has reported yet."),
                _("Start an agent with wayside-edge run; its cameras appear here by themselves."),
            )
        elif not rows:
            empty(_("No camera is like that."), _("Choose another state, or shorten the name."))
        else:
            self._cameras(rows)
        if chosen > len(rows):
            more = _("Show more ({count} are left)").format(count=chosen - len(rows))
            ui.button(more, color=None, on_click=self._more).props("outline no-caps")

    def _cameras(self, rows: tuple[CameraView, ...]) -> None:
        _ = self._
        with table(_("Camera"), _("State"), _("Cause"), _("Since"), _("Agent"), ""):
            for camera in rows:
                with ui.element("tr"):
                    with ui.element("td"):
                        ui.link(camera.title, path(camera.agent_id, camera.camera_id))
                        if camera.name:
                            words("div", camera.camera_id).classes("ws-sub")
                    with ui.element("td"):
                        state(vocabulary.TONES[camera.state], _(vocabulary.STATES[camera.state]))
                    words("td", vocabulary.cause(camera, _) or "–")
                    moment(moments.local(camera.since_ms), moments.utc(camera.since_ms), tag="td")
                    words("td", camera.agent_id)
                    with ui.element("td"):
                        ui.link(_("Pictures"), Question.of_camera(camera.camera_id).path())

    def _agents(self, rows: tuple[AgentView, ...]) -> None:
        _ = self._
        with table(
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
                        state(vocabulary.TONES[agent.state], _(vocabulary.STATES[agent.state]))
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
