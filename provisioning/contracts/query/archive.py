"""The archive's shape: rows as they are stored, and answers of `query` as others read them.

Two tables for each window of some hours, `snapshots_YYYYMMDD_HH-HH` and `objects_YYYYMMDD_HH-HH`; where the window is
the whole day, `snapshots_YYYYMMDD`. Objects are machines; no table has a place for a person. Days are cut at a fixed
offset from UTC (+08:00 by default), columns are UTC.
"""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from pydantic import Field

from provisioning.contracts.detectors import DetectorName
from provisioning.contracts.ids import AgentId, CameraId, ObservationId, Sha256, SourceKey
from provisioning.contracts.wire.messages import (
    MAX_BOXES,
    Box,
    ClockQuality,
    CodedCause,
    Count,
    Machine,
    MachineClass,
    Message,
    PictureState,
    Quality,
    Redaction,
    Share,
    Signature,
    TimeMs,
)

FUTURE_TOLERANCE_MS = 5 * 60 * 1000
"""A capture time further ahead of receipt is not trusted: the row goes to the day of its receipt, flagged."""

DEFAULT_DAY_OFFSET_MINUTES = 8 * 60
ZONE = timezone(timedelta(minutes=DEFAULT_DAY_OFFSET_MINUTES))
"""Default zone for cutting days, for devices that write no zone, and for times that people read."""
ZONE_TEXT = "+08:00"

MOST_PARTITIONS = 16
"""Most partitions of an archive, each with a writer of its own."""


class MachineColour(StrEnum):
    """The main colour of a machine's body, by the names of the colour list of GA/T 1400.3 without its rarest ones."""

    BLACK = "black"
    WHITE = "white"
    GREY = "grey"
    """Silver is grey too."""
    RED = "red"
    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    BROWN = "brown"
    GREEN = "green"
    PURPLE = "purple"
    PINK = "pink"


class FoundAt(StrEnum):
    """Place where the machines of a picture were found."""

    EDGE = "edge"
    """In the raw picture, by the agent."""
    CLUSTER = "cluster"
    """In the covered picture, by the parser."""


class PicturePlace(Message):
    """Position of a picture in the archive: a part of a pack file, of which each commit writes one."""

    pack: str = Field(pattern=r"^[0-9]{8}/[0-9a-f-]{1,64}\.pack$")
    offset: Count
    length: Count


class ObjectRow(Message):
    """A machine of a snapshot, whose row says where it was found. Key: row key of the snapshot and index in it."""

    object_key: str
    row_key: str
    index: int = Field(ge=0, lt=512)
    camera_id: CameraId
    captured_at_ms: TimeMs
    cls: MachineClass
    score: Share
    box: Box
    detector: DetectorName | None = None
    """Detector that found it; the snapshot row has its model. None: an older row, or one of a withheld picture."""
    colour: MachineColour | None = None
    """None: too little of it is visible, or no colour dominates."""
    colour_share: Share | None = None
    """Share of its visible part that has that colour."""
    share: Share | None = None
    """Share of the picture that its box takes. None, like the next two: an older row."""
    heading_deg: float | None = Field(default=None, ge=0, lt=360, allow_inf_nan=False)
    """Heading of the machine that the edge followed here, as in `Motion`; None: it stood, or was not followed."""
    zones: tuple[str, ...] = Field(default=(), max_length=16)
    """Zones in which the edge saw that machine."""


class SnapshotRow(Message):
    """One observation. Written last in a commit: a snapshot row that exists has its objects and its picture."""

    row_key: str
    observation_id: ObservationId
    agent_id: AgentId
    camera_id: CameraId
    source_key: SourceKey
    captured_at_ms: TimeMs
    received_at_ms: TimeMs
    committed_at_ms: TimeMs
    commit_seq: Count
    """Fencing epoch in the upper bits, sequence in the lower 40: grows with every commit of its partition, and over
    restarts. Two partitions may use one number."""
    clock: ClockQuality
    time_trusted: bool
    picture: PictureState
    place: PicturePlace | None
    width: int
    height: int
    picture_sha256: Sha256
    message_sha256: Sha256
    quality: Quality
    people: int = Field(ge=0, le=10_000)
    classes: tuple[MachineClass, ...]
    """Distinct classes among the objects, so that a filter by class reads one table."""
    redaction: Redaction
    detector: DetectorName | None = None
    """Detector that searched the picture, by the name in its manifest. None: a withheld picture, or an older row."""
    detector_sha256: Sha256 | None = None
    """SHA-256 of the detector's model file."""
    found_at: FoundAt | None = None
    """Place where it found the machines. None: an older row."""
    followed: tuple[Machine, ...] = Field(default=(), max_length=MAX_BOXES)
    """Machines with the motion that the edge measured; empty in an older row. Nothing in it links two rows."""
    signature: Signature | None = None
    """Signature of a picture brought to a desk, by the agent in `row_key`; None: not brought, or an older row."""
    erased_at_ms: TimeMs | None = None
    """Time at which the picture was erased: its bytes are zeroes since, and its machines have no vector any more."""


