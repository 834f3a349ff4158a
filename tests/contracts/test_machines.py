"""Machines of the envelope: vehicles and two-wheelers inside the picture, and the detector that found them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire.codec import decode, decode_snapshot, encode_snapshot
from provisioning.contracts.wire.messages import MAX_BOXES, Box, EdgeDetector, Machine, MachineClass, Snapshot
from tests.contracts.examples import DETECTED, PICTURE, SNAPSHOT

WIDTH, HEIGHT = SNAPSHOT.picture.width, SNAPSHOT.picture.height
MOST_BYTES = 102
"""Most bytes of a machine without motion in the envelope, with its comma."""
NAMES = st.from_regex(r"\A[a-z0-9][a-z0-9.-]{0,63}\Z")
DETECTORS = st.builds(
    EdgeDetector,
    name=NAMES,
    sha256=st.from_regex(r"\A[0-9a-f]{64}\Z"),
    recipe=NAMES,
    threshold=st.floats(0, 1),
)


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    x0, y0 = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    x1, y1 = draw(st.integers(x0 + 1, WIDTH)), draw(st.integers(y0 + 1, HEIGHT))
    score = round(draw(st.floats(0, 1)), 4)
    return Machine(cls=draw(st.sampled_from(MachineClass)), score=score, box=Box(x0=x0, y0=y0, x1=x1, y1=y1))


def edited(**changes: Any) -> bytes:
    return json.dumps({**DETECTED.model_dump(mode="json"), **changes}).encode()


def reason(header: bytes) -> RejectReason:
    with pytest.raises(ContractError) as caught:
        decode(Snapshot, header)
    return caught.value.reason


@given(st.lists(machines(), max_size=20), st.none() | DETECTORS)
def test_whatever_machines_and_detector_are_written_are_read(
    found: list[Machine], detector: EdgeDetector | None
) -> None:
    written = SNAPSHOT.model_copy(update={"machines": tuple(found), "detector": detector})
    assert decode_snapshot(encode_snapshot(written, PICTURE)) == (written, PICTURE)


@given(machines(), st.sampled_from(["x0", "y0", "x1", "y1", "score"]), st.data())
def test_a_box_outside_or_turned_round_and_a_score_that_is_none_are_refused(
    machine: Machine, field: str, data: st.DataObject
) -> None:
    raw = machine.model_dump(mode="json")
    box = machine.box
    wrong: dict[str, st.SearchStrategy[object]] = {
        "x0": st.integers(max_value=-1) | st.integers(min_value=box.x1),
        "y0": st.integers(max_value=-1) | st.integers(min_value=box.y1),
        "x1": st.integers(max_value=box.x0) | st.integers(min_value=WIDTH + 1),
        "y1": st.integers(max_value=box.y0) | st.integers(min_value=HEIGHT + 1),
        "score": st.floats(min_value=1, exclude_min=True)
        | st.floats(max_value=0, exclude_max=True)
        | st.just(float("nan")),
    }
    value = data.draw(wrong[field])
    if field == "score":
        raw["score"] = value
    else:
        raw["box"][field] = value
    assert reason(edited(machines=[raw])) is RejectReason.MALFORMED


@given(st.text() | st.sampled_from(["person", "face", "plate", "rider", "pedestrian", "head", "Car", "CAR"]))
def test_there_is_no_class_but_those_of_machines(name: str) -> None:
    if name in set(MachineClass):
        return
    box = {"x0": 0, "y0": 0, "x1": 9, "y1": 9}
    assert reason(edited(machines=[{"cls": name, "score": 0.9, "box": box}])) is RejectReason.MALFORMED


@given(st.sampled_from(["name", "sha256", "recipe"]), st.text())
def test_the_detector_has_no_place_for_a_text(field: str, text: str) -> None:
    known = DETECTED.model_dump(mode="json")["detector"]
    try:
        read = decode(Snapshot, edited(detector={**known, field: text}))
    except ContractError as error:
        assert error.reason is RejectReason.MALFORMED  # noqa: PT017 - some texts are names
        return
    assert read.detector is not None
    assert len(text) <= 64
    assert all(letter in "abcdefghijklmnopqrstuvwxyz0123456789.-" for letter in text)


def test_their_number_and_their_bytes_are_bounded() -> None:
    longest = Machine(cls=MachineClass.MOTORCYCLE, score=0.1234, box=Box(x0=10_000, y0=10_000, x1=16_384, y1=16_384))
    assert len(longest.model_dump_json()) + 1 <= MOST_BYTES
    assert longest.cls == max(MachineClass, key=len)
    machine = SNAPSHOT.machines[0].model_dump(mode="json")
    assert len(decode(Snapshot, edited(machines=[machine] * MAX_BOXES)).machines) == MAX_BOXES
    assert reason(edited(machines=[machine] * (MAX_BOXES + 1))) is RejectReason.MALFORMED


def test_an_envelope_of_an_older_agent_keeps_its_bytes() -> None:
    assert b'"detector"' not in encode_snapshot(SNAPSHOT, PICTURE)
    assert b'"detector"' in encode_snapshot(DETECTED, PICTURE)
