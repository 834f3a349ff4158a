"""Which detector looks at which camera's pictures, in the cluster: the customer's file, and what the parsers answer.

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
from provisioning.contracts.wire.messages import Count, Message

DetectorName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]
MachineGroup = Literal["vehicle", "two_wheeler"]


class AssignedDetector(Section):
    """One detector by the name in its manifest, and whose pictures it sees; without cameras and agents, the rest."""

    name: DetectorName
    cameras: tuple[CameraId, ...] = Field(default=(), max_length=100_000)
    agents: tuple[AgentId, ...] = Field(default=(), max_length=10_000)
    """Every camera of these, except where a camera is named itself."""
    thresholds: dict[MachineGroup, Annotated[float, Field(gt=0, lt=1)]] = Field(default_factory=dict)
    """In place of the manifest's."""
    tiles: bool = True
    """Also search the squares that cover a wide picture: about three times the work, and what small nets need."""

    @property
    def is_rest(self) -> bool:
        """Whether it sees everything that no other is given."""
        return not self.cameras and not self.agents


class DetectorPlan(Section):
    """The file. Whoever is in no entry is seen by the detector of the configuration (`parser_model`)."""

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
    """What the head of the cluster wants of every parser."""

    plan: DetectorPlan = DetectorPlan()
    models: dict[DetectorName, Sha256] = Field(default_factory=dict)
    """Of the head's catalog: a machine that holds another file under that name must not use it."""
    refused: str = ""
    """Why what the file says now is not taken; `plan` is the one before."""


class ParserStatus(Message):
    """Answer of `query`: one replica of the parser, and its detectors."""

    models: dict[DetectorName, Sha256]
    """Those of its assignment."""
    in_memory: tuple[DetectorName, ...]
    pictures: dict[DetectorName, Count]
    """That each has seen here, since the replica started."""
    fell_back: dict[DetectorName, Count]
    """Pictures that their own detector could not see, so that the one of the rest did."""
    faults: tuple[str, ...]
    """Why; and why an assignment was refused. Empty: all is as the file says."""


class ParsersStatus(Message):
    """Answer of `query`: every replica of the parser that is there."""

    parsers: tuple[ParserStatus, ...]
