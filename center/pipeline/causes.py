"""Causes for which a stage is not green, and remedies: templates, marked for translation, filled from facts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from center.errors import marked
from center.pipeline.stages import StageState
from provisioning.contracts.wire.messages import CodedCause

_A: Final = StageState.AMBER
_R: Final = StageState.RED
_U: Final = StageState.UNKNOWN


@dataclass(frozen=True, slots=True)
class ReportedCause:
    """Carries a cause that an agent or the cluster reports: in code, or else in its text, or else in single words."""

    reason: CodedCause | None
    text: str
    codes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text or ", ".join(self.codes)


@dataclass(frozen=True, slots=True)
class NamedCounts:
    """Counts of drops or rejections by name, as a fact: `redactor_busy 12, paused 1`, the highest first."""

    counts: Mapping[str, int]

    def __str__(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in Counter(self.counts).most_common())


Fact = str | float | ReportedCause | NamedCounts


class OwnReason(str):
    """A reason in marked English of the centre's own, which a page shows in its language."""

    __slots__ = ()


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
    marked("The centre has no connection to the broker: state unknown."),
    marked("Fix the broker first: agents and cameras then show their state again."),
)
NO_CAMERAS: Final = Cause(
    "no_cameras",
    marked("No cameras yet"),
    marked("Start an agent with wayside-edge run; its cameras appear here automatically."),
)
CAMERAS_NOT_HEARD: Final = Cause(
    "cameras_not_heard",
    marked("No camera is reporting: every agent is offline, not enrolled or revoked."),
    marked("Fix the agents first."),
)
CAMERAS_DOWN: Final = Cause(
    "cameras_down",
    marked("{down} of {count} cameras deliver no pictures. First: {camera}: {cause}"),
    marked("The Cameras page lists each with its cause."),
)
FELL_TOGETHER: Final = Cause(
    "fell_together",
    marked("{down} of {count} cameras of agent {agent_id} failed within one minute ({code})."),
    marked("A shared component has failed: check the switch, recorder or power of the site, not the cameras."),
)
NO_PLATFORMS: Final = Cause(
    "no_platforms",
    marked("No camera is connected through a recorder or platform that registers with an agent."),
    marked("No action needed"),
)
PLATFORMS_UNTOLD: Final = Cause(
    "platforms_untold",
    marked("No agent reports how its cameras are connected yet."),
    marked("Update the agents to this version to see the recorders and platforms behind them."),
)
PLATFORM_DOWN: Final = Cause(
    "platform_down",
    marked("{device_id} at agent {agent_id}: none of its {count} channels delivers pictures. {cause}"),
    marked("Contact the operator of the recorder or platform; check its network, registration and password."),
)
PLATFORM_PARTLY: Final = Cause(
    "platform_partly_down",
    marked("{device_id} at agent {agent_id}: {down} of its {count} channels deliver no pictures. {cause}"),
    marked("The Cameras page lists each with its cause."),
)
NO_AGENTS: Final = Cause(
    "no_agents",
    marked("No agents yet"),
    marked("Create one with wayside-provision agent new and enrol it on its box."),
)
AGENTS_PENDING: Final = Cause(
    "agents_pending",
    marked("No agent has enrolled yet; awaiting enrolment: {pending}."),
    marked("On each box, run: wayside-edge enrol BUNDLE"),
)
AGENTS_SILENT: Final = Cause(
    "agents_silent",
    marked("{silent} of {count} agents are not reporting: {agents}"),
    marked("Check power and network of these boxes; on the box, run: journalctl -u wayside-edge"),
)
REDACTION_DOWN: Final = Cause(
    "redaction_down",
    marked("Pictures of {count} cameras cannot be redacted, so none are published. First: {camera}: {cause}"),
    marked("On the box, run wayside-engines fetch, and check the log of the agent."),
)
CAMERAS_PAUSED: Final = Cause(
    "cameras_paused",
    marked("{count} cameras are paused because the second check found uncovered areas: {cameras}"),
    marked("Check their redaction policy, then on the box, run: wayside-edge resume CAMERA"),
)
PICTURES_LOST: Final = Cause(
    "pictures_lost",
    marked("Agent {agent_id} had no space for {count} pictures in the last {window_s} s ({names})."),
    marked("Its spool or disk is full: restore the connection to the centre, or increase spool.max_bytes."),
)
PICTURES_DROPPED: Final = Cause(
    "pictures_dropped",
    marked("Agent {agent_id} dropped {count} pictures in the last {window_s} s ({names})."),
    marked("If this continues, it has more cameras than it can redact; docs/flow.md explains each kind of drop."),
)
AGENT_BACKLOG: Final = Cause(
    "agent_backlog",
    marked("{waiting} pictures are queued for archiving at agent {agent_id}."),
    marked(
        "The connection to the broker is slow or was interrupted, or the cluster is too slow. "
        "The newest pictures are sent first."
    ),
)
AGENT_DISK: Final = Cause(
    "agent_disk",
    marked("The disk of agent {agent_id} has {free} GB free."),
    marked("Find what fills it, or reduce spool.max_bytes."),
)
CERTIFICATE_ENDS: Final = Cause(
    "certificate_ends",
    marked("The certificate of agent {agent_id} expires in {days} days: its renewal has failed for weeks."),
    marked("Check the log of the agent: it must be able to reach the enrolment service."),
)
CERTIFICATE_ENDED: Final = Cause(
    "certificate_ended",
    marked("The certificate of agent {agent_id} has expired: the broker rejects it."),
    marked("Enrol it again, starting with: wayside-provision bundle"),
)
CONFIGURATION_BACK: Final = Cause(
    "configuration_not_taken",
    marked("Agent {agent_id} did not accept configuration {number} ({verdict}): {cause}"),
    marked(
        "Correct the configuration; wayside-provision cameras import sends it. To send it again: "
        "wayside-provision cameras send {agent_id}"
    ),
)
REJECTED_AT_AGENT: Final = Cause(
    "quarantined",
    marked("Agent {agent_id} moved {count} messages to quarantine in the last {window_s} s."),
    marked("Its version does not match the cluster, or data is damaged: check its quarantine on the box."),
)
BROKER_AWAY: Final = Cause(
    "broker_away",
    marked("The broker is unreachable: {cause}."),
    marked("Start the broker, or correct [broker]. The centre keeps retrying."),
)
BROKER_MUTE: Final = Cause(
    "broker_mute",
    marked("The broker responds but reports no metrics."),
    marked(
        "Render its access file again (wayside-provision broker render) and restart it. EMQX reports no such metrics."
    ),
)
BROKER_DROPS: Final = Cause(
    "broker_drops",
    marked("The broker dropped {count} messages in the last {window_s} s."),
    marked("A subscriber is too slow, or a limit is reached. Agents send again. See docs/broker.md, Bad days."),
)
BROKER_SLOW: Final = Cause(
    "broker_slow",
    marked("Messages take {lag_s} s from an agent to the intake."),
    marked("Check the connection between agents and broker, the load of the broker's machine, and both clocks."),
)
QUERY_BETWEEN: Final = Cause(
    "query_between",
    marked("The query service of the cluster is not responding: state unknown."),
    marked("Fix it first: the stages of the cluster then show their state again."),
)
CLUSTER_OLDER: Final = Cause(
    "cluster_older",
    marked("Not reported by the cluster ({cause})."),
    marked("Update the cluster to the version of the centre."),
)
INTAKE_AWAY: Final = Cause(
    "intake_away",
    marked("The intake is not responding: no messages are accepted. Agents keep all pictures."),
    marked("Run wayside-cluster status, or check the Ray dashboard, to see why its replica is not running."),
)
INTAKE_BETWEEN: Final = Cause(
    "intake_between", marked("The intake is not responding: state unknown."), marked("Fix the intake first.")
)
INTAKE_NO_BROKER: Final = Cause(
    "intake_no_broker",
    marked("The intake has no connection to the broker."),
    marked("Check the broker, and the certificate and access of the cluster; see docs/broker.md."),
)
INTAKE_IDLE: Final = Cause(
    "intake_idle",
    marked("{waiting} pictures are queued at agents, but the intake received nothing in the last {window_s} s."),
    marked("Agents cannot reach the broker, or the subscription of the intake is not active; see docs/broker.md."),
)
INTAKE_BACKLOG: Final = Cause(
    "intake_backlog",
    marked("Queued at the intake: {live} live pictures, {backlog} backlog pictures."),
    marked("The parsers are too slow: add replicas or machines (wayside-cluster scale)."),
)
INTAKE_SLOW: Final = Cause(
    "intake_slow",
    marked("Pictures wait {lag_s} s in the intake."),
    marked("The parsers are too slow: add replicas or machines (wayside-cluster scale)."),
)
INTAKE_REJECTS: Final = Cause(
    "intake_rejects",
    marked("The intake rejected {count} messages in the last {window_s} s ({names})."),
    marked("They are malformed: check the versions on both sides, and the quarantine of the agents."),
)
INTAKE_DROPS: Final = Cause(
    "intake_drops",
    marked("The intake dropped {count} messages in the last {window_s} s ({names})."),
    marked("Agents send them again. If this continues, increase receive_maximum or intake_replicas."),
)
INTAKE_RETRIES: Final = Cause(
    "intake_retries",
    marked("Calls from the intake to the next stages failed {count} times in the last {window_s} s and are retried."),
    marked("A replica has failed or is overloaded: see wayside-cluster status and the log of the intake."),
)
INTAKE_STUCK: Final = Cause(
    "intake_stuck",
    marked("{count} messages are stuck at the {where} for {seconds} s: {cause}"),
    marked(
        "The stage is unavailable or fails on every message. Agents keep all pictures: check "
        "wayside-cluster status and the log of the intake."
    ),
)
NO_PARSER: Final = Cause(
    "no_parser",
    marked("No parser is responding."),
    marked("No machine has the role parse, or its replicas do not start: run wayside-cluster status."),
)
PARSER_FAULTS: Final = Cause(
    "parser_faults",
    marked("{broken} of {count} parsers have faults: {cause}"),
    marked("Run wayside-cluster detectors to see which model is missing or rejected, and where."),
)
PARSE_STUCK: Final = Cause(
    "parse_stuck",
    marked("{count} pictures have been at the {where} for {window_s} s without a result."),
    marked("Check its replicas in the Ray dashboard, and run wayside-cluster status."),
)
PARSE_SLOW: Final = Cause(
    "parse_slow",
    marked("Parsing takes {lag_s} s per picture."),
    marked("Add replicas or machines for the parsers (wayside-cluster scale), or use a faster detector."),
)
LEAK: Final = Cause(
    "leak",
    marked("In the last {window_s} s the second check found uncovered areas in {count} pictures; none were kept."),
    marked("Their cameras are paused: see the Agents page; the log of the intake names agent and camera."),
)
PROOF_LOST: Final = Cause(
    "proof_lost",
    marked("Agent {agent} is no longer trusted: the cluster finds other vehicles in its pictures than it reports."),
    marked("All its pictures are checked again. Check the agent; agreed_at_ms in /intake shows which rows to check."),
)
PROOF_LOST_LEAK: Final = Cause(
    "proof_lost_leak",
    marked("Agent {agent} is no longer trusted: the second check found uncovered areas."),
    marked("All its pictures are checked again until enough of them pass in a row. Check the agent."),
)
ARCHIVE_STUCK: Final = Cause(
    "archive_stuck",
    marked("{count} pictures have been awaiting commit for {window_s} s."),
    marked("Check the log and the disk of the archiver: ArchiveFull means no space; Fenced clears after a failover."),
)
ARCHIVE_SLOW: Final = Cause(
    "archive_slow",
    marked("A commit takes {lag_s} s."),
    marked("Check the disk of the archive."),
)
ARCHIVE_UNREADABLE: Final = Cause(
    "archive_unreadable",
    marked("The archive cannot be read: {cause}"),
    marked("Check archive_dir on the machine with the role archive: disk, mount and owner."),
)
UPKEEP: Final = Cause(
    "upkeep",
    marked("Archive maintenance reports: {cause}"),
    marked("Run wayside-cluster status for details."),
)
STORAGE_LOW: Final = Cause(
    "storage_low",
    marked("The disk of the archive has {free} GB of {total} GB free."),
    marked(
        "Add disk space or shorten retention_days; see docs/capacity.md. When it is full, agents keep all pictures."
    ),
)
PACK_STORE_AWAY: Final = Cause(
    "pack_store_away",
    marked("The store of the pictures ({place}) has not answered as it should for {seconds} s: {cause}"),
    marked("Nothing is archived until it answers; agents keep all pictures. wayside-cluster status has the details."),
)
QUERY_AWAY: Final = Cause(
    "query_away",
    marked("The query service of the cluster is not responding: {cause}."),
    marked("After a start, wait a minute. Otherwise start the cluster with wayside-cluster run, or correct query_url."),
)
QUERY_DENIED: Final = Cause(
    "query_denied",
    marked("The query service of the cluster rejects the token of the centre."),
    marked("Use the same content in query_token_file as the cluster."),
)
QUERY_STRANGE: Final = Cause(
    "query_strange",
    marked("Another service than the cluster query is responding, or it is still starting: {cause}."),
    marked("Wait until it has started; otherwise correct query_url."),
)
QUERY_SLOW: Final = Cause(
    "query_slow",
    marked("The fastest response of the query service took {lag_s} s."),
    marked("Its machine is overloaded: check it in the Ray dashboard."),
)
NO_CHANNELS: Final = Cause(
    "no_channels",
    marked("No notification channel is configured: alarms are only shown in the console."),
    marked("No action needed, unless people should be notified; see docs/notify.md."),
)
CHANNEL_STANDS: Final = Cause(
    "channel_stands",
    marked("Channel {channel} is not sending: {cause}."),
    marked("Correct the cause; queued messages that have not expired are then sent."),
)
CHANNEL_SUSPENDED: Final = Cause(
    "channel_suspended",
    marked("Channel {channel} is suspended: more than {limit} complaints within seven days."),
    marked(
        "Find what was complained of, then lift the suspension on the page SMS by the month. Until then its alarms go "
        "by the next channel of alarms.tell that sends, and by none if there is none."
    ),
)
QUOTA_WARNED: Final = Cause(
    "quota_warned",
    marked("Channel {channel} has used {used} of its {parts} message parts of {month}."),
    marked("Buy more, or let fewer rules notify by SMS: at {parts} it stops or costs extra, as configured."),
)
QUOTA_SPENT: Final = Cause(
    "quota_spent",
    marked("Channel {channel} has used all {parts} message parts of {month} and sends no more."),
    marked("Buy more and increase monthly_parts, or allow overflow; until then, notify people in another way."),
)
QUOTA_OVER: Final = Cause(
    "quota_over",
    marked("Channel {channel} has used {used} message parts of {month}, over its {parts}: each one costs extra."),
    marked("Buy more, or let fewer rules notify by SMS."),
)
CHANNEL_SLOWED: Final = Cause(
    "channel_slowed",
    marked("The carrier limits channel {channel} to {per_second} messages per second."),
    marked("Send less for a while; the limit is lifted automatically."),
)
UNDELIVERED: Final = Cause(
    "undelivered",
    marked("{count} messages of channel {channel} failed, expired or were not delivered in the last {window_s} s."),
    marked("The outbox lists each with its code: GET /api/notify/outbox"),
)
SERVER_UNHEARD: Final = Cause(
    "server_unheard",
    marked("Server {server} reports no storage metrics."),
    marked("On it, run: systemctl status prometheus prometheus-node-exporter"),
)
METRICS_AWAY: Final = Cause(
    "storage_metrics_away",
    marked("The storage metrics at {target} cannot be read: {cause}."),
    marked("Start Prometheus or node exporter there, or correct [probes]. Until then no server's disks are judged."),
)
SERVERS_UNTOLD: Final = Cause(
    "servers_untold",
    marked("{target} has no metrics of a server's disks."),
    marked("Install prometheus-node-exporter on each server and let Prometheus scrape it as job node."),
)
DISK_LOW: Final = Cause(
    "disk_low",
    marked("Server {server}: {name} has {percent} % of its space free."),
    marked("Find what fills it (du -xh --max-depth=2 {name}), or add disk space."),
)
INODES_LOW: Final = Cause(
    "inodes_low",
    marked("Server {server}: {name} has {percent} % of its inodes free."),
    marked("Find the folder with very many small files (du --inodes -x --max-depth=2 {name}) and remove what is old."),
)
DISK_BROKEN: Final = Cause(
    "disk_broken",
    marked("Server {server}: the file system {name} cannot be read."),
    marked("On it, run dmesg and check the disk; restore from the backup if it is lost."),
)
DISK_READ_ONLY: Final = Cause(
    "disk_read_only",
    marked("Server {server}: {name} is mounted read-only."),
    marked("Linux does that after disk errors: run dmesg, check the disk, then mount it again."),
)
NFS_AWAY: Final = Cause(
    "nfs_away",
    marked("Server {server}: the NFS mount {name} does not respond."),
    marked("Check the NFS server and the network between the two: systemctl status nfs-server on the former."),
)
MOUNT_FAILED: Final = Cause(
    "mount_failed",
    marked("Server {server}: {name} could not be mounted."),
    marked("On it, run systemctl status {name}; check the disk, or the NFS server and the network."),
)
RAID_DEGRADED: Final = Cause(
    "raid_degraded",
    marked("Server {server}: RAID {name} has {active} of {required} disks."),
    marked(
        "Replace the failed disk and add it: mdadm --detail /dev/{name}, then mdadm --manage /dev/{name} --add DISK"
    ),
)
RAID_STOPPED: Final = Cause(
    "raid_stopped",
    marked("Server {server}: RAID {name} is not running."),
    marked("On it, run: mdadm --detail /dev/{name}. Do not add or remove disks before its cause is known."),
)
SMART_FAILING: Final = Cause(
    "smart_failing",
    marked("Server {server}: disk {name} reports that it is about to fail (SMART)."),
    marked("Replace it now, while its data can still be read: smartctl -a {name} shows the reason."),
)
PROBE_PENDING: Final = Cause(
    "probe_pending",
    marked("{target} has not been checked yet."),
    marked("This takes a few seconds after a start."),
)
PROBE_HANGS: Final = Cause(
    "probe_hangs",
    marked("{target} gave no answer within {seconds} s."),
    marked("It accepts requests and does not answer, or a firewall drops them: restart it, or check the way there."),
)
PROBE_BROKEN: Final = Cause(
    "probe_broken",
    marked("The check of {target} failed in the centre itself ({cause})."),
    marked("Its log has the trace; report it."),
)
NTP_AWAY: Final = Cause(
    "ntp_away",
    marked("Time server {target} gives no time: {cause}."),
    marked("Check it and UDP port 123 on the way: chronyc sources shows how long it has been silent."),
)
CLOCK_UNSYNCHRONISED: Final = Cause(
    "clock_unsynchronised",
    marked("The clock of this machine is not synchronised: {cause}."),
    marked("Run: systemctl status chrony; chronyc tracking; chronyc sources"),
)
CLOCK_OFFSET: Final = Cause(
    "clock_offset",
    marked("The clock of this machine differs by {seconds} s from time server {target}."),
    marked("Find out which of the two is right; then: chronyc makestep"),
)
PROVIDER_AWAY: Final = Cause(
    "provider_away",
    marked("The identity provider {target} is unavailable: {cause}."),
    marked("Check the provider and issuer in [oidc]. Local accounts can still log in."),
)
RELAY_AWAY: Final = Cause(
    "relay_away",
    marked("The mail relay of channel {target} is unavailable: {cause}."),
    marked("Check the relay, its port and its certificate. Queued mail is sent when it responds."),
)
GATEWAY_AWAY: Final = Cause(
    "gateway_away",
    marked("The SMS gateway of channel {target} is unavailable: {cause}."),
    marked("Check the way to it and ask the carrier. Queued messages are sent when it responds, until they expire."),
)
RECEIVER_AWAY: Final = Cause(
    "receiver_away",
    marked("The receiver of webhook {target} is unavailable: {cause}."),
    marked("Contact its operator. Queued messages are sent when it responds, until they expire."),
)
STAMP_ENDS: Final = Cause(
    "stamp_certificate_ends",
    marked("The certificate {target} of exports expires in {days} days."),
    marked("Copy certificate and key again, which wayside-provision serve renews, and restart the centre."),
)
STAMP_ENDED: Final = Cause(
    "stamp_certificate_ended",
    marked("The certificate {target} of exports has expired: no export can be checked."),
    marked("Copy certificate and key again, which wayside-provision serve renews, and restart the centre."),
)
SUPERIOR_AWAY: Final = Cause(
    "superior_away",
    marked("Superior platform {target} is unavailable: {cause}."),
    marked("Contact its operator. Pictures wait and are sent when it responds, until they expire."),
)
SUPERIOR_DENIES: Final = Cause(
    "superior_denies",
    marked("Superior platform {target} does not accept this centre: {cause}."),
    marked("Compare device_id, username and password_file with what its operator has registered."),
)
SUPERIOR_LOOP: Final = Cause(
    "superior_loop",
    marked("Superior platform {target} is not used: {cause}."),
    marked("Correct url, superior_id and device_id in [[viid_cascade]], then restart the centre."),
)
SUPERIOR_MISSES: Final = Cause(
    "superior_misses",
    marked("Superior platform {target} did not get everything that was chosen for it: {cause}."),
    marked("It refused them, or was away for longer than the outbox holds: see max_waiting and give_up_after_h."),
)
FEED_FAILED: Final = Cause(
    "feed_failed",
    marked("The closed month of the assessment was not delivered to {target}: {cause}."),
    marked("Check [assessment_feed] and the receiver. It is tried again every ten minutes."),
)
EVENTS_AWAY: Final = Cause(
    "events_away",
    marked("Event receiver {target} takes nothing: {cause}."),
    marked("Contact its operator, or correct [events_out]. Events wait and are sent later, until they expire."),
)
EVENTS_LOST: Final = Cause(
    "events_lost",
    marked("Event receiver {target} did not get all its events: {cause}."),
    marked("It refused them, or was away for longer than the outbox holds: see max_waiting and give_up_after_h."),
)
CASCADE_AWAY: Final = Cause(
    "cascade_away",
    marked("Superior platform {target} is unavailable: {cause}."),
    marked("Check host, port and transport in [[cascade]], and the way there. The centre registers again by itself."),
)
CASCADE_REFUSED: Final = Cause(
    "cascade_refused",
    marked("Superior platform {target} refuses this centre: {cause}."),
    marked("Compare id, domain, own_id, username and password in [[cascade]] with what its operator has assigned."),
)
CASCADE_LOOP: Final = Cause(
    "cascade_loop",
    marked("Superior platform {target} also registers with an agent of this centre: this would be a loop."),
    marked(
        "Remove it from the agent's [gb28181] cameras, or remove it from [[cascade]]: a platform is above or below."
    ),
)
ALARMED_ELSEWHERE: Final = frozenset({AGENTS_SILENT, BROKER_AWAY, QUERY_AWAY, QUERY_DENIED, QUERY_STRANGE})
"""Causes that alarm rules have from another source: each silent agent, and the centre's own health."""
