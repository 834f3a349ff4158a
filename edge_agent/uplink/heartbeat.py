"""What the parts of an agent know of themselves and nobody is told but by heartbeat and metrics."""

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
class Vitals:
    """Asked at every heartbeat."""

    queued: Callable[[], int] = _none_waits
    """Selected pictures that wait for the redactor."""
    rate: Callable[[], float | None] = _unmeasured
    """Redactions a second that this machine can do, as measured; None before the first."""
    recordings: Callable[[], Mapping[str, Recording]] = _none_brought
    """How far what is brought to a desk is, by camera."""


def free_bytes(directory: Path) -> int | None:
    """What the disk under `directory` has left; None when it cannot be asked."""
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return None
