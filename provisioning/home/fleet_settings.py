"""What a whole fleet is told alike: redaction, selection, time-outs. Which cameras there are is each agent's own."""

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
)
from provisioning.contracts.errors import ConfigError

MAX_BYTES: Final = 64 * 1024


class RtspTimes(Section):
    """How long cameras may take; both as in a camera's source."""

    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    read_timeout_s: float = Field(default=4.0, gt=0, le=60)


class FleetSettings(Section):
    """`wayside-provision rollout start --config FILE`. What is not named has its default."""

    heartbeat_s: HeartbeatS = HEARTBEAT_S
    redactor: Redactor = Redactor()
    window: Window = Window()
    selector: Selector = Selector()
    checks: Checks = Checks()
    rtsp: RtspTimes = RtspTimes()

    def under(self, camera: Camera) -> Camera:
        """A camera as these settings have it."""
        source = camera.source
        if isinstance(source, RtspSource):
            source = source.model_copy(update=self.rtsp.model_dump())
        return camera.model_copy(update={"source": source, "selector": self.selector, "checks": self.checks})


def read(path: Path) -> str:
    """A file of settings, checked, as the text that is kept: the same settings are the same text.

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
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        named = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:5])
        raise ConfigError(f"{path}: {named}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: is no TOML ({error})") from error


def parse(text: str | None) -> FleetSettings:
    """What was kept; without any, the defaults.

    Raises:
        ConfigError: written by another version of this program.
    """
    try:
        return FleetSettings() if text is None else FleetSettings.model_validate_json(text)
    except ValidationError as error:
        raise ConfigError("the settings that are kept are of another version: roll them out again") from error
