"""Digest of RFC 2617 against vectors computed elsewhere, and every way in which a claim is not good."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.viid.protocol import is_same_path
from provisioning.net.digest import (
    LOCKED_S,
    NONCE_LIFE_S,
    TRIES,
    Account,
    Claim,
    Digest,
    Lockouts,
    parse,
    response,
)
from provisioning.sip import addresses
from tests.edge_agent.viid.device import md5

HERE, THERE = "192.0.2.10", "192.0.2.11"

PATH = "/VIID/System/Register"
ACCOUNT = Account("31010002031190000078", "Cam-Pass1")
SOURCE = "192.0.2.10"
KEY = bytes(range(32))


CAMERA = Account("34020000001320000001", "Passw0rd-28181")
REQUEST_URI = "sip:34020000002000000001@3402000000"


def http(key: bytes = KEY) -> Digest:
    return Digest(key, "viid", is_same_path)


def sip(*, offers_qop: bool = True, max_used: int = 4096) -> Digest:
    """As the registrar of GB/T 28181 uses it: any sip URI will do."""
    return Digest(
        KEY, "3402000000", lambda claimed, _: addresses.uri(claimed) != "", offers_qop=offers_qop, max_used=max_used
    )


def vector(**other: str) -> Claim:
    claim = Claim(
        username="31010002031190000078",
        realm="viid",
        nonce="dcd98b7102dd2f0e",
        uri=PATH,
        response="",
        algorithm="MD5",
        qop="auth",
        count="00000001",
        cnonce="0a4f113b",
    )
    return replace(claim, **other)


def test_the_vector_of_the_protocol_notes() -> None:
    assert response(ACCOUNT, vector(), "POST") == "f6ae6431defee45e8dfd3ce81643bfec"


def test_the_vector_of_rfc_2617() -> None:
    claim = vector(
        username="Mufasa",
        realm="testrealm@host.com",
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        uri="/dir/index.html",
    )
    assert response(Account("Mufasa", "Circle Of Life"), claim, "GET") == "6629fae49393a05397450978507c4ef1"


@pytest.mark.parametrize(
    ("qop", "expected"),
    [("", "8ea2cd0b7bc61967b7cb3a7698e3e0d4"), ("auth", "bc1b449cef6c004de871688944772a19")],
)
def test_the_vectors_of_a_sip_register(qop: str, expected: str) -> None:
    claim = vector(
        username=CAMERA.username, realm="3402000000", nonce="5f2c9b1e7a", uri=REQUEST_URI, qop=qop, count="00000001"
    )
    assert response(CAMERA, claim, "REGISTER") == expected


def issued(digest: Digest, now_s: float = 0.0, source: str = SOURCE) -> str:
    found = re.search(r'nonce="([^"]+)"', digest.challenge(source, now_s))
    assert found is not None
    return found[1]


def answered(nonce: str, **other: str) -> Claim:
    """A claim of somebody who knows the password."""
    claim = vector(nonce=nonce, **other)
    return replace(claim, response=response(ACCOUNT, claim, "POST"))


def is_good(digest: Digest, claim: Claim, now_s: float = 1.0, source: str = SOURCE, path: str = PATH) -> bool:
    return digest.is_live(claim, source, now_s) and digest.check(claim, ACCOUNT, "POST", path, now_s)


def test_a_right_answer_is_good_once() -> None:
    digest = http()
    claim = answered(issued(digest))
    assert is_good(digest, claim)
    assert not is_good(digest, claim)


def test_counting_on_makes_a_nonce_good_again_and_never_backwards() -> None:
    digest = http()
    nonce = issued(digest)
    assert [
        is_good(digest, answered(nonce, count=count)) for count in ("00000001", "00000003", "00000002", "0000000A")
    ] == [
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("qop", ["", "null"])
def test_without_qop_the_old_formula_holds_for_one_request(qop: str) -> None:
    digest = http()
    nonce = issued(digest)
    old = md5(f"{md5('31010002031190000078:viid:Cam-Pass1')}:{nonce}:{md5(f'POST:{PATH}')}")
    claim = vector(nonce=nonce, qop=qop, count="", cnonce="", response=old)
    assert is_good(digest, claim)
    assert not is_good(digest, claim)


@pytest.mark.parametrize(
    ("now_s", "source", "live"),
    [
        (NONCE_LIFE_S - 1, SOURCE, True),
        (NONCE_LIFE_S + 1, SOURCE, False),
        (-1, SOURCE, False),
        (1, "192.0.2.11", False),
    ],
)
def test_a_nonce_lives_five_minutes_and_for_one_address(now_s: float, source: str, *, live: bool) -> None:
    digest = http()
    assert digest.is_live(answered(issued(digest)), source, now_s) is live


@pytest.mark.parametrize("nonce", ["", "dcd98b7102dd2f0e", "0-1-" + 32 * "0", 300 * "a"])
def test_a_nonce_that_is_not_ours_is_stale(nonce: str) -> None:
    assert not http().is_live(answered(nonce), SOURCE, 0.0)


def test_another_start_of_the_server_gives_other_nonces() -> None:
    assert not http(bytes(32)).is_live(answered(issued(http())), SOURCE, 0.0)


@pytest.mark.parametrize(
    "other",
    [
        {"username": "admin"},
        {"realm": "elsewhere"},
        {"uri": "/VIID/System/Keepalive"},
        {"algorithm": "MD5-sess"},
        {"algorithm": "SHA-256"},
        {"qop": "auth-int"},
        {"count": ""},
        {"count": "no number"},
        {"count": "000000001"},
    ],
)
def test_a_claim_for_something_else_is_wrong_though_its_sum_is_right(other: dict[str, str]) -> None:
    digest = http()
    claim = answered(issued(digest), **other)
    assert not digest.check(claim, ACCOUNT, "POST", PATH, 1.0)


def test_a_wrong_password_is_wrong_and_uses_nothing_up() -> None:
    digest = http()
    nonce = issued(digest)
    assert not is_good(digest, replace(answered(nonce), response=32 * "0"))
    assert not digest.check(answered(nonce), ACCOUNT, "GET", PATH, 1.0)
    assert is_good(digest, answered(nonce))


@pytest.mark.parametrize(
    "uri", ["/viid/system/register", "/VIID/System/Register/", "http://192.0.2.1:8400/VIID/System/Register?a=b"]
)
def test_the_address_may_be_written_in_other_ways(uri: str) -> None:
    digest = http()
    assert is_good(digest, answered(issued(digest), uri=uri))


def registers(digest: Digest, now_s: float = 1.0, nonce: str = "", **other: str) -> bool:
    """A device answers the challenge, with the sum over the `uri=` that it writes."""
    claim = vector(username=CAMERA.username, realm="3402000000", nonce=nonce or issued(digest), uri=REQUEST_URI)
    claim = replace(claim, **other)
    claim = replace(claim, response=response(CAMERA, claim, "REGISTER"))
    live = digest.is_live(claim, SOURCE, now_s)
    return live and digest.check(claim, CAMERA, "REGISTER", REQUEST_URI, now_s)


@pytest.mark.parametrize(
    ("uri", "good"),
    [
        (REQUEST_URI, True),
        ("sip:192.0.2.1:5060", True),
        ("SIP:34020000002000000001@192.0.2.1:5060;transport=tcp", True),
        ("sips:34020000002000000001@3402000000", True),
        ("/VIID/System/Register", False),
        ("", False),
    ],
)
def test_over_sip_the_sum_is_over_whatever_sip_uri_the_header_names(uri: str, *, good: bool) -> None:
    assert registers(sip(), uri=uri) is good


@pytest.mark.parametrize("offers_qop", [True, False])
@pytest.mark.parametrize("qop", ["auth", "", "null"])
def test_a_device_may_answer_with_or_without_qop_whatever_was_offered(qop: str, *, offers_qop: bool) -> None:
    digest = sip(offers_qop=offers_qop)
    challenge = digest.challenge(SOURCE, 0.0, stale=True)
    assert ('qop="auth"' in challenge) is offers_qop
    assert challenge.startswith('Digest realm="3402000000", ')
    assert challenge.endswith(", algorithm=MD5, stale=true")
    assert registers(digest, qop=qop)


def test_a_nonce_of_the_device_s_own_making_is_refused() -> None:
    assert not registers(sip(), nonce="5f2c9b1e7a")


def test_upper_case_hex_is_read() -> None:
    digest = http()
    claim = answered(issued(digest))
    header = f'Digest username="{claim.username}",realm="viid",nonce="{claim.nonce}",uri="{PATH}",qop=auth,nc=00000001'
    read = parse(f'{header},cnonce="0a4f113b",response="{claim.response.upper()}"')
    assert read is not None
    assert is_good(digest, read)


def test_what_was_used_is_bounded_and_never_good_again() -> None:
    digest = http()
    nonces = [issued(digest, now_s=number / 100) for number in range(6000)]
    for nonce in nonces:
        assert is_good(digest, answered(nonce), now_s=61.0)
    assert len(digest._used) <= 4096
    assert not any(is_good(digest, answered(nonce), now_s=61.0) for nonce in nonces)
    assert is_good(digest, answered(issued(digest, 62.0)), now_s=62.0)


def test_nonces_of_one_moment_are_forgotten_all_together() -> None:
    digest = sip(max_used=4)
    nonces = [issued(digest) for _ in range(5)]
    assert all(registers(digest, nonce=nonce) for nonce in nonces)
    assert not any(registers(digest, nonce=nonce) for nonce in nonces)
    assert registers(digest, nonce=issued(digest, 1.0))


def test_nonces_that_are_too_old_for_use_are_not_remembered() -> None:
    digest = sip()
    for number in range(10):
        assert registers(digest, number * 60.0, issued(digest, number * 60.0))
    assert len(digest._used) == 5


@pytest.mark.parametrize(
    "header",
    [
        'Digest username="u", realm="viid", nonce="n", uri="/a", response="r", qop=auth, nc=00000001, cnonce="c"',
        "digest username=u,realm=viid,nonce=n,uri=/a,response=r,qop=auth,nc=00000001,cnonce=c",
        'DIGEST  cnonce="c" , nc = 00000001, QOP="auth", response=r, uri="/a", nonce="n", realm="viid", username="u",',
        'Digest username="u", realm="viid", nonce="n", uri="/a", response="r", qop="auth", nc="00000001", cnonce="c" ',
    ],
)
def test_headers_of_every_hand_are_read(header: str) -> None:
    assert parse(header) == Claim("u", "viid", "n", "/a", "r", "", "auth", "00000001", "c")


def test_quotes_inside_a_value() -> None:
    claim = parse(r'Digest username="a\"b, c", nonce="n", uri="/a", response="r"')
    assert claim is not None
    assert claim.username == 'a"b, c'


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic dTpw",
        "Digest",
        'Digest username="u"',
        'Digest username="u", username="v", nonce="n", uri="/a", response="r"',
        'Digest username="u, nonce="n", uri="/a", response="r"',
        'Digest username="u" nonce="n" uri="/a" response="r"',
    ],
)
def test_what_is_no_digest_is_none(header: str) -> None:
    assert parse(header) is None


PIECES = st.sampled_from(
    [
        "Digest ",
        "username",
        "nonce",
        "uri",
        "response",
        "qop",
        "nc",
        "=",
        '"',
        ",",
        " ",
        "\\",
        "auth",
        "é",
        "\udcff",
        "0",
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join)))
def test_any_header(header: str) -> None:
    claim = parse(header)
    if claim is not None:
        digest = http()
        assert not digest.is_live(claim, SOURCE, 0.0)
        assert not digest.check(claim, ACCOUNT, "POST", PATH, 0.0)


def test_a_password_is_not_shown() -> None:
    assert "Cam-Pass1" not in repr(ACCOUNT)


def test_five_wrong_passwords_lock_one_device_at_one_address_for_a_minute() -> None:
    locks = Lockouts()
    for _ in range(TRIES):
        assert not locks.is_locked("a", HERE, 0)
        locks.failed("a", HERE, 0)
    assert locks.is_locked("a", HERE, LOCKED_S - 1)
    assert not locks.is_locked("a", THERE, 1)
    assert not locks.is_locked("b", HERE, 1)
    assert not locks.is_locked("a", HERE, LOCKED_S)
    locks.failed("a", HERE, LOCKED_S)
    assert not locks.is_locked("a", HERE, LOCKED_S)


def test_a_right_password_clears_the_count() -> None:
    locks = Lockouts()
    for _ in range(TRIES - 1):
        locks.failed("a", HERE, 0)
    locks.succeeded("a", HERE)
    locks.failed("a", HERE, 0)
    assert not locks.is_locked("a", HERE, 0)


def test_a_flood_of_addresses_does_not_grow_the_table() -> None:
    locks = Lockouts()
    for number in range(10_000):
        locks.failed("a", str(number), 0)
    assert len(locks._tries) == 4096
