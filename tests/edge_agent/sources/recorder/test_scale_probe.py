"""What timestamps count under `Scale` is found out before a picture is dated by them, or nothing is fetched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sources.recorder.scale_probe import counted


@pytest.mark.parametrize(
    ("ratio", "scale", "found"),
    [
        (1.0, 8.0, 8.0),
        (0.6, 2.0, 2.0),
        (8.0, 8.0, 1.0),
        (1.9, 2.0, 1.0),
        (3.0, 8.0, None),
        (30.0, 8.0, None),
        (0.0, 8.0, None),
        (-1.0, 8.0, None),
    ],
)
def test_a_ratio_fits_one_reading_or_none(ratio: float, scale: float, found: float | None) -> None:
    assert counted(ratio, scale) == found


@given(scale=st.floats(2, 64), ratio=st.floats(0, 100))
def test_no_ratio_fits_both(scale: float, ratio: float) -> None:
    if counted(ratio, scale) == scale:
        assert ratio < 0.7 * scale
