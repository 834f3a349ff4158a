"""Collects the agent's figures that only heartbeat and metrics report."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from provisioning.contracts.wire.messages import Recording


def _none_waits() -> int:
    return 0


def _unmeasured() -> None:
    return None


def _none_brought() -> Mapping[str, Recording]:
    return {}


@dataclass(frozen=True, slots=True)
class HeartbeatInputs:
    """Functions that yield the figures; each is called at every heartbeat."""

    queued: Callable[[], int] = _none_waits
    """Selected pictures that wait for the redactor."""
    rate: Callable[[], float | None] = _unmeasured
    """Redactions a second that this machine can do, as measured; None before the first."""
    recordings: Callable[[], Mapping[str, Recording]] = _none_brought
    """Progress of the recordings uploaded to a desk, by camera."""


def free_bytes(directory: Path) -> int | None:
    """Free space on the disk under `directory`; None if it cannot be read."""
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return None
