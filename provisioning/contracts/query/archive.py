"""The archive's shape: rows as they are stored, and answers of `query` as others read them.

Two tables for each window of some hours, `snapshots_YYYYMMDD_HH-HH` and `objects_YYYYMMDD_HH-HH`; where the window is
the whole day, `snapshots_YYYYMMDD`. Objects are machines; no table has a place for a person. Days are cut at a fixed
offset from UTC (+08:00 by default), columns are UTC.
"""

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from provisioning.contracts.detectors import DetectorName
from provisioning.contracts.ids import AgentId, CameraId, ObservationId, Sha256, SourceKey
from provisioning.contracts.wire.messages import (
    MAX_BOXES,
    Box,
    ClockQuality,
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
"""A capture time further ahead than this is not trusted: the row goes to the day it was received, flagged."""

DEFAULT_DAY_OFFSET_MINUTES = 8 * 60
ZONE = timezone(timedelta(minutes=DEFAULT_DAY_OFFSET_MINUTES))
"""Of days as they are cut by default, of devices that write no zone, and of times that people read."""
ZONE_TEXT = "+08:00"
PageSize = Annotated[int, Field(ge=1, le=500)]


class MachineColour(StrEnum):
    """The main colour of a machine's body, by the names of the colour list of GA/T 1400.3 without its rarest ones."""

    BLACK = "black"
    WHITE = "white"
    GREY = "grey"
    """Silver too."""
    RED = "red"
    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    BROWN = "brown"
    GREEN = "green"
    PURPLE = "purple"
    PINK = "pink"


class PicturePlace(Message):
    """Where a picture lies: one pack file per commit."""

    pack: str = Field(pattern=r"^[0-9]{8}/[0-9a-f-]{1,64}\.pack$")
    offset: Count
    length: Count


class ObjectRow(Message):
    """A machine that the cluster's parser found. Key: row key of the snapshot and index in it."""

    object_key: str
    row_key: str
    index: int = Field(ge=0, lt=512)
    camera_id: CameraId
    captured_at_ms: TimeMs
    cls: MachineClass
    score: Share
    box: Box
    detector: DetectorName | None = None
    """Which found it; its model stands in the snapshot row. None: a row of before, or a machine that the edge found."""
    colour: MachineColour | None = None
    """None: too little of it is visible, or no colour stands out."""
    colour_share: Share | None = None
    """How much of what is visible of it has that colour."""
    share: Share | None = None
    """Of the picture that its box takes. None, as the next two are not known: a row of before."""
    heading_deg: float | None = Field(default=None, ge=0, lt=360, allow_inf_nan=False)
    """Of the machine that the edge followed in this place, as `Motion` has it; None: it stood, or was not followed."""
    zones: tuple[str, ...] = Field(default=(), max_length=16)
    """In which that machine was."""


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
    """Fencing epoch in the upper bits, sequence in the lower 40: grows with every commit, and over restarts."""
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
    """Which looked for machines, by the name in its manifest. None: a withheld picture, or a row of before."""
    detector_sha256: Sha256 | None = None
    """Of its model file."""
    followed: tuple[Machine, ...] = Field(default=(), max_length=MAX_BOXES)
    """Machines with the motion that the edge told of them; empty in a row of before. Nothing in it links two rows."""
    signature: Signature | None = None
    """Of what was brought to a desk, by the agent whose key is in `row_key`; None: not brought, or a row of before."""
    erased_at_ms: TimeMs | None = None
    """When the picture was erased: its bytes are zeroes since, and its machines have no vector any more."""


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
    """Answer of `query`: rows in commit order, oldest first. Ask again with `after = last_commit_seq`.

    No row with a lower `commit_seq` can appear later, so a reader that keeps only the last one misses nothing.
    """

    items: tuple[Observation, ...]
    last_commit_seq: Count
    """Of the last item; the `after` that was asked for when there is none."""


class MachineLook(Message):
    """A machine of a picture that was shown to `query` and kept nowhere."""

    machine: Machine
    colour: MachineColour | None
    colour_share: Share | None
    comparable: bool
    """Whether enough of it is visible to look for its like. What it is compared by stays inside the cluster."""


class Looks(Message):
    """Answer of `query`: what the machines of one picture look like, in the order of its envelope."""

    machines: tuple[MachineLook, ...]


class HopTotal(Message):
    """How long snapshots took for one hop (docs/monitoring.md), since the replica started: a mean is two of these."""

    count: Count
    total_ms: float = Field(ge=0, allow_inf_nan=False)


MAX_CAUSE = 300


class StuckStage(Message):
    """Messages that make no way at one stage of the intake."""

    stage: str = Field(max_length=32)
    messages: Count
    seconds: Count
    """Since the oldest of them made way."""
    cause: str = Field(max_length=MAX_CAUSE)


class IntakeStatus(Message):
    """Answer of `query`: what the intake replica has seen since it started; counts of one process."""

    broker_connected: bool
    received: Count
    archived: Count
    """Committed by this replica."""
    duplicates: Count
    """Acknowledged without a commit, because the archive had them."""
    leaks: Count
    rejected: dict[str, Count]
    """By `RejectReason`."""
    dropped: dict[str, Count]
    """By name of the overflow policy; the agent sends those again."""
    in_flight: Count
    retries: Count
    waiting: dict[str, Count] = Field(default={})
    """By lane: arrived, and not begun with."""
    at_work: dict[str, Count] = Field(default={})
    """Pictures by deployment: handed to it, and not come back."""
    hops: dict[str, HopTotal] = Field(default={})
    """By hop."""
    stuck: tuple[StuckStage, ...] = Field(default=(), max_length=16)
    """What makes no way, by stage: empty where all is well."""
    alone: Count = 0
    """Messages that were tried one by one, since a stage failed on their group again and again."""


class DayUpkeep(Message):
    """A day's machines, as the last upkeep left them; in the archive's own file, those of a window."""

    name: str
    rows: Count
    fragments: Count
    index: str
    """Of the vectors; empty while every search of the day is exact."""
    indexed: Count
    unindexed: Count
    """Searched exactly, every time."""
    segments: Count
    over: bool = False
    """Captured before now: compacted and sealed, and only late rows are added."""
    closed: bool
    recall: Share | None = None
    """Recall@10 of the held sample against an exact search."""
    recall_queries: Count = 0
    recall_at_ms: TimeMs | None = None


class UpkeepStatus(Message):
    """What the last upkeep of the archive did and found."""

    at_ms: TimeMs
    days: tuple[DayUpkeep, ...]
    faults: tuple[str, ...] = ()


class ArchiveStatus(Message):
    """Answer of `query`: what the archive holds, counted by itself for the ledger."""

    days: tuple[str, ...]
    rows: Count
    distinct_ids: Count
    objects: Count
    leaks: Count
    last_commit_seq: Count
    upkeep: UpkeepStatus | None = None
    """None before the first."""
    alarms: tuple[str, ...] = ()


class UpkeepReport(Message):
    """Answer of `query`: what upkeep found. Cheap at any size of the archive, an error where that cannot be read."""

    alarms: tuple[str, ...] = ()


class StorageStatus(Message):
    """Answer of `query`: the disk under the archive."""

    free_bytes: Count
    total_bytes: Count
    day: str = ""
    """The newest day that is over and has rows (`YYYYMMDD`); empty where there is none."""
    day_bytes: Count = 0
    """That its pictures and tables take on disk."""

    @property
    def days_left(self) -> float | None:
        """How many days like that one still fit if no old day goes; None while none is over."""
        return self.free_bytes / self.day_bytes if self.day_bytes else None


def day_of(
    captured_at_ms: int,
    received_at_ms: int,
    *,
    retention_days: int = 30,
    offset_minutes: int = DEFAULT_DAY_OFFSET_MINUTES,
) -> tuple[str, bool]:
    """The day (`YYYYMMDD`) a row belongs to, and whether its capture time is trusted.

    A time over five minutes ahead of receipt, or older than retention, is not trusted: such a row lives in the day it
    was received, so that a wrong clock can neither open a day in the future nor hide a row in one about to be dropped.
    """
    oldest = received_at_ms - retention_days * 86_400_000
    trusted = oldest <= captured_at_ms <= received_at_ms + FUTURE_TOLERANCE_MS
    zone = timezone(timedelta(minutes=offset_minutes))
    at_ms = captured_at_ms if trusted else received_at_ms
    moment = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    return moment.strftime("%Y%m%d"), trusted
