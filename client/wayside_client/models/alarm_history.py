from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.alarm_event_view import AlarmEventView
    from ..models.alarm_view import AlarmView


T = TypeVar("T", bound="AlarmHistory")


@_attrs_define
class AlarmHistory:
    """One alarm with all that happened to it, oldest first.

    Attributes:
        alarm (AlarmView): One alarm as it stands.
        events (list[AlarmEventView]):
    """

    alarm: AlarmView
    events: list[AlarmEventView]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        alarm = self.alarm.to_dict()

        events = []
        for events_item_data in self.events:
            events_item = events_item_data.to_dict()
            events.append(events_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "alarm": alarm,
                "events": events,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.alarm_event_view import AlarmEventView
        from ..models.alarm_view import AlarmView

        d = dict(src_dict)
        alarm = AlarmView.from_dict(d.pop("alarm"))

        events = []
        _events = d.pop("events")
        for events_item_data in _events:
            events_item = AlarmEventView.from_dict(events_item_data)

            events.append(events_item)

        _made = class_(
            alarm=alarm,
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
