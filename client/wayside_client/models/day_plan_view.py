from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="DayPlanView")


@_attrs_define
class DayPlanView:
    """The plan of one day.

    Attributes:
        day (str):
        indexes (list[str]): Columns whose index is used. Empty: every row is read. Either way the answer is exact.
        matching (int): Rows of cameras in sight that match all conditions on this table.
        rows (int | None): Rows of that table. None unless every camera is in sight: it counts the pictures of all.
        table (str): Table that is searched: `snapshots`, or `objects`, whose rows are machines.
    """

    day: str
    indexes: list[str]
    matching: int
    rows: int | None
    table: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        day = self.day

        indexes = self.indexes

        matching = self.matching

        rows: int | None
        rows = self.rows

        table = self.table

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "day": day,
                "indexes": indexes,
                "matching": matching,
                "rows": rows,
                "table": table,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        day = d.pop("day")

        indexes = cast(list[str], d.pop("indexes"))

        matching = d.pop("matching")

        def _parse_rows(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rows = _parse_rows(d.pop("rows"))

        table = d.pop("table")

        _made = class_(
            day=day,
            indexes=indexes,
            matching=matching,
            rows=rows,
            table=table,
        )

        _made.additional_properties = d
        return _made

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
