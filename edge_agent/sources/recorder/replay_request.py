"""Defines the request for one piece of a recording, as the agent hands it to the process that fetches it."""

from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from edge_agent.host_port import host_port
from provisioning.contracts.section import RtspUrl

RTSP_PORTS: Final = {"rtsp": 554, "rtsps": 322}


class ReplayRequest(BaseModel):
    """One piece of a recording, to be played by RTSP. All times are capture times, Unix milliseconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: RtspUrl
    username: str | None = None
    password: str | None = Field(default=None, repr=False)
    is_sealed: bool = False
    started_at_ms: int
    ended_at_ms: int
    offset_ms: int = 0
    """The recorder's clock minus true time."""
    speed: int = 1
    faster: Literal["speed", "scale", "rate_control"] = "speed"
    is_onvif: bool = False
    """Require ONVIF replay: each picture then comes with its time."""
    has_times: bool = False
    """The address holds the span; else the header `Range` does."""
    channel: str = ""
    channel_pattern: str = ""
    """Regular expression whose group finds the channel in an address of the recorder's own; empty: it shows none."""
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 10.0

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        parts = urlsplit(self.url)
        return host_port(parts.hostname, parts.port or RTSP_PORTS[parts.scheme])
