from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.alarm_event import AlarmEvent

T = TypeVar("T", bound="AlarmEventView")


@_attrs_define
class AlarmEventView:
    """Event in the history of an alarm.

    Attributes:
        actor (str):
        at_ms (int):
        comment (str):
        event (AlarmEvent): Event in the life of an alarm.
        id (int):
        level (int):
    """

    actor: str
    at_ms: int
    comment: str
    event: AlarmEvent
    id: int
    level: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        actor = self.actor

        at_ms = self.at_ms

        comment = self.comment

        event = self.event.value

        id = self.id

        level = self.level

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "actor": actor,
                "at_ms": at_ms,
                "comment": comment,
                "event": event,
                "id": id,
                "level": level,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        actor = d.pop("actor")

        at_ms = d.pop("at_ms")

        comment = d.pop("comment")

        event = AlarmEvent(d.pop("event"))

        id = d.pop("id")

        level = d.pop("level")

        _made = class_(
            actor=actor,
            at_ms=at_ms,
            comment=comment,
            event=event,
            id=id,
            level=level,
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
