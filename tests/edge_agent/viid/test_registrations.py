"""The table of states, and the addresses and times around it."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.viid.registrations import (
    NEXT,
    ViidNotRegisteredError,
    ViidRegistrationEvent,
    ViidRegistrations,
    ViidRegistrationState,
)

HERE, THERE = "192.0.2.10", "192.0.2.11"


def test_the_table_has_every_pair_but_one() -> None:
    assert set(product(ViidRegistrationState, ViidRegistrationEvent)) - NEXT.keys() == {
        (ViidRegistrationState.UNREGISTERED, ViidRegistrationEvent.WORD)
    }


def devices() -> ViidRegistrations:
    return ViidRegistrations({"a": 60.0, "b": 10.0})


def test_alive_until_three_keepalives_were_missed() -> None:
    known = devices()
    known.register("b", HERE, 0)
    known.note_message("b", HERE, 30)
    known.note_message("b", HERE, 60)
    assert known.state("b", 90) is ViidRegistrationState.REGISTERED
    assert known.state("b", 90.1) is ViidRegistrationState.UNREGISTERED
    with pytest.raises(ViidNotRegisteredError):
        known.note_message("b", HERE, 90.1)


def test_silence_is_noticed_by_the_word_that_ends_it() -> None:
    known = devices()
    known.register("b", HERE, 0)
    with pytest.raises(ViidNotRegisteredError):
        known.note_message("b", HERE, 31)


@pytest.mark.parametrize("source", [THERE, ""])
def test_a_word_from_elsewhere_is_none(source: str) -> None:
    known = devices()
    with pytest.raises(ViidNotRegisteredError):
        known.note_message("a", source, 0)
    known.register("a", HERE, 0)
    with pytest.raises(ViidNotRegisteredError):
        known.note_message("a", source, 1)
    assert known.at(HERE, 1) == ("a",)


def test_registering_from_elsewhere_moves_it() -> None:
    known = devices()
    known.register("a", HERE, 0)
    known.register("a", THERE, 1)
    assert known.at(HERE, 1) == ()
    assert known.at(THERE, 1) == ("a",)


def test_leaving_twice_is_no_fault() -> None:
    known = devices()
    known.unregister("a")
    known.register("a", HERE, 0)
    known.unregister("a")
    known.unregister("a")
    assert known.at(HERE, 0) == ()


@given(
    st.lists(
        st.tuples(st.sampled_from("rwu"), st.sampled_from("ab"), st.sampled_from([HERE, THERE]), st.integers(0, 40)),
        max_size=30,
    )
)
def test_against_a_model(steps: list[tuple[str, str, str, int]]) -> None:
    known, model, now_s = devices(), dict[str, tuple[str, int]](), 0
    life_s = {"a": 180, "b": 30}
    for step, device_id, source, passed_s in steps:
        now_s += passed_s
        model = {each: value for each, value in model.items() if now_s - value[1] <= life_s[each]}
        if step == "r":
            known.register(device_id, source, now_s)
            model[device_id] = (source, now_s)
        elif step == "u":
            known.unregister(device_id)
            model.pop(device_id, None)
        elif device_id in model and model[device_id][0] == source:
            known.note_message(device_id, source, now_s)
            model[device_id] = (source, now_s)
        else:
            with pytest.raises(ViidNotRegisteredError):
                known.note_message(device_id, source, now_s)
        for place in (HERE, THERE):
            assert set(known.at(place, now_s)) == {each for each, value in model.items() if value[0] == place}
