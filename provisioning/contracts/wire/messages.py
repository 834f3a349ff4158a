"""Messages on the wire. Frozen pydantic models: an unknown key or an impossible value is an error, never a default.

No field describes a person: people are `Snapshot.people`, one integer, and redacted regions carry no label, so a reader
cannot tell a covered face from a covered plate (docs/boundary.md §4).

Geometry is in pixels of the published picture, origin top left, `x1`/`y1` exclusive. Times are milliseconds since the
Unix epoch, UTC.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from provisioning.contracts import CONTRACT_VERSION, ids
from provisioning.contracts.compass import Bearing
from provisioning.contracts.errors import RejectReason
from provisioning.contracts.ids import AgentId, CameraId, ObservationId, Sha256, SourceKey
from provisioning.contracts.wire.bounds import MAX_CAMERAS

MAX_SIDE_PX = 16384
MAX_BOXES = 512
TimeMs = Annotated[int, Field(ge=0, le=4_102_444_800_000)]
"""Milliseconds since the Unix epoch, up to the year 2100."""
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Tally = Annotated[int, Field(ge=0, le=2**36)]
"""Pictures of an agent or camera since its ledger began, at most 200 years at ten a second. So low that the sum of a
fleet's yearly growth fits the 64 bits of a database."""
Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
DropName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
MAX_DROP_NAMES = 32
MAX_CAUSE_PARAM = 160
CauseParamName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,15}$")]
CauseParam = Annotated[str, Field(max_length=MAX_CAUSE_PARAM, pattern=r"^[^\x00-\x1f]*$")]
_MAX_MS = 2**53
_MAX_A_SECOND = 1_000_000


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Versioned(Message):
    """A message that is published by itself."""

    version: Literal[1] = CONTRACT_VERSION


class MachineClass(StrEnum):
    """Class of a detected machine. Closed, and without a person on purpose."""

    CAR = "car"
    BUS = "bus"
    TRUCK = "truck"
    BICYCLE = "bicycle"
    MOTORCYCLE = "motorcycle"

    @property
    def is_two_wheeler(self) -> bool:
        """Bicycles, e-bikes, mopeds and motorcycles: the classes a rider sits on."""
        return self in {MachineClass.BICYCLE, MachineClass.MOTORCYCLE}


class ClockQuality(StrEnum):
    """Reliability of a capture time."""

    SYNCED = "synced"
    """From the sender's wall clock, tied to NTP: RTCP sender reports, or a recording whose start time was given."""
    ARRIVAL = "arrival"
    """The agent's clock at arrival; off by the network and decode delay."""
    UNKNOWN = "unknown"
    """A device's own clock, not compared with another."""


class Box(Message):
    """An axis-aligned rectangle in pixels, `x1`/`y1` exclusive."""

    x0: int = Field(ge=0, le=MAX_SIDE_PX)
    y0: int = Field(ge=0, le=MAX_SIDE_PX)
    x1: int = Field(ge=1, le=MAX_SIDE_PX)
    y1: int = Field(ge=1, le=MAX_SIDE_PX)

    @model_validator(mode="after")
    def _has_area(self) -> Self:
        if self.x1 <= self.x0 or self.y1 <= self.y0:
            raise ValueError(f"box {self.x0},{self.y0},{self.x1},{self.y1} has no area")
        return self


class Crossing(Message):
    """A machine crossed a line of the configuration since its last report."""

    line: str = Field(min_length=1, max_length=64)
    to: Literal["left", "right"]
    """Side of the line on which it is now, seen from the line's start to its end."""


