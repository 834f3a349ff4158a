"""Answers of a superior: each is typed, and none that is not clearly *taken* counts as sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.notify.channels.https_client import HttpAnswer
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict
from center.viid_cascade import answers
from center.viid_cascade.answers import Reception, ViidAnswer, read

IDS = ("a", "b", "c")


def listed(*entries: object) -> HttpAnswer:
    return HttpAnswer(200, json.dumps({"ResponseStatusListObject": {"ResponseStatusObject": entries}}).encode())


def of(code: object, subject: str = "") -> dict[str, object]:
    return {"Id": subject, "StatusCode": code}


@pytest.mark.parametrize(
    "answer",
    [
        listed(of(0, "a"), of(0, "b"), of("0", "c")),
        listed(of(0)),
        HttpAnswer(201, b'{"responseStatusListObject":{"responseStatusObject":{"ID":"a","statusCode":"0"}}}'),
        HttpAnswer(200, b'{"ResponseStatusObject":{"StatusCode":0}}'),
        HttpAnswer(200, b'{"ResponseStatusList":[{"Id":"a","StatusCode":"0"},{"Id":"b","StatusCode":"0"}]}'),
        HttpAnswer(200, b'{"RequestURL":"/VIID/Images","StatusCode":"0"}'),
    ],
)
def test_taken_in_every_form_that_is_seen(answer: HttpAnswer) -> None:
    assert read(answer, IDS) == ViidAnswer(Reception.TAKEN)


def test_what_is_refused_is_named() -> None:
    assert read(listed(of(0, "a"), of(7, "b"), of(0, "c")), IDS).refused == ("b",)
    assert read(listed(of(7, "elsewhere"), of(0, "b"), of(0, "c")), IDS).refused == ("a",)
    assert read(listed(of(7, "b")), IDS).refused == ("b",)
    assert read(listed(of(7)), IDS).refused == IDS
    assert read(listed(of(0, "a"), of(2, "b")), IDS).reception is Reception.BUSY


@pytest.mark.parametrize(
    ("status", "reception"),
    [
        (302, Reception.AWAY), (400, Reception.REFUSED), (401, Reception.UNREGISTERED), (403, Reception.FORBIDDEN),
        (404, Reception.REFUSED), (413, Reception.REFUSED), (429, Reception.BUSY), (500, Reception.FAULTY),
        (502, Reception.AWAY), (503, Reception.AWAY), (599, Reception.FAULTY), (200, Reception.FAULTY),
    ],
)  # fmt: skip
def test_html_in_place_of_an_answer_is_typed_by_its_status(status: int, reception: Reception) -> None:
    assert read(HttpAnswer(status, b"<html>please log in</html>"), IDS).reception is reception


def test_no_answer_at_all_is_away() -> None:
    assert read(AttemptOutcome(AttemptVerdict.UNKNOWN, "timeout"), IDS) == ViidAnswer(Reception.AWAY, "timeout")


STRANGE = (
    b"",
    b"{}",
    b"[" * 60_000,
    b"1" * 5000,
    b'{"ResponseStatusObject":{"StatusCode":true}}',
    b'{"ResponseStatusObject":{"StatusCode":NaN}}',
    b" " * 70_000,
)


@pytest.mark.parametrize("content", STRANGE)
def test_strange_bodies_are_faults(content: bytes) -> None:
    assert read(HttpAnswer(200, content), IDS) == ViidAnswer(Reception.FAULTY, "no_viid_answer")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ("ResponseStatusListObject", "ResponseStatusObject", "StatusCode", "Id", "SystemTimeObject")
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.integers(100, 999), st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_answer_is_read_without_an_error(status: int, content: bytes) -> None:
    found = read(HttpAnswer(status, content), IDS)
    assert set(found.refused) <= set(IDS)
    assert found.code or found.reception is Reception.TAKEN
    assert bool(found.refused) == (found.reception is Reception.REFUSED)
    if found.reception is Reception.TAKEN:
        assert 200 <= status < 300
        assert b"tatus" in content
    assert isinstance(answers.server_id(HttpAnswer(status, content)), str)
