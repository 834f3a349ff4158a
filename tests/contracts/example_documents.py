"""What is signed, sealed, ordered and enrolled: one of each, for `tests.contracts.examples`."""

from provisioning.contracts.config.processes import Camera, Gb28181Source, RecordedSpan, RtspSource
from provisioning.contracts.fleet.commands import (
    CommandWord,
    JobPhase,
    JobState,
    LiveWork,
    Priority,
    SealedCommand,
    SpanWork,
    TaskCommand,
    TaskReport,
    TaskState,
    Verb,
)
from provisioning.contracts.fleet.documents import (
    CENTER,
    TASKS,
    Configuration,
    Configured,
    Document,
    Installed,
    Membership,
    Power,
    Roster,
    RosterEntry,
    Sealed,
    Verdict,
    Warrant,
)
from provisioning.contracts.fleet.enrolment import (
    Bundle,
    Enrolled,
    EnrolRequest,
    Hello,
    Problem,
    RenewRequest,
    SealedBundle,
)
from provisioning.contracts.fleet.rollout import (
    Act,
    AgentProgress,
    FailedAgent,
    ReleaseFile,
    RolloutKind,
    RolloutPhase,
    RolloutReport,
    SoftwareOrder,
    StopCause,
)
from provisioning.contracts.fleet.uploads import DeskAddress, SealedPermit, UploadPermit
from provisioning.contracts.wire.messages import CodedCause, Message

