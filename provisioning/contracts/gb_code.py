"""The 20-digit code of GB/T 28181-2022, annex E: place (8), industry (2), type (3), network (1), serial (6)."""

from typing import Final

LENGTH: Final = 20
CAMERA_TYPES: Final = frozenset({"131", "132"})
"""Camera, network camera: digits 11 to 13."""
PROVINCES: Final = frozenset(
    str(code)
    for codes in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82),
    )
    for code in codes
)
"""GB/T 2260, the first two digits of a place."""
