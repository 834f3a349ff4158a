"""Causes for which a stage is not green, and remedies: templates, marked for translation, filled from facts."""

from dataclasses import dataclass, field
from typing import Final

from center.errors import marked
from center.pipeline.stages import StageState

_A: Final = StageState.AMBER
_R: Final = StageState.RED
_U: Final = StageState.UNKNOWN


Fact = str | float


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause that a stage may have. `code` is a stable word for programs."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class StageFinding:
    """A cause that was found, with the state that it gives the stage and its facts."""

    state: StageState
    cause: Cause
    facts: dict[str, Fact] = field(default_factory=dict)

    def text(self) -> str:
        """Returns the cause in English."""
        return self.cause.message.format(**self.facts)

    def advice(self) -> str:
        """Returns the remedy in English."""
        return self.cause.remedy.format(**self.facts)


def amber(cause: Cause, /, **facts: Fact) -> StageFinding:
    """Makes a finding of a stage that works but needs attention."""
    return StageFinding(_A, cause, facts)


def red(cause: Cause, /, **facts: Fact) -> StageFinding:
    """Makes a finding of a stage that does not do its work."""
    return StageFinding(_R, cause, facts)


def unknown(cause: Cause, /, **facts: Fact) -> StageFinding:
    """Makes a finding of a stage of which there is no evidence."""
    return StageFinding(_U, cause, facts)


