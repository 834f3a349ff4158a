"""Shows one alarm as a row of the console's table, with buttons for its actions."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from center.alarms.lifecycle import WAITING, AlarmEvent, AlarmState
from center.alarms.rules.composed import KIND_LABELS
from center.alarms.views import AlarmView
from center.console import labels
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.picture import page_path, picture_path
from center.fleet.devices import DeviceState
from center.notify.fallback import NoticeStatus

PICTURE_SIDE_PX: Final = 160


class AlarmRow(Element, component="row.js"):
    """A row, filled by `show`. `on_act` is called with the action that the user chose."""

    def __init__(self, _: Language, *, on_act: Callable[[AlarmEvent], Awaitable[None]]) -> None:
        super().__init__()
        self._language = _
        self._offered: frozenset[AlarmEvent] = frozenset()
        self._props["row"] = {}
        self.is_waiting = False
        """True while the alarm waits for a user."""
        self.show_notice(None)
        self._on_act = on_act
        self.on("act", self._asked)

    def offers(self, event: AlarmEvent) -> bool:
        """True if the row has a button for this action."""
        return event in self._offered

    def show(self, alarm: AlarmView, *, camera: str, handled: bool, rule_href: str) -> None:
        """Draws the alarm. `handled`: the user may act on it; `rule_href`: address of all alarms of its rule."""
        acts: Mapping[AlarmEvent, str] = _acts(alarm, self._language) if handled else {}
        self._offered = frozenset(acts)
        self.is_waiting = alarm.state in WAITING
        if not self.is_waiting:
            self.show_notice(None)
        self._props["row"] = _row(alarm, camera, acts, self._language) | {"ruleHref": rule_href}
        self.update()

    def show_notice(self, status: NoticeStatus | None) -> None:
        """Draws the status of the alarm's notice; None: it has none, or the alarm waits no more."""
        text = "" if status is None else self._language(labels.NOTICE_STATUSES[status])
        notice = {"text": text, "isUnsent": status is NoticeStatus.UNSENT}
        if self._props.get("notice") != notice:
            self._props["notice"] = notice
            self.update()

    async def _asked(self, event: GenericEventArguments) -> None:
        # A browser may send anything: only actions that the row offers are done.
        wanted = next((each for each in self._offered if each.value == event.args), None)
        if wanted is not None:
            await self._on_act(wanted)


def _acts(alarm: AlarmView, _: Language) -> dict[AlarmEvent, str]:
    acts = {}
    if alarm.state in WAITING:
        acts[AlarmEvent.ACKNOWLEDGED] = _("Acknowledge")
    if alarm.state is not AlarmState.CLOSED:
        acts[AlarmEvent.ESCALATED] = _("Escalate")
        acts[AlarmEvent.CLOSED] = _("Close")
    acts[AlarmEvent.COMMENTED] = _("Comments")
    return acts


def _row(alarm: AlarmView, camera: str, acts: Mapping[AlarmEvent, str], _: Language) -> dict[str, object]:
    level = _("level {level}").format(level=alarm.level) if alarm.level else ""
    at_ms = alarm.times.captured_at_ms or alarm.times.decided_at_ms
    return {
        "tone": labels.SEVERITY_TONES[alarm.severity] if alarm.state in WAITING else "off",
        "state": _(labels.ALARM_STATES[alarm.state]),
        "severity": " · ".join(part for part in (_(labels.SEVERITIES[alarm.severity]), level) if part),
        "rule": alarm.rule_name,
        "version": _("Rule {number}, version {version}").format(number=alarm.rule_id, version=alarm.rule_version),
        "what": _(KIND_LABELS[alarm.kind]),
        "finding": _finding(alarm, _),
        "camera": camera,
        "agent": alarm.agent_id,
        "time": moments.local(at_ms),
        "utc": moments.utc(at_ms),
        "repeats": _("{count} repeats").format(count=alarm.repeats) if alarm.repeats else "",
        "href": page_path(alarm.row_key) if alarm.row_key is not None else "",
        "src": picture_path(alarm.row_key, max_side_px=PICTURE_SIDE_PX) if alarm.row_key is not None else "",
        "picture": _("Picture"),
        "acts": [
            {"event": event.value, "name": name, "label": _.named(name, alarm.rule_name)}
            for event, name in acts.items()
        ],
    }


def _finding(alarm: AlarmView, _: Language) -> str:
    finding = alarm.finding
    machine = _(labels.CLASSES[finding.cls]) if finding.cls is not None else ""
    fault = finding.code
    if finding.code in labels.FAULTY_PARTS:
        fault = _(labels.FAULTY_PARTS[finding.code])
    elif finding.code in set(DeviceState):
        fault = _(labels.DEVICE_STATES[DeviceState(finding.code)])
    cause = labels.reported("", finding.reason, finding.cause, _)
    return " · ".join(part for part in (machine, finding.where, fault, cause) if part)
