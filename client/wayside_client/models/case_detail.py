from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.case_event_view import CaseEventView
    from ..models.case_view import CaseView


T = TypeVar("T", bound="CaseDetail")


@_attrs_define
class CaseDetail:
    """One case with the acts on it, oldest first.

    Attributes:
        case (CaseView): One case. `state` is the present one: time expires a case.
        events (list[CaseEventView]):
    """

    case: CaseView
    events: list[CaseEventView]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        case = self.case.to_dict()

        events = []
        for events_item_data in self.events:
            events_item = events_item_data.to_dict()
            events.append(events_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "case": case,
                "events": events,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.case_event_view import CaseEventView
        from ..models.case_view import CaseView

        d = dict(src_dict)
        case = CaseView.from_dict(d.pop("case"))

        events = []
        _events = d.pop("events")
        for events_item_data in _events:
            events_item = CaseEventView.from_dict(events_item_data)

            events.append(events_item)

        _made = class_(
            case=case,
            events=events,
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
