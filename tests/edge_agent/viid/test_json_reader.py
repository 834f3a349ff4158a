"""JSON that is read by asking: the same answers as a whole parser, whatever is skipped, and one error for the rest."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.viid.json_reader import JsonReader, MalformedBodyError, picture_bytes

SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def rebuilt(reader: JsonReader, like: Any) -> Any:
    """Read a value of a known shape back."""
    if isinstance(like, dict):
        items = iter(like.items())
        return {key: rebuilt(reader, next(items)[1]) for key in reader.members()}
    if isinstance(like, list):
        inner = iter(like)
        return [rebuilt(reader, next(inner)) for _ in reader.elements()]
    return reader.text()


def as_text(value: Any) -> Any:
    """What `text` makes of each scalar."""
    if isinstance(value, dict):
        return {key.strip(): as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else json.dumps(value)


@given(value=VALUES, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_it_reads_what_a_parser_reads(value: Any, indent: int | None, *, ascii_only: bool) -> None:
    # An object in a list of one is met as itself, and a surrogate is no character.
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert rebuilt(JsonReader(body), value) == as_text(value)


@given(st.dictionaries(st.sampled_from("abc"), VALUES))
def test_what_is_not_asked_for_is_stepped_over(value: dict[str, Any]) -> None:
    body = json.dumps(value | {"last": "x"}).encode()
    reader = JsonReader(body)
    assert [reader.text() if key == "last" else key for key in reader.members()] == [*value, "x"]


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    exhaust(body)


PIECES = st.sampled_from([b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"a", b"1", b"null", b" ", b"\xff", b"\x00"])


@given(st.lists(PIECES, max_size=60).map(b"".join))
def test_any_pieces(body: bytes) -> None:
    exhaust(body)


def exhaust(body: bytes) -> None:
    """Read every second thing; nothing but the one error may come."""
    for how in (walk, JsonReader.skip, JsonReader.text, JsonReader.raw):
        try:
            how(JsonReader(body))
        except MalformedBodyError:
            continue


def walk(reader: JsonReader) -> None:
    for ordinal, _ in enumerate(reader.members()):
        for _ in reader.elements() if ordinal % 2 else ():
            walk(reader)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a" 1}', b"{a:1}"),
        *(b'{"a":[1,2}', b'{"a":"b', b'{"a":"b\\"}', b'{"a":1 "b":2}', b'{"a":,}'),
    ],
)
def test_what_is_cut_off_or_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        walk(JsonReader(body))


def test_values_without_a_comma_are_malformed() -> None:
    with pytest.raises(MalformedBodyError):
        list(JsonReader(b"[1 2]").elements())


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"a":1}',
        b' \r\n\t{ "a" : 1 } \n',
        b'{"a":1,}',
        b'{"a":1}\x00\x00',
        b'{"a":1}trailing',
        b'{"x":"\xb3\xb5","a":1}',  # GB 18030
        b'{"x":"line\nbreak","a":1}',
    ],
)
def test_what_devices_add_is_forgiven(body: bytes) -> None:
    reader = JsonReader(body)
    assert [reader.text() for key in reader.members() if key == "a"] == ["1"]


@pytest.mark.parametrize(
    "body", [b"[" * 100 + b"]" * 100, b"[" + b'"",' * 200_000 + b"1]", b'{"a":' * 100 + b"1" + b"}" * 100]
)
def test_depth_and_number_are_bounded(body: bytes) -> None:
    with pytest.raises(MalformedBodyError, match=r"deeper|over 100000 values"):
        JsonReader(body).skip()


def test_a_long_string_is_no_text_but_is_there_raw() -> None:
    body = b'["' + b"x" * 5000 + b'"]'
    reader = JsonReader(body)
    assert [reader.text() for _ in reader.elements()] == [""]
    reader = JsonReader(body)
    assert [bytes(reader.raw()) for _ in reader.elements()] == [b"x" * 5000]


PICTURE = bytes(range(256)) * 3 + b"\xff"
PLAIN = base64.b64encode(PICTURE)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        b"data:image/jpeg;base64," + PLAIN,
        PLAIN.replace(b"/", b"\\/"),
        PLAIN.replace(b"=", b"\\u003d").replace(b"+", b"\\u002b"),
        b"\r\n".join(PLAIN[at : at + 76] for at in range(0, len(PLAIN), 76)),
        b"\\r\\n".join(PLAIN[at : at + 76] for at in range(0, len(PLAIN), 76)),
        base64.urlsafe_b64encode(PICTURE),
        base64.urlsafe_b64encode(PICTURE).rstrip(b"="),
        PLAIN + b"\n",
    ],
)
def test_base64_of_every_hand(data: bytes) -> None:
    assert picture_bytes(memoryview(data)) == PICTURE


@pytest.mark.parametrize(
    "data", [b"", b"=", b"A", b"AAAAA", b"AA==AA==", b"not base64!", b"\\u00ff", b"\\x", b"\xff\xff"]
)
def test_what_is_no_base64_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedBodyError):
        picture_bytes(memoryview(data))


@given(st.binary(max_size=100))
def test_any_base64(data: bytes) -> None:
    try:
        picture_bytes(memoryview(data))
    except MalformedBodyError:
        return
