"""Configuration of each kind of process, one TOML file. Unknown keys are errors, secrets are files.

The cluster's is in `provisioning.contracts.config.cluster`.

A relative path is relative to the folder of its configuration file, so a site's folder can be moved as a whole.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, IPvAnyNetwork, ValidationError, model_validator
from pydantic_core import ErrorDetails

from provisioning.contracts.config.assessment_feed import AssessmentFeed
from provisioning.contracts.config.audit_syslog import AuditSyslog
from provisioning.contracts.config.camera import (
    AuthenticatedSource,
    Camera,
    CameraSource,
    Checks,
    DropFolderSource,
    Gb28181Source,
    Lane,
    Line,
    Policy,
    RecordedSpan,
    RecorderSource,
    ReplaySource,
    RtspSource,
    Selector,
    SnapshotSource,
    UploadSource,
    ViidSource,
    Zone,
)
from provisioning.contracts.config.cascade import Superior, check_superiors
from provisioning.contracts.config.cases import Cases
from provisioning.contracts.config.enrolled import Provisioning, Updates
from provisioning.contracts.config.events_out import EventsOut
from provisioning.contracts.config.evidence import Evidence
from provisioning.contracts.config.gb28181 import Gb28181, check_devices
from provisioning.contracts.config.map_ground import MapGround
from provisioning.contracts.config.notify import Notify
from provisioning.contracts.config.pipeline import Pipeline
from provisioning.contracts.config.probes import Probes
from provisioning.contracts.config.recorder import Recorder, Recorders, check_recorders, registered
from provisioning.contracts.config.self_check import SelfCheck
from provisioning.contracts.config.tasks import Tasks
from provisioning.contracts.config.viid_cascade import ViidSuperior
from provisioning.contracts.config.wall import Wall
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.ids import AgentId
from provisioning.contracts.section import Origin, Port, ResolvedPath, RtspUrl, Section
from provisioning.contracts.wire.bounds import MAX_CAMERAS

__all__ = [
    "HEARTBEAT_S",
    "Alarms",
    "AuditSyslog",
    "AuthenticatedSource",
    "Broker",
    "Camera",
    "CameraSource",
    "Cases",
    "CenterConfig",
    "Checks",
    "Desk",
    "DropFolderSource",
    "EdgeConfig",
    "Evidence",
    "Gb28181",
    "Gb28181Source",
    "HeartbeatS",
    "Lane",
    "Line",
    "MapGround",
    "Notify",
    "Pipeline",
    "Policy",
    "Port",
    "Probes",
    "Provisioning",
    "RecordedSpan",
    "Recorder",
    "RecorderSource",
    "Recorders",
    "Redactor",
    "ReplaySource",
    "ResolvedPath",
    "RtspSource",
    "RtspUrl",
    "Section",
    "Selector",
    "SelfCheck",
    "SnapshotSource",
    "Spool",
    "Streams",
    "Superior",
    "Tasks",
    "Updates",
    "UploadSource",
    "Viid",
    "ViidSource",
    "Wall",
    "Window",
    "Zone",
    "load",
    "read_secret",
]

_C = TypeVar("_C", bound=Section)


class Broker(Section):
    """An MQTT 5 broker over mutual TLS; there is no plain-text option."""

    host: str
    port: Port = 8883
    ca_file: ResolvedPath
    cert_file: ResolvedPath
    key_file: ResolvedPath


class Spool(Section):
    """Store of snapshots that are not yet archived. Overflow drops a camera's oldest and counts them by name."""

    directory: ResolvedPath
    max_bytes: int = Field(default=2 * 1024**3, ge=1024**2)
    max_age_h: float = Field(default=24 * 7.0, gt=0)
    quarantine_max_bytes: int = Field(default=64 * 1024**2, ge=0)


class Window(Section):
    """Limits of unconfirmed messages between agent and archive."""

    max_messages: int = Field(default=64, ge=1, le=1024)
    max_bytes: int = Field(default=16 * 1024**2, ge=1024**2)
    resend_after_s: float = Field(default=30.0, gt=0)


class Redactor(Section):
    """Settings of redaction that all cameras of the machine share."""

    threads: int = Field(default=2, ge=1, le=64)
    timeout_s: float = Field(default=10.0, gt=0)
    """A 1080p picture that takes longer is not published; a larger one has proportionally more time."""
    queue_per_camera: int = Field(default=2, ge=1, le=64)
    overflow: Literal["drop_oldest", "block"] = "drop_oldest"
    """`block` suits recordings, which wait; a live camera does not."""
    jpeg_quality: int = Field(default=85, ge=50, le=95)
    detectors: Literal["auto", "onnx"] = "auto"
    """Without effect (decision 18): accepted, since files and signed documents in the field have it."""
    still_s: float = Field(default=0.0, ge=0, le=60)
    """Seconds without a new search for faces and plates in a live camera's unchanged picture; 0: always search."""


