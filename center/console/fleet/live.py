"""Draws the live page: one tile a camera with its newest redacted picture, replaced as *observed* hints arrive."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.permissions import Scope
from center.console import labels
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.loading import Cadence, ahead
from center.console.widgets.markup import labelled, words
from center.console.widgets.picture import TILE_LABEL_MINIMUM, Picture, page_path, picture_path
from center.console.widgets.tile import Tile
from center.errors import CenterError, marked
from center.fleet.devices import CameraView, DeviceState
from center.fleet.feed import Sighting
from center.search.client import Filters, ObservationView
from center.search.pictures import PREVIEW_SIDE_PX
from center.services import Services, identity_of, services_of, sight_of
from provisioning.contracts.wire.messages import Machine, PictureState

TITLE: Final = marked("Live")
REFRESH_S: Final = 0.5
CAMERAS_S: Final = 2.0
AGAIN_S: Final = 5.0
FIRST: Final = 100
"""Newest observations read at the start, to have a picture of most cameras at once."""
WALL: Final = 36
"""Tiles of one page: more than a person can watch, and each redraws twice a second."""


def live(request: Request) -> None:
    """Draws the page `/live`."""
    services = services_of(request)
    with frame(request, title=TITLE, active="/live") as _:
        with ui.element("div").classes("ws-alarms-head"):
            words("h1", _(TITLE))
            pager = labelled("nav", _("Cameras")).classes("ws-tabs")
        said = request.query_params.get("page", "1")
        page = int(said) if said.isascii() and said.isdecimal() and len(said) < 5 else 1
        wall = _Wall(services, _, pager, page=max(page, 1), actor=identity_of(request).actor, sight=sight_of(request))
    ui.context.client.on_delete(wall.close)
    ahead(wall.fill(), name="live")
    cadence = Cadence(REFRESH_S)

    def refresh() -> None:
        timer.interval = cadence.next_s(time.monotonic())
        wall.refresh()

    timer = ui.timer(REFRESH_S, refresh)
    ui.timer(CAMERAS_S, wall.cameras)


class _Wall:
    """The tiles of one open page. A tile never moves; a new camera goes to the end."""

    def __init__(
        self, services: Services, _: Language, pager: ui.element, *, page: int, actor: str, sight: Scope
    ) -> None:
        self._services = services
        self._ = _
        self._pager = pager
        self._page = page
        self._pages = 0
        self._actor = actor
        self._sight = sight
        self._reader = services.feed.open()
        self._tiles: dict[tuple[str, str], _Tile] = {}
        known = [(camera.agent_id, camera.camera_id) for camera in services.devices.cameras(sight)]
        self._elsewhere = frozenset(known[: (page - 1) * WALL] + known[page * WALL :])
        self._closed = False
        self._trouble = ui.element("div")
        self._grid = ui.element("div").classes("ws-tiles")
        self._empty = ui.element("div")
        with self._empty:
            empty(
                _("No cameras yet"),
                _("Start an agent with wayside-edge run; its cameras appear here automatically."),
            )
        self.cameras()

    def close(self) -> None:
        """Closes the reader once the page is gone."""
        self._closed = True
        self._services.feed.close(self._reader)

    async def fill(self) -> None:
        """Fills the tiles from the archive, so that a new page is not empty; tries again until the archive answers."""
        noted = False
        while not self._closed:
            try:
                if not noted:
                    await asyncio.to_thread(self._services.audit.append, self._actor, "live.open", {})
                    noted = True
                newest = await self._newest()
            except CenterError as error:
                self._say(error)
                await asyncio.sleep(AGAIN_S)
            else:
                self._say(None)
                for observation in newest:
                    self._show(_as_sighting(observation))
                return

    async def _newest(self) -> Sequence[ObservationView]:
        own = tuple(sorted({camera_id for _agent_id, camera_id in self._tiles})) if self._elsewhere else ()
        filters = Filters(limit=FIRST, camera_id=own)
        return (await self._services.search.observations(filters, actor=self._actor, sight=self._sight)).items

    def _say(self, error: CenterError | None) -> None:
        if self._closed:
            return
        self._trouble.clear()
        if error is not None:
            with self._trouble:
                problem(error, self._)

    def refresh(self) -> None:
        """Shows the newest picture of each camera that arrived."""
        newest: dict[tuple[str, str], Sighting] = {}
        for sighting in self._reader.drain():
            key = (sighting.agent_id, sighting.camera_id)
            if key not in newest or newest[key].captured_at_ms <= sighting.captured_at_ms:
                newest[key] = sighting
        for sighting in newest.values():
            self._show(sighting)

    def cameras(self) -> None:
        """Updates names and states; a camera that is no longer configured loses its tile."""
        known = {(camera.agent_id, camera.camera_id): camera for camera in self._services.devices.cameras(self._sight)}
        self._page_of(len(known))
        for key, camera in known.items():
            if (tile := self._tile(*key)) is not None:
                tile.describe(camera)
        for key in [key for key, tile in self._tiles.items() if tile.configured and key not in known]:
            self._tiles.pop(key).remove()
        self._empty.set_visibility(not self._tiles)

    def _show(self, sighting: Sighting) -> None:
        """Shows a sighting on its tile.

        Cameras out of sight are left out, and what the archive or the ring still holds of a revoked agent.
        """
        if not self._sight.holds(sighting.agent_id, sighting.camera_id):
            return
        if self._services.roster.revoked(sighting.agent_id):
            return
        if (tile := self._tile(sighting.agent_id, sighting.camera_id)) is not None:
            tile.show(sighting)
            self._empty.set_visibility(False)

    def _tile(self, agent_id: str, camera_id: str) -> "_Tile | None":
        """Returns the camera's tile, None for a camera of another page."""
        key = (agent_id, camera_id)
        if key not in self._tiles and key not in self._elsewhere and len(self._tiles) < WALL:
            with self._grid:
                self._tiles[key] = _Tile(camera_id, self._)
        return self._tiles.get(key)

    def _page_of(self, count: int) -> None:
        """Draws links to the other pages, where one does not hold all cameras."""
        _, pages = self._, -(-count // WALL)
        if pages == self._pages:
            return
        self._pages = pages
        self._pager.clear()
        if pages < 2:
            return
        with self._pager:
            words("span", _("Cameras")).classes("ws-muted")
            for page in range(1, pages + 1):
                link = ui.link(f"{(page - 1) * WALL + 1}–{min(page * WALL, count)}", f"/live?page={page}")
                if page == self._page:
                    link.props('aria-current="page"')


class _Tile:
    """The tile of one camera."""

    def __init__(self, camera_id: str, _: Language) -> None:
        self._ = _
        self._title = camera_id
        self._captured_at_ms = -1
        self._state: DeviceState | None = None
        self.configured = False
        with Tile() as self._card:
            self._picture = Picture(_, labels_from=TILE_LABEL_MINIMUM, moving=True)
        self._card.say(name=camera_id)
        self._clear(_("Waiting for the first picture"))

    def describe(self, camera: CameraView) -> None:
        """Updates name and state."""
        self.configured = True
        self._title = camera.title
        if self._state != camera.state:
            if camera.state is DeviceState.REVOKED:
                self._clear(labels.cause(camera, self._))
            elif self._state is DeviceState.REVOKED:
                self._clear(self._("Waiting for the first picture"))
            self._state = camera.state
        tone = labels.DEVICE_TONES[camera.state]
        self._card.say(
            name=camera.title,
            tone=tone,
            word="" if tone == "ok" else self._(labels.DEVICE_STATES[camera.state]),
            # Of a revoked one it stands in the place of the picture.
            why="" if camera.state is DeviceState.REVOKED else labels.cause(camera, self._),
        )

    def show(self, sighting: Sighting) -> None:
        """Shows a picture, unless a newer one is on show."""
        _ = self._
        if sighting.captured_at_ms <= self._captured_at_ms:
            return
        self._captured_at_ms = sighting.captured_at_ms
        classes = [machine.cls for machine in sighting.machines]
        kept = sighting.picture is PictureState.KEPT
        self._picture.show(
            picture_path(sighting.row_key, max_side_px=PREVIEW_SIDE_PX) if kept else None,
            boxes=labels.edge_boxes(sighting.machines, _),
            alt=labels.picture_alt(self._title, sighting.captured_at_ms, classes, _),
            note=_(labels.PICTURES[sighting.picture]) if not kept else "",
        )
        self._card.say(
            what=labels.summary(classes, _) or _("No vehicle"),
            time=moments.local(sighting.captured_at_ms),
            utc=moments.utc(sighting.captured_at_ms),
            href=page_path(sighting.row_key),
        )

    def _clear(self, note: str) -> None:
        """Shows a sentence and no picture, until the next comes."""
        self._captured_at_ms = -1
        self._picture.show(None, boxes=[], alt="", note=note)
        self._card.say(what="", time="", utc="", href="")

    def remove(self) -> None:
        """Takes the tile off the wall."""
        self._card.delete()


def _as_sighting(observation: ObservationView) -> Sighting:
    return Sighting(
        row_key=observation.row_key,
        agent_id=observation.agent_id,
        camera_id=observation.camera_id,
        captured_at_ms=observation.captured_at_ms,
        picture=observation.picture,
        machines=tuple(
            Machine(cls=machine.cls, score=machine.score, box=machine.box) for machine in observation.machines
        ),
    )
