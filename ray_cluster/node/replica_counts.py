"""Decides the number of a deployment's replicas: by configuration, and by `wayside-cluster scale` since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from provisioning.contracts.config.cluster import ClusterConfig, IntakeStage
from provisioning.files import durable
from ray_cluster.errors import BadScale

MOST: Final = 256
FILE: Final = "scales.json"


@dataclass(frozen=True, slots=True)
class Scale:
    """Number of replicas, from `least` to `most`; it follows the queue if they differ."""

    least: int
    most: int

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most <= MOST:
            raise BadScale(f"{self}: give N or LEAST..MOST, between 1 and {MOST}, the lower one first")

    def __str__(self) -> str:
        return str(self.least) if self.least == self.most else f"{self.least}..{self.most}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `4` or `2..8`. Raises `BadScale`."""
        least, dots, most = text.partition("..")
        try:
            return cls(int(least), int(most if dots else least))
        except ValueError as error:
            raise BadScale(f"{text[:40]!r}: give N or LEAST..MOST, for example 2..8") from error


def configured(config: ClusterConfig) -> dict[str, Scale]:
    """Return the configured scales of deployments that can be scaled, by name; the others have one replica.

    A stage in the intake's process cannot be scaled.
    """
    scales = {
        IntakeStage.PARSER: Scale(config.parser_replicas, config.parser_replicas_max or config.parser_replicas),
        IntakeStage.EMBEDDER: Scale(config.embedder_replicas, config.embedder_replicas),
    }
    return {stage.value: scale for stage, scale in scales.items() if stage not in config.composed}


def current(config: ClusterConfig) -> dict[str, Scale]:
    """Return the scales of the configuration with those set since. Raises `BadScale` if their file is damaged."""
    scales = configured(config)
    return scales if config.node is None else scales | read(config.node.state_dir / FILE, scales)


def read(path: Path, known: Mapping[str, object]) -> dict[str, Scale]:
    """Read the scales that were set for deployments in `known`. Raises `BadScale`."""
    try:
        content = json.loads(path.read_bytes())
        return {name: Scale.parse(text) for name, text in content.items() if name in known}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BadScale(f"{path}: {error}; remove it and set the scales anew") from error


def write(path: Path, scales: Mapping[str, Scale]) -> None:
    """Replace the file of scales. Raises `BadScale` for errors of the disk."""
    text = json.dumps({name: str(scale) for name, scale in scales.items()}) + "\n"
    try:
        durable.write(path, text.encode(), mode=durable.PUBLIC)
    except OSError as error:
        raise BadScale(f"{path}: {error.strerror}; check the folder's rights") from error