class Streams(Section):
    """Decoding and watching of live cameras."""

    own_process: bool = True
    """Each camera's decoder in a process of its own, so that one that crashes takes its camera alone."""
    moving_cameras: int = Field(default=4, ge=0, le=256)
    """Limit of cameras searched between keyframes at a time: it costs up to a tenth of a core each at 1080p."""
    looking_share: float = Field(default=0.3, ge=0, le=1)
    """Share of one thread's time for detection between snapshots, with lines, zones or lanes; 0: none."""


class Viid(Section):
    """The agent's GA/T 1400 server, to which devices push pictures."""

    host: str
    port: Port = 8400
    server_id: str = Field(pattern=r"^[0-9]{20}$")
    """The agent's own 20 digits (type 503), as they are set in the devices."""
    tls_cert_file: ResolvedPath | None = None
    """None: plain HTTP, for a separate camera network: many devices support nothing else."""
    tls_key_file: ResolvedPath | None = None
    max_body_bytes: int = Field(default=32 * 1024**2, ge=1024, le=256 * 1024**2)
    memory_bytes: int = Field(default=256 * 1024**2, ge=1024**2)
    """Limit of all bodies and waiting pictures together; beyond it devices get the answer that the server is busy."""
    per_device_per_minute: int = Field(default=600, ge=1)

    @model_validator(mode="after")
    def _cert_with_key(self) -> Self:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_cert_file and tls_key_file go together")
        return self


class Desk(Section):
    """A desk agent's server for recordings: HTTPS, a bearer token, straight into the redactor."""

    host: str = "127.0.0.1"
    port: Port = 8446
    tls_cert_file: ResolvedPath
    tls_key_file: ResolvedPath
    token_file: ResolvedPath
    """Bearer token for uploads; written with mode 0600 when absent."""
    public_url: Origin | None = None
    """Address at which browsers reach this desk, like https://desk.example:8446. Only with `console_url`."""
    console_url: Origin | None = None
    """Address of the console, as users type it: the one page that may bring recordings here, with a permit."""

    @model_validator(mode="after")
    def _both_urls(self) -> Self:
        if (self.public_url is None) != (self.console_url is None):
            raise ValueError("public_url and console_url go together: browsers need both, and without both none comes")
        return self


HeartbeatS = Annotated[float, Field(gt=0, le=60)]
HEARTBEAT_S: Final = 10.0
"""Interval of an agent without one in its configuration; the centre measures an agent's silence by it."""


