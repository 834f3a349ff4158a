"""Answers of cameras: read within bounds, whatever comes."""

import base64
from contextlib import suppress
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import OnvifError
from edge_agent.onvif import soap
from edge_agent.onvif.device_time import utc_ms
from provisioning.demo.simulators.onvif import system_date_and_time
from provisioning.net.digest import Account

RESPONSE = "GetSystemDateAndTimeResponse"
AT_S = datetime(2026, 11, 29, 4, 5, 6, tzinfo=UTC).timestamp()
GOOD = system_date_and_time(AT_S)
FIRST_MS = -62_135_596_800_000
"""The first of January of the year 1."""
FAULT = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Sender</s:Value>'
    "<s:Subcode><s:Value>ter:{code}</s:Value></s:Subcode></s:Code><s:Reason>"
    "<s:Text>no\n{code} here</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
)


def test_a_camera_s_time_is_read() -> None:
    assert utc_ms(soap.read(GOOD, RESPONSE)) == AT_S * 1000


@given(cut=st.integers(0, len(GOOD)), at=st.integers(0, len(GOOD) - 1), with_=st.binary(max_size=8))
def test_a_damaged_answer_is_a_time_or_an_onvif_error(cut: int, at: int, with_: bytes) -> None:
    for damaged in (GOOD[:cut], GOOD[:at] + with_ + GOOD[at + len(with_) :], with_ + GOOD):
        with suppress(OnvifError):
            assert utc_ms(soap.read(damaged, RESPONSE)) >= FIRST_MS


@given(st.binary(max_size=400))
def test_any_bytes_are_garbage(answer: bytes) -> None:
    with pytest.raises(OnvifError):
        soap.read(answer, RESPONSE)


@given(st.lists(st.text(max_size=6), min_size=6, max_size=6))
def test_any_numbers_are_a_time_or_garbage(numbers: list[str]) -> None:
    names = [
        ("Date", "Year"),
        ("Date", "Month"),
        ("Date", "Day"),
        ("Time", "Hour"),
        ("Time", "Minute"),
        ("Time", "Second"),
    ]
    response = ET.Element(RESPONSE)
    utc = ET.SubElement(ET.SubElement(response, "SystemDateAndTime"), "UTCDateTime")
    parts = {name: ET.SubElement(utc, name) for name in ("Date", "Time")}
    for (part, name), number in zip(names, numbers, strict=True):
        ET.SubElement(parts[part], name).text = number
    with suppress(OnvifError):
        assert utc_ms(response) >= FIRST_MS


@pytest.mark.parametrize(
    "answer",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]>' + GOOD,
        GOOD + b" " * soap.MAX_BYTES,
        "中文".encode("gbk") + GOOD,
        b"<html><body>login</body></html>",
        GOOD.replace(b"UTCDateTime", b"LocalDateTime"),
        GOOD.replace(b"<tt:Month>11<", b"<tt:Month>13<"),
    ],
)
def test_an_answer_of_no_use_is_garbage(answer: bytes) -> None:
    with pytest.raises(OnvifError) as refused:
        utc_ms(soap.read(answer, RESPONSE))
    assert refused.value.cause == "garbage"


@pytest.mark.parametrize(("code", "cause"), [("NotAuthorized", "wrong_credentials"), ("ActionNotSupported", "fault")])
def test_a_fault_says_whether_the_login_is_wrong(code: str, cause: str) -> None:
    with pytest.raises(OnvifError, match=f"no {code} here") as refused:
        soap.read(FAULT.format(code=code).encode(), RESPONSE)
    assert refused.value.cause == cause


def test_a_login_in_the_header_hides_the_password() -> None:
    """Nonce, time, password and proof are those of ONVIF's Application Programmer's Guide, 6.1.1.3."""
    nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    token = soap.UsernameToken(Account("a<b", "userpassword"), nonce, "2010-09-16T07:50:45Z")
    request = soap.envelope("<Get/>", token)
    assert b"userpassword" not in request
    header = ET.fromstring(request)
    user = soap.find_text(header, "Header", "Security", "UsernameToken", "Username")
    proof = soap.find_text(header, "Header", "Security", "UsernameToken", "Password")
    assert (user, proof) == ("a<b", "tuOSpGlFlIXsozq4HFNeeGeFLEI=")
