"""Requests that are repeated until they are answered, and answers that are given again."""

from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.sip import message as sip
from provisioning.sip import transactions
from provisioning.sip.headers import Headers
from provisioning.sip.message import Request, Response
from provisioning.sip.peer import Peer
from provisioning.sip.transactions import LIFE_S, ClientTransactions, Repeat, ServerTransactions, TimedOut
from tests.edge_agent.gb28181.corpus_file import CORPUS

Context = TypeVar("Context")
UDP = Peer("udp", "192.0.2.10", 5060)
TCP = Peer("tcp", "192.0.2.10", 40123, 1)


def register(name: str = "register.sip") -> Request:
    message = sip.parse((CORPUS / name).read_bytes())
    assert isinstance(message, Request)
    return message


def request(branch: str = "z9hG4bK1", method: str = "MESSAGE") -> Request:
    fields = (("Via", f"SIP/2.0/UDP 192.0.2.1:5060;branch={branch}"), ("CSeq", f"7 {method}"))
    return Request(method, "sip:34020000001320000001@192.0.2.10:5060", Headers(fields), b"<Query/>")


def response(to: Request, status: int = 200) -> Response:
    return Response(status, "", to.headers)


def life(ours: ClientTransactions[Context]) -> list[tuple[float, Repeat[Context] | TimedOut[Context]]]:
    """What is due, and when, if no answer comes."""
    out: list[tuple[float, Repeat[Context] | TimedOut[Context]]] = []
    while (at_s := ours.get_timer()) is not None:
        out += [(at_s, what) for what in ours.due(at_s)]
    return out


def test_a_request_over_udp_is_repeated_less_and_less_often() -> None:
    ours = ClientTransactions[str]()
    data = ours.start(request(), UDP, 100.0, "catalog")
    assert data == sip.encode(request())
    *repeats, (end_s, end) = life(ours)
    assert [at_s - 100 for at_s, _ in repeats] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert {what for _, what in repeats} == {Repeat(data, UDP, "catalog")}
    assert (end_s, end) == (100 + LIFE_S, TimedOut("catalog"))
    assert len(ours) == 0


def test_an_invite_is_repeated_ever_less_often() -> None:
    ours = ClientTransactions[str]()
    ours.start(request(method="INVITE"), UDP, 0.0, "live")
    assert [at_s for at_s, _ in life(ours)] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5, LIFE_S]


def test_over_tcp_there_is_only_the_end() -> None:
    ours = ClientTransactions[str]()
    ours.start(request(), TCP, 0.0, "catalog")
    assert life(ours) == [(LIFE_S, TimedOut("catalog"))]


def test_a_late_timer_repeats_once() -> None:
    ours = ClientTransactions[str]()
    ours.start(request(), UDP, 0.0, "catalog")
    assert len(ours.due(10.0)) == 1
    assert ours.get_timer() == 11.0
    assert ours.due(99.0) == [TimedOut("catalog")]


def test_a_final_answer_ends_it_and_its_repetition_is_nobody_s() -> None:
    ours = ClientTransactions[str]()
    ours.start(request(), UDP, 0.0, "catalog")
    assert ours.answered(response(request())) == "catalog"
    assert ours.answered(response(request())) is None
    assert ours.due(1.0) == []
    assert ours.get_timer() is None


@pytest.mark.parametrize(
    "other",
    [request("z9hG4bK2"), request(method="CANCEL"), Request("MESSAGE", "sip:a@b", request().headers.without("Via"))],
)
def test_an_answer_to_something_else_is_nobody_s(other: Request) -> None:
    ours = ClientTransactions[str]()
    ours.start(request(), UDP, 0.0, "catalog")
    assert (
        ours.answered(
            response(replace(other, headers=Headers((*other.headers.without("CSeq"), ("CSeq", f"7 {other.method}")))))
        )
        is None
    )
    assert len(ours) == 1


def test_after_a_provisional_answer_an_invite_is_repeated_no_more() -> None:
    ours = ClientTransactions[str]()
    invite = request(method="INVITE")
    ours.start(invite, UDP, 0.0, "live")
    assert ours.answered(response(invite, 100)) == "live"
    assert life(ours) == [(LIFE_S, TimedOut("live"))]


def test_after_a_provisional_answer_others_are_repeated_every_four_seconds() -> None:
    ours = ClientTransactions[str]()
    ours.start(request(), UDP, 0.0, "catalog")
    assert ours.answered(response(request(), 100)) == "catalog"
    assert [at_s for at_s, _ in life(ours)][:3] == [0.5, 4.5, 8.5]


