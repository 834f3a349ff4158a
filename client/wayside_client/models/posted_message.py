from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.message_state import MessageState

T = TypeVar("T", bound="PostedMessage")


@_attrs_define
class PostedMessage:
    """One message in the outbox; the outbox shows its delivery.

    Attributes:
        parcel_id (str):
        recipient (str):
        state (MessageState): State of a message to one recipient.
    """

    parcel_id: str
    recipient: str
    state: MessageState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        parcel_id = self.parcel_id

        recipient = self.recipient

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "parcel_id": parcel_id,
                "recipient": recipient,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        parcel_id = d.pop("parcel_id")

        recipient = d.pop("recipient")

        state = MessageState(d.pop("state"))

        _made = class_(
            parcel_id=parcel_id,
            recipient=recipient,
            state=state,
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
