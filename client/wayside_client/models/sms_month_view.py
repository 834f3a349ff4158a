from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.comparison_view import ComparisonView
    from ..models.sms_cost_view import SmsCostView
    from ..models.sms_day_view import SmsDayView
    from ..models.statement_view import StatementView


T = TypeVar("T", bound="SmsMonthView")


@_attrs_define
class SmsMonthView:
    """A month of one channel.

    Attributes:
        channel (str):
        comparison (ComparisonView | None):
        cost (None | SmsCostView):
        days (list[SmsDayView]):
        month (str):
        statement (None | StatementView):
    """

    channel: str
    comparison: ComparisonView | None
    cost: None | SmsCostView
    days: list[SmsDayView]
    month: str
    statement: None | StatementView
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.comparison_view import ComparisonView
        from ..models.sms_cost_view import SmsCostView
        from ..models.statement_view import StatementView

        channel = self.channel

        comparison: dict[str, Any] | None
        if isinstance(self.comparison, ComparisonView):
            comparison = self.comparison.to_dict()
        else:
            comparison = self.comparison

        cost: dict[str, Any] | None
        if isinstance(self.cost, SmsCostView):
            cost = self.cost.to_dict()
        else:
            cost = self.cost

        days = []
        for days_item_data in self.days:
            days_item = days_item_data.to_dict()
            days.append(days_item)

        month = self.month

        statement: dict[str, Any] | None
        if isinstance(self.statement, StatementView):
            statement = self.statement.to_dict()
        else:
            statement = self.statement

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "channel": channel,
                "comparison": comparison,
                "cost": cost,
                "days": days,
                "month": month,
                "statement": statement,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.comparison_view import ComparisonView
        from ..models.sms_cost_view import SmsCostView
        from ..models.sms_day_view import SmsDayView
        from ..models.statement_view import StatementView

        d = dict(src_dict)
        channel = d.pop("channel")

        def _parse_comparison(data: object) -> ComparisonView | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                comparison_type_0 = ComparisonView.from_dict(data)

                return comparison_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ComparisonView | None, data)

        comparison = _parse_comparison(d.pop("comparison"))

        def _parse_cost(data: object) -> None | SmsCostView:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                cost_type_0 = SmsCostView.from_dict(data)

                return cost_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SmsCostView, data)

        cost = _parse_cost(d.pop("cost"))

        days = []
        _days = d.pop("days")
        for days_item_data in _days:
            days_item = SmsDayView.from_dict(days_item_data)

            days.append(days_item)

        month = d.pop("month")

        def _parse_statement(data: object) -> None | StatementView:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                statement_type_0 = StatementView.from_dict(data)

                return statement_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StatementView, data)

        statement = _parse_statement(d.pop("statement"))

        _made = class_(
            channel=channel,
            comparison=comparison,
            cost=cost,
            days=days,
            month=month,
            statement=statement,
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
