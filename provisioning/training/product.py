"""Asks the product what it says is wrong, by the ways that a technician and an operator have: API and doctors."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from provisioning.contracts.fleet.diagnosis import Fault as DoctorFault
from provisioning.contracts.fleet.documents import Verdict
from provisioning.demo.centre import Centre
from provisioning.demo.footage import program_path
from provisioning.demo.web import WebError
from provisioning.errors import DemoError
from provisioning.training.phrase import Phrase

_UNWELL: Final = frozenset({"red", "unknown"})


class Source(StrEnum):
    """Place where the product says what is wrong."""

    CAMERAS = "cameras"
    AGENTS = "agents"
    CHAIN = "chain"
    BOX = "box"
    CENTRE = "centre"


HINTS: Final[Mapping[Source, Phrase]] = {
    Source.CAMERAS: Phrase(
        "the page Cameras of the console, or GET /api/cameras", "控制台的“摄像机”页，或 GET /api/cameras"
    ),
    Source.AGENTS: Phrase(
        "the page Agents of the console, or GET /api/agents", "控制台的“前端代理”页，或 GET /api/agents"
    ),
    Source.CHAIN: Phrase(
        "the page Pipeline of the console, or GET /api/pipeline", "控制台的“全链路”页，或 GET /api/pipeline"
    ),
    Source.BOX: Phrase("wayside-edge doctor, on the box", "在前端设备上运行 wayside-edge doctor"),
    Source.CENTRE: Phrase("wayside-provision doctor, at the centre", "在中心运行 wayside-provision doctor"),
}


@dataclass(frozen=True)
class Reading:
    """Words of the product about one thing."""

    is_well: bool
    names: frozenset[str] = field(default_factory=frozenset)


class Product:
    """The product of one street, asked as its users ask it."""

    def __init__(self, centre: Centre, home: Path, center_file: Path, agent_file: Path) -> None:
        self._centre = centre
        self._home = home
        self._center_file = center_file
        self._agent_file = agent_file

    def ask(self, source: Source) -> Mapping[str, Reading]:
        """Returns what one place says now, by what it is about; nothing where it does not answer."""
        match source:
            case Source.CAMERAS:
                return {f"{each['agent_id']}/{each['camera_id']}": _device(each) for each in self._get("/api/cameras")}
            case Source.AGENTS:
                return {each["agent_id"]: _agent(each) for each in self._get("/api/agents")}
            case Source.CHAIN:
                return {each["stage"]: _stage(each) for each in self._get("/api/pipeline", "stages")}
            case Source.BOX:
                return _doctor(program_path("wayside-edge"), "--config", self._agent_file)
            case Source.CENTRE:
                return _doctor(program_path("wayside-provision"), "--home", self._home, "--config", self._center_file)

    def _get(self, path: str, key: str | None = None) -> Sequence[Mapping[str, Any]]:
        try:
            answer = self._centre.site.get_json(path)
        except WebError:
            return ()  # the centre is down or starts: it says nothing
        found = answer if key is None else answer[key]
        return [each for each in found if isinstance(each, dict)]


def _device(view: Mapping[str, Any]) -> Reading:
    names = frozenset(filter(None, (view.get("code"), view["cause_kind"], view["state"])))
    return Reading(view["state"] == "online", names)


def _agent(view: Mapping[str, Any]) -> Reading:
    """Reads an agent; while its configuration is on trial a fault elsewhere would take that back."""
    device, configuration = _device(view), view.get("configuration")
    is_settled = configuration is None or configuration["verdict"] == Verdict.APPLIED
    return Reading(device.is_well and is_settled, device.names)


def _stage(view: Mapping[str, Any]) -> Reading:
    return Reading(view["state"] not in _UNWELL, frozenset(each["code"] for each in view["causes"]))


def _doctor(program: Path, *arguments: str | Path) -> Mapping[str, Reading]:
    """Runs a doctor; several lines of one thing are one reading.

    Raises:
        DemoError: it says nothing that can be read.
    """
    command = [str(program), "doctor", "--json", *map(str, arguments)]
    # Of a session of its own: Ctrl-C is for us.
    done = subprocess.run(  # noqa: S603 - built here
        command, capture_output=True, text=True, check=False, start_new_session=True
    )
    try:
        diagnoses = json.loads(done.stdout)["diagnoses"]
    except (ValueError, KeyError, TypeError) as error:
        raise DemoError(f"{' '.join(command)}: {done.stderr.strip() or 'it printed no diagnoses'}") from error
    names: dict[str, set[str]] = {}
    for each in diagnoses:
        found = names.setdefault(each["where"], set())
        if each["fault"] is not None:
            found.add(each["fault"])
        if each["fault"] == DoctorFault.CAMERA_PICTURE_FAULTY:
            found.add(each["found"].partition(":")[0])
    return {where: Reading(not found, frozenset(found)) for where, found in names.items()}
