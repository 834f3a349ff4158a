"""The boundary of events: no type has a place for a person, a picture, a vector, a plate or words of a user."""

import inspect
import json
import typing
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError
from typer.testing import CliRunner

from center.__main__ import app
from center.alarms.rules.composed import KIND_LABELS
from center.events_out import schema
from center.events_out.composing import EventComposer
from center.events_out.schema import EVENT, AlarmKind, Envelope, EventMachine, EventPart, PeopleData, json_schema
from provisioning.contracts.query.zone_counts import GRID_MS, MIN_PICTURES
from provisioning.contracts.wire.messages import Box
from tests.center.street import NOW_MS, observation

SCHEMA = Path(__file__).parents[3] / "docs" / "assets" / "events.schema.json"
FORBIDDEN = (
    "person", "face", "plate", "driver", "passenger", "rider", "gender", "cloth", "identity", "track", "vector",
    "embedding", "jpeg", "image", "sha256", "url", "comment", "actor", "user", "remark", "text", "title", "owner",
    "phone", "case", "reason", "people",
)  # fmt: skip
"""Stems that stand for a person, a picture, a vector, a plate, or words in which any of it could stand."""
LEAVING = {
    "agent_id", "alarm_id", "box", "camera_id", "cameras", "captured_at_ms", "cause", "change", "changed_at_ms",
    "clock", "cls", "code", "colour", "committed_at_ms", "counts", "data", "datacontenttype", "district", "excused",
    "fault", "from_ms", "good", "bad", "heading_deg", "height", "id", "indicator", "indicators", "kind", "last_at_ms",
    "length_ms", "level", "machine", "machines", "mean", "month", "most", "name", "partitionkey", "pictures", "quiet",
    "raised_at_ms", "rate", "repeats", "row_key", "rule", "rule_id", "rule_version", "scope", "score", "severity",
    "since_ms", "source", "specversion", "state", "subject", "time", "time_trusted", "type", "unknown", "verdict",
    "version", "where", "width", "x0", "x1", "y0", "y1", "zones",
}  # fmt: skip
"""Every name that can leave. A new one is added here by a person who has read docs/boundary.md."""


def models() -> list[type[BaseModel]]:
    """The types of events, and those that they take over from the contracts."""
    own = [each for each in vars(schema).values() if inspect.isclass(each) and issubclass(each, EventPart)]
    return [*own, Box]


def names() -> set[str]:
    return {name for model in models() for name in model.model_fields}


def test_only_listed_names_can_leave_and_none_has_a_forbidden_stem() -> None:
    assert names() == LEAVING
    assert [name for name in names() if any(stem in name for stem in FORBIDDEN)] == []
    # The JSON Schema has no type beside these.
    used = {name for part in json_schema()["$defs"].values() for name in part.get("properties", {})}
    assert used <= LEAVING


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_type_is_closed_and_frozen(model: type[BaseModel]) -> None:
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"]
    for name in ("people", "picture", "plate", "vector"):
        with pytest.raises(ValidationError, match="extra_forbidden"):
            model.model_validate({name: 1})


def test_every_text_is_bounded_by_a_pattern_or_a_list() -> None:
    free = [
        (title, name)
        for title, part in json_schema()["$defs"].items()
        for name, field in part.get("properties", {}).items()
        for each in (field, *field.get("anyOf", ()), *([field["items"]] if "items" in field else ()))
        if each.get("type") == "string" and not {"pattern", "const", "enum"} & each.keys()
    ]
    assert free == []


def test_people_leave_in_bins_of_five_minutes_alone() -> None:
    with_counts = [model for model in models() if {"mean", "most"} & model.model_fields.keys()]
    assert with_counts == [PeopleData]
    given = {"agent_id": "a", "camera_id": "c", "district": "", "from_ms": GRID_MS, "pictures": 3, "mean": 1, "most": 2}
    PeopleData.model_validate(given)
    for wrong in ({"from_ms": GRID_MS + 1}, {"length_ms": GRID_MS // 5}, {"pictures": MIN_PICTURES - 1}):
        with pytest.raises(ValidationError):
            PeopleData.model_validate(given | wrong)


def test_an_alarm_of_a_case_has_no_kind() -> None:
    assert set(KIND_LABELS) - set(typing.get_args(AlarmKind)) == {"standing_lookalike"}


@pytest.mark.parametrize("zone", ["粤B12345", "13800138000", "11010519491231002X"])
def test_a_name_that_looks_like_a_plate_or_somebodys_number_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError):
        EventMachine.model_validate({"cls": "car", "score": 0.5, "box": {"x1": 1, "y1": 1}, "zones": [zone]})
    row, _ = observation("cam-1", NOW_MS, 1)
    marked = row.model_copy(
        update={"machines": tuple(each.model_copy(update={"zones": (zone,)}) for each in row.machines)}
    )
    event = EventComposer("/wayside").observation(marked, zone)
    assert (event.data.district, {each.zones for each in event.data.machines}) == ("-", {("-",)})
    assert zone not in event.model_dump_json()


def test_the_published_schema_is_that_of_the_types_and_an_event_follows_it() -> None:
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    published = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert published == json_schema(), "docs/assets/events.schema.json: wayside-center event-schema > it"
    done = CliRunner().invoke(app, ["event-schema"])
    assert json.loads(done.stdout) == published
    event = EventComposer("/wayside").observation(observation("cam-1", NOW_MS, 1)[0], "north")
    plain = json.loads(event.model_dump_json())
    validator(published).validate(plain)
    assert not validator(published).is_valid(plain | {"people": 7})
    assert EVENT.validate_python(plain) == event
    # CloudEvents 1.0 §3.1: these four are required, and names are lower case letters and digits.
    assert {"specversion", "id", "source", "type"} <= plain.keys()
    assert all(name.isascii() and name.isalnum() and name.islower() for name in Envelope.model_fields)
