import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.camera_list import coordinates
from provisioning.errors import CameraListError

HEFEI = (31.8206, 117.2272)


def _check(latitude: float, longitude: float, near: tuple[float, float] | None = None) -> str:
    with pytest.raises(CameraListError) as caught:
        coordinates.check(latitude, longitude, near=near)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("39.9042", 39.9042),
        (" 39.9042\t", 39.9042),
        ("'116.3974", 116.3974),
        ("３９．９０４２", 39.9042),
        ("-0.5", -0.5),
        ("+7", 7.0),
        ("180", 180.0),
        ("", None),
        ("  ", None),
        ("\u3000", None),
    ],
)
def test_decimal_degrees_are_read(text: str, value: float | None) -> None:
    assert coordinates.degrees(text) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("39°54'", "degrees and minutes"),
        ("39º54'15\"", "degrees and minutes"),
        ("39度54分", "degrees and minutes"),
        ("39 54′", "degrees and minutes"),
        ("39,9042", "a comma"),
        ("39.9042N", "no number of degrees"),
        ("1.16e2", "no number of degrees"),
        ("nan", "no number of degrees"),
        ("inf", "no number of degrees"),
        ("12345", "no number of degrees"),
        ("39.90 116.39", "no number of degrees"),
        ("٣٩", "no number of degrees"),
    ],
)
def test_other_notations_are_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(CameraListError, match=said):
        coordinates.degrees(text)


def test_what_stands_there_by_mistake_is_not_repeated() -> None:
    with pytest.raises(CameraListError) as caught:
        coordinates.degrees("Zq7Zq7,!")
    assert "Zq7" not in str(caught.value)


@given(st.text(max_size=30))
def test_any_text_is_a_number_nothing_or_an_error(text: str) -> None:
    try:
        value = coordinates.degrees(text)
    except CameraListError:
        return
    assert value is None or math.isfinite(value)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_place_on_the_globe_but_one_passes(latitude: float, longitude: float) -> None:
    if (latitude, longitude) == (0, 0):
        return
    coordinates.check(latitude, longitude)


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0.0), ("90", 90.0), ("359.5", 359.5), ("360", 0.0), ("２７０", 270.0), (" ", None)]
)
def test_a_bearing_is_read(text: str, value: float | None) -> None:
    assert coordinates.bearing(text) == value


@pytest.mark.parametrize("text", ["-1", "361"])
def test_a_bearing_that_is_no_direction_is_refused(text: str) -> None:
    with pytest.raises(CameraListError, match="clockwise from north"):
        coordinates.bearing(text)


def test_null_island_is_refused() -> None:
    assert "GPS without a fix" in _check(0.0, 0.0)
    assert "GPS without a fix" in _check(-0.0, 0.0, near=(0.1, 0.1))


def test_out_of_range_is_refused() -> None:
    assert "latitude is -90 to 90" in _check(90.1, 100)
    assert "latitude is -90 to 90" in _check(181, 10)
    assert "longitude is -180 to 180" in _check(10, -180.1)


def test_swapped_degrees_are_seen_without_a_site_where_latitude_is_out_of_range() -> None:
    assert "look swapped" in _check(117.2272, 31.8206)


def test_swapped_degrees_are_seen_by_the_site() -> None:
    delhi = (28.6139, 77.2090)  # both could be a latitude
    coordinates.check(77.2090, 28.6139)
    assert "look swapped" in _check(77.2090, 28.6139, near=delhi)
    coordinates.check(*delhi, near=delhi)


def test_a_camera_far_from_its_site_is_told_how_far() -> None:
    assert "the camera is 902 km from its site" in _check(*HEFEI, near=(39.9042, 116.4074))


def test_a_camera_near_its_site_passes_up_to_100_km() -> None:
    degree_km = math.radians(1) * 6371.0088
    coordinates.check(HEFEI[0] + 99.9 / degree_km, HEFEI[1], near=HEFEI)
    assert "100 km from its site" in _check(HEFEI[0] + 100.1 / degree_km, HEFEI[1], near=HEFEI)


def test_the_date_line_is_no_distance() -> None:
    coordinates.check(-17.0, 179.99, near=(-17.0, -179.99))


def test_distances_agree_with_known_ones() -> None:
    assert coordinates.distance_km((0, 0), (0, 180)) == pytest.approx(math.pi * 6371.0088)
    assert coordinates.distance_km((90, 0), (-90, 77)) == pytest.approx(math.pi * 6371.0088)
    # Beijing to Shanghai, 1,067 km by the great circle.
    assert coordinates.distance_km((39.9042, 116.4074), (31.2304, 121.4737)) == pytest.approx(1067, abs=2)
