from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.order_event import OrderEvent

if TYPE_CHECKING:
    from ..models.part_used import PartUsed


T = TypeVar("T", bound="OrderEventView")


@_attrs_define
class OrderEventView:
    """Event in the history of an order.

    Attributes:
        actor (str):
        at_ms (int): Time at which the centre received it.
        counted_at_ms (int): Time that the contract's clocks count.
        event (OrderEvent): Event in the history of an order.
        note (str):
        parts (list[PartUsed]):
        step_id (None | str):
        told_at_ms (int | None): Time that the telephone told; null: it was not told by one.
    """

    actor: str
    at_ms: int
    counted_at_ms: int
    event: OrderEvent
    note: str
    parts: list[PartUsed]
    step_id: None | str
    told_at_ms: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        actor = self.actor

        at_ms = self.at_ms

        counted_at_ms = self.counted_at_ms

        event = self.event.value

        note = self.note

        parts = []
        for parts_item_data in self.parts:
            parts_item = parts_item_data.to_dict()
            parts.append(parts_item)

        step_id: None | str
        step_id = self.step_id

        told_at_ms: int | None
        told_at_ms = self.told_at_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "actor": actor,
                "at_ms": at_ms,
                "counted_at_ms": counted_at_ms,
                "event": event,
                "note": note,
                "parts": parts,
                "step_id": step_id,
                "told_at_ms": told_at_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.part_used import PartUsed

        d = dict(src_dict)
        actor = d.pop("actor")

        at_ms = d.pop("at_ms")

        counted_at_ms = d.pop("counted_at_ms")

        event = OrderEvent(d.pop("event"))

        note = d.pop("note")

        parts = []
        _parts = d.pop("parts")
        for parts_item_data in _parts:
            parts_item = PartUsed.from_dict(parts_item_data)

            parts.append(parts_item)

        def _parse_step_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        step_id = _parse_step_id(d.pop("step_id"))

        def _parse_told_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        told_at_ms = _parse_told_at_ms(d.pop("told_at_ms"))

        _made = class_(
            actor=actor,
            at_ms=at_ms,
            counted_at_ms=counted_at_ms,
            event=event,
            note=note,
            parts=parts,
            step_id=step_id,
            told_at_ms=told_at_ms,
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
