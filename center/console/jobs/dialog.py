"""Orders jobs from a dialog: a span of recordings, or a live stream more often, of one or several cameras."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from center.access.permissions import CameraKey
from center.console.attempt import at_fault, attempt
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import words
from center.console.widgets.several import SeveralSelect
from center.tasks.job_views import JobList
from provisioning.contracts.config.camera import RecordedSpan
from provisioning.contracts.fleet.commands import MAX_OPEN_JOBS, MAX_SPAN_MS, LiveWork, SpanWork, Work

HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000
_LEAST_PURPOSE: Final = 3
_FIELDS: Final = "outlined dense stack-label"
_MINUTES: Final = (15, 30, 60, 120, 240, 480)
_RATES: Final = (1, 2, 5, 10, 25)
Kind = Literal["span", "live"]


@dataclass(frozen=True, slots=True)
class JobChoices:
    """Cameras to choose from, names by key, and what the fields begin with."""

    recorded: Mapping[CameraKey, str]
    """Cameras with a recorder."""
    live: Mapping[CameraKey, str] | None
    """Cameras with a live stream; None: recordings alone are offered."""
    from_ms: int
    to_ms: int
    chosen: tuple[CameraKey, ...] = ()
    purpose: str | None = ""
    """None: the purpose is given elsewhere."""


@dataclass(frozen=True, slots=True)
class JobDraft:
    """Cameras, work and purpose, as the dialog was filled in."""

    cameras: tuple[CameraKey, ...]
    work: Work
    purpose: str


Order = Callable[[JobDraft], JobList]
"""Orders the jobs; blocks. Raises CenterError."""


class JobDialog:
    """The dialog; it opens as it is made. Faults stand at their fields, in the reader's language."""

    def __init__(
        self,
        _: Language,
        title: str,
        choices: JobChoices,
        *,
        now_ms: Callable[[], int],
        order: Order,
        done: Callable[[JobList], Awaitable[None]],
    ) -> None:
        """`title` is translated. `done` is called with the jobs once they are ordered."""
        self._ = _
        self._choices = choices
        self._now_ms = now_ms
        self._order = order
        self._done = done
        with ui.context.client.content, ui.dialog() as self._dialog, ui.card().classes("ws-dialog ws-job-dialog"):
            heading = words("h2", title)
            self._kind: ui.radio | None = None
            if choices.live is not None:
                kinds = {"span": _("Recording"), "live": _("Live stream")}
                self._kind = ui.radio(kinds, value="span", on_change=self._draw_kind).props("inline")
                self._kind.props["aria-label"] = _("Type")
            self._fields = ui.element("div").classes("ws-job-fields")
            self._purpose: ui.input | None = None
            if choices.purpose is not None:
                self._purpose = ui.input(_("Purpose"), value=choices.purpose).props(f"{_FIELDS} maxlength=200")
            self._trouble = ui.element("div")
            note = _("The user and the purpose are recorded in the audit log.")
            words("div", note).classes("ws-sub")
            with ui.element("div").classes("ws-acts"):
                ui.button(_("Cancel"), color=None, on_click=self._dialog.close).props("flat no-caps")
                self._send = ui.button(_("Create task"), on_click=self._take).props("unelevated no-caps")
        self._dialog.props(f'aria-labelledby="c{heading.id}"')
        # Not before it has gone from the page: as it goes it gives the focus back to where it was.
        self._dialog.on("hide", self._dialog.delete)
        self._draw_kind()
        self._dialog.open()

    @property
    def _is_span(self) -> bool:
        return self._kind is None or self._kind.value == "span"

    def _draw_kind(self) -> None:
        """Draws the fields of the chosen kind."""
        _, choices = self._, self._choices
        self._fields.clear()
        cameras = choices.recorded if self._is_span else choices.live or {}
        names = {"/".join(key): name for key, name in cameras.items()}
        chosen = ["/".join(key) for key in choices.chosen if key in cameras]
        with self._fields:
            self._cameras = SeveralSelect(names, label=_("Cameras"), value=chosen, with_input=True)
            self._cameras.props(f"{_FIELDS} use-chips autofocus")
            if not names:
                none = _("No camera has a recorder. Add recorders to the configuration of the agents.")
                live = _("No camera has a live stream.")
                words("div", none if self._is_span else live).classes("ws-sub")
            if self._is_span:
                self._from = _time(_("From ({zone})"), choices.from_ms)
                self._to = _time(_("To ({zone})"), -(-choices.to_ms // _MINUTE_MS) * _MINUTE_MS)
            else:
                lengths = {each: _duration(each, _) for each in _MINUTES}
                self._minutes = ui.select(lengths, label=_("Duration"), value=60).props(_FIELDS)
                rates = {each: str(each) for each in _RATES}
                self._rate = ui.select(rates, label=_("Pictures per second, at most"), value=5).props(_FIELDS)

    def _faults(self) -> list[tuple[ValidationElement[Any], str]]:
        _ = self._
        faults: list[tuple[ValidationElement[Any], str]] = []
        if not self._cameras.value:
            faults.append((self._cameras, _("Choose a camera.")))
        elif len(self._cameras.value) > MAX_OPEN_JOBS:
            faults.append((self._cameras, _("Choose at most {count} cameras.").format(count=MAX_OPEN_JOBS)))
        if self._is_span:
            begin, end = moments.from_input(self._from.value), moments.from_input(self._to.value)
            if begin is None:
                faults.append((self._from, _("Enter a start.")))
            elif end is None or not begin < end <= begin + MAX_SPAN_MS:
                late = _("The end must be after the start, at most {hours} hours later.")
                faults.append((self._to, late.format(hours=MAX_SPAN_MS // HOUR_MS)))
        if self._purpose is not None and len(self._purpose.value.strip()) < _LEAST_PURPOSE:
            faults.append((self._purpose, _("Enter a purpose of at least three characters.")))
        return faults

    async def _take(self) -> None:
        self._trouble.clear()
        fields: list[ValidationElement[Any]] = [self._cameras, *([self._from, self._to] if self._is_span else [])]
        for field in (*fields, *([] if self._purpose is None else [self._purpose])):
            field.error = None
        if faults := self._faults():
            for at, text in reversed(faults):  # the first one has the focus in the end
                at_fault(at, text)
            return
        draft = self._draft()
        self._send.disable()
        try:
            made = await attempt(self._trouble, self._, lambda: self._order(draft))
        finally:
            self._send.enable()
        if made is not None:
            self._dialog.close()
            await self._done(made)

    def _draft(self) -> JobDraft:
        work: Work
        if self._is_span:
            begin, end = moments.from_input(self._from.value) or 0, moments.from_input(self._to.value) or 0
            work = SpanWork(span=RecordedSpan(started_at_ms=begin, ended_at_ms=end))
        else:
            until_ms = self._now_ms() + self._minutes.value * _MINUTE_MS
            work = LiveWork(until_ms=until_ms, max_per_second=self._rate.value)
        cameras = tuple(CameraKey(*source.split("/", 1)) for source in self._cameras.value)
        return JobDraft(cameras, work, "" if self._purpose is None else self._purpose.value.strip())


def _time(label: str, value: int) -> ui.input:
    entry = ui.input(label.format(zone=moments.ZONE_TEXT), value=moments.to_input(value))
    return entry.props(f"{_FIELDS} type=datetime-local")


def _duration(minutes: int, _: Language) -> str:
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    return _("{hours} h").format(hours=minutes // 60)
