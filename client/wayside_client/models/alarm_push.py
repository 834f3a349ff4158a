from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.alarm_event_view import AlarmEventView
    from ..models.alarm_view import AlarmView


T = TypeVar("T", bound="AlarmPush")


@_attrs_define
class AlarmPush:
    """Message of the stream: an event, and the alarm as it stood when it was sent.

    Attributes:
        alarm (AlarmView): One alarm as it stands.
        event (AlarmEventView): Event in the history of an alarm.
    """

    alarm: AlarmView
    event: AlarmEventView
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        alarm = self.alarm.to_dict()

        event = self.event.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "alarm": alarm,
                "event": event,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.alarm_event_view import AlarmEventView
        from ..models.alarm_view import AlarmView

        d = dict(src_dict)
        alarm = AlarmView.from_dict(d.pop("alarm"))

        event = AlarmEventView.from_dict(d.pop("event"))

        _made = class_(
            alarm=alarm,
            event=event,
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
