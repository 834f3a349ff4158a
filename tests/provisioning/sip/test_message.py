"""SIP messages as devices write them, and whatever else may come: a message or a SipError."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.net import digest
from provisioning.sip import addresses
from provisioning.sip import message as sip
from provisioning.sip.errors import ProtocolError
from provisioning.sip.headers import Headers
from provisioning.sip.message import Message, Request, Response, SipError
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import CORPUS

FILES = sorted(CORPUS.glob("*.sip"))
DEVICE = "34020000001320000001"
PEER = Peer("udp", "192.0.2.10", 5060)
ACCOUNT = digest.Account(DEVICE, "Passw0rd-28181")


def read(name: str) -> bytes:
    return (CORPUS / name).read_bytes()


def request(name: str) -> Request:
    message = sip.parse(read(name))
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize("name", [file.name for file in FILES if file.name.startswith("register")])
def test_every_register_is_read(name: str) -> None:
    message = request(name)
    assert (message.method, message.uri) == ("REGISTER", "sip:34020000002000000001@3402000000")
    assert addresses.user(message.headers.get("From") or "") == DEVICE
    assert addresses.user(message.headers.get("To") or "") == DEVICE
    assert addresses.user(message.uri) == "34020000002000000001"
    assert addresses.tag(message.headers.get("From") or "") == "t1"
    assert addresses.branch(message) == "z9hG4bK-a1"
    assert addresses.cseq(message) in {(1, "REGISTER"), (2, "REGISTER")}
    assert message.body == b""


@pytest.mark.parametrize(
    ("name", "expires_s"),
    [
        ("register.sip", 3600),
        ("register-expires-missing.sip", None),
        ("register-expires-in-contact.sip", 120),
        ("register-expires-0.sip", 0),
        ("register-folded.sip", 60),
        ("register-compact.sip", 3600),
    ],
)
def test_expires_stands_in_one_of_two_places_or_nowhere(name: str, expires_s: int | None) -> None:
    assert addresses.expires(request(name)) == expires_s


@pytest.mark.parametrize(
    "name",
    [
        "register-digest.sip",
        "register-qop.sip",
        "register-qop-null.sip",
        "register-uri-other.sip",
        "register-unquoted-upper-hex.sip",
        "register-same-branch.sip",
    ],
)
def test_digests_of_every_hand_are_right_and_a_nonce_of_their_own_is_not_ours(name: str) -> None:
    message = request(name)
    claim = digest.parse(message.headers.get("Authorization") or "")
    assert claim is not None
    assert digest.response(ACCOUNT, claim, message.method) == claim.response
    registrar = digest.Digest(bytes(32), "3402000000", lambda claimed, _: addresses.uri(claimed) != "")
    assert not registrar.is_live(claim, PEER.host, 0.0)


@pytest.mark.parametrize("name", [file.name for file in FILES if file.name.startswith("keepalive")])
def test_a_body_is_whole_whatever_content_length_says(name: str) -> None:
    message = request(name)
    assert message.method == "MESSAGE"
    assert message.body.startswith(b"<?xml")
    assert message.body.rstrip().endswith(b"</Notify>")


def test_a_description_is_whole_though_its_length_says_0() -> None:
    assert sip.parse(read("invite-200-length-0.sip")).body == sip.parse(read("invite-200.sip")).body


def test_a_length_that_counts_characters_cuts_nothing_off() -> None:
    assert request("catalog-length-in-characters.sip").body.endswith(
        "东门停车场入口枪机".encode("gbk") + b"</Name>\r\n" + TAIL
    )


TAIL = b"<Manufacturer>m</Manufacturer>\r\n<Status>ON</Status>\r\n</Item>\r\n</DeviceList>\r\n</Response>\r\n"


def test_what_follows_a_whole_body_is_cut_off() -> None:
    assert sip.parse(read("keepalive.sip") + b"\0\0stale").body.endswith(b"</Notify>\r\n")
    assert sip.parse(read("invite-200.sip") + b"\0\0stale").body.endswith(b"\r\n")


def test_a_length_that_is_no_number_is_none() -> None:
    message = sip.parse(read("keepalive.sip").replace(b"Content-Length: ", b"Content-Length: x"))
    assert message.body.endswith(b"</Notify>\r\n")


def test_a_scanner_is_read_like_anybody() -> None:
    message = request("scanner-options.sip")
    assert (message.method, addresses.user(message.headers.get("From") or "")) == ("OPTIONS", "100")


def test_several_headers_of_one_name() -> None:
    headers = request("register-no-max-forwards-two-agents.sip").headers
    assert headers.all("user-agent") == ("IP Camera", "Embedded Net DVR")
    assert headers.get("Max-Forwards") is None


@pytest.mark.parametrize("name", ["register-gbk-name.sip", "register-gbk-backslash-name.sip"])
def test_a_display_name_in_gbk_goes_back_as_it_came(name: str) -> None:
    message = request(name)
    line = next(line for line in read(name).split(b"\r\n") if line.startswith(b"From:"))
    assert line in sip.encode(sip.answer(message, 200, PEER)).split(b"\r\n")


def test_an_answer_goes_to_where_the_request_came_from() -> None:
    message = request("register-via-udp-on-tcp.sip")
    answer = sip.answer(
        message, 401, Peer("tcp", "198.51.100.4", 40123, 7), to_tag="x1", headers=[("X-GB-Ver", "3.0")], body=b"?"
    )
    assert answer.status == 401
    assert sip.encode(answer).split(b"\r\n") == [
        b"SIP/2.0 401 Unauthorized",
        b"Via: SIP/2.0/UDP 192.168.3.99:5060;branch=z9hG4bK-a1;received=198.51.100.4;rport=40123",
        b"From: <sip:34020000001320000001@3402000000>;tag=t1",
        b"To: <sip:34020000001320000001@3402000000>;tag=x1",
        b"Call-ID: reg-1@192.0.2.10",
        b"CSeq: 1 REGISTER",
        b"X-GB-Ver: 3.0",
        b"Content-Length: 1",
        b"",
        b"?",
    ]


def test_an_answer_keeps_every_via_and_the_tag_that_was_there() -> None:
    vias = "SIP/2.0/UDP a;rport;branch=1, SIP/2.0/UDP b;rport;branch=2"
    fields = (("Via", vias), ("Via", "SIP/2.0/UDP c;branch=3"), ("To", "<sip:a@b>;tag=t"))
    answer = sip.answer(Request("INFO", "sip:a@b", Headers(fields)), 999, PEER, to_tag="other")
    assert answer.headers.all("v") == (
        "SIP/2.0/UDP a;branch=1;received=192.0.2.10;rport=5060, SIP/2.0/UDP b;rport;branch=2",
        "SIP/2.0/UDP c;branch=3",
    )
    assert answer.headers.get("t") == "<sip:a@b>;tag=t"
    assert answer.reason == ""


def test_a_response_is_read() -> None:
    message = sip.parse(read("invite-200.sip"))
    assert isinstance(message, Response)
    assert (message.status, message.reason, addresses.cseq(message)[1]) == (200, "OK", "INVITE")
    assert isinstance(sip.parse(read("invite-100.sip").replace(b" Trying", b"", 1)), Response)


VIA = b"Via: SIP/2.0/UDP 192.0.2.10:5060;rport;branch=z9hG4bK-a1"
REGISTER = read("register.sip")


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "no empty line"),
        (REGISTER[:-2], "no empty line"),
        (REGISTER + bytes(sip.MAX_MESSAGE), "bytes: at most 65536"),
        (read("scanner-http.bin"), "not SIP/2.0"),
        (REGISTER.replace(b"SIP/2.0\r", b"SIP/3.0\r"), "not SIP/2.0"),
        (read("invite-200.sip").replace(b"200 OK", b"700 No", 1), "not SIP/2.0"),
        (REGISTER.replace(b"\r\nVia", b"\r\n: x\r\nVia"), "header 1 of a SIP message has no name"),
        (REGISTER.replace(b"Max-Forwards: 70", b"Max-Forwards"), "has no name"),
        (REGISTER.replace(VIA, VIA + bytes(sip.MAX_LINE)), "header 1 of a SIP message is over 8192 bytes"),
        (REGISTER.replace(VIA, VIA + (b"\r\n " + 99 * b"x") * 90), "header 1 of a SIP message is over 8192 bytes"),
        (REGISTER.replace(VIA, VIA + b"\r\nX: 1" * sip.MAX_HEADERS), "over 128 headers"),
        (REGISTER.replace(VIA + b"\r\n", b""), "lacks Via"),
        (REGISTER.replace(b"Call-ID: reg-1@192.0.2.10", b"Call-ID:"), "lacks Call-ID"),
        (REGISTER.replace(b"CSeq: 1 REGISTER", b"CSeq: REGISTER"), "no CSeq of a number and a method"),
    ],
)
def test_what_is_no_message_is_an_error_that_says_why(data: bytes, complaint: str) -> None:
    with pytest.raises(SipError, match=complaint) as caught:
        sip.parse(data)
    assert isinstance(caught.value, ProtocolError)


def test_a_header_cannot_be_smuggled_in() -> None:
    kept = sip.parse(REGISTER.replace(b"tag=t1", b"tag=t1\rX-Evil: 1"))
    assert kept.headers.get("X-Evil") is None
    assert b"\rX" not in sip.encode(kept)
    for field in [("Subject", "a\r\nX-Evil: 1"), ("Subject\n", "a"), ("a: b", "c"), ("", "a")]:
        with pytest.raises(ValueError, match="line break"):
            Headers((field,))
    with pytest.raises(ValueError, match="line break"):
        sip.encode(Request("MESSAGE", "sip:a@b\r\nX-Evil: 1", Headers()))


@pytest.mark.parametrize(
    ("value", "uri", "user"),
    [
        ("<sip:1@a>", "sip:1@a", "1"),
        ("sip:1@a;tag=x", "sip:1@a", "1"),
        ("sip:1@a, <sip:2@b>", "sip:2@b", "2"),
        ("<sip:1@192.0.2.1:5060;transport=tcp>;expires=60, <sip:2@b>", "sip:1@192.0.2.1:5060;transport=tcp", "1"),
        ('"a <sip:9@z>" <SIP:1:secret@a>', "SIP:1:secret@a", "1"),
        (r'"a\"<" <sips:1@a>;tag=x', "sips:1@a", "1"),
        ('"never closed <sip:1@a>', "sip:1@a", "1"),
        ("name < sip:1@a", "sip:1@a", "1"),
        ("<sip:192.0.2.1:5060>", "sip:192.0.2.1:5060", ""),
        ("sip:1@a,sip:2@b", "sip:1@a", "1"),
        ("<tel:110>", "", ""),
        ("*", "", ""),
        ("", "", ""),
    ],
)
def test_addresses(value: str, uri: str, user: str) -> None:
    assert (addresses.uri(value), addresses.user(value)) == (uri, user)


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ("<sip:1@a;x=1>;y=2", "x", None),
        ("<sip:1@a;x=1> ; Y = 2 ;z", "y", "2"),
        ("<sip:1@a>;y;z=3", "y", ""),
        ("<sip:1@a>;y;z=3", "z", "3"),
        ("<sip:1@a>;y=;z=3", "y", ""),
        (r'<sip:1@a>;y="a;\"b"', "y", 'a;"b'),
        ("<sip:1@a>;y=1, <sip:2@b>;z=2", "z", None),
        ("SIP/2.0/UDP 192.0.2.1;rport;branch=b", "branch", "b"),
    ],
)
def test_parameters(value: str, name: str, expected: str | None) -> None:
    assert addresses.parameter(value, name) == expected


@pytest.mark.parametrize(
    ("fields", "expires_s"),
    [
        ((("Expires", "86400"),), 86400),
        ((("Expires", "soon"), ("Contact", "<sip:a@b>;expires=60")), 60),
        ((("Contact", "<sip:a@b>;expires=-1"),), None),
        ((("Expires", "99999999999999"),), 2**32 - 1),
        ((), None),
    ],
)
def test_expires_is_a_number_or_none(fields: tuple[tuple[str, str], ...], expires_s: int | None) -> None:
    assert addresses.expires(Request("REGISTER", "sip:a@b", Headers(fields))) == expires_s


def test_a_message_of_our_own_without_cseq_is_told() -> None:
    bare = Request("MESSAGE", "sip:a@b", Headers())
    assert addresses.branch(bare) == ""
    with pytest.raises(SipError, match="CSeq"):
        addresses.cseq(bare)
    assert sip.answer(bare, 200, PEER).headers.get("Via") == ";received=192.0.2.10;rport=5060"


def test_headers_are_found_under_each_spelling_of_their_name() -> None:
    headers = Headers((("v", "1"), ("To", " 2 "), ("V", "3")))
    assert list(headers) == [("Via", "1"), ("To", "2"), ("Via", "3")]
    assert list(headers.without("via")) == [("To", "2")]
    assert headers.get("nothing") is None


PLACES = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4)), min_size=1, max_size=5)


@st.composite
def edited(draw: st.DrawFn) -> bytes:
    """A file of the corpus with some bytes replaced by none or more."""
    data = draw(st.sampled_from(FILES)).read_bytes()
    for place, by in draw(PLACES):
        at = round(place * len(data))
        data = data[:at] + by + data[at + draw(st.integers(0, 3)) :]
    return data


@given(st.one_of(st.binary(max_size=300), edited()))
def test_any_bytes_are_a_message_or_a_sip_error(data: bytes) -> None:
    try:
        message = sip.parse(data)
    except SipError:
        return
    again = sip.parse(sip.encode(message))
    assert bare(again) == bare(message)
    if isinstance(message, Request):
        answer = sip.answer(message, 200, PEER, to_tag="t")
        assert bare(sip.parse(sip.encode(answer))) == answer
    addresses.expires(message)
    addresses.branch(message)


def bare(message: Message) -> Message:
    """Without Content-Length, which is ours when it is written again."""
    return replace(message, headers=message.headers.without("Content-Length"))


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from('<>"\\;,=:@ sipt\udc81\udcfe'), st.characters(exclude_categories=["Cs"])),
        max_size=60,
    )
)
def test_any_value_has_addresses_or_none(value: str) -> None:
    found = addresses.uri(value)
    assert found == "" or found.lower().startswith(("sip:", "sips:"))
    assert "@" not in addresses.user(value)
    addresses.tag(value)
