"""Draws cameras and agents: state, cause, since when; the address holds the filters."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from nicegui import ui
from nicegui.events import ValueChangeEventArguments
from starlette.requests import Request

from center.access.permissions import Access, Permission, Scope
from center.console import labels
from center.console.fleet.camera import path
from center.console.frame import empty, frame, opens
from center.console.language import Language
from center.console.search.query import PATH as SEARCH
from center.console.search.query import SearchQuery
from center.console.widgets import moments
from center.console.widgets.markup import words
from center.console.widgets.rows import Cell
from center.console.widgets.table import listed
from center.errors import marked
from center.fleet.devices import AgentView, CameraView
from center.services import Services, identity_of, services_of, sight_of

TITLE: Final = marked("Cameras")
REFRESH_S: Final = 2.0
ROWS: Final = 60
"""Rows drawn at once; a browser takes seconds for hundreds, and draws them again whenever one changes."""
STATES: Final = {
    "": marked("All states"),
    "bad": marked("Needs attention"),
    **{state.value: text for state, text in labels.DEVICE_STATES.items()},
}


def cameras(request: Request) -> None:
    """Draws the page `/cameras`; `?q=` and `?state=` filter it."""
    said = request.query_params
    with frame(request, title=TITLE, active="/cameras") as _:
        words("h1", _(TITLE))
        access = identity_of(request).access
        wanted = CameraFilters(said.get("q", "")[:64], said.get("state", "") if said.get("state") in STATES else "")
        tables = _Tables(
            services_of(request), _, wanted, access=access, cameras=sight_of(request), may_search=opens(request, SEARCH)
        )
    ui.timer(REFRESH_S, tables.refresh)


@dataclass(frozen=True, slots=True)
class CameraFilters:
    """The filters of the page."""

    text: str = ""
    state: str = ""

    def holds(self, camera: CameraView) -> bool:
        """True if the camera passes the filters."""
        named = f"{camera.title} {camera.camera_id} {camera.agent_id}".casefold()
        if self.text.casefold().strip() not in named:
            return False
        return self.state in {"", camera.state.value, labels.DEVICE_TONES[camera.state]}

    def path(self) -> str:
        """Writes the address of the page with these filters."""
        said = {name: value for name, value in (("q", self.text), ("state", self.state)) if value}
        return f"/cameras?{urlencode(said)}" if said else "/cameras"


class _Tables:
    """Both tables of one open page; each is drawn again only when something in it changed."""

    def __init__(
        self,
        services: Services,
        _: Language,
        wanted: CameraFilters,
        *,
        access: Access,
        cameras: Scope,
        may_search: bool,
    ) -> None:
        self._services = services
        self._ = _
        self._wanted = wanted
        self._sights = cameras, access.scope(Permission.AGENT_VIEW)
        self._may_search = may_search
        self._most = ROWS
        self._drawn_cameras: tuple[CameraFilters, int, int, tuple[CameraView, ...]] | None = None
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
        self._nothing = ui.element("div")
        with ui.element("div") as self._cameras_at:
            self._cameras = listed(_("Camera"), _("State"), _("Cause"), _("Since"), _("Agent"), "")
            self._more = ui.button("", color=None, on_click=self._widen).props("outline no-caps")
        with ui.element("section").classes("ws-column").props('id="agents"') as self._agents_at:
            words("h2", _("Agents"))
            self._agents = listed(
                _("Agent"),
                _("State"),
                _("Cause"),
                _("Last heartbeat"),
                _("Queued for archiving"),
                _("Quarantined"),
                _("Redaction time"),
                _("Software"),
            )
        self.refresh()

    def refresh(self) -> None:
        """Draws the tables if something changed."""
        cameras, agents = self._sights
        known = self._services.devices.cameras(cameras)
        chosen = tuple(filter(self._wanted.holds, known))
        now = (self._wanted, len(known), len(chosen), chosen[: self._most])
        if now != self._drawn_cameras:
            self._drawn_cameras = now
            self._draw(*now[1:])
        heard = self._services.devices.agents(agents)[: self._most]
        self._agents_at.set_visibility(bool(heard))
        if heard != self._drawn_agents:
            self._drawn_agents = heard
            self._agents.show({agent.agent_id: self._agent(agent) for agent in heard})

    def _named(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._want(replace(self._wanted, text=(event.value or "")[:64]))

    def _chosen(self, event: ValueChangeEventArguments[str | None]) -> None:
        self._want(replace(self._wanted, state=event.value or ""))

    def _widen(self) -> None:
        self._most += ROWS
        self.refresh()

    def _want(self, wanted: CameraFilters) -> None:
        self._wanted, self._most = wanted, ROWS
        ui.navigate.history.replace(wanted.path())
        self.refresh()

    def _draw(self, count: int, chosen: int, rows: tuple[CameraView, ...]) -> None:
        _ = self._
        self._count.set_text(_("{shown} of {count}").format(shown=chosen, count=count) if count else "")
        self._cameras.show({f"{camera.agent_id}/{camera.camera_id}": self._camera(camera) for camera in rows})
        self._cameras_at.set_visibility(bool(rows))
        self._more.set_text(_("Show more ({count} left)").format(count=chosen - len(rows)))
        self._more.set_visibility(chosen > len(rows))
        self._nothing.clear()
        with self._nothing:
            if not count:
                empty(
                    _("No cameras yet"),
                    _("Start an agent with wayside-edge run; its cameras appear here automatically."),
                )
            elif not rows:
                empty(_("No matching cameras"), _("Change the state or the search text."))

    def _camera(self, camera: CameraView) -> tuple[Cell, ...]:
        _ = self._
        return (
            Cell(
                camera.title,
                href=path(camera.agent_id, camera.camera_id),
                sub=camera.camera_id if camera.name else "",
            ),
            Cell(_(labels.DEVICE_STATES[camera.state]), tone=labels.DEVICE_TONES[camera.state]),
            Cell(labels.cause(camera, _) or "–"),
            Cell(moments.local(camera.since_ms), utc=moments.utc(camera.since_ms)),
            Cell(camera.agent_id),
            Cell(_("Pictures"), href=SearchQuery.of_camera(camera.camera_id).path()) if self._may_search else Cell(""),
        )

    def _agent(self, agent: AgentView) -> tuple[Cell, ...]:
        _, heard_at_ms = self._, agent.heard_at_ms
        return (
            Cell(agent.agent_id),
            Cell(_(labels.DEVICE_STATES[agent.state]), tone=labels.DEVICE_TONES[agent.state]),
            Cell(labels.cause(agent, _) or "–"),
            Cell("–") if heard_at_ms is None else Cell(moments.local(heard_at_ms), utc=moments.utc(heard_at_ms)),
            Cell(self._waiting(agent)),
            Cell("–" if agent.quarantined is None else str(agent.quarantined)),
            Cell("–" if agent.redaction_ms is None else f"{agent.redaction_ms:.0f} ms"),
            Cell(agent.software or "–"),
        )

    def _waiting(self, agent: AgentView) -> str:
        if agent.spool_messages is None or agent.spool_bytes is None:
            return "–"
        mib = f"{agent.spool_bytes / 1024**2:.1f}"
        return self._("{count} pictures, {mib} MiB").format(count=agent.spool_messages, mib=mib)
