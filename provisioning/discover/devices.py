"""Reads GB/T 28181 devices that register with an edge agent, as `wayside-edge devices --json` prints them."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provisioning.errors import DiscoveryError

_MAX_BYTES: Final = 8 * 1024 * 1024


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Channel(_Told):
    """Channel of a device."""

    channel_id: str = Field(max_length=64)
    name: str = Field(default="", max_length=256)
    cameras: tuple[str, ...] = ()
    """Ids of the cameras that are configured for it."""


class RegisteredDevice(_Told):
    """A device that a camera of the agent names."""

    device_id: str = Field(max_length=64)
    host: str = Field(default="", max_length=64)
    there: bool = False
    channels: tuple[Channel, ...] = ()


class Stranger(_Told):
    """A device that tries to register and is refused."""

    device_id: str = Field(max_length=64)
    host: str = Field(default="", max_length=64)
    software: str = Field(default="", max_length=256)
    why: str = Field(default="", max_length=256)


class Listed(_Told):
    """All devices of one agent."""

    devices: tuple[RegisteredDevice, ...] = Field(default=(), max_length=10_000)
    strangers: tuple[Stranger, ...] = Field(default=(), max_length=1_000)


def read(path: Path) -> Listed:
    """Reads the command's output; `-` is stdin.

    Raises:
        DiscoveryError: it is not that.
    """
    source = Path("/dev/stdin") if str(path) == "-" else path
    try:
        with source.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise DiscoveryError(f"--devices {path}: cannot be read ({error.strerror})") from error
    if len(data) > _MAX_BYTES:
        raise DiscoveryError(f"--devices {path}: over {_MAX_BYTES >> 20} MiB, which no list of devices is")
    try:
        return Listed.model_validate_json(data)
    except ValidationError as error:
        raise DiscoveryError(
            f"--devices {path}: not what `wayside-edge devices --config agent.toml --json` prints"
            f" ({error.error_count()} faults)"
        ) from error
