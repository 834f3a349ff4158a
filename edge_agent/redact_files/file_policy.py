"""The redactor of the cameras, for files: the same models and recipe under a policy that can only add cover."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from edge_agent.clock import SystemClock
from edge_agent.frames import Redact
from edge_agent.redact_files.errors import RedactRefused
from edge_agent.redactor import Redactors
from engines.catalog.catalog import default_models_dir
from engines.errors import EngineError
from provisioning.contracts.config.processes import Broker, Camera, EdgeConfig, Policy, Redactor, ReplaySource, Spool

CAMERA: Final = "file"
QUALITY: Final = 95
"""Largest JPEG quality that the contract allows: a frame of a video is encoded twice, as JPEG and then as H.264."""
TIMEOUT_S: Final = 600.0
"""Seconds for one picture. A file can wait; this only ends a redaction that hangs."""
BAND: Final = "always_cover"

Fresh = Callable[[], Redact]
"""Makes a redactor without state: one a file, since the state of one says nothing of the next."""


def load(models_dir: Path | None, policy: Policy) -> Fresh:
    """Check and load every model, once for all files.

    Raises:
        RedactRefused: a model is missing, corrupt or unusable.
    """
    redactors = load_redactors(models_dir, policy)
    return lambda: redactors.for_camera(redactors.config.cameras[0])


def load_redactors(models_dir: Path | None, policy: Policy) -> Redactors:
    """Load the models of an agent of one camera. Raises as `load` does."""
    config = _config(models_dir or default_models_dir(), policy)
    try:
        return Redactors.load(config, SystemClock())
    except EngineError as error:
        raise RedactRefused(f"nothing can be redacted: {error}") from error


def read_policy(given: Sequence[str]) -> Policy:
    """Parse a policy from `key=value` words. Bands add up: `always_cover=x0,y0,x1,y1`, as shares of the picture.

    Raises:
        RedactRefused: no such key, no such value, or one that would cover less.
    """
    values: dict[str, object] = {}
    bands: list[list[float]] = []
    for setting in given:
        key, equals, value = setting.partition("=")
        if not equals or key not in Policy.model_fields:
            known = ", ".join(Policy.model_fields)
            raise RedactRefused(f"--policy {setting}: write KEY=VALUE with one of {known}")
        try:
            if key == BAND:
                bands.append([float(part) for part in value.split(",")])
            else:
                values[key] = json.loads(value)
        except ValueError as error:
            raise RedactRefused(f"--policy {setting}: {value!r} is no number, or no four of them for a band") from error
    if bands:
        values[BAND] = bands
    try:
        return Policy.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        text = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
        raise RedactRefused(f"--policy can only add cover, and this is no such policy: {text}") from error


def _config(models_dir: Path, policy: Policy) -> EdgeConfig:
    """Configure an agent of one camera that connects to nothing: the redactor needs policy, models and threads only."""
    nowhere = Path(os.devnull)
    return EdgeConfig(
        agent_id=CAMERA,
        broker=Broker(host="localhost", ca_file=nowhere, cert_file=nowhere, key_file=nowhere),
        models_dir=models_dir,
        spool=Spool(directory=nowhere),
        redactor=Redactor(threads=_cores(), timeout_s=TIMEOUT_S, jpeg_quality=QUALITY),
        cameras=(Camera(id=CAMERA, source=ReplaySource(path=nowhere), policy=policy),),
    )


def _cores() -> int:
    return max(1, min(64, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))
