"""Footage for a simulated camera that shows the street clip in stills: a new picture every few seconds."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from engines.catalog.catalog import Catalog
from provisioning.demo.encode import encoded
from provisioning.demo.simulators.rtsp_server import write_footage

_RATE: Final = 5
"""Pictures a second, of which the first is a keyframe."""
_HELD_S: Final = 6
"""Seconds for which a still is shown. An agent takes one snapshot of each; of the clip it takes one a second, which
costs it 0.4 of a processor and not 0.1 (measured), and the cluster behind it as much again."""
_STEP: Final = 25
"""The clip's pictures from one still to the next."""


def write_stills(file: Path, catalog: Catalog) -> Path:
    """Encodes the stills as H.264 footage, and returns the file."""
    with av.open(str(catalog.path("bikes"))) as clip:
        pictures = list(clip.decode(video=0))[::_STEP]
    size = pictures[0].width, pictures[0].height
    shown = (picture for picture in pictures for _ in range(_RATE * _HELD_S))
    units = encoded(shown, size, Fraction(_RATE), "h264", gop=_RATE, bitrate=2_000_000)
    write_footage(file, "h264", (_RATE, 1), units)
    return file
