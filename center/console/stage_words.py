"""Names stages, tasks and their figures for people, with their colours."""

from typing import Final

from center.console.language import Language
from center.errors import marked
from center.pipeline.causes import StageFinding
from center.pipeline.stages import Stage, StageState
from center.tasks.views import Lane, OrderState, TaskKind, TaskState
from provisioning.contracts.fleet.commands import Priority, Verb
from provisioning.contracts.fleet.documents import Verdict

STAGES: Final = {
    Stage.DEVICES: marked("Devices"),
    Stage.PLATFORMS: marked("Recorders and platforms"),
    Stage.AGENTS: marked("Agents"),
    Stage.BROKER: marked("Broker"),
    Stage.INTAKE: marked("Intake"),
    Stage.PARSE: marked("Parsing"),
    Stage.ARCHIVE: marked("Archive"),
    Stage.STORAGE: marked("Storage"),
    Stage.QUERY: marked("Query"),
    Stage.NOTIFY: marked("Notification"),
}
STATES: Final = {
    StageState.GREEN: marked("Well"),
    StageState.AMBER: marked("Needs a look"),
    StageState.RED: marked("Fault"),
    StageState.UNKNOWN: marked("Unknown"),
}
TONES: Final = {
    StageState.GREEN: "ok",
    StageState.AMBER: "warn",
    StageState.RED: "bad",
    StageState.UNKNOWN: "off",
}
KINDS: Final = {
    TaskKind.LIVE: marked("Live"),
    TaskKind.RECORDING: marked("Recording"),
    TaskKind.OFFLINE: marked("Offline file"),
    TaskKind.UNKNOWN: marked("Unknown"),
}
TASKS: Final = {
    TaskState.RUNNING: ("ok", marked("Running")),
    TaskState.IDLE: ("off", marked("Waits for a file")),
    TaskState.HELD: ("warn", marked("Waits for room")),
    TaskState.PAUSED: ("warn", marked("Paused")),
    TaskState.DONE: ("ok", marked("Done")),
    TaskState.BROKEN: ("bad", marked("Broken off")),
    TaskState.UNKNOWN: ("off", marked("Unknown")),
}
VERBS: Final = {
    Verb.PAUSE: marked("Pause"),
    Verb.RESUME: marked("Resume"),
    Verb.PRIORITY: marked("Order"),
}
PRIORITIES: Final = {
    Priority.FIRST: marked("Before others"),
    Priority.NORMAL: marked("Normal"),
    Priority.LAST: marked("After others"),
}
ASKED: Final = {
    OrderState.ASKED: ("warn", marked("Asked")),
    OrderState.TAKEN: ("ok", marked("Confirmed")),
    OrderState.REFUSED: ("bad", marked("Refused by the agent")),
    OrderState.UNANSWERED: ("bad", marked("No answer from the agent")),
}
LANES: Final = {
    Lane.LIVE: marked("First"),
    Lane.BACKLOG: marked("After live ones"),
}
VERDICTS: Final = {
    Verdict.TRYING: ("warn", marked("on trial")),
    Verdict.APPLIED: ("ok", marked("in use")),
    Verdict.ROLLED_BACK: ("bad", marked("rolled back")),
    Verdict.REFUSED: ("bad", marked("refused")),
}


def finding_texts(finding: StageFinding, _: Language) -> tuple[str, str]:
    """Writes a finding's cause and remedy."""
    return _(finding.cause.message).format(**finding.facts), _(finding.cause.remedy).format(**finding.facts)


def number(value: float | None) -> str:
    """Writes a number with three significant digits, from 100 on without decimals; a dash for None."""
    if value is None:
        return "–"
    if isinstance(value, int) or value == 0 or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")


def lag(value: float | None) -> str:
    """Writes a delay in the unit that people read."""
    if value is None:
        return "–"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{number(value)} s"