def test_what_is_forgotten_is_neither_repeated_nor_missed() -> None:
    ours = ClientTransactions[str]()
    ours.start(request(), UDP, 0.0, "catalog")
    ours.forget(request())
    ours.forget(request())
    assert ours.due(0.5) == []
    assert life(ours) == []


def test_where_too_many_wait_the_oldest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "MAX_OPEN", 2)
    ours = ClientTransactions[str]()
    for number in range(4):
        ours.start(request(f"z9hG4bK{number}"), UDP, 5.0, f"query {number}")
    assert len(ours) == 2
    assert ours.get_timer() == 5.0
    assert ours.due(5.0) == [TimedOut("query 0"), TimedOut("query 1")]
    assert ours.get_timer() == 5.5


def test_a_repeated_request_is_answered_as_before_for_32_seconds() -> None:
    theirs = ServerTransactions()
    assert theirs.answer_to(register(), UDP, 0.0) is None
    theirs.answered(register(), UDP, b"401", 0.0)
    assert theirs.answer_to(register(), UDP, 31.9) == b"401"
    assert theirs.answer_to(register(), replace(UDP, port=5061), 31.9) == b"401"
    assert theirs.answer_to(register(), replace(UDP, host="192.0.2.11"), 31.9) is None
    assert theirs.answer_to(register(), UDP, 32.0) is None


def test_the_answer_to_a_challenge_is_no_repetition_though_branch_and_cseq_are_the_same() -> None:
    theirs = ServerTransactions()
    theirs.answered(register(), UDP, b"401", 0.0)
    assert theirs.answer_to(register("register-same-branch.sip"), UDP, 0.1) is None


def test_a_device_that_never_counts_is_heard_each_time() -> None:
    theirs = ServerTransactions()
    keepalive = register("keepalive.sip")
    theirs.answered(keepalive, UDP, b"200", 0.0)
    assert theirs.answer_to(replace(keepalive, body=keepalive.body.replace(b"43", b"44")), UDP, 1.0) is None


def test_answers_are_kept_no_longer_than_they_may_be_asked_for() -> None:
    theirs = ServerTransactions()
    for second in range(100):
        theirs.answered(request(f"z9hG4bK{second}"), UDP, b"200", float(second))
    assert len(theirs) == 32
    theirs.answered(request("z9hG4bK99"), UDP, b"again", 99.0)
    assert len(theirs) == 32
    assert theirs.answer_to(request("z9hG4bK99"), UDP, 99.0) == b"again"


def test_where_too_many_are_kept_the_oldest_answer_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "MAX_ANSWERS", 2)
    theirs = ServerTransactions()
    for number in range(3):
        theirs.answered(request(f"z9hG4bK{number}"), UDP, b"200", 0.0)
    assert [theirs.answer_to(request(f"z9hG4bK{number}"), UDP, 0.0) for number in range(3)] == [None, b"200", b"200"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "answer", "provisional", "forget", "wait"]),
        st.integers(0, 4),
        st.sampled_from(["MESSAGE", "INVITE"]),
        st.sampled_from([UDP, TCP]),
        st.floats(0, 20),
    ),
    max_size=30,
)


@given(STEPS)
def test_every_request_ends_once_whatever_happens(steps: list[tuple[str, int, str, Peer, float]]) -> None:
    ours, now_s, ended, started, again = ClientTransactions[int](), 0.0, set[int](), dict[str, int](), 0
    for number, (step, which, method, peer, wait_s) in enumerate(steps):
        message = request(f"z9hG4bK{which}", method)
        key = f"{which} {method}"
        if step == "start" and key not in started:
            ours.start(message, peer, now_s, number)
            started[key] = number
        elif step == "forget":
            ours.forget(message)
            started.pop(key, None)
        elif step in {"answer", "provisional"}:
            final = step == "answer"
            assert ours.answered(response(message, 200 if final else 180)) == started.get(key)
            ended |= {started.pop(key)} if final and key in started else set()
        else:
            now_s += wait_s
            for what in ours.due(now_s):
                if isinstance(what, TimedOut):
                    assert what.context not in ended
                    ended.add(what.context)
                    started = {name: context for name, context in started.items() if context != what.context}
                else:
                    again += 1
        timer_s = ours.get_timer()
        assert (timer_s is not None) is bool(started)
        assert len(ours) == len(started)
    assert again <= 12 * len(steps)
    assert {what.context for _, what in life(ours) if isinstance(what, TimedOut)} == set(started.values())
