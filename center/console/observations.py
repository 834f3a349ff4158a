"""The observation list: filters above, pages of cards below, the whole question in the address."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs, urlencode

from nicegui import ui
from pydantic import ValidationError
from starlette.requests import Request

from center.access import Scope
from center.console import moments, vocabulary
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.markup import moment, words
from center.console.picture import Picture, page_path, picture_path
from center.errors import BadFilterError, CenterError, marked
from center.search import Filters, ObservationList, ObservationView
from center.services import Services, identity_of, services_of, sight_of
from provisioning.contracts.messages import MachineClass, PictureState

TITLE: Final = marked("Observations")
PAGE: Final = 24
CARD_SIDE_PX: Final = 480
CUSTOM: Final = "custom"
PERIODS: Final = {
    "": (marked("Any time"), None),
    "15m": (marked("Last 15 minutes"), 15 * 60_000),
    "1h": (marked("Last hour"), 3_600_000),
    "24h": (marked("Last 24 hours"), 86_400_000),
    "7d": (marked("Last 7 days"), 7 * 86_400_000),
    CUSTOM: (marked("From – to"), None),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What the filters say; its text form is the page's query string."""

    camera: str = ""
    cls: str = ""
    period: str = ""
    from_ms: int | None = None
    to_ms: int | None = None

    @classmethod
    def read(cls, query: str) -> "Question":
        """From an address; what cannot be read counts as not said."""
        said = {name: values[-1] for name, values in parse_qs(query[:2048], max_num_fields=20).items()}
        machine = said.get("cls", "")
        period = said.get("period", "")
        return cls(
            camera=said.get("camera", "")[:64],
            cls=machine if machine in set(MachineClass) else "",
            period=period if period in PERIODS else "",
            from_ms=_number(said.get("from_ms")),
            to_ms=_number(said.get("to_ms")),
        )

    def path(self) -> str:
        """The address of this question."""
        said = {name: getattr(self, name) for name in ("camera", "cls", "period", "from_ms", "to_ms")}
        query = urlencode({name: value for name, value in said.items() if value not in {"", None}})
        return f"/observations?{query}" if query else "/observations"

    def filters(self, *, now_ms: int, cursor: str | None) -> Filters:
        """For `Search`.

        Raises:
            BadFilterError: ends before it begins, or names what cannot exist.
        """
        span_ms = PERIODS[self.period][1]
        custom = self.period == CUSTOM
        try:
            return Filters(
                camera_id=(self.camera,) if self.camera else (),
                cls=(MachineClass(self.cls),) if self.cls else (),
                from_ms=now_ms - span_ms if span_ms else (self.from_ms if custom else None),
                to_ms=self.to_ms if custom else None,
                limit=PAGE,
                cursor=cursor,
            )
        except ValidationError as error:
            raise BadFilterError from error


def observations(request: Request) -> None:
    """`/observations`."""
    with frame(request, title=TITLE, active="/observations") as _:
        words("h1", _(TITLE))
        page = _Page(
            services_of(request),
            _,
            actor=identity_of(request).actor,
            sight=sight_of(request),
            question=Question.read(request.url.query),
        )
    ui.timer(0, page.load, once=True)


