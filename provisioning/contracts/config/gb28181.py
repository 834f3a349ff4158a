"""The agent's GB/T 28181 platform: its SIP server, and the settings that cameras of one device must share."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Self

from pydantic import Field, model_validator

from provisioning.contracts.config.camera import Camera, Gb28181Source, SnapshotSource
from provisioning.contracts.section import Port, Section

_SERVER: Final = "200"
"""Digits 11 to 13 of a SIP server's id (GB/T 28181-2022, annex E)."""
_PROVINCES: Final = frozenset(
    str(number)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 82))
    for number in range(first, last + 1)
)
"""Digits 1 and 2 (GB/T 2260)."""
_REALM_DIGITS: Final = 10
MEDIA_PORTS: Final = (30000, 30499)


class Gb28181(Section):
    """The agent's GB/T 28181 server: SIP over UDP and TCP on one port."""

    host: str
    """An address of this machine that devices reach, or 0.0.0.0."""
    port: Port = 5060
    platform_id: str = Field(pattern=r"^[0-9]{20}$")
    """The agent's own 20 digits (type 200), as they are set in the devices."""
    realm: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    """The SIP domain set in the devices. Empty: the first ten digits of `platform_id`."""
    public_host: str | None = Field(default=None, pattern=r"^[A-Za-z0-9.:-]{1,253}$")
    """This machine's address for devices behind address translation. None: its address on the route to the device."""
    media_ports: tuple[Port, Port] = MEDIA_PORTS
    """First and last port that media may come to."""
    snapshot_port: Port | None = None
    """HTTP port to which devices upload snapshots; None: no camera is asked for any."""
    send_date: bool = True
    """Set the clocks of devices by the `Date` of each registration. Turn it off if another service sets them."""
    per_source_per_minute: int = Field(default=1200, ge=60, le=1_000_000)
    """Messages a minute from one address without a registered device. A site's devices may share one address."""

    @property
    def domain(self) -> str:
        """The realm in use."""
        return self.realm or self.platform_id[:_REALM_DIGITS]

    @model_validator(mode="after")
    def _is_a_server(self) -> Self:
        if self.platform_id[10:13] != _SERVER:
            raise ValueError(f"platform_id: digits 11 to 13 are {self.platform_id[10:13]}, a SIP server has {_SERVER}")
        if self.platform_id[:2] not in _PROVINCES:
            raise ValueError(f"platform_id: {self.platform_id[:2]} is no province; take your own place's code")
        return self

    @model_validator(mode="after")
    def _ports_in_order(self) -> Self:
        first, last = self.media_ports
        if last < first or first <= self.port <= last:
            raise ValueError("media_ports: first and last, in this order, and without the port of SIP")
        return self


def check_devices(cameras: Iterable[Camera], recorders: Mapping[str, Gb28181Source]) -> None:
    """Checks that cameras of one device agree on the device's settings, and that no two ask for the same stream.

    `recorders`: those that register, by name; they agree with the cameras of theirs.

    Raises:
        ValueError: they do not; names the cameras and the remedy.
    """
    sources: dict[str, Gb28181Source] = dict(recorders)
    streams: Counter[tuple[str, str, str]] = Counter()
    for camera in cameras:
        source = camera.source.channel if isinstance(camera.source, SnapshotSource) else camera.source
        if not isinstance(source, Gb28181Source):
            continue
        sources[camera.id] = source
        what = f"stream {source.stream}" if source.span is None else "recordings"
        what = "snapshots" if isinstance(camera.source, SnapshotSource) else what
        streams[source.device_id, source.channel_id, what] += 1
    of_device: dict[str, tuple[str, Gb28181Source]] = {}
    for name, source in sources.items():
        first_name, first = of_device.setdefault(source.device_id, (name, source))
        for field in ("username", "heartbeat_s", "set_guard"):
            if getattr(source, field) != getattr(first, field):
                raise ValueError(f"cameras {first_name} and {name} are of one device: give them the same {field}")
        if None not in {source.password_file, first.password_file} and source.password_file != first.password_file:
            raise ValueError(f"cameras {first_name} and {name} are of one device: give them the same password_file")
    twice = [stream for stream, number in streams.items() if number > 1]
    if twice:
        device_id, channel_id, what = twice[0]
        raise ValueError(
            f"{what} of device {device_id}, channel {channel_id}: two cameras ask for it, a device gives it once"
        )
