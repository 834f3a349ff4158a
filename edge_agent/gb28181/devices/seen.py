"""What is known of a device, as the technician and the cameras' threads see it. Plain data, replaced whole."""

from dataclasses import dataclass

from edge_agent.gb28181.manscdp.channels import Channel
from edge_agent.gb28181.sip.edition import Version


@dataclass(frozen=True, slots=True)
class Seen:
    """One device."""

    device_id: str
    is_there: bool = False
    """Registered and heard, or registered before our restart and not overdue yet."""
    is_reachable: bool = False
    """There is a way to it now: over TCP it must have come back after a restart of ours."""
    transport: str = ""
    host: str = ""
    port: int = 0
    version: Version = Version.V2016
    why: str = ""
    """Of a device that is not there: how it went."""
    refused: str = ""
    """Why its last try to register was refused; empty once it is let in."""
    since_ms: int = 0
    """When it came or went."""
    expires_at_ms: int = 0
    channels: tuple[Channel, ...] | None = None
    """None: its list was never taken."""
    announced: int | None = None
    """How many it claims to have."""
    catalog_at_ms: int = 0
    catalog_trouble: str = ""
    subscription_trouble: str = ""
    """Its alarms or news of its list are not subscribed to any more, and why."""
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    skew_ms: int | None = None
    """Its clock minus ours."""
    bound_ms: int | None = None
    measured_at_ms: int = 0
    alarms: int = 0
    last_alarm: str = ""
    """Its kind, in a word."""
    last_alarm_at_ms: int = 0

    def channel(self, channel_id: str) -> Channel | None:
        """One of its list; None where the list does not have it, or was never taken."""
        return next((each for each in self.channels or () if each.channel_id == channel_id), None)
