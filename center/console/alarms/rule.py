"""Draws one rule: previewed on the last 24 hours, switched on and off, changed and shared. A version never changes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from nicegui import ui
from starlette.requests import Request

from center.access.districts import NamedDistrict
from center.access.permissions import account_of
from center.alarms.errors import UnknownRuleError
from center.alarms.rules.composed import Composed
from center.alarms.rules.rule import RuleText
from center.alarms.views import PreviewView, RuleVersionView, RuleView
from center.console.alarms.conditions import conditions, shapes
from center.console.alarms.newest import NewestPictures
from center.console.alarms.rule_form import RuleForm
from center.console.alarms.rules import standing
from center.console.alarms.tactics import sharing
from center.console.attempt import attempt
from center.console.frame import frame, problem
from center.console.irreversible import RETIRE_RULE, SWITCH_ON_BLANK, agreed
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.loading import Waiting
from center.console.widgets.markup import moment, words
from center.console.widgets.picture import page_path
from center.console.widgets.table import state, table
from center.errors import CenterError, marked
from center.services import identity_of, services_of, sight_of

TITLE: Final = marked("Rule")


async def rule(request: Request, rule_id: str) -> None:
    """Draws the page `/rules/{rule_id}`.

    Raises:
        UnknownRuleError: no rule has this number, or it is out of sight.
    """
    if not (rule_id.isascii() and rule_id.isdecimal() and len(rule_id) < 10):
        raise UnknownRuleError(rule_id=rule_id[:20], version=1)
    rules, sight = services_of(request).alarms.rules, sight_of(request)
    found = await asyncio.to_thread(rules.rule, int(rule_id), sight=sight)
    with frame(request, title=TITLE, active="/rules") as _:
        await _Page(request, found.id, _).load()


class _Page:
    """One open page of a rule."""

    def __init__(self, request: Request, rule_id: int, _: Language) -> None:
        self._request, self._id, self._ = request, rule_id, _
        self._services, self._actor, self._sight = services_of(request), identity_of(request).actor, sight_of(request)
        self._districts: tuple[NamedDistrict, ...] = ()
        self._pictures = NewestPictures(self._services, identity_of(request))
        with ui.element("div").classes("ws-title"):
            ui.link(_("Rules"), "/rules")
            self._heading = words("h1", "")
        self._trouble = ui.element("div")
        self._waiting = Waiting[PreviewView](
            _,
            says=_("Checking the pictures of the last 24 hours…"),
            given_up=_("The preview was cancelled. Nothing was saved."),
        )
        self._body = ui.element("div").classes("ws-column")

    async def load(self) -> None:
        """Reads the rule again and draws it."""
        rules, districts = self._services.alarms.rules, self._services.districts
        try:
            found = await asyncio.to_thread(rules.rule, self._id, sight=self._sight)
            versions = await asyncio.to_thread(rules.versions, self._id, sight=self._sight)
            self._districts = await asyncio.to_thread(districts.all)
        except CenterError as error:
            self._body.clear()
            with self._body:
                problem(error, self._)
            return
        self._heading.set_text(found.text.name)
        self._body.clear()
        with self._body:
            self._draw(found)
            self._versions(found, versions)
            if not found.retired:
                sharing(self._request, found, self._districts, self._)

    def _draw(self, found: RuleView) -> None:
        _ = self._
        with ui.element("dl").classes("ws-panel ws-facts"):
            words("dt", _("State"))
            with ui.element("dd"):
                tone, word = standing(found)
                state(tone, _(word))
            words("dt", _("Event"))
            words("dd", _(found.text.what.label))
            words("dt", _("Version"))
            words("dd", f"{found.version} · {found.written_by}")
            words("dt", _("Created"))
            moment(moments.local(found.written_at_ms), moments.utc(found.written_at_ms), tag="dd")
        if not found.retired:
            self._acts(found)
        if found.preview is not None:
            self._preview(found.preview)
        if found.retired:
            return
        words("h2", _("Definition"))
        if isinstance(found.text.what, Composed):
            self._conditions(found.text, found.text.what)

        async def write(text: RuleText) -> None:
            await self._do(
                lambda: self._services.alarms.rules.change(
                    found.id, text, version=found.version, actor=self._actor, sight=self._sight
                )
            )

        RuleForm(self._request, _, found.text, write, self._pictures)

    def _conditions(self, text: RuleText, what: Composed) -> None:
        _, devices = self._, self._services.devices
        titles = {f"{each.agent_id}/{each.camera_id}": each.title for each in devices.cameras(self._sight)}
        with ui.element("div").classes("ws-panel ws-sentence"):
            with ui.element("div"):
                conditions(what, _, titles)
            with ui.element("div").classes("ws-column"):
                ui.timer(0, lambda: shapes(text, self._pictures, _, titles), once=True)

    def _acts(self, found: RuleView) -> None:
        _, rules = self._, self._services.alarms.rules
        with ui.element("div").classes("ws-form"):
            ui.button(
                _("Preview on last 24 hours"), color=None, on_click=lambda: self._run_preview(found.version)
            ).props("outline no-caps")
            if found.on_version != found.version:
                blank = found.preview is not None and found.preview.blank
                switch = self._button(
                    _("Enable"),
                    lambda: rules.switch_on(
                        found.id, version=found.version, actor=self._actor, sight=self._sight, unseen=blank
                    ),
                    ask=partial(agreed, SWITCH_ON_BLANK, _, name=found.text.name) if blank else None,
                )
                own = account_of(found.written_by) == account_of(self._actor)
                if found.second_account and own:
                    switch.disable()
                    says = _("A district of its cameras requires that another supervisor enables this version.")
                    words("span", says).classes("ws-muted")
                elif found.preview is None:
                    switch.disable()
                    words("span", _("A version must be previewed before it can be enabled.")).classes("ws-muted")
            if found.on_version is not None:
                self._button(_("Disable"), lambda: rules.switch_off(found.id, actor=self._actor, sight=self._sight))
            self._button(
                _("Retire rule"),
                lambda: rules.switch_off(found.id, actor=self._actor, sight=self._sight, retire=True),
                ask=partial(agreed, RETIRE_RULE, _, name=found.text.name),
            )

    def _preview(self, preview: PreviewView) -> None:
        _ = self._
        words("h2", _("Preview results of this version"))
        if preview.blank:
            with ui.element("div").classes("ws-alert ws-alert-warn"):
                words("strong", _("No pictures were archived in this period: the preview is not meaningful."))
                words("span", _("Run the preview again once its cameras have sent pictures."))
        with ui.element("dl").classes("ws-panel ws-facts"):
            words("dt", _("Time"))
            words("dd", f"{moments.local(preview.from_ms)} – {moments.local(preview.to_ms)}")
            words("dt", _("Pictures checked"))
            words("dd", f"{preview.rows:,}" if preview.complete else _("the newest {rows}").format(rows=preview.rows))
            words("dt", _("Matches"))
            words("dd", f"{preview.matched:,}")
            words("dt", _("Alarms"))
            words("dd", f"{preview.alarms:,}")
            if preview.too_broad:
                words("dt", _("Too broad"))
                words("dd", _("It matches too many pictures to be enabled: narrow the rule."))
            self._unseen(preview)
            if preview.examples:
                words("dt", _("Examples"))
                with ui.element("dd").classes("ws-badges"):
                    for number, key in enumerate(preview.examples, 1):
                        ui.link(_("Picture {number}").format(number=number), page_path(key))
        if preview.by_camera:
            with table(_("Camera"), _("Matches"), label=_("Matches by camera")):
                for place, count in preview.by_camera.items():
                    with ui.element("tr"):
                        words("td", place)
                        words("td", f"{count:,}").classes("ws-number")

    def _unseen(self, preview: PreviewView) -> None:
        _ = self._
        if preview.unseen:
            words("dt", _("Zones and lines not seen"))
            with ui.element("dd"):
                for each in preview.unseen:
                    words("div", " · ".join(part for part in (each.name, each.camera) if part))
                words("div", _("Check their names in the agent configuration.")).classes("ws-sub")
        if preview.silent:
            words("dt", _("Cameras without pictures"))
            with ui.element("dd"):
                for camera in preview.silent:
                    words("div", camera)

    def _versions(self, found: RuleView, versions: Sequence[RuleVersionView]) -> None:
        _ = self._
        words("h2", _("Versions"))
        with table(_("Version"), _("Created"), _("State"), "", label=_("Versions")):
            for each in reversed(versions):
                with ui.element("tr"):
                    words("td", str(each.version)).classes("ws-number")
                    with ui.element("td"):
                        moment(moments.local(each.written_at_ms), moments.utc(each.written_at_ms), tag="div")
                        words("div", each.written_by).classes("ws-sub")
                    with ui.element("td"):
                        if each.version == found.on_version:
                            state("ok", _("Enabled"))
                    with ui.element("td"):
                        file = f"/api/rules/{found.id}/versions/{each.version}/file"
                        ui.link(_("Export file"), file).props("download")

    async def _run_preview(self, version: int) -> None:
        """Previews a version, with a button to cancel."""
        if self._waiting.busy:
            return
        self._trouble.clear()
        previews = self._services.alarms.previews
        try:
            seen = await self._waiting.wait(previews.run(self._id, version, actor=self._actor, sight=self._sight))
        except CenterError as error:
            with self._trouble:
                problem(error, self._)
            return
        if seen is not None:
            await self.load()

    def _button(
        self, name: str, call: Callable[[], object], *, ask: Callable[[], Awaitable[bool]] | None = None
    ) -> ui.button:
        async def click() -> None:
            if ask is None or await ask():
                await self._do(call)

        button = ui.button(name, color=None, on_click=click)
        button.props("outline no-caps")
        return button

    async def _do(self, call: Callable[[], object]) -> None:
        await attempt(self._trouble, self._, call)
        await self.load()
