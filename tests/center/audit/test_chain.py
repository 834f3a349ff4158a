"""The chain and its file form, without a database: what is hashed, and that no change goes unseen."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.audit import chain, exported
from center.errors import AuditFileError


def test_the_bytes_that_are_hashed_are_those_of_the_document() -> None:
    """Known answer: docs/access.md has the same line for whoever writes a verifier of his own."""
    sha256 = chain.entry_sha256(1, 1764115200000, "ada", "login", '{"source": "192.0.2.7"}', chain.GENESIS)
    assert sha256 == "cb585c01c288316d39a6e57643fda7fb83a0251fd709cdb4bf387e732fd65478"


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["{}"],
        ['{"kind": "entry"}'],
        ["x" * 100_000],
        ['{"kind": "audit", "version": 2, "number": 0, "sha256": "' + "0" * 64 + '"}'],
        ['{"kind": "audit", "version": 1, "number": 0, "sha256": "' + "0" * 64 + '"}'] * 2,
    ],
)
def test_a_file_that_is_no_export_is_refused_in_words(lines: list[str]) -> None:
    with pytest.raises(AuditFileError, match="wayside-center audit export"):
        exported.verify(lines)


@given(st.lists(st.text(max_size=200), max_size=6))
def test_any_lines_are_an_export_or_refused(lines: list[str]) -> None:
    top = json.dumps({"kind": "audit", "version": 1, "number": 1, "sha256": "0" * 64})
    with pytest.raises(AuditFileError):
        exported.verify([*lines, "no JSON"])
    if lines:
        with pytest.raises(AuditFileError):
            exported.verify([top, *lines])


@given(
    st.lists(st.tuples(st.integers(0, 2**53), st.text(max_size=20), st.text(max_size=40)), min_size=1, max_size=8),
    st.data(),
)
def test_any_change_of_any_field_of_any_entry_is_found(rows: list[tuple[int, str, str]], data: st.DataObject) -> None:
    entries, previous = [], chain.GENESIS
    for number, (at_ms, actor, detail) in enumerate(rows, start=1):
        sha256 = chain.entry_sha256(number, at_ms, actor, "act", detail, previous)
        entries.append(chain.ChainEntry(number, at_ms, actor, "act", detail, previous, sha256))
        previous = sha256
    newest = (len(entries), previous)
    assert chain.walk(entries, [], newest=newest).broken is None
    at = data.draw(st.integers(0, len(entries) - 1))
    entry = entries[at]
    bent = data.draw(
        st.sampled_from(
            [
                chain.ChainEntry(entry.number, entry.at_ms + 1, *_tail(entry)),
                chain.ChainEntry(entry.number, entry.at_ms, entry.actor + "x", *_tail(entry)[1:]),
                chain.ChainEntry(
                    entry.number, entry.at_ms, entry.actor, "acted", entry.detail, entry.previous, entry.sha256
                ),
                chain.ChainEntry(
                    entry.number, entry.at_ms, entry.actor, "act", entry.detail + " ", entry.previous, entry.sha256
                ),
            ]
        )
    )
    broken = chain.walk([*entries[:at], bent, *entries[at + 1 :]], [], newest=newest).broken
    assert broken is not None
    assert broken.number == entry.number


def _tail(entry: chain.ChainEntry) -> tuple[str, str, str, str, str]:
    return entry.actor, entry.action, entry.detail, entry.previous, entry.sha256


def test_two_fields_cannot_pass_for_one_another() -> None:
    one = chain.entry_sha256(1, 2, "a", "b", "c", chain.GENESIS)
    assert one != chain.entry_sha256(1, 2, "a,b", "", "c", chain.GENESIS)
    assert one != chain.entry_sha256(12, 2, "a", "b", "c", chain.GENESIS)
