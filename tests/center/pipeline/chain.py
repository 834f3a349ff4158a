"""A whole chain in which everything is well, as two samples a minute apart; a test spoils one thing of it."""

from dataclasses import dataclass, field, replace
from typing import Any

from center.fleet.devices import AgentView, CameraView, CauseKind, ConfigurationView, DeviceState
from center.notify.channels.base import Kind
from center.notify.lifecycle import MessageState
from center.notify.limits import QuotaState, RateState
from center.notify.views import ChannelView, QuotaView, RateView
from center.pipeline.broker_figures import BrokerFigures, SnapshotTimes
from center.pipeline.cluster_client import ClusterAnswer, ClusterAnswers, Reach
from center.pipeline.judge import judge
from center.pipeline.node_metrics import FileSystem, Raid, ServerStorage, SmartDisk
from center.pipeline.probes import CertificateEnd, ClockOffset, ProbeReport, ProbeValue
from center.pipeline.sample import Sample
from center.pipeline.stages import Stage, StageState
from center.pipeline.verdict import CauseView, StageVerdict
from provisioning.contracts.config.pipeline import Pipeline
from provisioning.contracts.detectors import ParsersStatus, ParserStatus
from provisioning.contracts.fleet.documents import Membership
from provisioning.contracts.fleet.documents import Verdict as Taken
from provisioning.contracts.query.archive import HopTotal, IntakeStatus, StorageStatus, UpkeepReport
from provisioning.contracts.wire.messages import CameraState, CameraStatus, Heartbeat, Ledger, SourceKind

AT_MS = 1_795_449_600_000
MINUTE_MS = 60_000
DAY_MS = 86_400_000
GIB = 1024**3
AGENTS = ("north", "south")
PLATFORM = "34020000001180000001"
"""A recorder behind `south`: two of its cameras."""
CAMERAS = (
    ("north", "n1", SourceKind.RTSP, ""),
    ("north", "n2", SourceKind.RTSP, ""),
    ("north", "n3", SourceKind.RTSP, ""),
    ("north", "n4", SourceKind.RTSP, ""),
    ("south", "s1", SourceKind.GB28181, PLATFORM),
    ("south", "s2", SourceKind.GB28181, PLATFORM),
    ("south", "desk", SourceKind.UPLOAD, ""),
)


def camera(agent_id: str, camera_id: str, **changes: Any) -> CameraView:
    facts: dict[str, Any] = {
        "agent_id": agent_id,
        "camera_id": camera_id,
        "name": "",
        "state": DeviceState.ONLINE,
        "cause_kind": CauseKind.NONE,
        "cause": "",
        "code": "",
        "since_ms": AT_MS - DAY_MS,
        "heard_at_ms": AT_MS - DAY_MS,
    }
    return CameraView(**{**facts, **changes})


def status(agent_id: str, camera_id: str, source: SourceKind | None, device_id: str) -> CameraStatus:
    return CameraStatus(
        agent_id=agent_id,
        camera_id=camera_id,
        name="",
        state=CameraState.ONLINE,
        cause="",
        since_ms=AT_MS - DAY_MS,
        source=source,
        device_id=device_id,
    )


def agent(agent_id: str, **changes: Any) -> AgentView:
    facts: dict[str, Any] = {
        "agent_id": agent_id,
        "site_id": "street",
        "membership": Membership.ENROLLED,
        "state": DeviceState.ONLINE,
        "cause_kind": CauseKind.NONE,
        "cause": "",
        "since_ms": None,
        "certificate_ends_ms": AT_MS + 60 * DAY_MS,
        "heard_at_ms": AT_MS - 3_000,
        "software": "0.1.0",
        "spool_messages": 3,
        "spool_bytes": 300_000,
        "quarantined": 0,
        "redaction_ms": 140.0,
        "disk_free_bytes": 40 * GIB,
        "configuration": ConfigurationView(number=4, verdict=Taken.APPLIED, cause="", active=4, at_ms=AT_MS - DAY_MS),
    }
    return AgentView(**{**facts, **changes})


