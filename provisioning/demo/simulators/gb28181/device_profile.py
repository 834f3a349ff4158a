"""Profile of simulated devices: their properties and faults; many devices share one."""

from dataclasses import dataclass, field
from typing import Final, Literal

from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.errors import DemoError

_SERIALS: Final = 1_000_000
_SERIAL_AT: Final = 14
CAMERA: Final = "131"
GROUP: Final = "216"


@dataclass(frozen=True)
class DeviceProfile:
    """All properties of a device but its id."""

    platform_id: str
    password: str = field(repr=False)
    username: str | None = None
    """User of the digest; None: the device's own id."""
    realm: str | None = None
    """The domain in addresses; None: the first ten digits of the platform's id."""
    transport: Literal["udp", "tcp"] = "udp"
    gb_version: Literal["", "2.0", "3.0"] = "2.0"
    """Header X-GB-Ver; "" sends none."""
    heartbeat_s: float = 60.0
    expires_s: int = 3600
    retry_s: float = 60.0
    """Rest after a refusal; doubles up to eight times."""
    answer_s: float = 32.0
    """Seconds after which a request without an answer is given up (timer F)."""
    channels: int = 1
    page_items: int = 8
    """Items of one catalog or record answer."""
    max_calls: int = 8
    """Media sessions at once; more are answered 486."""
    recording_s: int = 3600
    """Length of one recording."""
    recorded_s: int = 24 * 3600
    """Seconds of recordings before now."""
    skew_s: float = 0.0
    """Error of the clock until the platform's Date is followed."""
    faults: frozenset[DeviceFault] = frozenset()
    loss: float = 0.02
    """Share of packets lost with `DeviceFault.LOSS`."""
    reorder_window: int = 8
    """Packets by which one may be late with `DeviceFault.REORDER`."""
    packet_bytes: int = 1400
    """Payload of an RTP packet."""
    pace: float = 1.0
    """Seconds of media sent in a second; more for a quick test."""
    pictures: int | None = None
    """Pictures after which a live stream falls silent."""
    snapshots: tuple[bytes, ...] = field(default=(), repr=False)
    """Pictures that it uploads when it is told to, one after the other; without any it refuses."""
    seed: int = 1

    @property
    def domain(self) -> str:
        """Domain of an address, after the @."""
        return self.realm or self.platform_id[:10]

    def has(self, fault: DeviceFault) -> bool:
        """True if the devices have this fault."""
        return fault in self.faults

    def channel_ids(self, device_id: str) -> tuple[str, ...]:
        """Returns the ids of a device's cameras: the same in every device with `DeviceFault.DUPLICATE_CHANNELS`."""
        serial = int(device_id[_SERIAL_AT:]) - 1
        first = 0 if self.has(DeviceFault.DUPLICATE_CHANNELS) else serial * self.channels
        head, network = device_id[:10] + CAMERA, device_id[13]
        return tuple(f"{head}{network}{(first + n) % _SERIALS + 1:06d}" for n in range(self.channels))


def device_ids(first: str, count: int) -> list[str]:
    """Returns `count` ids from `first` on.

    Raises:
        DemoError: `first` is not 20 digits, or the serial does not suffice.
    """
    if len(first) != 20 or not first.isdecimal() or not first.isascii():
        raise DemoError(f"{first!r} is not a code of 20 digits")
    serial = int(first[_SERIAL_AT:])
    if serial < 1 or serial + count > _SERIALS:
        raise DemoError(f"{count} devices from {first} on: the last six digits must stay within 000001 and 999999")
    return [f"{first[:_SERIAL_AT]}{serial + n:06d}" for n in range(count)]