class _Page:
    """One open list."""

    def __init__(self, services: Services, _: Language, *, actor: str, sight: Scope, question: Question) -> None:
        self._services = services
        self._ = _
        self._actor = actor
        self._sight = sight
        self._question = question
        self._asked_at_ms = services.now_ms()
        """A span such as the last hour stays the same on every page of one question."""
        self._cursors: list[str | None] = [None]
        """Cursor of every page up to the one on show, to go back by."""
        self._asked = 0
        self._draw_filters()
        self._results = ui.element("div").props('aria-live="polite"')
        with ui.element("div").classes("ws-pager"):
            self._place = ui.label("").classes("ws-muted")
            self._newer = ui.button(_("Newer"), icon="chevron_left", on_click=self._back).props("flat dense no-caps")
            self._older = ui.button(_("Older"), on_click=self._forward).props(
                "flat dense no-caps icon-right=chevron_right"
            )
        self._next: str | None = None
        self._turn(None)

    async def load(self) -> None:
        """Ask for the page on show and draw it. A later question wins over an earlier, slower one."""
        self._asked += 1
        mine = self._asked
        try:
            filters = self._question.filters(now_ms=self._asked_at_ms, cursor=self._cursors[-1])
            found = await self._services.search.observations(filters, actor=self._actor, sight=self._sight)
        except CenterError as error:
            if mine == self._asked:
                self._turn(None)
                self._results.clear()
                with self._results:
                    problem(error, self._)
                    ui.button(self._("Try again"), icon="refresh", on_click=self.load).props("flat dense no-caps")
            return
        if mine == self._asked:
            self._draw(found)

    def _draw_filters(self) -> None:
        _, question = self._, self._question
        known = {camera.camera_id: camera.title for camera in self._services.devices.cameras(self._sight)}
        cameras = {"": _("All cameras")} | known
        if question.camera:
            cameras.setdefault(question.camera, question.camera)
        classes = {"": _("All machines")} | {cls.value: _(name) for cls, name in vocabulary.CLASSES.items()}
        periods = {key: _(name) for key, (name, _span) in PERIODS.items()}
        with ui.element("div").classes("ws-filters"):
            self._select(cameras, _("Camera"), question.camera, lambda now, value: replace(now, camera=value))
            self._select(classes, _("Machine"), question.cls, lambda now, value: replace(now, cls=value))
            self._select(periods, _("Time"), question.period, lambda now, value: replace(now, period=value))
            with ui.element("div").classes("ws-filters") as self._custom:
                self._moment(_("From ({zone})"), question.from_ms, lambda now, value: replace(now, from_ms=value))
                self._moment(_("To ({zone})"), question.to_ms, lambda now, value: replace(now, to_ms=value))
            self._custom.set_visibility(question.period == CUSTOM)

    def _select(
        self, options: dict[str, str], label: str, value: str, change: Callable[[Question, str], Question]
    ) -> None:
        select = ui.select(options, label=label, value=value).props("outlined dense")
        select.on_value_change(lambda event: self._ask(change(self._question, event.value or "")))

    def _moment(self, label: str, value: int | None, change: Callable[[Question, int | None], Question]) -> None:
        text = "" if value is None else moments.to_input(value)
        entry = ui.input(label.format(zone=moments.ZONE_TEXT), value=text)
        entry.props("outlined dense stack-label type=datetime-local")
        entry.on_value_change(lambda event: self._ask(change(self._question, moments.from_input(event.value))))

    async def _ask(self, question: Question) -> None:
        self._question = question
        self._asked_at_ms = self._services.now_ms()
        self._custom.set_visibility(self._question.period == CUSTOM)
        ui.navigate.history.replace(self._question.path())
        self._cursors = [None]
        await self.load()

    async def _forward(self) -> None:
        if self._next is not None:
            self._cursors.append(self._next)
            await self.load()

    async def _back(self) -> None:
        if len(self._cursors) > 1:
            self._cursors.pop()
            await self.load()

    def _turn(self, next_cursor: str | None) -> None:
        self._next = next_cursor
        self._older.set_enabled(next_cursor is not None)
        self._newer.set_enabled(len(self._cursors) > 1)
        self._place.set_text(self._("Page {number}").format(number=len(self._cursors)))

    def _draw(self, found: ObservationList) -> None:
        _ = self._
        self._turn(found.next_cursor)
        self._results.clear()
        with self._results:
            if not found.items:
                if self._question == Question():
                    empty(
                        _("The archive is empty."),
                        _("Observations appear here seconds after an agent sends its first picture."),
                    )
                else:
                    empty(_("Nothing matches these filters."), _("Choose a longer time or another camera."))
                return
            names = {camera.camera_id: camera.title for camera in self._services.devices.cameras(self._sight)}
            with ui.element("div").classes("ws-cards"):
                for observation in found.items:
                    _card(observation, names.get(observation.camera_id, observation.camera_id), _)


def _card(observation: ObservationView, camera: str, _: Language) -> None:
    classes = [machine.cls for machine in observation.machines]
    kept = observation.picture is PictureState.KEPT
    with ui.element("a").classes("ws-card") as card:
        card.props["href"] = page_path(observation.row_key)
        Picture(_, labels_from=1.1).show(
            picture_path(observation.row_key, max_side_px=CARD_SIDE_PX) if kept else None,
            boxes=vocabulary.boxes(
                ((machine.index, machine.cls, machine.score, machine.box) for machine in observation.machines), _
            ),
            alt=vocabulary.picture_alt(camera, observation.captured_at_ms, classes, _),
            note=_(vocabulary.PICTURES[observation.picture]) if not kept else "",
        )
        with ui.element("div").classes("ws-card-body"):
            words("span", camera).classes("ws-name")
            words("span", vocabulary.summary(classes, _) or _("No machine"))
            moment(moments.local(observation.captured_at_ms), moments.utc(observation.captured_at_ms)).classes(
                "ws-muted"
            )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) <= 13 and text.isascii() else None
