"""Reads from the product what a person types, configures and watches: commands, keys, metrics, units."""

import re
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterator
from enum import Enum
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import typer
from pydantic import BaseModel

from center.metrics import families as center_families
from edge_agent.metrics import families as agent_families
from engines.catalog import catalog
from engines.manifest import Manifest as ArtifactManifest
from provisioning.acceptance.system.contract import ContractHead, ContractRow
from provisioning.acceptance.system.record import AcceptanceRecord
from provisioning.acceptance.system.reports import ReportSheet
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import CenterConfig, EdgeConfig
from provisioning.contracts.detectors import DetectorPlan
from provisioning.demo.simulators.gb28181.__main__ import _parser as gb28181_devices
from provisioning.home import home
from provisioning.home.home import HomeConfig
from provisioning.release.__main__ import app as release
from provisioning.servers.inventory import Inventory
from provisioning.servers.plan import ServersPlan
from provisioning.service.metrics import families as provisioning_families
from ray_cluster.errors import ArchiveFull, ArchiveWriteFailed, Fenced
from ray_cluster.query.admission import Admission
from ray_cluster.serve.metrics import archive_families, intake_families, query_families
from tests.contracts.frozen_constants import constants
from tests.contracts.frozen_shapes import fields
from tests.edge_agent.figures import agent_told
from tests.support.telling import archive_told, center_told, intake_told, provisioning_home

ROOT: Final = Path(__file__).parents[2]
CONFIGURATIONS: Final[dict[str, type[BaseModel]]] = {
    "acceptance contract": ContractHead,
    "acceptance inventory": Inventory,
    "acceptance record": AcceptanceRecord,
    "acceptance report": ReportSheet,
    "acceptance row": ContractRow,
    "agent.toml": EdgeConfig,
    "artifact manifest": ArtifactManifest,
    "center.toml": CenterConfig,
    "cluster.toml": ClusterConfig,
    "county plan": ServersPlan,
    "detector plan": DetectorPlan,
    "home.toml": HomeConfig,
}
OPEN_LABELS: Final = {"camera", "channel", "le", "loop", "name", "rollout"}
"""Whose values are not ours to freeze: what a site, a machine or a moment gives them."""
_VARIABLE: Final = re.compile(r"(WAYSIDE|XDG)_[A-Z_]+")
UNIT_KEYS: Final = {
    "Environment", "ExecStart", "Group", "PathChanged", "RuntimeDirectory", "StateDirectory", "Type", "Unit", "User",
    "WantedBy", "WatchdogSec",
}  # fmt: skip


def command_lines() -> Iterator[str]:
    """Each command of each program, with its arguments and options."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, target in project["scripts"].items():
        yield from _command(name, typer.main.get_command(EntryPoint(name, target, "console_scripts").load()))
    yield from _command("release", typer.main.get_command(release))
    yield from _parsed("simulated devices", gb28181_devices())


def key_lines() -> Iterator[str]:
    """Each key of each configuration."""
    for name, model in CONFIGURATIONS.items():
        yield from fields(name, model.model_json_schema())
    environment = {word for word in constants((home, catalog)) if _VARIABLE.fullmatch(word)}
    yield from (f"environment {word}" for word in environment)


def metric_lines(folder: Path) -> Iterator[str]:
    """Each metric with its labels, and the values of labels that are a closed set."""
    with center_told(folder / "center") as center:
        center_metrics = tuple(center_families(center))
    for owner, families in (
        ("agent", agent_families(agent_told())),
        ("archive", archive_families(archive_told())),
        ("center", center_metrics),
        ("intake", intake_families(intake_told())),
        ("query", query_families(Admission())),
        ("provisioning", provisioning_families(provisioning_home(folder / "home"))),
    ):
        for family in families:
            for sample in family.samples:
                yield f"{owner} {family.type} {sample.name}{{{','.join(sorted(sample.labels))}}}"
                for label, value in sample.labels.items():
                    if label not in OPEN_LABELS:
                        yield f"{owner} {family.type} {sample.name}{{{label}={value}}}"
    for error in (ArchiveFull, ArchiveWriteFailed, Fenced):  # counted by the names of their classes
        yield f"archive counter wayside_archive_commit_failures_total{{error={error.__name__}}}"


def unit_lines() -> Iterator[str]:
    """Each systemd unit that is shipped, with what it runs, as whom and where."""
    for file in (ROOT / "deploy").iterdir():
        if file.suffix not in {".service", ".path", ".sysusers"}:
            continue
        yield file.name
        for line in file.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key in UNIT_KEYS:
                yield f"{file.name} {key} {value}"
            elif file.suffix == ".sysusers" and not line.startswith("#"):
                yield f"{file.name} {line}"


def _command(path: str, command: Any) -> Iterator[str]:
    """Of a program or verb as Typer has it, whose own classes are none of its interface."""
    yield path
    for parameter in command.params:
        name = "|".join((*sorted(parameter.opts), *sorted(parameter.secondary_opts)))
        if parameter.param_type_name == "argument":
            name = (parameter.metavar or parameter.name).upper()
        many = " many" * (parameter.multiple or parameter.nargs != 1)
        yield f"{path} {name} {_kind(parameter.type_descriptor.annotation)}{many}{' required' * parameter.required}"
    for name, inner in getattr(command, "commands", {}).items():
        yield from _command(f"{path} {name}", inner)


def _kind(annotation: Any) -> str:
    """The type of a value that is typed: a word, or what may be chosen."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "|".join(sorted(str(each.value) for each in annotation))
    if get_origin(annotation) is Literal:
        return "|".join(sorted(map(str, get_args(annotation))))
    if inner := [each for each in get_args(annotation) if each is not type(None)]:
        return "|".join(map(_kind, inner))
    return str(annotation.__name__).lower()


def _parsed(path: str, parser: ArgumentParser) -> Iterator[str]:
    yield path
    for action in parser._actions:
        name = "|".join(sorted(action.option_strings)) or action.dest
        yield f"{path} {name}{' required' * action.required}"