class Motion(Message):
    """Movement of a machine over the last seconds at one camera. It names no track: nothing links rows."""

    heading_deg: float | None = Field(default=None, ge=0, lt=360, allow_inf_nan=False)
    """Heading in the picture: 0 up, 90 right, 180 down. None while it stands, or until it has moved enough to tell."""
    dwell_s: Seconds
    """Seconds it has been in view."""
    zones: dict[Name, Seconds] = Field(default_factory=dict, max_length=16)
    """Seconds in each zone that it is in now."""
    crossed: tuple[Crossing, ...] = Field(default=(), max_length=16)
    wrong_way: tuple[Name, ...] = Field(default=(), max_length=16)
    """Lanes that it follows against their direction."""


class Machine(Message):
    """A vehicle or two-wheeler in one picture."""

    cls: MachineClass
    score: Share
    box: Box
    motion: Motion | None = None
    """None: detected once only, or not followed."""


class EdgeDetector(Message):
    """Model and recipe by which the edge found an envelope's machines, in the raw picture."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")
    """Name in the model's manifest."""
    sha256: Sha256
    """SHA-256 of the model file."""
    recipe: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")
    """Names the way in which the picture went through the model: `pass-1920`, or `tiles-1280-fp32` of older agents."""
    threshold: Share
    """Least score of a machine that is reported without motion; the likeliest `MAX_BOXES` are."""


class Quality(Message):
    """Usability of a picture. Each score is 0 (useless) to 1 (good), computed on the redacted picture."""

    sharpness: Share
    brightness: Share
    contrast: Share


class PictureState(StrEnum):
    """Fate of a row's picture."""

    KEPT = "kept"
    WITHHELD = "withheld"
    """The edge withheld it (no machine in a pushed picture, too small): the row is sent, the picture is not."""
    LEAK = "leak"
    """The centre found a face in it: it is kept nowhere, and the camera is paused (docs/boundary.md §10)."""


class Picture(Message):
    """The redacted picture that follows the envelope: a JPEG without metadata, or nothing when withheld."""

    state: Literal[PictureState.KEPT, PictureState.WITHHELD]
    width: int = Field(ge=1, le=MAX_SIDE_PX)
    height: int = Field(ge=1, le=MAX_SIDE_PX)
    bytes: int = Field(ge=0, le=2**31)
    sha256: Sha256

    @model_validator(mode="after")
    def _withheld_is_empty(self) -> Self:
        if (self.state is PictureState.WITHHELD) != (self.bytes == 0):
            raise ValueError("a withheld picture has no bytes, a kept one has some")
        return self


class Redaction(Message):
    """Record of a redaction. Regions are unlabelled on purpose; `models` maps catalog name to the weights' sha256."""

    policy: str = Field(min_length=1, max_length=64)
    models: dict[Name, Sha256] = Field(max_length=16)
    regions: tuple[Box, ...] = Field(max_length=MAX_BOXES)
    covered_share: Share


class Signature(Message):
    """An agent's own signature for a picture brought to its desk or a survey (`contracts.query.statement`)."""

    certificate: str = Field(min_length=1, max_length=4096)
    value: str = Field(pattern=r"^([0-9a-f]{2}){8,80}$")
    """ECDSA on P-256 with SHA-256, DER in hex, by the key of the certificate (PEM), which names the agent."""


class Snapshot(Versioned):
    """The envelope of one redacted picture. `codec.encode_snapshot` puts the picture's bytes behind it."""

    observation_id: ObservationId
    agent_id: AgentId
    camera_id: CameraId
    source_key: SourceKey
    captured_at_ms: TimeMs
    clock: ClockQuality
    picture: Picture
    quality: Quality
    machines: tuple[Machine, ...] = Field(max_length=MAX_BOXES)
    """Vehicles and two-wheelers that the edge found in the raw picture, at most 102 bytes each without motion."""
    people: int = Field(ge=0, le=10_000)
    """People that the edge counted in the raw picture; in the published one they are covered."""
    redaction: Redaction
    detector: EdgeDetector | None = Field(default=None, exclude_if=lambda value: value is None)
    """Detector that found `machines`. None: an older agent, whose envelopes keep their bytes."""
    signature: Signature | None = Field(default=None, exclude_if=lambda value: value is None)
    """Signature of a picture brought to a desk; absent elsewhere, so that other envelopes keep their older bytes."""

    @property
    def followed(self) -> tuple[Machine, ...]:
        """Machines that the agent follows, with their motion."""
        return tuple(machine for machine in self.machines if machine.motion is not None)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        expected = ids.observation_id(self.camera_id, self.captured_at_ms, self.source_key)
        if self.observation_id != expected:
            raise ValueError("observation_id is not the one of (camera_id, captured_at_ms, source_key)")
        for box in (*(machine.box for machine in self.machines), *self.redaction.regions):
            if box.x1 > self.picture.width or box.y1 > self.picture.height:
                raise ValueError(f"box {box.x0},{box.y0},{box.x1},{box.y1} lies outside the picture")
        return self


