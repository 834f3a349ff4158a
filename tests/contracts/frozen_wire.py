"""Reads from the product what goes over a wire: topics, messages, routes, and the closed sets of words in them."""

import re
import typing
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from inspect import signature
from operator import itemgetter
from types import ModuleType
from typing import Any, Final, cast

from pydantic import BaseModel

import center
import edge_agent
from center.access import second_factor
from center.access.permissions import ROLES, Permission
from center.access.permissions import Role as PersonRole
from center.access.route_permissions import RoutePermissions
from center.alarms.lifecycle import AlarmEvent, AlarmState
from center.alarms.rules.inputs import FaultOf
from center.alarms.rules.kinds import Part
from center.alarms.rules.rule import Severity
from center.api.errors import STATUS
from center.app import unguarded
from center.assessment.indicators import Indicator
from center.audit import chain
from center.cases.states import Act as CaseAct
from center.cases.states import CaseState
from center.cases.views import MachineVerdict as SightingVerdict
from center.credentials import SESSION
from center.errors import CenterError
from center.evidence.tables import ExportState
from center.fleet.devices import DeviceState
from center.notify.channels.base import Kind as ChannelKind
from center.notify.lifecycle import MessageState as NotificationState
from center.pipeline import causes
from center.pipeline.stages import Stage, StageState
from center.retention import ALARMS, AUDIT, CASES
from center.retention import MESSAGES as MESSAGES_SENT
from center.search.client import OBSERVATION_ERRORS
from center.self_check.findings import Weakness
from center.tasks.job_views import JobHold, TaskJobPhase
from center.tasks.views import TaskKind
from center.tasks.views import TaskState as ParseTaskState
from edge_agent.desk.browser.protocol import METHODS as DESK_BROWSER_METHODS
from edge_agent.desk.browser.protocol import OpenFile as DeskOpenFile
from edge_agent.desk.browser.protocol import Turn as DeskTurn
from edge_agent.desk.protocol import End as DeskEnd
from edge_agent.desk.protocol import Problem as DeskProblem
from edge_agent.desk.protocol import Progress as DeskProgress
from edge_agent.desk.protocol import RecordingStage as DeskStage
from edge_agent.desk.protocol import Standing as DeskStanding
from edge_agent.desk.protocol import parse_request
from edge_agent.errors import DropReason, SourceError
from edge_agent.evaluation import labels
from edge_agent.gb28181.sessions.invite import Cause as InvitationCause
from edge_agent.spool import ledger
from edge_agent.viid.protocol import ViidRoute
from edge_agent.viid.protocol import route as viid_route
from engines.backend import Backend, Flavour, Precision
from engines.manifest import Kind as ArtifactKind
from provisioning import contracts
from provisioning.acceptance.judging import Question as AcceptanceQuestion
from provisioning.contracts.config.cluster import ClusterConfig, NodeRole
from provisioning.contracts.config.processes import CenterConfig, EdgeConfig
from provisioning.contracts.detectors import ParsersStatus, WantedDetectors
from provisioning.contracts.errors import RejectReason
from provisioning.contracts.fleet import commands, documents, enrolment, release, rollout, uploads
from provisioning.contracts.fleet.diagnosis import Fault
from provisioning.contracts.fleet.survey import SignedSurvey, Survey
from provisioning.contracts.query import archive, search, statement, zone_counts
from provisioning.contracts.query.erasure import ErasureAnswer, ErasureRequest
from provisioning.contracts.query.lookalike import LookalikePage, LookalikeRequest
from provisioning.contracts.query.standing import StandingAnswer, StandingRequest
from provisioning.contracts.section import Section
from provisioning.contracts.wire import messages, topics
from provisioning.files import backup
from provisioning.servers import tree
from provisioning.signing import documents as seal
from ray_cluster.archive.retention import ARCHIVE
from ray_cluster.intake import group
from ray_cluster.intake.latency import Hop
from ray_cluster.intake.priority_queue import Lane
from ray_cluster.query.routes import create_app
from tests.center.shared_api import api
from tests.contracts.frozen_constants import constants, modules
from tests.contracts.frozen_shapes import fields

