"""Holds the known state of a device for technicians and the cameras' threads. Plain data, replaced whole."""

from dataclasses import dataclass

from edge_agent.gb28181.manscdp.channels import Channel
from edge_agent.gb28181.sip.edition import Version


@dataclass(frozen=True, slots=True)
class DeviceView:
    """Known state of one device."""

    device_id: str
    is_there: bool = False
    """Registered and heard, or registered before our restart and not overdue yet."""
    is_reachable: bool = False
    """There is a route now: a device on TCP must have come back after a restart of ours."""
    transport: str = ""
    host: str = ""
    port: int = 0
    version: Version = Version.V2016
    why: str = ""
    """Reason for which the device is offline."""
    refused: str = ""
    """Why the device's last REGISTER was refused; empty once it is let in."""
    since_ms: int = 0
    """Unix milliseconds at which the device came online or went offline."""
    expires_at_ms: int = 0
    channels: tuple[Channel, ...] | None = None
    """None: the catalog was never taken."""
    announced: int | None = None
    """Number of channels that the device claims to have."""
    catalog_at_ms: int = 0
    catalog_trouble: str = ""
    subscription_trouble: str = ""
    """Why alarms or catalog changes of the device are not subscribed to any more; empty: nothing was given up."""
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    skew_ms: int | None = None
    """The device's clock minus the agent's."""
    bound_ms: int | None = None
    measured_at_ms: int = 0
    alarms: int = 0
    last_alarm: str = ""
    """Kind of the last alarm, in a word."""
    last_alarm_at_ms: int = 0

    def channel(self, channel_id: str) -> Channel | None:
        """Returns a channel of the catalog; None where the catalog lacks it, or was never taken."""
        return next((each for each in self.channels or () if each.channel_id == channel_id), None)
