"""What makes a stage of the full-chain view amber or red. docs/pipeline.md says what each is compared with, and why."""

from typing import Self

from pydantic import Field, model_validator

from provisioning.contracts.section import Relative, Section


class Slow(Section):
    """From which mean of the window on a stage is late."""

    amber_s: float = Field(gt=0, le=86_400)
    red_s: float = Field(gt=0, le=86_400)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.red_s < self.amber_s:
            raise ValueError("red_s is at least amber_s")
        return self


class Many(Section):
    """From how many on there are too many."""

    amber: int = Field(ge=1, le=2**53)
    red: int = Field(ge=1, le=2**53)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.red < self.amber:
            raise ValueError("red is at least amber")
        return self


class Low(Section):
    """Under how much there is too little."""

    amber_gb: float = Field(gt=0, le=1e9)
    red_gb: float = Field(gt=0, le=1e9)

    @model_validator(mode="after")
    def _descending(self) -> Self:
        if self.red_gb > self.amber_gb:
            raise ValueError("red_gb is at most amber_gb")
        return self


class Pipeline(Section):
    """`[pipeline]` of the centre."""

    look_every_s: float = Field(default=10.0, ge=1, le=60)
    window_s: float = Field(default=60.0, ge=10, le=600)
    """Counters are compared with what they were so long ago; what makes no progress for so long is stuck."""
    history_h: int = Field(default=24, ge=1, le=168)
    """Of a point a minute, in the centre's database."""
    cameras_down_share: Relative = 0.3
    """Of all cameras: from here on red, below it amber. So the next two, of agents and of a device's channels."""
    agents_down_share: Relative = 0.1
    fell_together: int = Field(default=3, ge=2, le=1000)
    """Cameras of one agent that went within a minute of each other and are half of it or more: one cause, not many."""
    agent_backlog: Many = Many(amber=500, red=20_000)
    """Pictures that wait in the spool of one agent."""
    agent_disk: Low = Low(amber_gb=2.0, red_gb=1.0)
    certificate_days: float = Field(default=7.0, gt=0, le=90)
    intake_backlog: Many = Many(amber=128, red=100_000)
    """In the intake's lanes; one intake holds 256 at most, so red is for who has many."""
    broker_lag: Slow = Slow(amber_s=2.0, red_s=30.0)
    """From an agent's publishing to the intake."""
    intake_lag: Slow = Slow(amber_s=2.0, red_s=30.0)
    """In the lane."""
    parse_lag: Slow = Slow(amber_s=10.0, red_s=60.0)
    archive_lag: Slow = Slow(amber_s=2.0, red_s=30.0)
    query_lag: Slow = Slow(amber_s=1.0, red_s=2.0)
    """From a question to its answer; a question is given up after two seconds."""
    storage: Low = Low(amber_gb=50.0, red_gb=10.0)
