import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.camera_list import gb_code
from provisioning.errors import CameraListError

PROVINCES = [
    *("11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37"),
    *("41", "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82"),
]


def _fault(code: str) -> str:
    with pytest.raises(CameraListError) as caught:
        gb_code.check_camera(code)
    return str(caught.value)


@pytest.mark.parametrize("code", ["34020000001320000001", "11010500001310000001", "82000000991321999999"])
def test_a_cameras_code_passes(code: str) -> None:
    gb_code.check_camera(code)


@given(
    province=st.sampled_from(PROVINCES),
    place=st.from_regex(r"[0-9]{6}", fullmatch=True),
    industry=st.from_regex(r"[0-9]{2}", fullmatch=True),
    kind=st.sampled_from(["131", "132"]),
    rest=st.from_regex(r"[0-9]{7}", fullmatch=True),
)
def test_any_place_industry_network_and_serial_pass(
    province: str, place: str, industry: str, kind: str, rest: str
) -> None:
    gb_code.check_camera(province + place + industry + kind + rest)


@pytest.mark.parametrize("length", [1, 18, 19, 21])
def test_a_code_of_another_length_is_told_its_length(length: int) -> None:
    assert f"20 digits, this has {length};" in _fault("34020000001320000001000"[:length])


@pytest.mark.parametrize("province", sorted({f"{n:02}" for n in range(100)} - set(PROVINCES)))
def test_what_is_no_province_is_refused(province: str) -> None:
    assert f"{province} is none" in _fault(f"{province}020000001320000001")


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("118", "an NVR"),
        ("111", "a DVR"),
        ("130", "an HVR"),
        ("134", "an alarm input"),
        ("200", "a SIP server"),
        ("215", "a business group"),
        ("119", "a main device"),
        ("139", "a peripheral"),
        ("199", "a peripheral"),
        ("299", "a platform"),
        ("499", "a user"),
        ("503", "an external system"),
        ("000", "not assigned"),
        ("999", "not assigned"),
    ],
)
def test_the_code_of_something_else_is_told_what_it_is(kind: str, meaning: str) -> None:
    text = _fault(f"3402000000{kind}0000001")
    assert f"{kind}, which is {meaning}:" in text
    assert "131 or 132" in text
