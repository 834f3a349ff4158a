"""Section [probes] of the centre's configuration: time servers, and the metrics of the servers' disks."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from provisioning.contracts.config.notify import Host, Name, WebAddress
from provisioning.contracts.section import Section


class Probes(Section):
    """Third parties that other sections name are probed as well: identity provider, mail, SMS, webhooks."""

    every_s: float = Field(default=15.0, ge=5, le=30)
    timeout_s: float = Field(default=5.0, ge=1, le=10)
    """Limit of one probe; one that takes longer is a fault of its own stage."""
    ntp: Annotated[tuple[Host, ...], Field(max_length=8)] = ()
    """Time servers of this machine, which chrony follows. Each is asked for the time, which sets no clock."""
    prometheus_url: WebAddress | None = None
    """The Prometheus that scrapes the servers' node exporters, up to its port."""
    node_exporters: dict[Name, WebAddress] = Field(default_factory=dict, max_length=64)
    """Without a Prometheus: the address of each server's node exporter, up to `/metrics`."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.prometheus_url is not None and self.node_exporters:
            raise ValueError("probes: give prometheus_url or node_exporters; a server would be judged twice")
        return self