class Observation(Message):
    """Answer of `query`: a snapshot row and its machines."""

    snapshot: SnapshotRow
    machines: tuple[ObjectRow, ...]


class HoldMark(Message):
    """A legal hold that names an observation, by its key or by camera and span."""

    name: str = Field(min_length=1, max_length=64)
    case: str = Field(min_length=1, max_length=64)
    placed_at_ms: TimeMs
    until_ms: TimeMs


class HoldMarks(Message):
    """Answer of `query`: the holds of one observation, by name."""

    holds: tuple[HoldMark, ...]


class ObservationPage(Message):
    """Answer of `query`: newest first. `next_cursor` is opaque; None at the end."""

    items: tuple[Observation, ...]
    next_cursor: str | None


class CommitPage(Message):
    """Answer of `query`: rows of one partition in commit order, oldest first. Continue with `after = last_commit_seq`.

    No row of the partition with a lower `commit_seq` can appear later, so a reader that keeps only the last one of each
    partition misses nothing.
    """

    items: tuple[Observation, ...]
    last_commit_seq: Count
    """Sequence number of the last item; on an empty page the `after` of the request."""
    partitions: int = Field(default=1, ge=1, exclude_if=lambda value: value == 1)
    """Partitions of the archive: each has its own writer and commit order, and is asked by its number, from 0 on."""


class MachineLook(Message):
    """A machine of a picture that was sent to `query` and is stored nowhere."""

    machine: Machine
    colour: MachineColour | None
    colour_share: Share | None
    comparable: bool
    """True if enough of it is visible for a look-alike search. Its vector stays inside the cluster."""


class Looks(Message):
    """Answer of `query`: the appearance of the machines in one picture, in the order of its envelope."""

    machines: tuple[MachineLook, ...]


class HopTotal(Message):
    """Sum of delays at one hop (docs/monitoring.md) since the replica started: two of these give a mean."""

    count: Count
    total_ms: float = Field(ge=0, allow_inf_nan=False)


MAX_CAUSE = 300


class StuckStage(Message):
    """Messages that make no progress at one stage of the intake."""

    stage: str = Field(max_length=32)
    messages: Count
    seconds: Count
    """Seconds since the oldest of them made progress."""
    cause: str = Field(max_length=MAX_CAUSE)
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The same for the reader's language; absent from an older cluster."""


class ProofLoss(StrEnum):
    """Cause for which an agent lost its proof."""

    LEAK = "leak"
    """The canary found a face in a picture of a proven agent."""
    MACHINES = "machines"
    """Its machines differ too much from those that the parser finds."""


class LostProof(Message):
    """An agent that lost its proof: all its pictures are inspected, and its machines are detected by the parser."""

    agent_id: AgentId
    cause: ProofLoss
    at_ms: TimeMs
    agreed_at_ms: TimeMs | None = None
    """Last picture in which all machines agreed: later rows with `FoundAt.EDGE` rest on this agent's word alone."""


class IntakeStatus(Message):
    """Answer of `query`: counters of one intake replica, a single process, since it started."""

    broker_connected: bool
    received: Count
    archived: Count
    """Committed by this replica."""
    duplicates: Count
    """Acknowledged without a commit, because the archive had them."""
    leaks: Count
    rejected: dict[str, Count]
    """Rejected messages by `RejectReason`."""
    dropped: dict[str, Count]
    """Dropped messages by name of the overflow policy; the agent sends them again."""
    in_flight: Count
    retries: Count
    waiting: dict[str, Count] = Field(default={})
    """Messages by lane: arrived, and not begun."""
    at_work: dict[str, Count] = Field(default={})
    """Pictures by deployment: sent to it, and not answered yet."""
    hops: dict[str, HopTotal] = Field(default={})
    """Delays of each hop, by its name."""
    stuck: tuple[StuckStage, ...] = Field(default=(), max_length=16)
    """Stages whose messages make no progress: normally empty."""
    alone: Count = 0
    """Messages that were tried one by one, because a stage failed repeatedly on their group."""
    inspected: Count = 0
    """Pictures that the canary saw."""
    reused: Count = 0
    """Pictures whose machines are those of the edge."""
    lost_proofs: tuple[LostProof, ...] = Field(default=(), max_length=16)
    """Agents that lost their proof and do not have it again: normally empty."""


class DayUpkeep(Message):
    """Machines of a day after the last upkeep; in the archive's own file, those of a window."""

    name: str
    rows: Count
    fragments: Count
    index: str
    """Index of the vectors; empty while every search of the day is exact."""
    indexed: Count
    unindexed: Count
    """Vectors that every search compares exactly."""
    segments: Count
    over: bool = False
    """True once its time has passed: it is compacted and sealed, and only late rows are added."""
    closed: bool
    recall: Share | None = None
    """Recall@10 of the held sample against an exact search."""
    recall_queries: Count = 0
    recall_at_ms: TimeMs | None = None