BROKER_BETWEEN: Final = Cause(
    "broker_between",
    marked("The centre has no connection to the broker, so nobody knows."),
    marked("Mend the broker first: what the agents and cameras do shows again by itself."),
)
NO_CAMERAS: Final = Cause(
    "no_cameras",
    marked("No camera has reported yet."),
    marked("Start an agent with wayside-edge run; its cameras appear here by themselves."),
)
CAMERAS_NOT_HEARD: Final = Cause(
    "cameras_not_heard",
    marked("No camera is heard now: every agent is silent, pending or revoked."),
    marked("Mend the agents first."),
)
CAMERAS_DOWN: Final = Cause(
    "cameras_down",
    marked("{down} of {count} cameras deliver nothing. The first: {camera}: {cause}"),
    marked("The page Cameras names each with its cause."),
)
FELL_TOGETHER: Final = Cause(
    "fell_together",
    marked("{down} of {count} cameras of agent {agent_id} went within a minute of each other ({code})."),
    marked("One thing they share has failed: look at the site's switch, recorder or power, not at cameras."),
)
NO_PLATFORMS: Final = Cause(
    "no_platforms",
    marked("No camera comes through a recorder or platform that registers with an agent."),
    marked("Nothing to do."),
)
PLATFORMS_UNTOLD: Final = Cause(
    "platforms_untold",
    marked("No agent says yet how its cameras are connected."),
    marked("Bring the agents to this version: then the recorders and platforms behind them show here."),
)
PLATFORM_DOWN: Final = Cause(
    "platform_down",
    marked("{device_id} at agent {agent_id}: none of its {count} channels delivers. {cause}"),
    marked("Ask whoever runs that recorder or platform; look at its network, its registration and its password."),
)
PLATFORM_PARTLY: Final = Cause(
    "platform_partly_down",
    marked("{device_id} at agent {agent_id}: {down} of its {count} channels deliver nothing. {cause}"),
    marked("The page Cameras names each with its cause."),
)
NO_AGENTS: Final = Cause(
    "no_agents",
    marked("No agent is known yet."),
    marked("Make one with wayside-provision agent new, and enrol its box."),
)
AGENTS_PENDING: Final = Cause(
    "agents_pending",
    marked("No agent has enrolled yet; {pending} are expected."),
    marked("On each box run: wayside-edge enrol BUNDLE"),
)
AGENTS_SILENT: Final = Cause(
    "agents_silent",
    marked("{silent} of {count} agents have fallen silent: {agents}"),
    marked("Look at their machines' power and network; on the box: journalctl -u wayside-edge"),
)
REDACTION_DOWN: Final = Cause(
    "redaction_down",
    marked("Pictures of {count} cameras cannot be covered, so none is published. The first: {camera}: {cause}"),
    marked("On the box run wayside-engines fetch, and look at the agent's log."),
)
CAMERAS_PAUSED: Final = Cause(
    "cameras_paused",
    marked("{count} cameras are paused, since the second check found something uncovered: {cameras}"),
    marked("Look at their redaction policy, then on the box: wayside-edge resume CAMERA"),
)
PICTURES_LOST: Final = Cause(
    "pictures_lost",
    marked("Agent {agent_id} had no room for {count} pictures in the last {window_s} s ({names})."),
    marked("Its spool or disk is full: end the outage behind it, or give it more room (spool.max_bytes)."),
)
PICTURES_DROPPED: Final = Cause(
    "pictures_dropped",
    marked("Agent {agent_id} dropped {count} pictures in the last {window_s} s ({names})."),
    marked("If it goes on, it has more cameras than it can redact: docs/flow.md names each drop."),
)
AGENT_BACKLOG: Final = Cause(
    "agent_backlog",
    marked("{waiting} pictures wait at agent {agent_id} to be archived."),
    marked("The line to the broker is slow or was away, or the cluster takes too little; the newest are sent first."),
)
AGENT_DISK: Final = Cause(
    "agent_disk",
    marked("The disk of agent {agent_id} has {free} GB left."),
    marked("Find who fills it, or lower spool.max_bytes."),
)
CERTIFICATE_ENDS: Final = Cause(
    "certificate_ends",
    marked("The certificate of agent {agent_id} ends in {days} days: its renewal has failed for weeks."),
    marked("Look at the agent's log for the enrolment service; it must reach it."),
)
CERTIFICATE_ENDED: Final = Cause(
    "certificate_ended",
    marked("The certificate of agent {agent_id} has ended: the broker refuses it."),
    marked("Enrol it anew, beginning with: wayside-provision bundle"),
)
CONFIGURATION_BACK: Final = Cause(
    "configuration_not_taken",
    marked("Agent {agent_id} did not take configuration {number} ({verdict}): {cause}"),
    marked("Correct what it says, then: wayside-provision cameras send AGENT"),
)
REJECTED_AT_AGENT: Final = Cause(
    "quarantined",
    marked("Agent {agent_id} had to put {count} messages into quarantine in the last {window_s} s."),
    marked("Its version and the cluster's do not fit, or bytes are damaged: look at its quarantine on the box."),
)
BROKER_AWAY: Final = Cause(
    "broker_away",
    marked("The broker cannot be reached: {cause}."),
    marked("Start it, or correct [broker]; the centre keeps trying."),
)
BROKER_MUTE: Final = Cause(
    "broker_mute",
    marked("The broker answers, and tells nothing of itself."),
    marked("Render its access file anew (wayside-provision broker render) and restart it; EMQX tells no such figures."),
)
BROKER_DROPS: Final = Cause(
    "broker_drops",
    marked("The broker dropped {count} messages in the last {window_s} s."),
    marked("A reader is slower than what comes, or its limits are met. Agents send again; docs/broker.md, Bad days."),
)
BROKER_SLOW: Final = Cause(
    "broker_slow",
    marked("From an agent to the intake a message takes {lag_s} s."),
    marked("Look at the line between agents and broker, at its machine's load, and at both clocks."),
)
QUERY_BETWEEN: Final = Cause(
    "query_between",
    marked("The cluster's query does not answer, so nobody knows."),
    marked("Mend it first: the cluster's stages show again by themselves."),
)
CLUSTER_OLDER: Final = Cause(
    "cluster_older",
    marked("The cluster does not tell this ({cause})."),
    marked("Bring the cluster to the centre's version."),
)
INTAKE_AWAY: Final = Cause(
    "intake_away",
    marked("No intake answers: nobody takes messages in. Agents keep everything."),
    marked("wayside-cluster status, and Ray's dashboard, say why its replica does not run."),
)
INTAKE_BETWEEN: Final = Cause(
    "intake_between", marked("The intake does not answer, so nobody knows."), marked("Mend the intake first.")
)
INTAKE_NO_BROKER: Final = Cause(
    "intake_no_broker",
    marked("The intake has no connection to the broker."),
    marked("Look at the broker, and at the cluster's certificate and access to it; docs/broker.md."),
)
INTAKE_IDLE: Final = Cause(
    "intake_idle",
    marked("{waiting} pictures wait at agents, and the intake received nothing in the last {window_s} s."),
    marked("Agents do not reach the broker, or the intake's subscription does not stand: docs/broker.md."),
)
INTAKE_BACKLOG: Final = Cause(
    "intake_backlog",
    marked("{live} live pictures and {backlog} older ones wait in the intake."),
    marked("The parsers take less than comes: give them more replicas or machines (wayside-cluster scale)."),
)
INTAKE_SLOW: Final = Cause(
    "intake_slow",
    marked("A picture waits {lag_s} s in the intake."),
    marked("The parsers take less than comes: give them more replicas or machines (wayside-cluster scale)."),
)
INTAKE_REJECTS: Final = Cause(
    "intake_rejects",
    marked("The intake rejected {count} messages in the last {window_s} s ({names})."),
    marked("They broke the contract: look at the versions on both sides, and at the agents' quarantine."),
)
INTAKE_DROPS: Final = Cause(
    "intake_drops",
    marked("The intake dropped {count} messages in the last {window_s} s ({names})."),
    marked("Agents send them again. If it goes on, raise receive_maximum or intake_replicas."),
)
INTAKE_RETRIES: Final = Cause(
    "intake_retries",
    marked("Calls to the stages behind the intake failed {count} times in the last {window_s} s, and are tried again."),
    marked("A replica died or is full: wayside-cluster status, and the intake's log, name it."),
)
INTAKE_STUCK: Final = Cause(
    "intake_stuck",
    marked("{count} messages make no way at the {where} for {seconds} s: {cause}"),
    marked("The stage is away, or fails on everything. Agents keep all: wayside-cluster status, and the intake's log."),
)
NO_PARSER: Final = Cause(
    "no_parser",
    marked("No parser answers."),
    marked("No machine has the role parse, or its replicas do not start: wayside-cluster status."),
)
PARSER_FAULTS: Final = Cause(
    "parser_faults",
    marked("{broken} of {count} parsers have faults: {cause}"),
    marked("wayside-cluster detectors says which model is missing or refused, and where."),
)
PARSE_STUCK: Final = Cause(
    "parse_stuck",
    marked("{count} pictures have been with the {where} for {window_s} s, and none came back."),
    marked("Look at its replicas in Ray's dashboard; wayside-cluster status."),
)
PARSE_SLOW: Final = Cause(
    "parse_slow",
    marked("Parsing takes {lag_s} s a picture."),
    marked("Give the parsers more replicas or machines (wayside-cluster scale), or a faster detector."),
)
LEAK: Final = Cause(
    "leak",
    marked("In the last {window_s} s the second check found something uncovered in {count} pictures; none was kept."),
    marked("Their cameras are paused: see the agents; the intake's log names agent and camera."),
)
PROOF_LOST: Final = Cause(
    "proof_lost",
    marked("Agent {agent} lost its proof: the cluster finds other machines in its pictures than it reports."),
    marked(
        "All its pictures are looked at again. Look at the agent; agreed_at_ms in /intake says which rows to check."
    ),
)
PROOF_LOST_LEAK: Final = Cause(
    "proof_lost_leak",
    marked("Agent {agent} lost its proof: the second check found something uncovered."),
    marked("All its pictures are looked at again until enough of them pass in a row. Look at the agent."),
)
ARCHIVE_STUCK: Final = Cause(
    "archive_stuck",
    marked("{count} pictures have waited for their commit for {window_s} s."),
    marked("Look at the archiver's log and its disk: ArchiveFull wants space, Fenced clears after a fail-over."),
)
ARCHIVE_SLOW: Final = Cause(
    "archive_slow",
    marked("A commit takes {lag_s} s."),
    marked("Look at the disk under the archive."),
)
ARCHIVE_UNREADABLE: Final = Cause(
    "archive_unreadable",
    marked("The archive cannot be read: {cause}"),
    marked("Look at archive_dir on the machine with the role archive: its disk, its mount, who owns it."),
)
UPKEEP: Final = Cause(
    "upkeep",
    marked("Upkeep of the archive tells: {cause}"),
    marked("wayside-cluster status says all of it."),
)
STORAGE_LOW: Final = Cause(
    "storage_low",
    marked("The disk under the archive has {free} GB left of {total} GB."),
    marked("More disk, or a shorter retention_days: docs/capacity.md. When it is full, agents keep all."),
)
QUERY_AWAY: Final = Cause(
    "query_away",
    marked("The cluster's query does not answer: {cause}."),
    marked("Start the cluster with wayside-cluster run, or correct query_url."),
)
QUERY_DENIED: Final = Cause(
    "query_denied",
    marked("The cluster's query refuses the centre's token."),
    marked("Give query_token_file the content that the cluster's has."),
)
QUERY_STRANGE: Final = Cause(
    "query_strange",
    marked("Something else than the cluster's query answers, or it is still starting: {cause}."),
    marked("Wait for it to start; else correct query_url."),
)
QUERY_SLOW: Final = Cause(
    "query_slow",
    marked("The quickest answer of the cluster's query took {lag_s} s."),
    marked("Its machine is overloaded: look at it in Ray's dashboard."),
)
NO_CHANNELS: Final = Cause(
    "no_channels",
    marked("No notification channel is configured: alarms show on pages alone."),
    marked("Nothing to do, unless somebody should be told: docs/notify.md."),
)
CHANNEL_STANDS: Final = Cause(
    "channel_stands",
    marked("Channel {channel} sends nothing: {cause}."),
    marked("Correct the cause; what waits is sent then, as long as it has not expired."),
)
QUOTA_WARNED: Final = Cause(
    "quota_warned",
    marked("Channel {channel} has used {used} of its {parts} parts of {month}."),
    marked("Buy more, or let fewer rules tell by SMS: at {parts} it stops, or costs extra, as it is set."),
)
QUOTA_SPENT: Final = Cause(
    "quota_spent",
    marked("Channel {channel} has used all of its {parts} parts of {month}, and sends nothing more."),
    marked("Buy more and raise monthly_parts, or allow overflow; tell people in another way until then."),
)
QUOTA_OVER: Final = Cause(
    "quota_over",
    marked("Channel {channel} has used {used} parts of {month}, more than its {parts}: each costs extra."),
    marked("Buy more, or let fewer rules tell by SMS."),
)
CHANNEL_SLOWED: Final = Cause(
    "channel_slowed",
    marked("The carrier has slowed channel {channel} down to {per_second} messages a second."),
    marked("Send less for a while; it becomes faster by itself."),
)
UNDELIVERED: Final = Cause(
    "undelivered",
    marked("{count} messages of channel {channel} failed, expired or were not delivered in the last {window_s} s."),
    marked("The outbox names each with its code: GET /api/notify/outbox"),
)