AT_MS = 1_795_449_600_123
BUNDLE = Bundle(
    host="192.0.2.1",
    port=8843,
    pin="ab" * 32,
    site_id="north",
    agent_id="cabinet-7",
    code="0123-4567-89AB-CDEF",
    expires_at_ms=AT_MS,
    seal_key="12" * 32,
)
SPAN = SpanWork(span=RecordedSpan(started_at_ms=AT_MS - 3_600_000, ended_at_ms=AT_MS), speed=4)
LIVE = LiveWork(until_ms=AT_MS + 3_600_000, max_per_second=5)
DOCUMENTS: dict[str, Message] = {
    "document_configuration": Document(
        addressee="cabinet-7",
        number=3,
        issued_at_ms=AT_MS,
        body=Configuration(
            cameras=(
                Camera(
                    id="34020000001320000001",
                    name="东门 East gate",
                    source=RtspSource(url="rtsp://192.0.2.7:554/1", username="admin", password_sealed="0a" * 48),
                    latitude=31.3,
                    longitude=120.6,
                ),
            )
        ),
    ),
    "document_gb28181": Document(
        addressee="cabinet-7",
        number=4,
        issued_at_ms=AT_MS,
        body=Configuration(
            cameras=(
                Camera(
                    id="gate",
                    source=Gb28181Source(
                        device_id="34020000001180000001",
                        channel_id="34020000001310000001",
                        username="34020000001180000001",
                        password_sealed="0a" * 48,
                    ),
                ),
                Camera(
                    id="gate-yesterday",
                    source=Gb28181Source(
                        device_id="34020000001180000001",
                        channel_id="34020000001310000001",
                        username="34020000001180000001",
                        password_sealed="0b" * 48,
                        span=RecordedSpan(started_at_ms=AT_MS - 3_600_000, ended_at_ms=AT_MS),
                        speed=4,
                    ),
                ),
            )
        ),
    ),
    "document_roster": Document(
        addressee=CENTER,
        number=8,
        issued_at_ms=AT_MS,
        body=Roster(
            agents=(
                RosterEntry(agent_id="cabinet-7", site_id="north", membership=Membership.REVOKED, since_ms=AT_MS),
                RosterEntry(
                    agent_id="cabinet-8",
                    site_id="north",
                    membership=Membership.ENROLLED,
                    since_ms=AT_MS,
                    certificate_ends_ms=AT_MS + 7_776_000_000,
                ),
            )
        ),
    ),
    "document_software": Document(
        addressee="cabinet-7",
        number=AT_MS // 1000,
        issued_at_ms=AT_MS,
        body=SoftwareOrder(
            act=Act.INSTALL,
            version="0.2.0",
            file=ReleaseFile(sha256="ab" * 32, bytes=184_549_376, role="edge", arch="x86_64", python="3.13"),
        ),
    ),
    "document_rollout": Document(
        addressee=CENTER,
        number=AT_MS,
        issued_at_ms=AT_MS,
        body=RolloutReport(
            rollout=3,
            what=RolloutKind.SOFTWARE,
            name="0.2.0",
            phase=RolloutPhase.STOPPING,
            stage=2,
            stage_size=2,
            total=20,
            counts={AgentProgress.PENDING: 18, AgentProgress.HEALTHY: 1, AgentProgress.FAILED: 1},
            stopped=StopCause.ERROR_RATE,
            cause="1 of 2 agents failed, 10% is the limit",
            failed=(FailedAgent(agent_id="cabinet-7", progress=AgentProgress.FAILED, cause="silent for over 180 s"),),
            started_at_ms=AT_MS - 60_000,
            changed_at_ms=AT_MS,
        ),
    ),
    "installed": Installed(
        agent_id="cabinet-7",
        number=AT_MS // 1000,
        verdict=Verdict.ROLLED_BACK,
        cause="version 0.2.0 did not prove itself within 180 s",
        running="0.1.0",
        at_ms=AT_MS,
    ),
    "document_warrant": Document(
        addressee=TASKS, number=AT_MS, issued_at_ms=AT_MS, body=Warrant(key="12" * 32, ends_at_ms=AT_MS + 86_400_000)
    ),
    "document_warrant_upload": Document(
        addressee=TASKS,
        number=AT_MS,
        issued_at_ms=AT_MS,
        body=Warrant(key="12" * 32, ends_at_ms=AT_MS + 86_400_000, may=(Power.CONTROL, Power.UPLOAD)),
    ),
    "document_warrant_start": Document(
        addressee=TASKS,
        number=AT_MS,
        issued_at_ms=AT_MS,
        body=Warrant(key="12" * 32, ends_at_ms=AT_MS + 86_400_000, may=(Power.CONTROL, Power.START)),
    ),
    "task_command": TaskCommand(
        agent_id="desk",
        camera_id="stolen",
        number=AT_MS,
        issued_at_ms=AT_MS,
        expires_at_ms=AT_MS + 120_000,
        verb=Verb.PRIORITY,
        priority=Priority.LAST,
    ),
    "task_command_start_span": TaskCommand(
        agent_id="cabinet-7",
        camera_id="gate",
        number=AT_MS,
        issued_at_ms=AT_MS,
        expires_at_ms=AT_MS + 120_000,
        verb=Verb.START,
        job="1f0c2a94",
        work=SPAN,
    ),
    "task_command_start_live": TaskCommand(
        agent_id="cabinet-7",
        camera_id="gate",
        number=AT_MS,
        issued_at_ms=AT_MS,
        expires_at_ms=AT_MS + 120_000,
        verb=Verb.START,
        priority=Priority.FIRST,
        job="1f0c2a95",
        work=LIVE,
    ),
    "sealed_command": SealedCommand(
        command='{"agent_id":"desk"}',
        signature="ef" * 64,
        warrant=Sealed(document='{"addressee":"(tasks)"}', signature="ef" * 64),
    ),
    "tasks": TaskReport(
        agent_id="desk",
        tasks={"stolen": TaskState(paused=True, priority=Priority.LAST)},
        word=CommandWord(number=AT_MS, taken=False, cause="expired", at_ms=AT_MS),
    ),
    "upload_permit": UploadPermit(
        id="0123456789abcdef" * 2,
        agent_id="desk",
        camera_id="stolen",
        origin="https://centre.example",
        actor="ona",
        purpose="theft at the north gate",
        issued_at_ms=AT_MS,
        expires_at_ms=AT_MS + 600_000,
    ),
    "sealed_permit": SealedPermit(
        permit='{"agent_id":"desk"}',
        signature="ef" * 64,
        warrant=Sealed(document='{"addressee":"(tasks)"}', signature="ef" * 64),
    ),
    "tasks_desk": TaskReport(
        agent_id="desk",
        tasks={"stolen": TaskState()},
        word=None,
        desk=DeskAddress(url="https://desk.example:8446", console="https://centre.example"),
    ),
    "tasks_jobs": TaskReport(
        agent_id="cabinet-7",
        tasks={},
        word=CommandWord(number=AT_MS, taken=True, at_ms=AT_MS),
        jobs={
            "1f0c2a94": JobState(
                camera_id="gate",
                work=SPAN,
                phase=JobPhase.RUNNING,
                ordered_at_ms=AT_MS,
                begun_at_ms=AT_MS + 5,
                reached_ms=AT_MS - 1_800_000,
                selected=41,
                spooled=39,
                dropped={"redaction_leak": 1},
                speed=3.5,
            ),
            "1f0c2a95": JobState(
                camera_id="gate",
                work=LIVE,
                phase=JobPhase.FAILED,
                priority=Priority.FIRST,
                ordered_at_ms=AT_MS,
                ended_at_ms=AT_MS + 9,
                reason=CodedCause(code="job_camera_gone", params={"camera": "gate"}),
            ),
        },
    ),
    "sealed": Sealed(document='{"addressee":"cabinet-7"}', signature="ef" * 64),
    "configured": Configured(
        agent_id="cabinet-7",
        number=3,
        verdict=Verdict.ROLLED_BACK,
        cause="camera cam-1 does not deliver any more: check its address",
        active=2,
        at_ms=AT_MS,
    ),
    "bundle": BUNDLE,
    "sealed_bundle": SealedBundle(bundle=BUNDLE.model_dump_json(), signature="ef" * 64),
    "hello": Hello(now_ms=AT_MS, seal_key="12" * 32),
    "enrol_request": EnrolRequest(
        site_id="north",
        agent_id="cabinet-7",
        code=BUNDLE.code,
        csr="-----BEGIN CERTIFICATE REQUEST-----",
        secrets_key="34" * 32,
    ),
    "renew_request": RenewRequest(csr="-----BEGIN CERTIFICATE REQUEST-----"),
    "enrolled": Enrolled(
        agent_id="cabinet-7",
        site_id="north",
        certificate="-----BEGIN CERTIFICATE-----\n",
        services_ca="-----BEGIN CERTIFICATE-----\n",
        broker_host="192.0.2.1",
        broker_port=8883,
        seal_key="12" * 32,
        now_ms=AT_MS,
    ),
    "problem": Problem(error="code_used", detail="the code of agent cabinet-7 was used already, by another box"),
}
