"""`wayside-cluster status`: shows the state of a running cluster."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.query.archive import ZONE, ZONE_TEXT
from ray_cluster.cli.options import ConfigFile, ask_query, fail, loaded
from ray_cluster.errors import NotUp

if TYPE_CHECKING:
    from ray_cluster.node.cluster_state import Condition

_ASKED = {"health": "/health", "archive": "/status", "intake": "/intake"}


def status(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False
) -> None:
    """Show the state of a running cluster and the contents of its archive. Exit code 1 if anything is wrong.

    For several machines, run it on the head: it lists machines with their roles, deployments with their replicas,
    queues, and a line for each fault.
    """
    settings = loaded(config)
    if settings.node is not None:
        _of_several(settings, as_json=as_json)
        return
    try:
        answers = {part: ask_query(settings, path) for part, path in _ASKED.items()}
    except NotUp as error:
        fail(str(error))
    if as_json:
        sys.stdout.write(json.dumps(answers) + "\n")
    else:
        _print_answers(settings, answers)
        for fault in _of_store(answers):
            Console().print(fault, style="red", markup=False, soft_wrap=True)
    if answers["health"].get("status") != "ok" or answers["archive"].get("alarms"):
        raise typer.Exit(1)


def _of_several(settings: ClusterConfig, *, as_json: bool) -> None:
    from ray_cluster.node.cluster_state import Condition  # noqa: PLC0415 - `--help` stays quick
    from ray_cluster.node.ray_command import is_head, node_of  # noqa: PLC0415

    if not is_head(settings):
        fail(f"this is reported on the head, {node_of(settings).head_address}")
    try:
        condition = Condition.read(node_of(settings).state_dir)
    except NotUp as error:
        fail(str(error))
    troubles = list(condition.troubles(time.time_ns() // 1_000_000))
    answers: dict[str, dict[str, Any]] = {}
    for part, path in _ASKED.items():
        try:
            answers[part] = ask_query(settings, path)
        except NotUp as error:
            troubles.append(f"{part}: {error}")
    health = answers.get("health", {}).get("status", "ok")
    if health != "ok":
        troubles.append(f"the intake: {health}")
    troubles += answers.get("health", {}).get("attention", [])
    troubles += map(_text, answers.get("intake", {}).get("stuck", []))
    troubles += answers.get("archive", {}).get("alarms", ())
    troubles += _of_store(answers)
    if as_json:
        found = condition.model_dump(mode="json") | answers | {"troubles": troubles}
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        _print_condition(condition, answers.get("intake", {}))
        _print_answers(settings, answers)
        for trouble in troubles:
            Console().print(trouble, style="red", markup=False, soft_wrap=True)
    if troubles:
        raise typer.Exit(1)


def _print_condition(condition: "Condition", intake: Mapping[str, Any]) -> None:
    machines = Table("machine", "roles", "parser slots")
    for machine in condition.machines:
        machines.add_row(machine.address, ", ".join(machine.roles), f"{machine.slots:g}")
    deployments = Table("deployment", "status", "replicas", "may have", "at work")
    at_work = intake.get("at_work") or {}
    composed = {stage for each in condition.deployments for stage in each.stages}
    for each in condition.deployments:
        replicas = ", ".join(f"{count} {state.lower()}" for state, count in each.replicas.items())
        calls = "" if each.name in composed else str(at_work.get(each.name, ""))
        deployments.add_row(each.name, each.status.lower(), replicas, each.scale, calls)
        for stage in each.stages:
            deployments.add_row(f"  {stage}", each.status.lower(), f"in {each.name}", "", str(at_work.get(stage, "")))
    Console().print(machines)
    Console().print(deployments)


def _text(item: object) -> str:
    """Format an item of a list; a stuck stage is an object."""
    return f"{item['stage']}: {item['cause']}" if isinstance(item, dict) and "cause" in item else str(item)


def _of_store(answers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Describe why the store of pictures does not answer; empty while it does, or without one."""
    store = answers.get("archive", {}).get("pack_store") or {}
    if not store.get("fault"):
        return []
    return [f"store of the pictures, away since {_moment(store['away_since_ms'])}: {store['fault']}"]


def _pictures(settings: ClusterConfig, store: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Yield lines about the place of the pictures."""
    if store is None:
        yield "archive pictures", f"on disk: {settings.archive_dir / 'packs'}"
        return
    yield "archive pictures", f"{store['endpoint']}, bucket {store['bucket']}, prefix {store['prefix']}"
    asked = "" if store["asked_at_ms"] is None else f", asked at {_moment(store['asked_at_ms'])}"
    answers = {None: "not asked yet", True: "answers", False: f"away since {_moment(store['away_since_ms'] or 0)}"}
    yield "archive store", answers[store["answers"]] + asked
    packs = store["packs"]
    if packs is None:
        yield "archive packs", "not counted yet; upkeep does within the hour"
        return
    size = f"{packs['packs']} with {packs['size_bytes'] / 1e9:,.1f} GB"
    waiting = f"{packs['unreferenced']} of them without rows (swept within three days)"
    yield "archive packs", f"{size}, {waiting}; counted at {_moment(packs['at_ms'])}"


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, ZONE).strftime(f"%Y-%m-%d %H:%M:%S {ZONE_TEXT}")


def _print_answers(settings: ClusterConfig, answers: Mapping[str, Mapping[str, Any]]) -> None:
    table = Table("what", "value")
    for part, answer in answers.items():
        for key, value in answer.items():
            if key in {"upkeep", "pack_store"}:
                continue  # One table for each day: `--json` has them, and faults are alarms.
            table.add_row(f"{part} {key}", ", ".join(map(_text, value)) if isinstance(value, list) else str(value))
    if (archive := answers.get("archive")) is not None and "rows" in archive:
        for line in _pictures(settings, archive.get("pack_store")):
            table.add_row(*line)
    Console().print(table)