def beat(agent_id: str, archived: int, *, dropped: dict[str, int] | None = None, **changes: Any) -> Heartbeat:
    dropped = dropped or {}
    mine = [camera_id for of, camera_id, _, _ in CAMERAS if of == agent_id]
    whole = Ledger(
        selected=archived + 3 + sum(dropped.values()),
        spooled=archived + 3,
        archived=archived,
        rejected=0,
        dropped=dropped,
        in_flight=3,
    )
    part = Ledger(selected=archived, spooled=archived, archived=archived, rejected=0, dropped={}, in_flight=0)
    facts: dict[str, Any] = {
        "agent_id": agent_id,
        "sent_at_ms": AT_MS,
        "started_at_ms": AT_MS - DAY_MS,
        "software": "0.1.0",
        "ledger": whole,
        "cameras": dict.fromkeys(mine, part),
        "spool_bytes": 300_000,
        "spool_messages": 3,
        "quarantined": 0,
        "resent": 0,
        "disk_free_bytes": 40 * GIB,
    }
    return Heartbeat(**{**facts, **changes})


def intake(archived: int, **changes: Any) -> IntakeStatus:
    facts: dict[str, Any] = {
        "broker_connected": True,
        "received": archived + 8,
        "archived": archived,
        "duplicates": 0,
        "leaks": 0,
        "rejected": {},
        "dropped": {},
        "in_flight": 8,
        "retries": 0,
        "waiting": {"live": 0, "backlog": 0},
        "at_work": {"parser": 6, "archiver": 2},
        "hops": {
            hop: HopTotal(count=archived, total_ms=archived * took_ms)
            for hop, took_ms in {"wait": 30, "parse": 900, "commit": 210}.items()
        },
    }
    return IntakeStatus(**{**facts, **changes})


def parser(*faults: str) -> ParserStatus:
    return ParserStatus(models={}, in_memory=(), pictures={}, fell_back={}, faults=faults)


def answered(**changes: Any) -> ClusterAnswers:
    facts: dict[str, Any] = {
        "intake": ClusterAnswer(Reach.ANSWERED, intake(1000)),
        "parsers": ClusterAnswer(Reach.ANSWERED, ParsersStatus(parsers=(parser(), parser()))),
        "storage": ClusterAnswer(Reach.ANSWERED, StorageStatus(free_bytes=900 * GIB, total_bytes=2000 * GIB)),
        "archive": ClusterAnswer(Reach.ANSWERED, UpkeepReport()),
        "took_s": 0.02,
    }
    return ClusterAnswers(**{**facts, **changes})


def channel(**changes: Any) -> ChannelView:
    facts: dict[str, Any] = {
        "id": "sms",
        "kind": Kind.SMS,
        "recipients": (),
        "rate": RateView(state=RateState.FULL, per_second=10.0, since_ms=0),
        "quota": QuotaView(month="2026-11", used=100, parts=25_000, state=QuotaState.OK, overflow=False),
        "messages": {MessageState.DELIVERED: 90, MessageState.FAILED: 2},
        "fault": "",
        "suspended_since_ms": None,
        "reports": 90,
        "replies_dropped": 0,
        "reports_unreadable": 0,
    }
    return ChannelView(**{**facts, **changes})


def file_system(mount: str, kind: str = "ext4", **changes: Any) -> FileSystem:
    facts: dict[str, Any] = {
        "mount": mount, "kind": kind, "free_share": 0.6, "free_inodes": 0.9, "is_read_only": False, "is_broken": False,
    }  # fmt: skip
    return FileSystem(**{**facts, **changes})


def server(name: str, **changes: Any) -> ServerStorage:
    facts: dict[str, Any] = {
        "server": name,
        "file_systems": (file_system("/"), file_system("/var/lib/wayside-cluster"), file_system("/mnt", "nfs4")),
        "raids": (Raid("md0", active=2, required=2, failed=0, is_running=True),),
        "disks": (SmartDisk("/dev/sda", is_healthy=True), SmartDisk("/dev/sdb", is_healthy=True)),
    }
    return ServerStorage(**{**facts, **changes})