class ArchivedItem(Message):
    """One observation that is committed. The agent deletes its message only if the hash is equal."""

    observation_id: ObservationId
    message_sha256: Sha256
    picture: PictureState


class Archived(Versioned):
    """Batch of acknowledgements for one agent; never retained. At most 500 items."""

    items: tuple[ArchivedItem, ...] = Field(min_length=1, max_length=500)


class Rejected(Versioned):
    """One message that the centre will never accept. The agent quarantines it, with `detail` for the technician."""

    message_sha256: Sha256
    reason: RejectReason
    detail: str = Field(max_length=500)


class HopTimes(Message):
    """Times at which a row passed each hop: four by the agent's clock, three by that of the intake that took it."""

    selected_at_ms: TimeMs | None = None
    redacted_at_ms: TimeMs | None = None
    spooled_at_ms: TimeMs | None = None
    published_at_ms: TimeMs | None = None
    """Time of the try that arrived. None: an older agent; the three above are also None after its restart."""
    received_at_ms: TimeMs
    parsed_at_ms: TimeMs | None = None
    """Parser, canary and embedder have answered. None: an older cluster."""
    committed_at_ms: TimeMs


class ObservedItem(Message):
    """The few facts of a fresh row that a live page or an alarm rule needs before it asks `query` for the rest."""

    observation_id: ObservationId
    camera_id: CameraId
    captured_at_ms: TimeMs
    picture: PictureState
    machines: tuple[Machine, ...] = Field(max_length=MAX_BOXES)
    people: int = Field(ge=0, le=10_000)
    width: int | None = Field(default=None, ge=1, le=MAX_SIDE_PX)
    """Width of the picture that boxes refer to; None, with the rest below, from an older cluster."""
    height: int | None = Field(default=None, ge=1, le=MAX_SIDE_PX)
    clock: ClockQuality | None = None
    times: HopTimes | None = None
    followed: tuple[Machine, ...] = Field(default=(), max_length=MAX_BOXES)
    """Machines of this picture that the edge follows, with their motion: the parser, which made `machines`, sees single
    pictures and knows no motion."""


class Observed(Versioned):
    """Hints that rows of one agent were committed up to `commit_seq`. A hint may be lost; `query` has all rows."""

    agent_id: AgentId
    commit_seq: Count
    items: tuple[ObservedItem, ...] = Field(max_length=500)


class CameraState(StrEnum):
    """State of a camera, in the words of a person in front of it."""

    STARTING = "starting"
    ONLINE = "online"
    OFFLINE = "offline"
    REDACTION_UNAVAILABLE = "redaction_unavailable"
    PAUSED = "paused"


class SourceKind(StrEnum):
    """Kind of a camera's source, as in its configuration; the words of `contracts.config.camera`."""

    RTSP = "rtsp"
    GB28181 = "gb28181"
    VIID = "viid"
    UPLOAD = "upload"
    """Recordings and offline files that an operator brings to a desk agent."""
    REPLAY = "replay"
    DROP_FOLDER = "drop_folder"
    SNAPSHOT = "snapshot"
    RECORDER = "recorder"
    """A span of a site's recorder."""


