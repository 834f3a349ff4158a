"""Assigns detectors to cameras: a camera's own entry, else its agent's, else that of the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engines.manifest import Group
from provisioning.contracts.detectors import AssignedDetector, DetectorPlan

MACHINES: Final[frozenset[Group]] = frozenset({"vehicle", "two_wheeler"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A detector and its settings. `thresholds` replace the manifest's, group by group."""

    name: str
    thresholds: tuple[tuple[Group, float], ...] = ()
    tiles: bool = True


@dataclass(frozen=True, slots=True)
class Assignment:
    """Assignment of detectors: every camera has exactly one, by default that of `rest`."""

    rest: Choice
    cameras: Mapping[str, Choice]
    agents: Mapping[str, Choice]

    def of(self, agent_id: str, camera_id: str) -> Choice:
        """Return the detector for a camera of an agent."""
        return self.cameras.get(camera_id) or self.agents.get(agent_id) or self.rest

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all detectors, that of the rest first: it must always be loaded."""
        every = (self.rest, *self.cameras.values(), *self.agents.values())
        return tuple(dict.fromkeys(choice.name for choice in every))


def default_choice(name: str, threshold: float) -> Choice:
    """Return the detector of the configuration, for cameras that no file names."""
    return Choice(name, tuple((group, threshold) for group in sorted(MACHINES)))


def assigned(plan: DetectorPlan, default: Choice) -> Assignment:
    """Turn a plan into an assignment."""
    choices = [(entry, _choice(entry)) for entry in plan.detectors]
    return Assignment(
        rest=next((choice for entry, choice in choices if entry.is_rest), default),
        cameras={camera: choice for entry, choice in choices for camera in entry.cameras},
        agents={agent: choice for entry, choice in choices for agent in entry.agents},
    )


def _choice(entry: AssignedDetector) -> Choice:
    return Choice(entry.name, tuple(sorted(entry.thresholds.items())), entry.tiles)
