"""Channel of a device that registers by GB/T 28181, written in place of an RTSP camera's address."""

import re
from typing import Final, NamedTuple, Self

ID_PATTERN: Final = r"[A-Za-z0-9_-]{1,64}"
"""Same pattern as in `contracts.config.camera.Gb28181Source`."""
_TEXT: Final = re.compile(rf"gb28181:({ID_PATTERN})/({ID_PATTERN})", re.ASCII)


class DeviceChannel(NamedTuple):
    """Id of a registering device, and a channel of its catalog. As text: `gb28181:DEVICE/CHANNEL`."""

    device_id: str
    channel_id: str

    def __str__(self) -> str:
        return f"gb28181:{self.device_id}/{self.channel_id}"

    @classmethod
    def read(cls, address: str) -> Self | None:
        """Reads a camera's address; None for another kind of address."""
        found = _TEXT.fullmatch(address)
        return None if found is None else cls(found[1], found[2])