MESSAGES: Final[dict[str, type[BaseModel]]] = {
    "archive_growth": archive.ArchiveGrowth,
    "archive_status": archive.ArchiveStatus,
    "archived": messages.Archived,
    "assessed": messages.Assessed,
    "bundle": enrolment.Bundle,
    "camera_status": messages.CameraStatus,
    "cluster_nodes": archive.ClusterNodes,
    "commit_page": archive.CommitPage,
    "configured": documents.Configured,
    "desk_open_file": DeskOpenFile,
    "desk_problem": DeskProblem,
    "desk_progress": DeskProgress,
    "desk_standing": DeskStanding,
    "desk_turn": DeskTurn,
    "document": documents.Document,
    "enrol_request": enrolment.EnrolRequest,
    "enrolled": enrolment.Enrolled,
    "enrolment_problem": enrolment.Problem,
    "erasure_answer": ErasureAnswer,
    "erasure_request": ErasureRequest,
    "heartbeat": messages.Heartbeat,
    "hello": enrolment.Hello,
    "hold_marks": archive.HoldMarks,
    "installed": documents.Installed,
    "intake_status": archive.IntakeStatus,
    "lookalike_page": LookalikePage,
    "lookalike_request": LookalikeRequest,
    "machine_counts": search.MachineCounts,
    "machine_looks": archive.Looks,
    "observation_page": archive.ObservationPage,
    "observed": messages.Observed,
    "parsers_status": ParsersStatus,
    "rejected": messages.Rejected,
    "renew_request": enrolment.RenewRequest,
    "sealed": documents.Sealed,
    "sealed_bundle": enrolment.SealedBundle,
    "sealed_command": commands.SealedCommand,
    "sealed_permit": uploads.SealedPermit,
    "search_plan": search.SearchPlan,
    "search_wanted": search.Wanted,
    "signed_survey": SignedSurvey,
    "snapshot": messages.Snapshot,
    "standing_answer": StandingAnswer,
    "standing_request": StandingRequest,
    "storage_status": archive.StorageStatus,
    "survey": Survey,
    "task_command": commands.TaskCommand,
    "tasks": commands.TaskReport,
    "upload_permit": uploads.UploadPermit,
    "upkeep_report": archive.UpkeepReport,
    "wanted_detectors": WantedDetectors,
    "zone_counts": zone_counts.ZoneCounts,
    "zone_span": zone_counts.ZoneSpan,
}
CONFIGURATIONS: Final = (EdgeConfig, CenterConfig, ClusterConfig)
"""Contracts too, of which `configuration.txt` has the keys."""
BASES: Final = {messages.Message, messages.Versioned, Section}
SETS: Final[dict[str, type[StrEnum]]] = {
    "acceptance question": AcceptanceQuestion,
    "agent fault": Fault,
    "agent progress": rollout.AgentProgress,
    "alarm event": AlarmEvent,
    "alarm fault": FaultOf,
    "alarm severity": Severity,
    "alarm state": AlarmState,
    "artifact kind": ArtifactKind,
    "broker role": topics.Role,
    "camera state": messages.CameraState,
    "case act": CaseAct,
    "case state": CaseState,
    "case sighting": SightingVerdict,
    "cluster hop": Hop,
    "cluster lane": Lane,
    "clock quality": messages.ClockQuality,
    "command priority": commands.Priority,
    "command verb": commands.Verb,
    "job phase": commands.JobPhase,
    "warrant power": documents.Power,
    "desk end": DeskEnd,
    "desk stage": DeskStage,
    "device state": DeviceState,
    "document verdict": documents.Verdict,
    "drop reason": DropReason,
    "engine backend": Backend,
    "engine flavour": Flavour,
    "engine precision": Precision,
    "edge ledger state": ledger.ObservationState,
    "evidence export state": ExportState,
    "gb28181 invitation cause": InvitationCause,
    "indicator": Indicator,
    "job hold": JobHold,
    "job phase of the centre": TaskJobPhase,
    "machine class": messages.MachineClass,
    "machine colour": archive.MachineColour,
    "membership": documents.Membership,
    "node role": NodeRole,
    "notification channel": ChannelKind,
    "notification state": NotificationState,
    "parse task kind": TaskKind,
    "parse task state": ParseTaskState,
    "permission": Permission,
    "person role": PersonRole,
    "picture check": messages.PictureCheck,
    "picture state": messages.PictureState,
    "pipeline stage": Stage,
    "pipeline stage state": StageState,
    "reject reason": RejectReason,
    "rollout kind": rollout.RolloutKind,
    "rollout phase": rollout.RolloutPhase,
    "rollout stop cause": rollout.StopCause,
    "software act": rollout.Act,
    "source kind": messages.SourceKind,
}
_AUDITED: Final = re.compile(
    r"(agent|alarm|assessment|audit|backup|case|district|evidence|live|login|notify|observations?|password|people"
    r"|permission|retention|rule|search|second_factor|self_check|setup|syslog|tactic|task|token|user)"
    r"\.(?!id$|jsonl?$|key$|csv$|number$|lock$|advisories_dir$)[a-z_.]*"
)
"""An action of the audit, or how one begins. None stands in a closed set."""
_SIGNED: Final = re.compile(r"wayside[ -][a-z ]+[ /]\d\0?")
"""What is hashed or signed before the content, and what a file of ours begins with: the end of it is a version."""
_DESK_AT_MS: Final = 1_790_000_000_000
_RECORDING: Final = f"/cameras/cam-1/recordings?started_at_ms={_DESK_AT_MS}&key={'0' * 64}"
_DESK: Final = (("GET", "/health"), ("GET", _RECORDING), ("POST", f"{_RECORDING}&at_ms=1&again=1"))
_VIID: Final = ("register", "unregister", "keepalive", "time", "motorvehicles", "nonmotorvehicles", "scenes", "images")


