"""Configuration of one camera of an agent: source, selector, redaction, checks, and the places to watch."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from provisioning.contracts.compass import Bearing
from provisioning.contracts.ids import CameraId
from provisioning.contracts.section import Relative, ResolvedPath, RtspUrl, Section, ServiceUrl

Point = tuple[Relative, Relative]
"""Share of the picture as (x, y), origin top left."""
Label = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Polygon = Annotated[tuple[Point, ...], Field(min_length=3, max_length=32)]


class _Source(Section):
    @property
    def local_files(self) -> tuple[Path, ...]:
        """Files and folders of the agent's machine that this source names."""
        return tuple(value for _, value in self if isinstance(value, Path))


class AuthenticatedSource(_Source):
    """Base of the sources that have a user name and a password."""

    username: str | None = None
    password_file: ResolvedPath | None = None
    password_sealed: str | None = Field(default=None, pattern=r"^[0-9a-f]{64,4096}$", repr=False)
    """In place of a file: encrypted to this agent's secrets key (`signing.documents`), for this camera alone."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        passwords = [given for given in (self.password_file, self.password_sealed) if given is not None]
        if len(passwords) != (self.username is not None):
            raise ValueError("username goes together with one of password_file and password_sealed")
        return self


class RtspSource(AuthenticatedSource):
    """A camera or NVR channel, RTSP over TCP."""

    kind: Literal["rtsp"] = "rtsp"
    url: RtspUrl
    substream_url: RtspUrl | None = None
    """A small stream of the same view: it is watched for movement, and snapshots are taken from `url`."""
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    read_timeout_s: float = Field(default=4.0, gt=0, le=60)
    """FFmpeg gives up on a stalled server after twice this (measured)."""


class SnapshotSource(AuthenticatedSource):
    """Single pictures of a camera, asked for over HTTP, HTTPS or GB/T 28181-2022: no stream is opened."""

    kind: Literal["snapshot"] = "snapshot"
    url: ServiceUrl | None = None
    """Address of the picture."""
    onvif_url: ServiceUrl | None = None
    """In place of it, the address of the camera's ONVIF device service, which tells it (`GetSnapshotUri`)."""
    profile: str | None = Field(default=None, min_length=1, max_length=64)
    """Token of the ONVIF media profile; None: the first."""
    device_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """In place of an address, a device that registers with the agent's [gb28181] server and uploads its pictures."""
    channel_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    heartbeat_s: float = Field(default=60.0, ge=1, le=600)
    """The keepalive interval set in the device."""
    set_guard: bool = False
    """Send the device SetGuard after it has registered, as of `Gb28181Source`."""
    interval_s: float = Field(default=10.0, ge=1, le=86400)
    """Seconds from one picture to the next."""
    on_event: bool = False
    """Take one at once, too, when the device reports motion or a line crossed; nothing else of a report is read."""
    timeout_s: float = Field(default=10.0, gt=0, le=60)
    """Seconds for one whole picture, the connection included."""
    max_bytes: int = Field(default=8 * 1024**2, ge=1024, le=32 * 1024**2)
    oldest_s: float = Field(default=300.0, gt=0, le=86400)
    """A picture that is older by what its EXIF or its headers say is refused."""
    ca_file: ResolvedPath | None = None
    """Certificates to trust in place of the system's: an authority's, or the camera's own."""

    @property
    def channel(self) -> "Gb28181Source | None":
        """The channel of the device that registers; None for a picture that has an address."""
        if self.device_id is None or self.channel_id is None:
            return None
        return Gb28181Source(
            device_id=self.device_id,
            channel_id=self.channel_id,
            heartbeat_s=self.heartbeat_s,
            set_guard=self.set_guard,
            username=self.username,
            password_file=self.password_file,
            password_sealed=self.password_sealed,
        )

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if sum(each is not None for each in (self.url, self.onvif_url, self.device_id)) != 1:
            raise ValueError("give one of url, the picture's address, onvif_url, that of the service, and device_id")
        if (self.device_id is None) != (self.channel_id is None):
            raise ValueError("device_id and channel_id go together")
        if self.device_id is not None and self.username is None:
            raise ValueError("a device that registers needs a username and a password of its own; most use their id")
        if self.on_event and self.url is not None:
            raise ValueError("on_event goes together with onvif_url or device_id: a picture's address reports nothing")
        if self.profile is not None and self.onvif_url is None:
            raise ValueError("profile goes together with onvif_url")
        return self