class StoredPacks(Message):
    """Packs of an archive in an object store, counted day by day by upkeep."""

    at_ms: TimeMs
    """Time of the oldest count among the days: at most a day ago, of the two newest days an hour."""
    packs: Count
    size_bytes: Count
    unreferenced: Count
    """Packs without rows, of commits that failed; swept within three days."""


class UpkeepStatus(Message):
    """Results of the archive's last upkeep."""

    at_ms: TimeMs
    days: tuple[DayUpkeep, ...]
    faults: tuple[str, ...] = ()
    packs: StoredPacks | None = Field(default=None, exclude_if=lambda value: value is None)
    """None: they lie on disk, or are not counted yet; in a sum of partitions always."""


class PackStoreStatus(Message):
    """Object store with the pictures of an archive, as one process reaches it. No key of it is stated anywhere."""

    endpoint: str
    bucket: str
    prefix: str
    answers: bool | None = None
    """None: not asked yet."""
    asked_at_ms: TimeMs | None = None
    away_since_ms: TimeMs | None = None
    """Time of the first failure in a row; None while it answers."""
    fault: str = ""
    """The last failure and what to do, in one line; empty while it answers."""
    reason: CodedCause | None = None
    packs: StoredPacks | None = None
    """None before the first count."""


class ArchiveStatus(Message):
    """Answer of `query`: the archive's own counts of its rows, for the ledger."""

    days: tuple[str, ...]
    rows: Count
    distinct_ids: Count
    objects: Count
    leaks: Count
    last_commit_seq: Count
    """Newest commit of partition 0."""
    further_commit_seqs: tuple[Count, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Newest commits of the partitions 1, 2 …, in an archive that has them."""
    upkeep: UpkeepStatus | None = None
    """None before the first."""
    alarms: tuple[str, ...] = ()
    pack_store: PackStoreStatus | None = Field(default=None, exclude_if=lambda value: value is None)
    """None: pictures lie in the archive directory."""


class UpkeepReport(Message):
    """Answer of `query`: alarms of upkeep. Cheap at any size of the archive; an error if they cannot be read."""

    alarms: tuple[str, ...] = ()
    reasons: tuple[CodedCause, ...] = Field(default=(), exclude_if=lambda value: not value)
    """The same alarms in the same order for the reader's language; empty from an older cluster."""


class StorageStatus(Message):
    """Answer of `query`: the disk under the archive."""

    free_bytes: Count
    total_bytes: Count
    day: str = ""
    """The newest day that is over and has rows (`YYYYMMDD`); empty before the first."""
    day_bytes: Count = 0
    """Bytes on disk of that day's tables, and of its pictures unless they lie in a store."""
    pack_store: PackStoreStatus | None = Field(default=None, exclude_if=lambda value: value is None)
    """None: pictures lie in the archive directory."""

    @property
    def days_left(self) -> float | None:
        """Days of that size that still fit if no old day is dropped; None before the first day is over."""
        return self.free_bytes / self.day_bytes if self.day_bytes else None


class DayRows(Message):
    """Rows of one day (`YYYYMMDD`) that the archive has."""

    day: str = Field(pattern=r"^[0-9]{8}$")
    snapshots: Count
    machines: Count


class ArchiveGrowth(Message):
    """Answer of `query`: rows of each day, oldest first. Days that are over are counted once an hour."""

    days: tuple[DayRows, ...]


class ClusterNode(Message):
    """A machine of the cluster, as Ray's head counts it."""

    alive: bool
    gpus: float = Field(ge=0, allow_inf_nan=False)


class ClusterNodes(Message):
    """Answer of `query`: the machines of the cluster; one that left stays listed until the head forgets it."""

    nodes: tuple[ClusterNode, ...] = Field(max_length=10_000)


def day_of(
    captured_at_ms: int,
    received_at_ms: int,
    *,
    retention_days: int = 30,
    offset_minutes: int = DEFAULT_DAY_OFFSET_MINUTES,
) -> tuple[str, bool]:
    """Returns the day (`YYYYMMDD`) of a row, and whether its capture time is trusted.

    A time over five minutes ahead of receipt, or older than retention, is not trusted: such a row lives in the day it
    was received, so that a wrong clock can neither open a day in the future nor hide a row in one about to be dropped.
    """
    oldest = received_at_ms - retention_days * 86_400_000
    trusted = oldest <= captured_at_ms <= received_at_ms + FUTURE_TOLERANCE_MS
    zone = timezone(timedelta(minutes=offset_minutes))
    at_ms = captured_at_ms if trusted else received_at_ms
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    return moment.strftime("%Y%m%d"), trusted
