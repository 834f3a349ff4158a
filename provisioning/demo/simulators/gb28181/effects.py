"""Effects that a device requests from the owner of its sockets."""

from typing import NamedTuple

from provisioning.demo.simulators.gb28181.sdp import MediaOrder


class Send(NamedTuple):
    """Send these bytes to the platform, as one datagram or into the connection."""

    data: bytes


class MovePort(NamedTuple):
    """Continue from another local port."""


class OpenMedia(NamedTuple):
    """Open a socket for a session; then call `Device.media_opened` or `Device.media_failed`."""

    call_id: str
    order: MediaOrder


class StartMedia(NamedTuple):
    """Begin to send a session's media."""

    call_id: str


class CloseMedia(NamedTuple):
    """Stop sending after `after_s` seconds, and close the socket."""

    call_id: str
    after_s: float = 0.0


class SteerMedia(NamedTuple):
    """Change a playback: a field that is None stays as it is."""

    call_id: str
    scale: float | None = None
    position_s: float | None = None
    paused: bool | None = None


class KeyFrame(NamedTuple):
    """Send a keyframe as the next picture of a session."""

    call_id: str


Effect = Send | MovePort | OpenMedia | StartMedia | CloseMedia | SteerMedia | KeyFrame
