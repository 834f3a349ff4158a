"""Configuration of the three kinds of process, one TOML file each. Unknown keys are errors, secrets are files.

A relative path is relative to the folder of its configuration file, so a site's folder can be moved as a whole.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from provisioning.contracts.archive import DEFAULT_DAY_OFFSET_MINUTES
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.ids import AgentId, CameraId

_C = TypeVar("_C", bound="Section")


def _resolved(value: Path, info: ValidationInfo) -> Path:
    base = (info.context or {}).get("base")
    return value if base is None else (base / value.expanduser()).absolute()


def _without_secrets(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"rtsp", "rtsps"} or not parts.hostname:
        raise ValueError("an RTSP address looks like rtsp://host:554/path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("user and password do not belong in the address: use `username` and `password_file`")
    return value


ResolvedPath = Annotated[Path, AfterValidator(_resolved)]
RtspUrl = Annotated[str, AfterValidator(_without_secrets), Field(max_length=1024)]
Port = Annotated[int, Field(ge=1, le=65535)]
Relative = Annotated[float, Field(ge=0.0, le=1.0)]


class Section(BaseModel):
    """Base of every configuration table."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Broker(Section):
    """An MQTT 5 broker over mutual TLS; there is no plain-text option."""

    host: str
    port: Port = 8883
    ca_file: ResolvedPath
    cert_file: ResolvedPath
    key_file: ResolvedPath


class RtspSource(Section):
    """A camera or NVR channel, RTSP over TCP."""

    kind: Literal["rtsp"] = "rtsp"
    url: RtspUrl
    username: str | None = None
    password_file: ResolvedPath | None = None
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    read_timeout_s: float = Field(default=5.0, gt=0, le=60)
    """FFmpeg gives up on a stalled server after twice this (measured)."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together")
        return self


class ReplaySource(Section):
    """A video file, a picture or a folder of pictures that plays the part of a camera."""

    kind: Literal["replay"] = "replay"
    path: ResolvedPath
    started_at_ms: int | None = Field(default=None, ge=0)
    """Capture time of the first picture; with it, ids are the same at every run. None: the time of replay."""
    interval_s: float = Field(default=1.0, gt=0, le=3600)
    """Between the pictures of a folder."""
    realtime: bool = True
    """Pace like a camera, or as fast as the redactor takes them."""
    loop: bool = False


class Selector(Section):
    """Which frames are worth a snapshot."""

    max_per_second: float = Field(default=1.0, gt=0, le=25)
    change_threshold: float = Field(default=2.0, ge=0, le=255)
    """Mean absolute difference of 64×36 grey levels against the last snapshot, 0..255; sensor noise is about 1."""
    heartbeat_s: float = Field(default=60.0, gt=0, le=86400)
    """A picture at least this often, however still the scene."""


class Policy(Section):
    """Redaction of one camera. Every option can only add cover: there is no key that takes some away."""

    always_cover: tuple[tuple[Relative, Relative, Relative, Relative], ...] = ()
    """Bands (x0, y0, x1, y1 as shares of the picture) that are always covered: on-screen names, a private window."""
    face_threshold: float = Field(default=0.2, gt=0, le=0.2)
    person_threshold: float = Field(default=0.25, gt=0, le=0.25)
    plate_threshold: float = Field(default=0.2, gt=0, le=0.2)


class Camera(Section):
    """One camera of an agent."""

    id: CameraId
    name: str = Field(default="", max_length=128)
    source: Annotated[RtspSource | ReplaySource, Field(discriminator="kind")]
    selector: Selector = Selector()
    policy: Policy = Policy()
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)


class Spool(Section):
    """What is not yet archived. Overflow drops the oldest, by name, per camera."""

    directory: ResolvedPath
    max_bytes: int = Field(default=2 * 1024**3, ge=1024**2)
    max_age_h: float = Field(default=24 * 7.0, gt=0)
    quarantine_max_bytes: int = Field(default=64 * 1024**2, ge=0)


class Window(Section):
    """How much may be unconfirmed between agent and archive."""

    max_messages: int = Field(default=64, ge=1, le=1024)
    max_bytes: int = Field(default=16 * 1024**2, ge=1024**2)
    resend_after_s: float = Field(default=30.0, gt=0)


class Redactor(Section):
    """The machine's share of redaction, common to its cameras."""

    threads: int = Field(default=2, ge=1, le=64)
    timeout_s: float = Field(default=10.0, gt=0)
    """A picture that took longer is not published."""
    queue_per_camera: int = Field(default=2, ge=1, le=64)
    overflow: Literal["drop_oldest", "block"] = "drop_oldest"
    """`block` suits recordings, which wait; a live camera does not."""
    jpeg_quality: int = Field(default=85, ge=50, le=95)