def topic_lines() -> Iterator[str]:
    """Each topic, its parts that vary numbered, and each line of the broker's ACL."""
    for make in vars(topics).values():
        if callable(make) and getattr(make, "__module__", "") == topics.__name__ and not isinstance(make, type):
            parts = [f"{{{number}}}" for number in range(1, len(signature(make).parameters) + 1)]
            if make is not topics.agent_of:  # which reads one
                yield f"topic {cast('Callable[..., str]', make)(*parts)}"
    for role, rights in topics.RIGHTS.items():
        for right in rights:
            yield f"right {role.value} {right.access} {right.topic}"
    for figure in topics.BROKER_FIGURES:
        yield f"broker figure {figure}"
    for prop in (topics.PUBLISHED_AT, topics.SELECTED_AT, topics.REDACTED_AT, topics.SPOOLED_AT):
        yield f"user property {prop}"


def message_lines() -> Iterator[str]:
    """Each field of each contract."""
    for name, model in MESSAGES.items():
        yield from fields(name, model.model_json_schema())


def unlisted_contracts() -> list[str]:
    """Contracts of which no field is frozen: none of the roots above holds them."""
    held = {inner for root in (*MESSAGES.values(), *CONFIGURATIONS) for inner in _models(root)} | BASES
    every = {
        value
        for module in modules(contracts)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__ == module.__name__
    }
    return sorted(model.__qualname__ for model in every - held if not any(issubclass(other, model) for other in held))


def route_lines() -> Iterator[str]:
    """Each address that somebody may ask, with its parameters, body and answers."""
    for rule in RoutePermissions.of(unguarded().routes).rules:
        yield f"center {rule.method} {rule.path} needs {rule.permission.value if rule.permission else 'nothing'}"
    yield from _documented("center /api", api().openapi())
    nobody: Any = None
    cluster = create_app(
        nobody, nobody, nobody, token="-", ask_intake=nobody, ask_parsers=nobody, ask_nodes=nobody, erase=nobody
    )
    yield from _documented("query ", cluster.openapi())  # it serves no document, and can be described all the same
    for path, method in ((enrolment.HELLO, "GET"), (enrolment.ENROL, "POST"), (enrolment.RENEW, "POST")):
        yield f"enrolment {method} {path}"
    yield f"enrolment GET {rollout.SOFTWARE}{{1}}/{{2}}"
    for method, target in _DESK:
        parse_request(method, target, now_ms=_DESK_AT_MS)  # raises where nobody answers to that
        yield f"desk {method} {target}"
    yield from (f"desk {method} /cameras/{{1}}/file" for method in DESK_BROWSER_METHODS)
    for word in _VIID:
        for method in ("GET", "POST"):
            path = f"/VIID/{'System/' if word in _VIID[:4] else ''}{word}"
            if viid_route(method, path) not in {ViidRoute.NOWHERE, ViidRoute.UNREAD}:
                yield f"viid {method} {path.lower()}"


