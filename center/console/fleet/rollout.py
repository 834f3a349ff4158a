"""Draws a roll-out on the agents' page: its progress, the agents in it, its stop and the cause. It has no button."""

from typing import Final

from nicegui import ui

from center.console import labels
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.markup import moment, words
from center.errors import marked
from provisioning.contracts.fleet.rollout import AgentProgress, RolloutKind, RolloutPhase, RolloutReport, StopCause

KINDS: Final = {
    RolloutKind.CONFIGURATION: marked("Configuration {name}"),
    RolloutKind.SOFTWARE: marked("Software {name}"),
}
PHASES: Final = {
    RolloutPhase.RUNNING: ("ok", marked("In progress")),
    RolloutPhase.PAUSED: ("warn", marked("Paused")),
    RolloutPhase.STOPPING: ("bad", marked("Stopped, agents are rolling back")),
    RolloutPhase.STOPPED: ("bad", marked("Stopped, all agents rolled back")),
    RolloutPhase.DONE: ("ok", marked("Completed")),
}
PROGRESS: Final = {
    AgentProgress.PENDING: marked("Pending"),
    AgentProgress.OFFERED: marked("Offered"),
    AgentProgress.APPLIED: marked("Applied, monitoring"),
    AgentProgress.HEALTHY: marked("Healthy"),
    AgentProgress.FAILED: marked("Failed, rolling back"),
    AgentProgress.ROLLED_BACK: marked("Rolled back"),
}
STOPPED: Final = {
    StopCause.ERROR_RATE: marked("Stopped automatically: more agents failed than the rollout allows."),
    StopCause.OPERATOR: marked("Stopped manually with wayside-provision rollout abort."),
}
_STAGES: Final = 3


def rollout(told: RolloutReport, _: Language) -> None:
    """Draws a roll-out's report."""
    words("h2", _("Rollout"))
    with ui.element("div").classes("ws-panel ws-wide").style("padding: 0.75rem 1rem"):
        tone, phase = PHASES[told.phase]
        with ui.element("div"):
            words("strong", _(KINDS[told.what]).format(name=told.name))
            with ui.element("span").classes("ws-state").style("margin-left: 0.75rem"):
                words("span", "").classes(f"ws-dot ws-dot-{tone}")
                words("span", _(phase))
        stage = _("Stage {stage} of {stages}: {size} of {total} agents").format(
            stage=told.stage, stages=_STAGES, size=told.stage_size, total=told.total
        )
        with ui.element("div").classes("ws-sub"):
            words("span", f"{stage} · ")
            moment(moments.local(told.started_at_ms), moments.utc(told.started_at_ms))
            words("span", " – ")
            moment(moments.local(told.changed_at_ms), moments.utc(told.changed_at_ms))
        counted = [f"{_(text)} {told.counts[each]}" for each, text in PROGRESS.items() if told.counts.get(each)]
        words("div", " · ".join(counted))
        if told.stopped in STOPPED:
            words("div", _(STOPPED[told.stopped])).classes("ws-badge").style("display: inline-block; margin: 0.5rem 0")
        if told.stopped is StopCause.ERROR_RATE and told.cause:
            words("div", labels.reported("", told.reason, told.cause, _)).classes("ws-sub")
        if told.failed:
            _failed(told, _)


def _failed(told: RolloutReport, _: Language) -> None:
    with ui.element("table").classes("ws-table"):
        with ui.element("thead"), ui.element("tr"):
            for head in (_("Agent"), _("State"), _("Cause")):
                words("th", head).props('scope="col"')
        with ui.element("tbody"):
            for each in told.failed:
                with ui.element("tr"):
                    words("td", each.agent_id)
                    words("td", _(PROGRESS[each.progress]))
                    words("td", labels.reported("", each.reason, each.cause, _))