class EdgeConfig(Section):
    """`wayside-edge run`."""

    agent_id: AgentId
    broker: Broker
    models_dir: ResolvedPath
    spool: Spool
    window: Window = Window()
    redactor: Redactor = Redactor()
    heartbeat_s: float = Field(default=10.0, gt=0, le=60)
    cameras: tuple[Camera, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen = [camera.id for camera in self.cameras]
        twice = sorted({camera for camera in seen if seen.count(camera) > 1})
        if twice:
            raise ValueError(f"camera ids must differ, found twice: {', '.join(twice)}")
        return self


class ClusterConfig(Section):
    """`wayside-cluster run`."""

    broker: Broker
    models_dir: ResolvedPath
    archive_dir: ResolvedPath
    node_address: str = "127.0.0.2"
    """Ray replaces 127.0.0.1 by the host's address but keeps this one, and so all traffic on loopback (measured)."""
    gcs_port: Port = 6399
    dashboard_port: Port = 8265
    query_host: str = "127.0.0.1"
    query_port: Port = 8100
    auth_token_file: ResolvedPath
    """Ray's own token; written with mode 0600 when absent."""
    query_token_file: ResolvedPath
    """Bearer token that `query` asks of the centre; written with mode 0600 when absent."""
    object_store_mb: int = Field(default=200, ge=80)
    parser_model: str = "nanodet-g-416"
    parser_threshold: float = Field(default=0.4, gt=0, lt=1)
    parser_replicas: int = Field(default=1, ge=1)
    parser_batch: int = Field(default=8, ge=1, le=64)
    parser_batch_wait_ms: float = Field(default=20.0, ge=0)
    canary_share: float = Field(default=1.0, ge=0, le=1)
    canary_threshold: float = Field(default=0.35, gt=0, lt=1)
    flush_rows: int = Field(default=200, ge=1)
    flush_ms: int = Field(default=200, ge=1)
    retention_days: int = Field(default=30, ge=1)
    day_offset_minutes: int = Field(default=DEFAULT_DAY_OFFSET_MINUTES, ge=-720, le=840)


class CenterConfig(Section):
    """`wayside-center run`."""

    host: str = "127.0.0.1"
    port: Port = 8080
    broker: Broker
    query_url: str = "http://127.0.0.1:8100"
    query_token_file: ResolvedPath
    data_dir: ResolvedPath
    """Database, set-up code and session key; mode 0700."""
    session_hours: float = Field(default=12.0, gt=0, le=168)
    ray_dashboard_url: str = ""
    tls_cert_file: ResolvedPath | None = None
    tls_key_file: ResolvedPath | None = None

    @model_validator(mode="after")
    def _tls_beyond_loopback(self) -> Self:
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_cert_file and tls_key_file go together")
        if self.tls_cert_file is None and self.host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError(f"host {self.host} is not loopback: set tls_cert_file and tls_key_file")
        return self


def load(model: type[_C], path: Path) -> _C:
    """Read one configuration file.

    Raises:
        ConfigError: the file is missing, no TOML, or not that configuration; the text names every faulty key.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give the file with --config") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML in UTF-8: {error}") from error
    try:
        return model.model_validate(data, context={"base": path.absolute().parent})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        text = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in faults)
        raise ConfigError(f"{path}: {text}") from error


def read_secret(path: Path) -> str:
    """The content of a secret file without surrounding white space.

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