def code_lines() -> Iterator[str]:
    """Words that stand for something in answers, states and records, and do not change."""
    for name, words in SETS.items():
        yield from (f"{name}: {word.value}" for word in words)
    for role, permissions in ROLES.items():
        yield from (f"person role {role.value} may: {permission.value}" for permission in permissions)
    yield from (f"alarm platform part: {word}" for word in typing.get_args(Part))
    actions = constants(module for module in modules(center) if ".migrations" not in module.__name__)
    yield from (f"audit action: {word}" for word in actions if _AUDITED.fullmatch(word))
    yield from (f"self-check weakness: {weakness.value}" for weakness in Weakness)
    signing = constants((backup, chain, group, labels, release, seal, second_factor, statement, tree))
    yield from (f"signed or written: {word.rstrip(chr(0))}" for word in signing if _SIGNED.fullmatch(word))
    yield from (f"retention mark: {word}" for word in (ARCHIVE, ALARMS, AUDIT, CASES, MESSAGES_SENT))
    yield from (
        f"spool counter: {word}" for word in (ledger.SELECTED, ledger.SPOOLED, *map(ledger.dropped, DropReason))
    )
    yield f"cookie: {SESSION}"
    yield from (f"query answer: {word}" for word in OBSERVATION_ERRORS)
    yield from (f"pipeline cause: {cause.code}" for cause in vars(causes).values() if isinstance(cause, causes.Cause))
    yield from (f"camera cause: {error.cause}" for error in _kinds(SourceError, edge_agent))
    for error in _kinds(CenterError, center):
        if hasattr(error, "code"):
            yield f"center error: {error.code} {STATUS.get(error, '-')}"


def _documented(name: str, document: dict[str, Any]) -> Iterator[str]:
    definitions = document.get("components", {}).get("schemas", {})
    seen: dict[str, str] = {}
    for path, operations in sorted(document["paths"].items()):
        for method, operation in sorted(operations.items()):
            place = f"{name}{path} {method.upper()}"
            yield place
            for parameter in sorted(operation.get("parameters", ()), key=itemgetter("in", "name")):
                schema = {"properties": {parameter["name"]: parameter["schema"]}, "$defs": definitions}
                schema["required"] = [parameter["name"]] if parameter.get("required") else []
                yield from fields(f"{place} {parameter['in']}", schema, seen)
            yield from _bodies(f"{place} body", operation.get("requestBody", {}), definitions, seen)
            for status, answer in sorted(operation["responses"].items()):
                yield from (f"{place} {status} header {header}" for header in answer.get("headers", ()))
                yield from _bodies(f"{place} {status}", answer, definitions, seen)


def _bodies(place: str, described: dict[str, Any], definitions: dict[str, Any], seen: dict[str, str]) -> Iterator[str]:
    for kind, content in described.get("content", {}).items():
        lines = list(fields(place, {**content.get("schema", {}), "$defs": definitions}, seen))
        if len(lines) == 1 and " as " in lines[0]:
            yield lines[0].replace(" as ", f" {kind} as ")
            continue
        yield f"{place} {kind}"
        yield from lines


def _kinds(base: type[Any], package: ModuleType) -> Sequence[type[Any]]:
    """`base` and all that derive from it in a package, whichever of its modules they are in."""
    named = [value for module in modules(package) for value in vars(module).values()]
    return list({value: None for value in named if isinstance(value, type) and issubclass(value, base)})


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that a type holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
        return
    for inner in typing.get_args(annotation):
        yield from _models(inner)