class ReplaySource(_Source):
    """A video file, a picture or a folder of pictures that plays the part of a camera."""

    kind: Literal["replay"] = "replay"
    path: ResolvedPath
    started_at_ms: int | None = Field(default=None, ge=0)
    """Capture time of the first picture; with it, ids are the same at every run. None: the time of replay."""
    interval_s: float = Field(default=1.0, gt=0, le=3600)
    """Seconds between the pictures of a folder."""
    realtime: bool = True
    """True: pictures come at a camera's pace. False: as fast as the redactor takes them."""
    loop: bool = False


class ViidSource(AuthenticatedSource):
    """A device that pushes pictures by GA/T 1400 to the agent's [viid] server."""

    kind: Literal["viid"] = "viid"
    device_id: str = Field(pattern=r"^[0-9]{20}$")
    """`User-Identify` of the device: the 20 digits that it registers with."""
    keepalive_s: float = Field(default=60.0, gt=0, le=600)
    """The interval set in the device; it is offline after three intervals without a message."""

    @model_validator(mode="after")
    def _never_without_password(self) -> Self:
        if self.username is None:
            raise ValueError("a device that pushes pictures needs a username and a password of its own")
        return self


class RecordedSpan(Section):
    """Span of a device's recordings in Unix milliseconds, UTC."""

    started_at_ms: int = Field(ge=0, le=2**53)
    ended_at_ms: int = Field(ge=0, le=2**53)

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.ended_at_ms <= self.started_at_ms:
            raise ValueError("span: ended_at_ms must be after started_at_ms")
        return self


class Gb28181Source(AuthenticatedSource):
    """A channel of a device that registers with the agent's [gb28181] server: live, or a span of its recordings."""

    kind: Literal["gb28181"] = "gb28181"
    device_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Id that the device registers as: 20 digits by the standard, other ids exist."""
    channel_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Channel of the device's catalog; devices may share ids. A single camera's is often its own or ends in 132."""
    transport: Literal["auto", "udp", "tcp_passive", "tcp_active"] = "auto"
    """Transport of media. auto: TCP that the device opens if it registered over TCP, else UDP."""
    stream: Literal[0, 1] = 0
    """0 main, 1 sub."""
    heartbeat_s: float = Field(default=60.0, ge=1, le=600)
    """The keepalive interval set in the device; it is offline after three intervals without a keepalive."""
    set_guard: bool = False
    """Send the device SetGuard after it has registered: some cameras send no alarm before that."""
    span: RecordedSpan | None = None
    """None: live. Else this span is fetched once, with the capture times of the recording."""
    speed: int | None = Field(default=None, ge=1, le=16)
    """Speed of a span's download, as a multiple of real time; None plays it in real time."""
    span_shift_s: int = Field(default=0, ge=-86400, le=86400)
    """Seconds added to a span's times on the wire, for a device that reads them as local time: then its zone, 28800."""

    @model_validator(mode="after")
    def _never_without_password(self) -> Self:
        if self.username is None:
            raise ValueError("a device that registers needs a username and a password of its own; most use their id")
        return self

    @model_validator(mode="after")
    def _speed_is_a_spans(self) -> Self:
        if self.span is None and self.speed is not None:
            raise ValueError("speed goes together with span: live video has its own")
        return self


class RecorderSource(_Source):
    """A span of one channel of a recorder of [[recorders]]: fetched once, with the capture times of the recording."""

    kind: Literal["recorder"] = "recorder"
    recorder: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    channel: str = Field(pattern=r"^[\x21-\x7e]{1,128}$")
    span: RecordedSpan
    speed: int | None = Field(default=None, ge=1, le=16)
    """Multiple of real time, up to the recorder's own limit; None: that limit."""


class DropFolderSource(_Source):
    """A folder that a device writes pictures into, by FTP for instance. It must lie on a tmpfs: raw pixels, no disk."""

    kind: Literal["drop_folder"] = "drop_folder"
    path: ResolvedPath


class UploadSource(_Source):
    """Recordings that an operator brings to a desk agent's [desk] server; there is nothing to connect to."""

    kind: Literal["upload"] = "upload"


class Selector(Section):
    """Selection of the frames that become snapshots."""

    max_per_second: float = Field(default=1.0, gt=0, le=25)
    """An upper bound: the agent's budget may give less, and says so."""
    change_threshold: float = Field(default=2.0, ge=0, le=255)
    """Mean absolute difference of 64×36 grey levels against the last snapshot, 0..255; sensor noise is about 1."""
    heartbeat_s: float = Field(default=60.0, gt=0, le=86400)
    """Take a picture at least this often, even of a still scene."""
    moving_per_second: float = Field(default=2.0, ge=0, le=25)
    """While something moves, search this often between keyframes too; 0: at keyframes only."""