class EdgeConfig(Section):
    """Configuration of `wayside-edge run`.

    With [provisioning], a sealed document replaces cameras, redactor, window and heartbeat.
    """

    agent_id: AgentId
    broker: Broker
    models_dir: ResolvedPath
    spool: Spool
    provisioning: Provisioning | None = None
    updates: Updates | None = None
    window: Window = Window()
    redactor: Redactor = Redactor()
    streams: Streams = Streams()
    viid: Viid | None = None
    gb28181: Gb28181 | None = None
    desk: Desk | None = None
    metrics_port: Port | None = None
    """Prometheus, on loopback only."""
    heartbeat_s: HeartbeatS = HEARTBEAT_S
    cameras: tuple[Camera, ...] = Field(default=(), max_length=MAX_CAMERAS)
    recorders: Recorders = ()

    @model_validator(mode="after")
    def _has_something_to_do(self) -> Self:
        if not self.cameras and self.provisioning is None:
            raise ValueError("cameras: give at least one, or enrol the agent so that it can be told")
        return self

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        devices = [camera.source.device_id for camera in self.cameras if isinstance(camera.source, ViidSource)]
        for what, seen in (("camera ids", [camera.id for camera in self.cameras]), ("device ids", devices)):
            twice = sorted({each for each in seen if seen.count(each) > 1})
            if twice:
                raise ValueError(f"{what} must differ, found twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _has_a_door(self) -> Self:
        """Checks that a camera whose pictures are pushed has the server that receives them."""
        for camera in self.cameras:
            if isinstance(camera.source, ViidSource) and self.viid is None:
                raise ValueError(f"camera {camera.id} pushes pictures: give [viid], where it pushes them to")
            if isinstance(camera.source, UploadSource) and self.desk is None:
                raise ValueError(f"camera {camera.id} is for uploads: give [desk], where they arrive")
            if isinstance(camera.source, Gb28181Source) and self.gb28181 is None:
                raise ValueError(f"camera {camera.id} is a device's that registers: give [gb28181], where it does")
            is_uploaded = isinstance(camera.source, SnapshotSource) and camera.source.device_id is not None
            if is_uploaded and (self.gb28181 is None or self.gb28181.snapshot_port is None):
                raise ValueError(f"camera {camera.id} uploads snapshots: give [gb28181] with snapshot_port")
        for recorder in self.recorders:
            if recorder.kind == "gb28181" and self.gb28181 is None:
                raise ValueError(f"recorder {recorder.id} is a device that registers: give [gb28181], where it does")
        check_recorders(self.recorders, self.cameras)
        check_devices(self.cameras, registered(self.recorders))
        return self


LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class OidcProvider(Section):
    """An OpenID Connect provider that opens accounts made for it (`wayside-center user add --provider`)."""

    name: str = Field(default="OpenID Connect", min_length=1, max_length=64)
    """Name by which users know the provider."""
    issuer: str = Field(max_length=255)
    client_id: str = Field(min_length=1, max_length=255)
    client_secret_file: ResolvedPath | None = None
    """None for a public client: PKCE is used either way."""
    redirect_url: str
    """The console's own address, followed by `/login/provider/back`."""
    username_claim: str = Field(default="preferred_username", min_length=1, max_length=64)

    @model_validator(mode="after")
    def _proven_addresses(self) -> Self:
        for name, address in (("issuer", self.issuer), ("redirect_url", self.redirect_url)):
            parts = urlsplit(address)
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
                raise ValueError(f"oidc.{name}: give an https address")
        if urlsplit(self.redirect_url).path != "/login/provider/back":
            raise ValueError("oidc.redirect_url: it ends in /login/provider/back")
        return self


class Alarms(Section):
    """Settings of alarms; the rules themselves are written in the console."""

    late_after_s: float = Field(default=60.0, gt=0, le=3600)
    """Seconds after capture beyond which a row raises no alarm: it is counted as late."""
    max_share: float = Field(default=0.5, gt=0, le=1)
    """A rule that matches a larger share of the pictures in its preview cannot be switched on."""
    preview_rows: int = Field(default=20_000, ge=200, le=1_000_000)
    """Rows of the last 24 hours that a preview reads, the newest first."""
    reconcile_every_s: float = Field(default=10.0, gt=0, le=600)
    """Interval of reading rows from the archive that no hint announced."""
    keep_days: int = Field(default=180, ge=35, le=3650)
    """Days for which a closed alarm is kept, with its history."""
    tell: tuple[tuple[str, ...], ...] = Field(default=(), max_length=8)
    """Channels of `[notify]` for the alarm itself, then for each escalation; the last ones repeat."""


class Orders(Section):
    """Settings of maintenance orders; their terms and the duty roster are entered in the console."""

    tell: tuple[str, ...] = Field(default=(), max_length=8)
    """Channels of `[notify]` for assignments and reminders."""
    escalate: tuple[str, ...] = Field(default=(), max_length=8)
    """Channels of `[notify]` for what is overdue, and for an order that nobody is on duty for."""
    keep_days: int = Field(default=1096, ge=400, le=3650)
    """Days for which an order that has ended is kept, with its history."""


class CenterConfig(Section):
    """Configuration of `wayside-center run`."""

    host: str = "127.0.0.1"
    port: Port = 8080
    broker: Broker
    query_url: str = "http://127.0.0.1:8100"
    query_token_file: ResolvedPath
    metrics_port: Port | None = None
    """Prometheus, on loopback only."""
    data_dir: ResolvedPath
    """Database, set-up code and the key of second factors; mode 0700."""
    database_url: str = ""
    """Empty: SQLite in `data_dir`. Else `postgresql://user@host:5432/name?sslmode=verify-full&sslrootcert=FILE`."""
    database_password_file: ResolvedPath | None = None
    audit_key_file: ResolvedPath | None = None
    """Ed25519 private key of `wayside-center audit new-key`: signs each day's head. None: heads are unsigned."""
    audit_keep_days: int = Field(default=180, ge=180, le=36_500)
    audit_syslog: AuditSyslog | None = None
    """None: the audit is sent to no syslog server."""
    oidc: OidcProvider | None = None
    """None: local accounts alone."""
    seal_key_file: ResolvedPath | None = None
    """Ed25519 public key in hex, by which the roster is verified. None: the centre knows of no revoked agent."""
    session_hours: float = Field(default=12.0, gt=0, le=168)
    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], Field(max_length=16)] = ()
    """Addresses of the reverse proxies: `X-Forwarded-For` is believed from these alone."""
    token_max_days: int = Field(default=90, ge=1, le=366)
    """The longest life of an API token; existing tokens keep their end."""
    ray_dashboard_url: str = Field(default="", pattern=r"^(https?://[^\s]+)?$")
    """Linked from every page of the console; empty: no link. Ray serves it on loopback: elsewhere it wants a tunnel."""
    grafana_url: str = Field(default="", pattern=r"^(https?://[^\s]+)?$")
    """Linked from the pipeline page; empty: no link."""
    pipeline: Pipeline = Pipeline()
    probes: Probes = Probes()
    notify: Notify = Notify()
    tls_cert_file: ResolvedPath | None = None
    tls_key_file: ResolvedPath | None = None
    alarms: Alarms = Alarms()
    cases: Cases = Cases()
    tasks: Tasks | None = None
    """None: parse tasks cannot be paused from the centre."""
    map: MapGround = MapGround()
    wall: Wall = Wall()
    evidence: Evidence | None = None
    """None: nothing is exported as evidence."""
    assessment_feed: AssessmentFeed | None = None
    """None: no month of the assessment is delivered."""
    self_check: SelfCheck = SelfCheck()
    picture_watermark: bool = True
    """Writes the user's name and the time over pictures on the console's pages and in their prints."""
    viid_cascade: Annotated[tuple[ViidSuperior, ...], Field(max_length=8)] = ()
    """Superior platforms by GA/T 1400; empty: nothing goes up."""
    cascade: tuple[Superior, ...] = Field(default=(), max_length=8)
    """Superior platforms of GB/T 28181; none: nothing goes upward."""
    orders: Orders = Orders()
    events_out: EventsOut = EventsOut()
    """Receivers of events by MQTT and Kafka; none: nothing leaves."""

    @model_validator(mode="after")
    def _tls_beyond_loopback(self) -> Self:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_cert_file and tls_key_file go together")
        if self.tls_cert_file is None and self.host not in LOOPBACK:
            raise ValueError(f"host {self.host} is not loopback: set tls_cert_file and tls_key_file")
        return self

    @model_validator(mode="after")
    def _known_channels(self) -> Self:
        known = {each.id for each in (*self.notify.webhooks, *self.notify.mails, *self.notify.sms)}
        for key, channels in (
            ("alarms.tell", {channel for level in self.alarms.tell for channel in level}),
            ("orders.tell", set(self.orders.tell)),
            ("orders.escalate", set(self.orders.escalate)),
        ):
            if unknown := sorted(channels - known):
                raise ValueError(f"{key}: [notify] has no channel {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _signed_feed(self) -> Self:
        if self.assessment_feed is not None and self.evidence is None:
            raise ValueError("assessment_feed needs [evidence], whose key signs it")
        return self

    @model_validator(mode="after")
    def _distinct_superiors(self) -> Self:
        ids = [each.id for each in self.viid_cascade]
        if len(set(ids)) != len(ids):
            raise ValueError("viid_cascade: ids must differ")
        return self

    @model_validator(mode="after")
    def _superiors(self) -> Self:
        check_superiors(self.cascade)
        return self

    @model_validator(mode="after")
    def _database(self) -> Self:
        if not self.database_url:
            if self.database_password_file is not None:
                raise ValueError("database_password_file goes with database_url")
            return self
        address = urlsplit(self.database_url)
        options = parse_qs(address.query)
        if address.scheme != "postgresql" or not address.path.strip("/"):
            raise ValueError("database_url: give postgresql://user@host:5432/name, or leave it out for SQLite")
        if address.password is not None or "password" in options:
            raise ValueError("database_url: keep the password out of it, in database_password_file")
        hosts = {host for host in (address.hostname, *options.get("host", ()), *options.get("hostaddr", ())) if host}
        beyond = {host for host in hosts if host not in LOOPBACK and not host.startswith("/")}
        if beyond and options.get("sslmode") != ["verify-full"]:
            raise ValueError(
                f"database_url: {min(beyond)} is not loopback: add ?sslmode=verify-full, with sslrootcert=FILE for an"
                " authority of your own"
            )
        return self


def load(model: type[_C], path: Path, *, remedy: str = "give the file with --config") -> _C:
    """Reads one configuration file; `remedy` is the advice in the error if the file cannot be read.

    Raises:
        ConfigError: the file is missing, no TOML, or not that configuration; the text names every faulty key.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML in UTF-8: {error}") from error
    try:
        return model.model_validate(data, context={"base": path.absolute().parent})
    except ValidationError as error:
        raise ConfigError(f"{path}: {name_faults(error)}") from error


def name_faults(error: ValidationError) -> str:
    """Names every faulty key of a configuration with its fault, and repeats no value."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, each['loc'])) or 'file'}: {_fault_text(each)}" for each in faults)


def _fault_text(fault: ErrorDetails) -> str:
    return "there is no such key: check its spelling" if fault["type"] == "extra_forbidden" else fault["msg"]


def read_secret(path: Path) -> str:
    """Returns the content of a secret file without surrounding white space.

    Raises:
        ConfigError: missing, empty, or readable by others than its owner.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the secret cannot be read ({error})") from error
    if mode & 0o077:
        raise ConfigError(f"{path}: others may read this secret (mode {mode & 0o777:04o}); run: chmod 600 {path}")
    if not text:
        raise ConfigError(f"{path}: the secret is empty")
    return text