class CodedCause(Message):
    """A cause and its remedy as a code with parameters; `contracts.causes` has the words of each in both languages.

    A reader that does not know the code shows the text beside it.
    """

    code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")
    params: dict[CauseParamName, CauseParam] = Field(default_factory=dict, max_length=8)
    """Never a URL or a secret."""


class CameraStatus(Versioned):
    """State of one camera with its cause; retained, so that a centre that starts later knows it."""

    agent_id: AgentId
    camera_id: CameraId
    name: str = Field(max_length=128, pattern=r"^[^\x00]*$")
    """Without NUL, which PostgreSQL keeps in no text."""
    state: CameraState
    cause: str = Field(max_length=500)
    """Cause and remedy, empty while online. Never holds a URL or a secret."""
    code: str = Field(default="", pattern=r"^[a-z_]{0,32}$")
    """The cause in one word, for counting; docs/health.md lists them."""
    reason: CodedCause | None = Field(default=None, exclude_if=lambda value: value is None)
    """The same cause and remedy for the reader's language; absent while online, and from an older agent."""
    since_ms: TimeMs
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    bearing_deg: Bearing | None = Field(default=None, exclude_if=lambda value: value is None)
    source: SourceKind | None = None
    """None: an older agent."""
    device_id: str = Field(default="", max_length=64)
    """Id of the recorder or platform that registers with the agent; empty without one."""
    recorded: bool = False
    """True for a span of a device's recordings in place of live pictures."""
    has_recorder: bool = Field(default=False, exclude_if=lambda value: not value)
    """True if its agent can fetch spans of its recordings. Left out while false, which an older centre takes."""


class Ledger(Message):
    """Counts the fate of every picture that the selector let through. The sum must close: see `balanced`."""

    selected: Tally
    spooled: Tally
    archived: Tally
    rejected: Tally
    dropped: dict[DropName, Tally] = Field(max_length=MAX_DROP_NAMES)
    """Dropped pictures, by name of the policy. Their sum is bounded like a tally."""
    in_flight: Tally
    """Selected and not yet ended: being redacted, or in the spool."""

    @field_validator("dropped")
    @classmethod
    def _adds_up(cls, dropped: dict[str, int]) -> dict[str, int]:
        if sum(dropped.values()) > 2**36:
            raise ValueError("dropped adds up to more pictures than any camera takes")
        return dropped

    @property
    def balanced(self) -> bool:
        """True if selected = archived + rejected + named drops + in flight."""
        return self.selected == self.archived + self.rejected + sum(self.dropped.values()) + self.in_flight


class Recording(Message):
    """The recording or offline file that a desk agent's camera reads, or read last. No file name leaves."""

    started_at_ms: TimeMs
    """Capture time of its beginning, as given by the operator."""
    position_ms: int = Field(ge=-1, le=2**53)
    """Offset of the last decoded picture; -1 before the first. The agent does not know the recording's length."""
    pictures: Count
    held: bool
    """True while it waits for room in the spool."""
    end: str = Field(default="", pattern=r"^[a-z_]{0,32}$")
    """Kind of its end (docs/desk.md); empty while it is under way."""


