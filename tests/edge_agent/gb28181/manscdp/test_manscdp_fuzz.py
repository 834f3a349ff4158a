"""Any bytes are a message or one typed error, and cost no more than their length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.manscdp import body as manscdp
from edge_agent.gb28181.manscdp.body import ManscdpError
from tests.edge_agent.gb28181.corpus_file import CORPUS

PIECES = [piece for path in sorted(CORPUS.glob("*.xml")) for piece in path.read_bytes().split(b"\n")]


@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=30).map(b"\n".join),
        st.text(alphabet="<>/&;!-[]\"'= aItemSN#0x", max_size=120).map(
            lambda text: f"<Notify>{text}</Notify>".encode()
        ),
    )
)
def test_any_bytes_are_a_message_or_one_error(body: bytes) -> None:
    try:
        word = manscdp.parse(body)
    except ManscdpError:
        return
    assert len(word.cmd_type) <= 64
    assert len(word.device_id) <= 64


@given(st.sampled_from([p.read_bytes() for p in sorted(CORPUS.glob("*.xml"))]), st.data())
def test_a_body_with_a_hole_or_a_wrong_byte(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    end = data.draw(st.integers(at, min(len(body), at + 40)))
    try:
        manscdp.parse(body[:at] + data.draw(st.binary(max_size=3)) + body[end:])
    except ManscdpError:
        return


@pytest.mark.parametrize(
    "hostile",
    [
        b"<![CDATA[" * 90_000,
        b"<!--" * 200_000,
        b"<a " * 250_000,
        b'<a b="' * 150_000,
        b"<Item>" * 150_000,
        b"&#" * 400_000,
        b"<?xml " * 150_000,
        b"<Item><DeviceID>1</DeviceID>" * 20_000,
        b"</a>" * 200_000,
    ],
    ids=lambda body: body[:10].decode(),
)
def test_a_hostile_body_costs_no_more_than_its_length(hostile: bytes) -> None:
    try:
        manscdp.parse(b"<Notify><CmdType>Catalog</CmdType>" + hostile)
    except ManscdpError:
        return
