from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.statement_verdict import StatementVerdict

if TYPE_CHECKING:
    from ..models.compared_row_view import ComparedRowView


T = TypeVar("T", bound="ComparisonView")


@_attrs_define
class ComparisonView:
    """The month's own count beside the carrier's.

    Attributes:
        carrier (int):
        limit_percent (int):
        own (int):
        percent (None | str): Difference in percent of the carrier's count, rounded up to two places; null if that is 0.
        rows (list[ComparedRowView]):
        verdict (StatementVerdict): Verdict on the carrier's count of a month.
    """

    carrier: int
    limit_percent: int
    own: int
    percent: None | str
    rows: list[ComparedRowView]
    verdict: StatementVerdict
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        carrier = self.carrier

        limit_percent = self.limit_percent

        own = self.own

        percent: None | str
        percent = self.percent

        rows = []
        for rows_item_data in self.rows:
            rows_item = rows_item_data.to_dict()
            rows.append(rows_item)

        verdict = self.verdict.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "carrier": carrier,
                "limit_percent": limit_percent,
                "own": own,
                "percent": percent,
                "rows": rows,
                "verdict": verdict,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.compared_row_view import ComparedRowView

        d = dict(src_dict)
        carrier = d.pop("carrier")

        limit_percent = d.pop("limit_percent")

        own = d.pop("own")

        def _parse_percent(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        percent = _parse_percent(d.pop("percent"))

        rows = []
        _rows = d.pop("rows")
        for rows_item_data in _rows:
            rows_item = ComparedRowView.from_dict(rows_item_data)

            rows.append(rows_item)

        verdict = StatementVerdict(d.pop("verdict"))

        _made = class_(
            carrier=carrier,
            limit_percent=limit_percent,
            own=own,
            percent=percent,
            rows=rows,
            verdict=verdict,
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
