"""Reviews candidates one by one: the sought machine beside a candidate, confirmed or rejected by key or button."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui
from nicegui.events import KeyEventArguments

from center.access.permissions import Identity, Scope
from center.cases.views import CaseMachine, JudgedMachine, MachineVerdict, ScoreView
from center.console import labels
from center.console.frame import empty, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.marked_image import MarkedImage
from center.console.widgets.markup import labelled, moment, words
from center.console.widgets.picture import case_crop_path, case_page_path
from center.errors import CenterError
from center.services import Services

_MARKS: Final = {MachineVerdict.CONFIRMED: "✓", MachineVerdict.REJECTED: "✕", MachineVerdict.CANDIDATE: ""}
_KEYS: Final = {"c": MachineVerdict.CONFIRMED, "x": MachineVerdict.REJECTED}


class Review:
    """Draws at its place of construction. `decided` is called after each decision, with the machine as it is now."""

    def __init__(
        self,
        services: Services,
        _: Language,
        *,
        number: str,
        identity: Identity,
        sight: Scope,
        may_decide: bool,
        decided: Callable[[], Awaitable[None]],
    ) -> None:
        """`sight` are the cameras at which this account may decide."""
        self._services = services
        self._ = _
        self._number = number
        self._identity = identity
        self._sight = sight
        self._may_decide = may_decide
        self._decided = decided
        self._sought: tuple[CaseMachine, ...] = ()
        self._items: list[JudgedMachine] = []
        self._verdicts: dict[int, MachineVerdict] = {}
        self._done: list[int] = []
        """Indexes of the candidates decided on this page, in order, to undo."""
        self._at = 0
        self._lock = asyncio.Lock()
        """Keys come faster than the database writes: each waits for the one before."""
        self._trouble = ui.element("div")
        self._stage = ui.element("div")
        self._strip = labelled("div", _("Candidates")).classes("ws-case-thumbs").props('role="list"')
        self._thumbs: list[ui.element] = []
        ui.keyboard(on_key=self._key, ignore=["input", "select", "textarea"], repeating=False)

    def show(self, sought: tuple[CaseMachine, ...], items: tuple[JudgedMachine, ...]) -> None:
        """Replaces the candidates on show."""
        self._sought, self._items = sought, list(items)
        self._verdicts, self._done, self._at = {}, [], 0
        self._strip.clear()
        self._thumbs = []
        with self._strip:
            for place, item in enumerate(self._items):
                self._thumbs.append(self._thumb(place, item))
        self._draw()

    async def settled(self) -> None:
        """Returns once every key and button that was pressed so far has its decision written."""
        async with self._lock:
            return

    def _thumb(self, place: int, item: JudgedMachine) -> ui.element:
        with ui.element("div").props('role="listitem"'), ui.element("button").classes("ws-thumb") as thumb:
            thumb.props["type"] = "button"
            thumb.props["aria-label"] = self._("Candidate {number}").format(number=place + 1)
            MarkedImage(case_crop_path(self._number, item.machine.row_key, item.machine.index), lazy=True)
            words("span", thumb_caption(place, item.score))
            words("span", "").classes("ws-mark")
            thumb.on("click", lambda: self._go(place))
        return thumb

    def _draw(self) -> None:
        """Draws the stage, and of the strip only what changed: nothing moves under the cursor."""
        _ = self._
        for place, thumb in enumerate(self._thumbs):
            verdict = self._verdicts.get(place, MachineVerdict.CANDIDATE)
            thumb.classes(replace=f"ws-thumb ws-thumb-{verdict.value}")
            thumb.props["aria-current"] = "true" if place == self._at else "false"
            mark = thumb.default_slot.children[-1]
            assert isinstance(mark, ui.element)  # noqa: S101 - narrows the type: `_thumb` made it
            mark._text = _MARKS[verdict]  # noqa: SLF001 - NiceGUI's own text elements set it like this
            mark.update()
        self._stage.clear()
        with self._stage:
            if not self._items and not self._may_decide:
                words("p", _("No candidates")).classes("ws-muted")
                return
            if not self._items:
                empty(
                    _("No candidates"),
                    _(
                        "Search the archive. If nothing is found, extend the time range, add cameras, or clear "
                        "the colour."
                    ),
                )
                return
            self._pair(self._items[self._at])

    def _pair(self, item: JudgedMachine) -> None:
        _, machine = self._, item.machine
        with ui.element("div").classes("ws-pair"):
            with ui.element("figure"):
                for sought in self._sought[:1]:
                    self._image(sought, _("Wanted vehicle"))
                if not self._sought:
                    words("p", _("No picture of the wanted vehicle")).classes("ws-pair-none")
                words("figcaption", _("Wanted"))
            with ui.element("figure"):
                self._image(machine, _("Candidate {number}").format(number=self._at + 1))
                words(
                    "figcaption", _("Candidate {number} of {count}").format(number=self._at + 1, count=len(self._items))
                )
        with ui.element("div").classes("ws-verdict"):
            with ui.element("div"):
                words("strong", f"{self._camera(machine)}")
                words("span", " · ")
                moment(moments.local(machine.captured_at_ms), moments.utc(machine.captured_at_ms))
                words("div", reasons(item, _)).classes("ws-sub")
            with ui.element("div").classes("ws-acts"):
                ui.link(_("Picture"), case_page_path(self._number, machine.row_key))
                if self._may_decide:
                    self._button(_("Reject (X)"), MachineVerdict.REJECTED)
                    self._button(_("Confirm (C)"), MachineVerdict.CONFIRMED)
        verdict = self._verdicts.get(self._at)
        said = {
            None: _("Arrow keys: next or previous. C: confirm. X: reject. U: undo."),
            MachineVerdict.CONFIRMED: _("Confirmed. Press U to undo."),
            MachineVerdict.REJECTED: _("Rejected. Press U to undo. The next search ranks similar vehicles lower."),
        }
        words("div", said.get(verdict, said[None])).classes("ws-sub").props('role="status"')

    def _image(self, machine: CaseMachine, alt: str) -> None:
        src = case_crop_path(self._number, machine.row_key, machine.index)
        MarkedImage(src, alt=self._.named(alt, self._(labels.CLASSES[machine.cls])))

    def _button(self, name: str, verdict: MachineVerdict) -> None:
        async def act() -> None:
            async with self._lock:
                await self._judge(verdict)

        ui.button(name, color=None, on_click=act).props("flat dense no-caps")

    def _camera(self, machine: CaseMachine) -> str:
        camera = self._services.devices.camera(machine.agent_id, machine.camera_id)
        return machine.camera_id if camera is None else camera.title

    def _go(self, place: int) -> None:
        if self._items:
            self._at = max(0, min(place, len(self._items) - 1))
            self._draw()

    async def _key(self, event: KeyEventArguments) -> None:
        if not event.action.keydown or event.modifiers.ctrl or event.modifiers.alt or event.modifiers.meta:
            return
        async with self._lock:
            await self._press(event.key.name.lower())

    async def _press(self, key: str) -> None:
        if key in {"arrowright", "j"}:
            self._go(self._at + 1)
        elif key in {"arrowleft", "k"}:
            self._go(self._at - 1)
        elif key in _KEYS:
            await self._judge(_KEYS[key])
        elif key == "u" and self._done:
            self._go(self._done[-1])
            await self._judge(MachineVerdict.CANDIDATE)

    async def _judge(self, verdict: MachineVerdict) -> None:
        """Decides on the candidate on show and goes on to the next undecided one."""
        if not self._items or not self._may_decide:
            return
        place, machine = self._at, self._items[self._at].machine
        try:
            await asyncio.to_thread(
                self._services.cases.case_machines.judge,
                self._number,
                machine.row_key,
                machine.index,
                verdict,
                asker=self._identity,
                sight=self._sight,
            )
        except CenterError as error:
            self._trouble.clear()
            with self._trouble:
                problem(error, self._)
            return
        self._trouble.clear()
        if verdict is MachineVerdict.CANDIDATE:
            self._verdicts.pop(place, None)
            self._done = [each for each in self._done if each != place]
        else:
            self._verdicts[place] = verdict
            self._done = [*(each for each in self._done if each != place), place]
            waiting = (each for each in range(place + 1, len(self._items)) if each not in self._verdicts)
            self._at = next(waiting, place)
        self._draw()
        await self._decided()


def thumb_caption(place: int, score: ScoreView | None) -> str:
    """Writes a candidate's number, with its score where a search brought it."""
    return f"{place + 1}" if score is None else f"{place + 1} · {percent(score)}"


def percent(score: ScoreView) -> str:
    """Writes a candidate's score in percent."""
    return f"{max(score.total, 0):.0%}"


def reasons(item: JudgedMachine, _: Language) -> str:
    """Explains a candidate's rank."""
    said = [_(labels.CLASSES[item.machine.cls])]
    if item.machine.colour is not None:
        said.append(_(labels.COLOURS[item.machine.colour]))
    score = item.score
    if score is not None:
        said.append(_("score {share}").format(share=percent(score)))
        said.append(_("similarity {share}").format(share=f"{score.likeness:.0%}"))
        if score.like < score.likeness:
            said.append(_("ranked lower: similar to a rejected candidate"))
        if score.colour < 1:
            said.append(_("different colour"))
        if score.reach < 1:
            said.append(_("unlikely travel time"))
    return " · ".join(said)
