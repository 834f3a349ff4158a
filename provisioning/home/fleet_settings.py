"""Settings that a roll-out gives to many agents alike: redaction, selection, timeouts. Cameras are each agent's own."""

import tomllib
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError

from provisioning.contracts.config.processes import (
    HEARTBEAT_S,
    Camera,
    Checks,
    HeartbeatS,
    Redactor,
    RtspSource,
    Section,
    Selector,
    Window,
    name_faults,
)
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.wire.messages import SourceKind

MAX_BYTES: Final = 64 * 1024


class RtspTimes(Section):
    """Timeouts of RTSP cameras, as in a camera's source."""

    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    read_timeout_s: float = Field(default=4.0, gt=0, le=60)


class FleetSettings(Section):
    """File of `wayside-provision rollout start --config FILE`. Absent keys have their defaults."""

    heartbeat_s: HeartbeatS = HEARTBEAT_S
    redactor: Redactor = Redactor()
    window: Window = Window()
    selector: Selector = Selector()
    checks: Checks = Checks()
    rtsp: RtspTimes = RtspTimes()

    def under(self, camera: Camera) -> Camera:
        """Returns a camera with these settings."""
        source = camera.source
        if isinstance(source, RtspSource):
            source = source.model_copy(update=self.rtsp.model_dump())
        return camera.model_copy(update={"source": source, "selector": self.selector, "checks": self.checks})

    def leaves_alone(self, other: "FleetSettings", source: SourceKind | None) -> bool:
        """True if a camera of this kind has the same settings under either; None: a kind that is not known."""
        is_timed = source in {None, SourceKind.RTSP}
        own = (self.selector, self.checks) == (other.selector, other.checks)
        return own and (not is_timed or self.rtsp == other.rtsp)


def read(path: Path) -> str:
    """Reads and checks a file of settings. Returns the text to store: the same settings are the same text.

    Raises:
        ConfigError: missing, too large, or a key or value is wrong; it is named.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: settings of over {MAX_BYTES} bytes: is this the right file?")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return FleetSettings.model_validate(table).model_dump_json(exclude_unset=True)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise ConfigError(f"{path}: {name_faults(error)}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: is no TOML ({error})") from error


def parse(text: str | None) -> FleetSettings:
    """Parses stored settings; None gives the defaults.

    Raises:
        ConfigError: written by another version of this program.
    """
    try:
        return FleetSettings() if text is None else FleetSettings.model_validate_json(text)
    except ValidationError as error:
        raise ConfigError("the settings that are kept are of another version: roll them out again") from error
