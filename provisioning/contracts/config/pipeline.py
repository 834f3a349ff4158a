"""Limits at which a stage of the full-chain view turns amber or red. docs/pipeline.md explains each comparison."""

from typing import Self

from pydantic import Field, model_validator

from provisioning.contracts.section import Relative, Section


class Slow(Section):
    """Limits of a mean delay over the window: a stage at or above them is late."""

    amber_s: float = Field(gt=0, le=86_400)
    red_s: float = Field(gt=0, le=86_400)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.red_s < self.amber_s:
            raise ValueError("red_s is at least amber_s")
        return self


class Many(Section):
    """Limits of a count: there are too many at or above them."""

    amber: int = Field(ge=1, le=2**53)
    red: int = Field(ge=1, le=2**53)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if self.red < self.amber:
            raise ValueError("red is at least amber")
        return self


class Low(Section):
    """Limits of free space: there is too little below them."""

    amber_gb: float = Field(gt=0, le=1e9)
    red_gb: float = Field(gt=0, le=1e9)

    @model_validator(mode="after")
    def _descending(self) -> Self:
        if self.red_gb > self.amber_gb:
            raise ValueError("red_gb is at most amber_gb")
        return self


class Scarce(Section):
    """Limits of a free share: there is too little below them."""

    amber: Relative
    red: Relative

    @model_validator(mode="after")
    def _descending(self) -> Self:
        if self.red > self.amber:
            raise ValueError("red is at most amber")
        return self


class Pipeline(Section):
    """`[pipeline]` of the centre."""

    look_every_s: float = Field(default=10.0, ge=1, le=60)
    window_s: float = Field(default=60.0, ge=10, le=600)
    """Counters are compared with their values this long ago; a stage without progress for this long is stuck."""
    history_h: int = Field(default=24, ge=1, le=168)
    """Hours of history in the centre's database, one point a minute."""
    cameras_down_share: Relative = 0.3
    """Share of all cameras, or of a device's channels: red from here on, amber below. The next one is of agents."""
    agents_down_share: Relative = 0.1
    fell_together: int = Field(default=3, ge=2, le=1000)
    """Cameras of one agent, at least half of them, that fail within a minute of each other: reported as one cause."""
    agent_backlog: Many = Many(amber=500, red=20_000)
    """Pictures that wait in the spool of one agent."""
    agent_disk: Low = Low(amber_gb=2.0, red_gb=1.0)
    certificate_days: float = Field(default=7.0, gt=0, le=90)
    intake_backlog: Many = Many(amber=128, red=100_000)
    """Snapshots in the intake's lanes; one intake holds 256 at most, so only a site with many intakes reaches red."""
    broker_lag: Slow = Slow(amber_s=2.0, red_s=30.0)
    """Delay from an agent's publishing to the intake."""
    intake_lag: Slow = Slow(amber_s=2.0, red_s=30.0)
    """Delay in the intake's lane."""
    parse_lag: Slow = Slow(amber_s=10.0, red_s=60.0)
    archive_lag: Slow = Slow(amber_s=2.0, red_s=30.0)
    query_lag: Slow = Slow(amber_s=1.0, red_s=2.0)
    """Delay from a query to its answer; a query is abandoned after two seconds."""
    storage: Low = Low(amber_gb=50.0, red_gb=10.0)
    server_disk: Scarce = Scarce(amber=0.1, red=0.05)
    """Free share of each file system of each server; the next one is of its inodes."""
    server_inodes: Scarce = Scarce(amber=0.1, red=0.05)
    clock_offset: Slow = Slow(amber_s=0.5, red_s=2.0)
    """Difference between this machine's clock and a time server's."""
