"""The boundary in rules and alarms: no type, table or word has a place for a person, and nothing links two rows."""

from collections.abc import Iterator

from pydantic import BaseModel

from center.alarms import tables as records
from center.alarms import views
from center.alarms.rules import composed, kinds, rule, shapes
from center.alarms.rules.matching import RuleFinding
from center.database.store import Base
from tests.contracts.test_boundary import FORBIDDEN

MODULES = (composed, kinds, rule, shapes, views)


def _models() -> Iterator[type[BaseModel]]:
    for module in MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BaseModel):
                yield value


def test_no_field_of_a_rule_or_an_alarm_speaks_of_a_person_or_a_plate_or_links_rows() -> None:
    names = {name for model in _models() for name in model.model_fields}
    assert len(names) > 50
    assert {name for name in names if any(FORBIDDEN.fullmatch(part) for part in name.split("_"))} == set()


def test_no_table_of_alarms_has_a_column_for_one() -> None:
    tables = [table for table in Base.metadata.tables.values() if table.name.startswith("alarm")]
    assert len(tables) == len([name for name in vars(records) if name.endswith("Record")])
    columns = {column.name for table in tables for column in table.columns}
    assert {name for name in columns if any(FORBIDDEN.fullmatch(part) for part in name.split("_"))} == set()


def test_a_finding_is_of_a_machine_or_a_fault() -> None:
    assert set(RuleFinding.__dataclass_fields__) == {"where", "machine", "code", "cause", "reason"}
    assert set(views.RuleFindingView.model_fields) == {"where", "cls", "score", "box", "code", "cause", "reason"}


def test_every_rule_forbids_unknown_fields() -> None:
    written = [model for model in _models() if model.__module__ != views.__name__]
    assert len(written) > 10
    for model in written:
        assert model is BaseModel or model.model_config.get("extra") == "forbid", model


def test_a_crowd_begins_at_ten_and_is_told_in_five_minutes() -> None:
    assert kinds.LEAST_CROWD >= 10
    assert kinds.CROWD_WINDOW_S >= 300
