"""The boundary in the types: no message and no row has a place for a person, a face or a plate (docs/boundary.md)."""

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ValidationError

from provisioning.contracts.fleet import commands, documents, enrolment, rollout, survey
from provisioning.contracts.query import archive, erasure, lookalike, standing, zone_counts
from provisioning.contracts.wire import messages
from provisioning.contracts.wire.messages import Machine, MachineClass, Redaction, Snapshot
from tests.contracts.examples import SNAPSHOT

FORBIDDEN = re.compile(
    r"(person|people|face|plate|rider|pedestrian|gender|age|sex|cloth|identity|track|embedding|vector|who)s?",
    re.IGNORECASE,
)
ALLOWED = {"people"}  # one integer a snapshot


def _models() -> Iterator[type[BaseModel]]:
    for module in (
        messages,
        archive,
        commands,
        documents,
        enrolment,
        erasure,
        lookalike,
        rollout,
        standing,
        survey,
        zone_counts,
    ):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BaseModel):
                yield value


def test_no_field_of_any_message_or_row_speaks_of_a_person_or_plate() -> None:
    names = {name for model in _models() for name in model.model_fields}
    words = {name for name in names if any(FORBIDDEN.fullmatch(part) for part in name.split("_"))}
    assert words == ALLOWED


def test_people_are_an_integer_everywhere() -> None:
    for model in _models():
        if "people" in model.model_fields:
            assert model.model_fields["people"].annotation is int


def test_counted_people_are_a_mean_and_a_maximum_of_five_minutes_or_more() -> None:
    assert set(zone_counts.ZoneBin.model_fields) == {"from_ms", "pictures", "mean", "most"}
    assert set(zone_counts.ZoneCount.model_fields) == {"agent_id", "camera_id", "bins"}
    assert set(zone_counts.ZoneSpan.model_fields) == {"from_ms", "to_ms", "bin_ms"}
    bin_ms = zone_counts.GRID_MS
    assert bin_ms >= 5 * 60_000
    zone_counts.ZoneSpan(from_ms=0, to_ms=2 * bin_ms, bin_ms=bin_ms)
    for asked in (
        {"from_ms": 0, "to_ms": bin_ms // 2, "bin_ms": bin_ms // 2},
        {"from_ms": 1, "to_ms": bin_ms + 1, "bin_ms": bin_ms},
        {"from_ms": 0, "to_ms": 7 * bin_ms // 5, "bin_ms": 7 * bin_ms // 5},
        {"from_ms": 0, "to_ms": 3 * bin_ms, "bin_ms": 2 * bin_ms},
        {"from_ms": bin_ms, "to_ms": bin_ms, "bin_ms": bin_ms},
        {"from_ms": bin_ms, "to_ms": 0, "bin_ms": bin_ms},
        {"from_ms": 0, "to_ms": 401 * bin_ms, "bin_ms": bin_ms},
    ):
        with pytest.raises(ValidationError):
            zone_counts.ZoneSpan.model_validate(asked)
    with pytest.raises(ValidationError):
        zone_counts.ZoneBin(from_ms=0, pictures=zone_counts.MIN_PICTURES - 1, mean=1, most=1)


def test_only_machines_have_a_class() -> None:
    assert set(MachineClass) == {"car", "bus", "truck", "bicycle", "motorcycle"}
    with pytest.raises(ValidationError):
        Machine.model_validate({"cls": "person", "score": 0.9, "box": {"x0": 0, "y0": 0, "x1": 9, "y1": 9}})


def test_the_detector_that_the_edge_names_says_nothing_of_a_picture() -> None:
    assert set(messages.EdgeDetector.model_fields) == {"name", "sha256", "recipe", "threshold"}
    assert set(Machine.model_fields) == {"cls", "score", "box", "motion"}


def test_redacted_regions_carry_no_label() -> None:
    region = Redaction.model_fields["regions"].annotation
    assert region == tuple[messages.Box, ...]
    assert set(messages.Box.model_fields) == {"x0", "y0", "x1", "y1"}


def test_an_unknown_key_is_refused_and_not_carried_along() -> None:
    data = SNAPSHOT.model_dump(mode="json")
    with pytest.raises(ValidationError):
        Snapshot.model_validate({**data, "faces": []})
    with pytest.raises(ValidationError):
        Snapshot.model_validate({**data, "machines": [{**data["machines"][0], "plate_text": "x"}]})
