"""The client's digest against vectors that were computed elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.registration import Challenge, ChallengeAnswer, challenge

USER = "34020000001320000001"
URI = "sip:34020000002000000001@3402000000"
PASSWORD = "Passw0rd-28181"


def written(asked: Challenge, *faults: DeviceFault) -> str:
    return ChallengeAnswer(asked, lambda _digits: "0a4f113b").header(USER, PASSWORD, "REGISTER", URI, frozenset(faults))


def test_without_qop() -> None:
    asked = challenge('Digest realm="3402000000", nonce="5f2c9b1e7a", algorithm=MD5')
    assert asked == Challenge("3402000000", "5f2c9b1e7a", qop=False, opaque=None, algorithm="MD5")
    assert written(asked) == (
        f'Digest username="{USER}", realm="3402000000", nonce="5f2c9b1e7a", uri="{URI}",'
        ' response="8ea2cd0b7bc61967b7cb3a7698e3e0d4", algorithm=MD5'
    )


def test_with_qop_and_opaque() -> None:
    asked = challenge('digest algorithm=MD5,qop="auth,auth-int", opaque="x y",nonce=5f2c9b1e7a , realm="3402000000"')
    assert asked is not None
    text = written(asked)
    assert 'response="bc1b449cef6c004de871688944772a19"' in text
    assert 'cnonce="0a4f113b"' in text
    assert 'opaque="x y"' in text
    assert "qop=auth, nc=00000001" in text


def test_nc_counts() -> None:
    digest = ChallengeAnswer(Challenge("r", "n", qop=True, opaque=None, algorithm="MD5"), lambda _digits: "c")
    texts = [digest.header("u", "p", "REGISTER", URI) for _ in range(2)]
    assert ["nc=00000001" in texts[0], "nc=00000002" in texts[1]] == [True, True]


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        (DeviceFault.QOP_NULL, 'qop="null"'),
        (DeviceFault.QOP_NOT_ECHOED, 'response="8ea2cd0b7bc61967b7cb3a7698e3e0d4"'),
        (DeviceFault.UPPER_CASE_DIGEST, 'response="BC1B449CEF6C004DE871688944772A19"'),
        (DeviceFault.UNQUOTED_DIGEST, "response=bc1b449cef6c004de871688944772a19"),
    ],
)
def test_faults(fault: DeviceFault, shown: str) -> None:
    asked = Challenge("3402000000", "5f2c9b1e7a", qop=True, opaque=None, algorithm="MD5")
    assert shown in written(asked, fault)
    if fault in {DeviceFault.QOP_NULL, DeviceFault.QOP_NOT_ECHOED}:
        assert "nc=" not in written(asked, fault)


@given(st.text(max_size=200))
def test_any_header_is_a_challenge_or_none(text: str) -> None:
    asked = challenge(text)
    assert asked is None or isinstance(asked.nonce, str)
    assert challenge(f"Digest {text}") is not None
