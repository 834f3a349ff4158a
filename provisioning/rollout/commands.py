"""Commands of `wayside-provision rollout`: start, show, pause, resume and abort a roll-out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from provisioning.contracts.fleet.documents import Membership
from provisioning.contracts.fleet.rollout import RolloutKind
from provisioning.errors import RolloutError
from provisioning.home import fleet_settings, rollout_state
from provisioning.home.home import Home
from provisioning.home.rollout_state import RolloutPlan, RolloutState
from provisioning.home.rollouts import RolloutRecord
from provisioning.output import CommandResult, moment, table
from provisioning.rollout import software
from provisioning.rollout.controller import report


@dataclass(frozen=True, slots=True)
class RolloutOptions:
    """Options of `rollout start`: one of `config` and `bundle`."""

    config: Path | None
    bundle: Path | None
    key: Path
    downgrade: bool
    agents: Sequence[str]
    site: str | None
    first: str | None
    share: float
    error_rate: float
    soak_s: float
    apply_s: float | None
    silence_s: float
    health_s: float
    at_once: int


def start(home: Home, wish: RolloutOptions) -> CommandResult:
    """Starts a roll-out; the running service carries it out.

    Raises:
        RolloutError: another is under way, no agent is chosen, or the archive is of no use.
        ConfigError: the settings are invalid.
        ContractError: the archive is no release.
        RegisterError: the register cannot be used, or knows no such agent.
    """
    if (wish.config is None) == (wish.bundle is None):
        raise RolloutError("give one of --config and --software")
    chosen = _chosen(home, wish)
    if wish.config is not None:
        kind, name, payload, apply_s = (
            RolloutKind.CONFIGURATION,
            wish.config.name,
            fleet_settings.read(wish.config),
            300.0,
        )
    else:
        assert wish.bundle is not None  # noqa: S101 - narrows the type: one of the two was given
        head, file = software.take_in(wish.bundle, wish.key, home.directory)
        offer = software.SoftwareOffer(
            file=file, version=head.version, downgrade=wish.downgrade, health_s=wish.health_s
        )
        kind, name, payload, apply_s = RolloutKind.SOFTWARE, head.version, offer.model_dump_json(), 7200.0
    plan = RolloutPlan(
        agents=chosen,
        share=wish.share,
        error_rate=wish.error_rate,
        soak_ms=round(wish.soak_s * 1000),
        apply_ms=round((apply_s if wish.apply_s is None else wish.apply_s) * 1000),
        silence_ms=round(wish.silence_s * 1000),
        at_once=wish.at_once,
        everybody=not wish.agents and wish.site is None,
    )
    number = home.rollouts.start(kind, name[:128], payload, rollout_state.begin(plan, home.now_ms()))
    if kind is RolloutKind.SOFTWARE:
        wanted = {order.sha256 for order in home.rollouts.orders() if order.sha256 is not None}
        software.forget(home.directory, wanted | {software.SoftwareOffer.model_validate_json(payload).file.sha256})
    sizes = [rollout_state.stage_size(plan, stage) for stage in range(1, rollout_state.STAGES + 1)]
    facts = {"changed": True, "rollout": number, "kind": kind, "name": name, "agents": list(chosen), "stages": sizes}
    carrier = (
        f"roll-out {number} of {kind} {name}: {sizes[0]}, then {sizes[1]}, then {sizes[2]} agents; the running service"
    )
    return CommandResult(facts, [f"{carrier} carries it out; wayside-provision rollout status"])


def status(home: Home) -> CommandResult:
    """Shows the newest roll-out. Exit code 1: it was stopped, or is stopping.

    Raises:
        RolloutError: there has been none.
    """
    record = home.rollouts.newest()
    if record is None:
        raise RolloutError("there has been no roll-out: wayside-provision rollout start")
    facts, shown = _shown(record)
    return CommandResult(facts, shown, 1 if record.state.cause else 0)


def pause(home: Home) -> CommandResult:
    """Stops offering the roll-out to further agents for now."""
    return _turn(home, rollout_state.pause)


def resume(home: Home) -> CommandResult:
    """Resumes a paused roll-out."""
    return _turn(home, rollout_state.resume)


def abort(home: Home) -> CommandResult:
    """Sends every agent back; a second call no longer waits for agents that do not return."""
    return _turn(home, rollout_state.abort)


def _turn(home: Home, change: Callable[[RolloutState], RolloutState]) -> CommandResult:
    record, changed = home.rollouts.turn(change)
    facts, shown = _shown(record)
    return CommandResult({"changed": changed, **facts}, shown if changed else ["nothing was changed", *shown])


def _chosen(home: Home, wish: RolloutOptions) -> tuple[str, ...]:
    """Returns the chosen enrolled agents, the first one first."""
    for each in (*wish.agents, *(() if wish.first is None else (wish.first,))):
        agent = home.register.agent(each)
        if agent.membership is not Membership.ENROLLED:
            raise RolloutError(f"agent {each} is {agent.membership}: only an enrolled agent takes a roll-out")
    found = [
        agent.id
        for agent in home.register.agents()
        if agent.membership is Membership.ENROLLED
        and (not wish.agents or agent.id in wish.agents)
        and (wish.site is None or agent.site_id == wish.site)
    ]
    if wish.first is not None and wish.first not in found:
        raise RolloutError(f"--first {wish.first}: is not among the agents that are chosen")
    if not found:
        raise RolloutError("no enrolled agent is chosen; wayside-provision agent list")
    found.sort(key=lambda each: each != wish.first)
    return tuple(found)


def _shown(record: RolloutRecord) -> tuple[dict[str, object], list[str | Table]]:
    state = report(record)
    facts: dict[str, object] = {
        **state.model_dump(mode="json"),
        "agents": {name: each.model_dump(mode="json") for name, each in record.state.agents.items()},
    }
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in state.counts.items() if count)
    begun = f"roll-out {record.id} of {record.kind} {record.name}, begun {moment(record.started_at_ms)}"
    stage = f"stage {state.stage} of {rollout_state.STAGES} ({state.stage_size} of {state.total} agents)"
    shown: list[str | Table] = [f"{begun}: {state.phase}, {stage}", counts]
    if state.cause:
        shown.append(f"stopped by {state.stopped.replace('_', ' ')}: {state.cause}")
    rows = [
        (name, each.state.replace("_", " "), moment(each.since_ms), each.cause or None)
        for name, each in record.state.agents.items()
    ]
    shown.append(table(("agent", "is", "since", "cause"), rows))
    return facts, shown
