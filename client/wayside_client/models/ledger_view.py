from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.complaint_view import ComplaintView
    from ..models.suspension_view import SuspensionView


T = TypeVar("T", bound="LedgerView")


@_attrs_define
class LedgerView:
    """Complaints and suspensions of a channel, newest first.

    Attributes:
        channel (str):
        complaints (list[ComplaintView]):
        most_in_a_week (int): The most complaints of any seven days, of those that count for the next suspension.
        next_before (int | None):
        suspended (bool):
        suspensions (list[SuspensionView]):
    """

    channel: str
    complaints: list[ComplaintView]
    most_in_a_week: int
    next_before: int | None
    suspended: bool
    suspensions: list[SuspensionView]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        channel = self.channel

        complaints = []
        for complaints_item_data in self.complaints:
            complaints_item = complaints_item_data.to_dict()
            complaints.append(complaints_item)

        most_in_a_week = self.most_in_a_week

        next_before: int | None
        next_before = self.next_before

        suspended = self.suspended

        suspensions = []
        for suspensions_item_data in self.suspensions:
            suspensions_item = suspensions_item_data.to_dict()
            suspensions.append(suspensions_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "channel": channel,
                "complaints": complaints,
                "most_in_a_week": most_in_a_week,
                "next_before": next_before,
                "suspended": suspended,
                "suspensions": suspensions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.complaint_view import ComplaintView
        from ..models.suspension_view import SuspensionView

        d = dict(src_dict)
        channel = d.pop("channel")

        complaints = []
        _complaints = d.pop("complaints")
        for complaints_item_data in _complaints:
            complaints_item = ComplaintView.from_dict(complaints_item_data)

            complaints.append(complaints_item)

        most_in_a_week = d.pop("most_in_a_week")

        def _parse_next_before(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        next_before = _parse_next_before(d.pop("next_before"))

        suspended = d.pop("suspended")

        suspensions = []
        _suspensions = d.pop("suspensions")
        for suspensions_item_data in _suspensions:
            suspensions_item = SuspensionView.from_dict(suspensions_item_data)

            suspensions.append(suspensions_item)

        _made = class_(
            channel=channel,
            complaints=complaints,
            most_in_a_week=most_in_a_week,
            next_before=next_before,
            suspended=suspended,
            suspensions=suspensions,
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
