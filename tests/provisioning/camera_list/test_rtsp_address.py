from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from provisioning.camera_list import rtsp_address
from provisioning.camera_list.rtsp_address import RtspAddress
from provisioning.contracts.config.processes import RtspUrl
from provisioning.errors import CameraListError

PRINTABLE = st.characters(exclude_categories=("Cs", "Cc", "Cn")).filter(str.isprintable)
MARK = "Zq7Zq7"
"""In no text of ours, so a text that holds it has repeated a password."""


def _fault(text: str) -> str:
    with pytest.raises(CameraListError) as caught:
        rtsp_address.split(text)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_an_address_without_secrets_stays_as_it_is() -> None:
    url = "rtsp://Cam-1.lan:8554/Streaming/Channels/101?transport=tcp"
    assert rtsp_address.split(url) == RtspAddress(url, None, None, ("rtsp", "cam-1.lan", 8554, url[21:]))


@pytest.mark.parametrize(
    ("userinfo", "username", "password"),
    [
        ("admin:12345", "admin", "12345"),
        ("admin:p@ss:w@rd", "admin", "p@ss:w@rd"),
        ("admin:@", "admin", "@"),
        ("admin::", "admin", ":"),
        ("admin:100%", "admin", "100%"),
        ("admin:50%zz", "admin", "50%zz"),
        ("admin:p%40ss", "admin", "p@ss"),
        ("admin:%2F%3f%23", "admin", "/?#"),
        ("admin:p@%40", "admin", "p@%40"),  # a bare @ says that nothing here is encoded
        ("admin:密码%41", "admin", "密码%41"),
        ("admin:a b%41", "admin", "a b%41"),
        ("admin:%e5%af%86", "admin", "密"),
        ("admin:%c3%dc", "admin", "%c3%dc"),  # GBK and no UTF-8: no clean decoding
        ("admin:x%00", "admin", "x%00"),
        ("admin:!$&'()*+,;=-._~", "admin", "!$&'()*+,;=-._~"),
        ("ad%3Amin:x", "ad:min", "x"),
        ("admin", "admin", None),
        ("admin:", "admin", None),
        (":x", None, "x"),
        ("", None, None),
    ],
)
def test_user_and_password_are_taken_out(userinfo: str, username: str | None, password: str | None) -> None:
    address = rtsp_address.split(f"RTSP://{userinfo}@10.0.0.5/live")
    assert (address.url, address.username, address.password) == ("rtsp://10.0.0.5/live", username, password)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no RTSP address"),
        ("10.0.0.5/live", "no RTSP address"),
        ("http://10.0.0.5/live", "no RTSP address"),
        ("rtsp:/10.0.0.5/live", "no RTSP address"),
        ("rtsp：//10.0.0.5/live", "no RTSP address"),
        ("rtsp:///live", "host and port are not readable"),
        ("rtsp://admin:x@/live", "host and port are not readable"),
        ("rtsp://10.0.0.5:/live", "host and port are not readable"),
        ("rtsp://10.0.0.5:port/live", "host and port are not readable"),
        ("rtsp://fe80::1/live", "host and port are not readable"),
        ("rtsp://摄像机/live", "host and port are not readable"),
        ("rtsp://10.0.0.5:0/live", "port is not 1 to 65535"),
        ("rtsp://10.0.0.5:65536/live", "port is not 1 to 65535"),
        ("rtsp://10.0.0.256/live", "no IP address"),
        ("rtsp://10.0.5/live", "no IP address"),
        ("rtsp://.../live", "no IP address"),
        ("rtsp://[::g]/live", "host and port are not readable"),
        ("rtsp://[1:2]/live", "no IP address"),
        ("rtsp://10.0.0.5/live 1", "a space in the path"),
        ("rtsp://10.0.0.5/live\n", "line break"),
        ("rtsp://ad\tmin:x@10.0.0.5/live", "line break"),
        ("rtsp://10.0.0.5/\u200blive", "invisible character"),
        ("rtsp://10.0.0.5/" + "x" * 1024, "1,024 characters"),
    ],
)
def test_what_is_no_address_is_told_why(text: str, said: str) -> None:
    assert said in _fault(text)


@pytest.mark.parametrize("sign", "/?#")
@pytest.mark.parametrize("before", ["pa", "12"])
def test_a_password_that_ends_the_authority_early_never_stays_in_the_url(sign: str, before: str) -> None:
    text = _fault(f"rtsp://admin:{before}{sign}{MARK}@10.0.0.5/live")
    assert MARK not in text
    assert "after the first / ? or #" in text


@pytest.mark.parametrize("host", ["cam-1.lan", "10.0.0.5", "[fe80::1]", "CAM_1"])
def test_hosts_of_every_kind_pass(host: str) -> None:
    assert rtsp_address.split(f"rtsps://{host}:322/x").url == f"rtsps://{host}:322/x"


def test_two_spellings_of_one_stream_are_one() -> None:
    one = rtsp_address.split("rtsp://admin:x@CAM.lan/live?a=1")
    other = rtsp_address.split("RTSP://cam.lan:554/live?a=1")
    assert one.stream == other.stream
    assert one.stream != rtsp_address.split("rtsp://cam.lan/Live?a=1").stream
    assert one.stream != rtsp_address.split("rtsps://cam.lan/live?a=1").stream


def test_neither_address_nor_password_is_shown() -> None:
    shown = repr(rtsp_address.split(f"rtsp://admin:{MARK}@10.0.0.5/{MARK}"))
    assert "admin" in shown
    assert MARK not in shown


@given(st.text(PRINTABLE, min_size=1))
def test_every_encoded_password_survives(password: str) -> None:
    address = rtsp_address.split(f"rtsp://admin:{quote(password, safe='')}@10.0.0.5/live")
    assert (address.username, address.password) == ("admin", password)


@given(st.text(PRINTABLE.filter(lambda c: c not in "/?#%"), min_size=1))
def test_every_password_survives_as_it_is(password: str) -> None:
    address = rtsp_address.split(f"rtsp://admin:{password}@10.0.0.5/live")
    assert (address.url, address.password) == ("rtsp://10.0.0.5/live", password)


@given(st.text(PRINTABLE.filter(lambda c: c not in "/?#"), min_size=1), st.sampled_from("@ ^密"))
def test_a_password_with_percent_signs_survives_beside_one_that_would_be_encoded(password: str, bare: str) -> None:
    assert rtsp_address.split(f"rtsp://admin:{password}{bare}@10.0.0.5/live").password == password + bare


@given(st.text(), st.text(), st.sampled_from(["", "@", ":", "/", "#", "@10.0.0.5/", "@[::1]:1/"]))
def test_any_text_is_an_address_of_the_contract_or_an_error_that_repeats_nothing(
    before: str, after: str, end: str
) -> None:
    try:
        address = rtsp_address.split(f"rtsp://{before}:{MARK}{after}{end}")
    except CameraListError as error:
        said = str(error)
    else:
        said = repr(address)
        assert TypeAdapter(RtspUrl).validate_python(address.url) == address.url
        assert MARK not in address.url.partition("://")[2].partition("/")[0]
    assert MARK not in said.partition(" username=")[0]
