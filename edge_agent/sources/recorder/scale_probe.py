"""Finds out what a recorder's timestamps count under `Scale`: what it plays, or what it recorded.

By RFC 2326 (appendix B) they count what is played: at eight times real time a second of timestamps is eight recorded
seconds. Not every maker does so, and the difference would date each picture wrongly. Timestamps are compared with the
clock for a few seconds before any picture is used, until two comparisons in a row agree: an agent that stood still
meanwhile counts too few timestamps in the one, and too many in the next.
"""

import threading
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import NoPicture
from edge_agent.sources.recorder.replay_extension import replay_time
from edge_agent.sources.recorder.replay_request import ReplayRequest
from edge_agent.sources.recorder.rtsp_session import RtspSession
from provisioning.contracts.causes import recorders

_SETTLE_S: Final = 1.0
"""Seconds before the comparison begins: recorders begin with a burst."""
_COMPARE_S: Final = 2.0
_GIVE_UP_S: Final = 12.0
_TIMESTAMPS: Final = 1 << 32


def recorded_per_second(camera_id: str, request: ReplayRequest, clock: Clock, stop: threading.Event) -> float:
    """Plays the beginning of a piece; returns the recorded seconds in a second of timestamps.

    Raises:
        SourceError: see `RtspSession.play`.
        NoPicture: the timestamps go neither with the clock nor with the recording (`recorder_scale_unclear`).
    """
    with RtspSession(camera_id, request, clock) as session:
        scale = session.play(stop).scale
        began_s = clock.monotonic_s()
        first: tuple[float, int] | None = None
        found: float | None = None
        while scale > 1 and not stop.is_set() and clock.monotonic_s() - began_s < _GIVE_UP_S:
            for packet in session.read():
                now_s = clock.monotonic_s()
                if packet.channel or len(packet.data) < 12 or now_s - began_s < _SETTLE_S:
                    continue
                if replay_time(packet.data) is not None:
                    return scale  # each picture has its own time
                stamp = int.from_bytes(packet.data[4:8])
                first = first or (now_s, stamp)
                if now_s - first[0] >= _COMPARE_S:
                    counted_s = (stamp - first[1]) % _TIMESTAMPS / 90_000
                    before, found = found, counted(counted_s / (now_s - first[0]), scale)
                    if found is not None and found == before:
                        return found
                    first = now_s, stamp
    if scale > 1:
        raise NoPicture(camera_id, recorders.SCALE_UNCLEAR(place=request.place))
    return scale


def counted(ratio: float, scale: float) -> float | None:
    """Returns the recorded seconds in a second of timestamps; None if neither reading fits.

    `ratio`: seconds of timestamps in a second of the clock, about 1 or about `scale`.
    """
    if 0.5 <= ratio <= 1.3:
        return scale
    return 1.0 if 0.7 * scale <= ratio <= 1.4 * scale else None