class Heartbeat(Versioned):
    """Heartbeat of an agent, every 10 s."""

    agent_id: AgentId
    sent_at_ms: TimeMs
    started_at_ms: TimeMs
    software: str = Field(max_length=64)
    ledger: Ledger
    cameras: dict[CameraId, Ledger] = Field(max_length=MAX_CAMERAS)
    spool_bytes: Count
    spool_messages: Count
    quarantined: Count
    resent: Count
    redaction_ms: float | None = Field(default=None, ge=0, le=_MAX_MS, allow_inf_nan=False)
    """Mean over the last snapshots, None before the first."""
    decode_ms: float | None = Field(default=None, ge=0, le=_MAX_MS, allow_inf_nan=False)
    """Mean processor time of one decoded picture over the last minute, None before the first."""
    queued: Count = 0
    """Selected pictures that wait for the redactor."""
    rate: float | None = Field(default=None, ge=0, le=_MAX_A_SECOND, allow_inf_nan=False)
    """Snapshots a second that this machine can redact, as measured; the selectors share them among the cameras."""
    passed_over: dict[CameraId, Count] = Field(default_factory=dict, max_length=MAX_CAMERAS)
    """Pictures that had changed and were not taken, because the rate went to other cameras; since the start."""
    received_bytes: dict[CameraId, Count] = Field(
        default_factory=dict, max_length=MAX_CAMERAS, exclude_if=lambda value: not value
    )
    """Bytes that came over the network from each camera whose source counts them; since the start."""
    disk_free_bytes: Count | None = None
    recordings: dict[CameraId, Recording] = Field(default_factory=dict, max_length=256)
    """The last recording of each camera for uploads; since the start."""


class PictureCheck(StrEnum):
    """Fault of a camera's picture."""

    DARK = "dark"
    BRIGHT = "bright"
    BLURRED = "blurred"
    FROZEN = "frozen"
    OCCLUDED = "occluded"
    COLOUR_CAST = "colour_cast"
    STRIPE = "stripe"
    NOISE = "noise"
    SIGNAL_LOST = "signal_lost"
    SCENE_MOVED = "scene_moved"
    LOW_CONTRAST = "low_contrast"


class ClockSource(StrEnum):
    """Source of a camera's time."""

    RTCP = "rtcp"
    """Sender reports of its stream."""
    SIP = "sip"
    """`DeviceTime` of a GB/T 28181 device."""
    ONVIF = "onvif"
    """Answer of the camera's ONVIF device service to `GetSystemDateAndTime`."""
    PICTURE = "picture"
    """Time that the camera writes into its picture."""
    PUSHED = "pushed"
    """Times of pushed pictures (GA/T 1400)."""


class ClockReading(Message):
    """A camera's clock as one source shows it."""

    source: ClockSource
    skew_ms: float = Field(ge=-_MAX_MS, le=_MAX_MS, allow_inf_nan=False)
    """The camera's clock minus the agent's."""
    bound_ms: float = Field(ge=0, le=_MAX_MS, allow_inf_nan=False)
    """Largest error of `skew_ms`."""
    read_at_ms: TimeMs


class CameraFacts(Message):
    """Measurements of one camera over the last minute."""

    scores: dict[PictureCheck, Share] = Field(default_factory=dict)
    """0 good to 1 bad. A check that could not be made is absent."""
    faults: tuple[PictureCheck, ...] = Field(default=(), max_length=len(PictureCheck))
    """Checks over the threshold of the camera's configuration."""
    clock_skew_ms: float | None = Field(default=None, ge=-_MAX_MS, le=_MAX_MS, allow_inf_nan=False)
    """The camera's clock minus the agent's; None: unknown."""
    clock_bound_ms: float | None = Field(default=None, ge=0, le=_MAX_MS, allow_inf_nan=False)
    """Bound of the clock's error: with a skew the skew's error, without one the largest skew. None: no bound."""
    clock: ClockReading | None = None
    """The reading with the least bound; None: none, or an agent that does not say."""
    clock_against: ClockReading | None = None
    """A reading that contradicts `clock`: then the skew lies between the two, or at either; None: none does."""
    pictures_per_s: float | None = Field(default=None, ge=0, le=_MAX_A_SECOND, allow_inf_nan=False)
    """Decoded pictures, not published ones."""
    last_picture_at_ms: TimeMs | None = None


class Assessed(Versioned):
    """Every minute from each agent: the state of its cameras, as measured in memory at the edge."""

    agent_id: AgentId
    assessed_at_ms: TimeMs
    cameras: dict[CameraId, CameraFacts] = Field(max_length=MAX_CAMERAS)