TIME_SERVERS = ("10.0.0.1", "10.0.0.2")
PROMETHEUS = "http://127.0.0.1:9090"
PARTIES: dict[tuple[Stage, str], ProbeValue] = {
    (Stage.CLOCK, "chronyd"): None,
    **{(Stage.CLOCK, each): ClockOffset(0.002) for each in TIME_SERVERS},
    (Stage.SIGN_IN, "County"): None,
    (Stage.MAIL, "mail"): None,
    (Stage.SMS, "sms"): None,
    (Stage.WEBHOOKS, "desk"): None,
    (Stage.TIME_STAMPS, "stamp_cert_file"): CertificateEnd(AT_MS + 90 * DAY_MS),
    (Stage.SUPERIORS, "city"): None,
    (Stage.EVENTS, "lake"): None,
    (Stage.STORAGE, PROMETHEUS): (server("head"), server("keeper")),
}


def probed(at_ms: int) -> tuple[ProbeReport, ...]:
    """All third parties answer."""
    return tuple(
        ProbeReport(stage, target, is_checked=True, value=value, took_s=0.03, succeeded_at_ms=at_ms - 4000)
        for (stage, target), value in PARTIES.items()
    )


def sample(at_ms: int, archived: int, **changes: Any) -> Sample:
    facts: dict[str, Any] = {
        "at_ms": at_ms,
        "link_fault": None,
        "cameras": tuple(camera(of, camera_id) for of, camera_id, _, _ in CAMERAS),
        "statuses": {(each[0], each[1]): status(*each) for each in CAMERAS},
        "agents": tuple(map(agent, AGENTS)),
        "heartbeats": {each: beat(each, archived) for each in AGENTS},
        "broker": BrokerFigures(
            uptime_s=at_ms // 1000, heard_at_ms=at_ms, connected=5, received=archived * 3, sent=0, dropped=7, held=4
        ),
        "answers": answered(intake=ClusterAnswer(Reach.ANSWERED, intake(archived * 2))),
        "passages": tuple(SnapshotTimes(at_ms - 100 * n, 0.05, 0.4) for n in range(20)),
        "channels": (channel(),),
        "probes": probed(at_ms),
    }
    return Sample(**{**facts, **changes})


@dataclass
class Chain:
    """The two samples; `now` and `before` are replaced by what a test plants."""

    before: Sample | None = field(default_factory=lambda: sample(AT_MS - MINUTE_MS, 1000))
    now: Sample = field(default_factory=lambda: sample(AT_MS, 1060))

    def plant(self, **changes: Any) -> "Chain":
        """A fault in the later sample."""
        return replace(self, now=replace(self.now, **changes))

    def cameras(self, changes: dict[str, Any], *camera_ids: str) -> "Chain":
        """Some cameras are otherwise."""
        seen = tuple(
            each.model_copy(update=changes) if each.camera_id in camera_ids else each for each in self.now.cameras
        )
        return self.plant(cameras=seen)

    def intakes(self, **changes: Any) -> "Chain":
        """The later word of the intake is otherwise."""
        assert self.now.answers is not None
        said = intake(2120, **changes)
        return self.plant(answers=replace(self.now.answers, intake=ClusterAnswer(Reach.ANSWERED, said)))

    def probe(self, target: str, **changes: Any) -> "Chain":
        """The later report of one probe is otherwise."""
        assert any(each.target == target for each in self.now.probes)
        probes = (replace(each, **changes) if each.target == target else each for each in self.now.probes)
        return self.plant(probes=tuple(probes))

    def storage(self, **changes: Any) -> "Chain":
        """The storage of the second server is otherwise."""
        return self.probe(PROMETHEUS, value=(server("head"), server("keeper", **changes)))

    def verdicts(self, **limits: Any) -> dict[Stage, StageVerdict]:
        return {each.stage: each for each in judge(self.now, self.before, Pipeline(**limits))}

    def states(self, **limits: Any) -> dict[Stage, StageState]:
        """Only what is not green."""
        return {stage: each.state for stage, each in self.verdicts(**limits).items() if each.state != "green"}

    def codes(self, **limits: Any) -> dict[Stage, list[str]]:
        """Returns the findings that the API shows, by stage."""
        return {
            stage: [CauseView.of(finding).code for finding in each.findings]
            for stage, each in self.verdicts(**limits).items()
            if each.findings
        }
