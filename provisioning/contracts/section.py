"""Base of the configuration tables: frozen, no unknown keys, paths relative to the file they stand in."""

from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo


def _resolved(value: Path, info: ValidationInfo) -> Path:
    base = (info.context or {}).get("base")
    return value if base is None else (base / value.expanduser()).absolute()


def _without_secrets(value: str) -> str:
    parts = urlsplit(value)
    # `port` raises ValueError outside 0 to 65535; no server listens at 0.
    if parts.scheme not in {"rtsp", "rtsps"} or not parts.hostname or parts.port == 0:
        raise ValueError("an RTSP address looks like rtsp://host:554/path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("user and password do not belong in the address: use `username` and `password_file`")
    return value


def _service_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError("an address of a camera's service looks like http://host:80/path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("user and password do not belong in the address: those of the camera's source are used")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("an address consists of printable ASCII characters")
    return value


ResolvedPath = Annotated[Path, AfterValidator(_resolved)]
RtspUrl = Annotated[str, AfterValidator(_without_secrets), Field(max_length=1024)]
ServiceUrl = Annotated[str, AfterValidator(_service_address), Field(max_length=1024)]
ORIGIN_PATTERN: Final = (
    r"^(https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|https?://127\.0\.0\.1|https?://localhost)(:[1-9][0-9]{0,4})?$"
)
"""Scheme, host and port as a browser writes them (RFC 6454). Without TLS only on the machine itself."""
Origin = Annotated[str, StringConstraints(pattern=ORIGIN_PATTERN, max_length=280)]
Port = Annotated[int, Field(ge=1, le=65535)]
Relative = Annotated[float, Field(ge=0.0, le=1.0)]


class Section(BaseModel):
    """Base of every configuration table."""

    model_config = ConfigDict(frozen=True, extra="forbid")
