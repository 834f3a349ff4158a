"""What a device asks of whoever owns its sockets."""

from typing import NamedTuple

from provisioning.demo.simulators.gb28181.sdp import MediaOrder


class Send(NamedTuple):
    """These bytes to the platform, as one datagram or into the connection."""

    data: bytes


class MovePort(NamedTuple):
    """Go on from another local port."""


class OpenMedia(NamedTuple):
    """Make a socket for a session; then `Device.media_opened` or `Device.media_failed`."""

    call_id: str
    order: MediaOrder


class StartMedia(NamedTuple):
    """Send."""

    call_id: str


class CloseMedia(NamedTuple):
    """Stop sending, after so many seconds, and close the socket."""

    call_id: str
    after_s: float = 0.0


class SteerMedia(NamedTuple):
    """Change a playback: any field that is None stays as it is."""

    call_id: str
    scale: float | None = None
    position_s: float | None = None
    paused: bool | None = None


class KeyFrame(NamedTuple):
    """The next picture of a channel's sessions is to be a keyframe."""

    call_id: str


Effect = Send | MovePort | OpenMedia | StartMedia | CloseMedia | SteerMedia | KeyFrame