class Policy(Section):
    """Redaction of one camera. Every option can only add cover: there is no key that takes some away."""

    always_cover: tuple[tuple[Relative, Relative, Relative, Relative], ...] = ()
    """Bands (x0, y0, x1, y1 as shares of the picture) that are always covered: on-screen names, a private window."""
    face_threshold: float = Field(default=0.2, gt=0, le=0.2)
    person_threshold: float = Field(default=0.25, gt=0, le=0.25)
    plate_threshold: float = Field(default=0.2, gt=0, le=0.2)


class Line(Section):
    """A line that machines cross, from its left or from its right, as seen from `start` to `end`."""

    name: Label
    start: Point
    end: Point

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.start == self.end:
            raise ValueError(f"line {self.name}: start and end are the same point")
        return self


class Zone(Section):
    """An area in which machines dwell."""

    name: Label
    polygon: Polygon


class Lane(Section):
    """An area with a direction: a machine that goes against it goes the wrong way."""

    name: Label
    polygon: Polygon
    heading_deg: float = Field(ge=0, lt=360)
    """Heading of the traffic in the picture: 0 up, 90 right, 180 down."""
    tolerance_deg: float = Field(default=100.0, gt=0, lt=180)
    """A machine whose heading differs by more than this goes the wrong way."""


class Checks(Section):
    """Thresholds of the eleven picture checks. A score (0 good to 1 bad) at or above one is a fault; 1 never is."""

    dark: Relative = 0.5
    bright: Relative = 0.5
    blurred: Relative = 0.5
    frozen: Relative = 0.5
    occluded: Relative = 0.5
    colour_cast: Relative = 0.5
    stripe: Relative = 0.5
    noise: Relative = 0.5
    signal_lost: Relative = 0.5
    scene_moved: Relative = 0.5
    low_contrast: Relative = 0.5
    every_s: float = Field(default=10.0, gt=0, le=3600)


Area = tuple[Relative, Relative, Relative, Relative]
"""Part of a picture: x0, y0, x1, y1 as shares of it, origin top left."""
CLOCK_BAND: Final = 0.14
"""Share of a picture's height, from the upper and the lower edge, in which a time is read."""


class CameraClock(Section):
    """Sources of a camera's time, besides the timestamps of its stream or pictures."""

    read_picture: bool = True
    """Read the time that the camera writes into its picture, every ten minutes."""
    text_area: Area | None = None
    """Part of the picture in which that time stands; None: the upper and the lower band."""

    ask_onvif: bool = True
    """Ask its ONVIF device service once a minute."""
    onvif_url: ServiceUrl | None = None
    """Address of that service; None: the source's own, or port 80 of the host that it fetches from; none of others."""

    @model_validator(mode="after")
    def _is_in_a_band(self) -> Self:
        if self.text_area is not None:
            left, top, right, bottom = self.text_area
            if not (left < right and top < bottom and (bottom <= CLOCK_BAND or top >= 1 - CLOCK_BAND)):
                raise ValueError(f"text_area: x0 < x1, y0 < y1, in the upper or lower {CLOCK_BAND:.0%} of the picture")
        return self


CameraSource = (
    RtspSource
    | ReplaySource
    | ViidSource
    | Gb28181Source
    | DropFolderSource
    | UploadSource
    | SnapshotSource
    | RecorderSource
)


class Camera(Section):
    """One camera of an agent."""

    id: CameraId
    name: str = Field(default="", max_length=128)
    source: Annotated[CameraSource, Field(discriminator="kind")]
    selector: Selector = Selector()
    policy: Policy = Policy()
    checks: Checks = Checks()
    clock: CameraClock = Field(default=CameraClock(), exclude_if=lambda value: value == CameraClock())
    """Left out of documents while it is the default, which an older agent takes."""
    lines: Annotated[tuple[Line, ...], Field(max_length=16)] = ()
    zones: Annotated[tuple[Zone, ...], Field(max_length=16)] = ()
    lanes: Annotated[tuple[Lane, ...], Field(max_length=16)] = ()
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    bearing_deg: Bearing | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def has_places(self) -> bool:
        """True with a line, zone or lane: machines are then followed between snapshots."""
        return bool(self.lines or self.zones or self.lanes)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [
            *(line.name for line in self.lines),
            *(zone.name for zone in self.zones),
            *(lane.name for lane in self.lanes),
        ]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"lines, zones and lanes need names of their own, found twice: {', '.join(twice)}")
        return self
