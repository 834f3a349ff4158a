"""Footage of a recorder whose every picture shows the moment at which it was taken, so that a test can read it back."""

import threading
from typing import Any, Final, cast

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 512, 288
_BITS: Final = 32
_STEP_MS: Final = 200
"""Five pictures a second, the first of each a keyframe."""
PER_SECOND: Final = 1000 // _STEP_MS


def painted(at_ms: int) -> NDArray[np.uint8]:
    """A grey picture of 32 stripes: the moment in steps of 200 ms, the highest bit first."""
    value = at_ms // _STEP_MS % (1 << _BITS)
    bits = [value >> (_BITS - 1 - bit) & 1 for bit in range(_BITS)]
    row = np.repeat(np.array([215 if bit else 40 for bit in bits], np.uint8), WIDTH // _BITS)
    return np.tile(row, (HEIGHT, 1))


def moment_in(image: NDArray[np.uint8], near_ms: int) -> int:
    """Reads the moment of a picture, the one closest to `near_ms`."""
    grey = image.mean(axis=2) if image.ndim == 3 else image
    stripes = grey.reshape(HEIGHT, _BITS, WIDTH // _BITS).mean(axis=(0, 2))
    value = int("".join("1" if stripe > 127 else "0" for stripe in stripes), 2)
    turn = 1 << _BITS
    return (value + round((near_ms / _STEP_MS - value) / turn) * turn) * _STEP_MS


class Film:
    """Encodes each second once, whoever asks for it."""

    def __init__(self, codec: str = "h264") -> None:
        self.codec = codec
        self._lock = threading.Lock()
        self._seconds: dict[int, list[bytes]] = {}
        self.parameter_sets: list[bytes] = []

    def second(self, at_s: int) -> list[bytes]:
        """The access units of one second, in Annex B."""
        with self._lock:
            if at_s not in self._seconds:
                self._seconds[at_s] = self._encoded(at_s)
            return self._seconds[at_s]

    def _encoded(self, at_s: int) -> list[bytes]:
        encoder = cast("Any", av.CodecContext.create("libx264" if self.codec == "h264" else "libx265", "w"))
        encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        encoder.framerate, encoder.gop_size, encoder.thread_count = PER_SECOND, PER_SECOND, 1
        encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "log-level=none"}
        if self.codec == "h264":
            del encoder.options["x265-params"]
            encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
        units = []
        for number in range(PER_SECOND):
            frame = av.VideoFrame.from_ndarray(painted(at_s * 1000 + number * _STEP_MS), format="gray")
            frame.pts = number
            units += [bytes(packet) for packet in encoder.encode(frame.reformat(format="yuv420p"))]
        return units + [bytes(packet) for packet in encoder.encode(None)]


def nal_units(unit: bytes) -> list[bytes]:
    """Splits Annex B at its start codes."""
    parts = unit.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [part for part in parts if part]
