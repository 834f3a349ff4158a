"""Assigns detectors to cameras in the cluster: the model of the customer's file, and the parsers' status.

[[detectors]]                  # everything else
name = "yolox-m"

[[detectors]]
name = "night-detr"
cameras = ["gate-1", "gate-2"]
agents = ["harbour"]           # every camera of that site
thresholds = { vehicle = 0.5 }
tiles = false
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from provisioning.contracts.ids import AgentId, CameraId, Sha256
from provisioning.contracts.section import Section
from provisioning.contracts.wire.messages import CodedCause, Count, Message

DetectorName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
MachineGroup = Literal["vehicle", "two_wheeler"]


class AssignedDetector(Section):
    """One detector, by the name in its manifest, and its cameras; without cameras and agents, all the rest."""

    name: DetectorName
    cameras: tuple[CameraId, ...] = Field(default=(), max_length=100_000)
    agents: tuple[AgentId, ...] = Field(default=(), max_length=10_000)
    """Every camera of these agents, except cameras that another entry names."""
    thresholds: dict[MachineGroup, Annotated[float, Field(gt=0, lt=1)]] = Field(default_factory=dict)
    """Replace the manifest's thresholds."""
    tiles: bool = True
    """Also search the squares that cover a wide picture: about three times the work, and needed by small nets."""

    @property
    def is_rest(self) -> bool:
        """True for the detector of every camera that no other entry names."""
        return not self.cameras and not self.agents


class DetectorPlan(Section):
    """The file. A camera in no entry is searched by the detector of the configuration (`parser_model`)."""

    detectors: tuple[AssignedDetector, ...] = Field(default=(), max_length=64)

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if sum(one.is_rest for one in self.detectors) > 1:
            raise ValueError("two detectors without cameras and agents: which of them sees the rest?")
        for kind, named in (
            ("camera", [camera for one in self.detectors for camera in one.cameras]),
            ("agent", [agent for one in self.detectors for agent in one.agents]),
        ):
            twice = sorted({name for name in named if named.count(name) > 1}) if len(set(named)) < len(named) else []
            if twice:
                raise ValueError(f"{kind} {twice[0]} is named twice")
        return self


class WantedDetectors(Section):
    """Assignments that the head of the cluster sends to every parser."""

    plan: DetectorPlan = DetectorPlan()
    models: dict[DetectorName, Sha256] = Field(default_factory=dict)
    """SHA-256 of each model in the head's catalog: a machine with another file under that name must not use it."""
    refused: str = ""
    """Reason for refusing the file as it is now; `plan` is then the last one accepted. Empty: it was accepted."""


class ParserStatus(Message):
    """Answer of `query`: one replica of the parser, and its detectors."""

    models: dict[DetectorName, Sha256]
    """Models of its assignment."""
    in_memory: tuple[DetectorName, ...]
    pictures: dict[DetectorName, Count]
    """Pictures that each detector has searched here since the replica started."""
    reused: dict[DetectorName, Count] = Field(default={})
    """Pictures that it did not search, because the same model had at the edge."""
    fell_back: dict[DetectorName, Count]
    """Pictures that the detector of the rest searched, because their own could not."""
    faults: tuple[str, ...]
    """Reasons for fallbacks and for a refused assignment. Empty: every picture is searched as the file says."""
    reasons: tuple[CodedCause, ...] = Field(default=(), exclude_if=lambda value: not value)
    """The same faults in the same order for the reader's language; empty from an older cluster."""


class ParsersStatus(Message):
    """Answer of `query`: every live replica of the parser."""

    parsers: tuple[ParserStatus, ...]
