"""Who is in the soak: devices that register over UDP, some over TCP, and the cameras that want pictures of some."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.contracts.config.processes import Gb28181, Gb28181Source
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile, device_ids

HOST: Final = "127.0.0.1"
PLATFORM_ID: Final = "34020000002000000001"
FIRST_UDP: Final = "34020000001180000001"
FIRST_TCP: Final = "34020000001180500001"
MEDIA_PORTS: Final = (31000, 32999)


@dataclass(frozen=True)
class Settlement:
    """`over_udp` and `over_tcp` devices of one channel each; pictures of the first `watched` are wanted."""

    over_udp: int
    over_tcp: int
    watched: int
    heartbeat_s: float

    @property
    def devices(self) -> int:
        """All of them."""
        return self.over_udp + self.over_tcp

    def section(self, port: int) -> Gb28181:
        """[gb28181] of the agent."""
        return Gb28181(host=HOST, port=port, platform_id=PLATFORM_ID, media_ports=MEDIA_PORTS)

    def sources(self, password_file: Path) -> dict[str, Gb28181Source]:
        """One camera a device, by camera id; those that are watched first."""
        profile = DeviceProfile(PLATFORM_ID, "")
        ids = device_ids(FIRST_UDP, self.over_udp) + device_ids(FIRST_TCP, self.over_tcp)
        return {
            f"cam-{device_id}": Gb28181Source(
                device_id=device_id,
                channel_id=profile.channel_ids(device_id)[0],
                username=device_id,
                password_file=password_file,
                heartbeat_s=self.heartbeat_s,
            )
            for device_id in ids
        }
