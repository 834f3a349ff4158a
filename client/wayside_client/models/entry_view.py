from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.message_state import MessageState

if TYPE_CHECKING:
    from ..models.message import Message


T = TypeVar("T", bound="EntryView")


@_attrs_define
class EntryView:
    """One message to one recipient. Times are milliseconds since the Unix epoch, UTC.

    Attributes:
        attempts (int):
        changed_ms (int):
        channel (str):
        code (str): Code of the last attempt, or of the rule that refused the message.
        created_ms (int):
        due_ms (int):
        expires_ms (int):
        id (int):
        message (Message | None): None if this release cannot read it any more.
        parcel_id (str):
        recipient (str):
        state (MessageState): State of a message to one recipient.
    """

    attempts: int
    changed_ms: int
    channel: str
    code: str
    created_ms: int
    due_ms: int
    expires_ms: int
    id: int
    message: Message | None
    parcel_id: str
    recipient: str
    state: MessageState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.message import Message

        attempts = self.attempts

        changed_ms = self.changed_ms

        channel = self.channel

        code = self.code

        created_ms = self.created_ms

        due_ms = self.due_ms

        expires_ms = self.expires_ms

        id = self.id

        message: dict[str, Any] | None
        if isinstance(self.message, Message):
            message = self.message.to_dict()
        else:
            message = self.message

        parcel_id = self.parcel_id

        recipient = self.recipient

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "attempts": attempts,
                "changed_ms": changed_ms,
                "channel": channel,
                "code": code,
                "created_ms": created_ms,
                "due_ms": due_ms,
                "expires_ms": expires_ms,
                "id": id,
                "message": message,
                "parcel_id": parcel_id,
                "recipient": recipient,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.message import Message

        d = dict(src_dict)
        attempts = d.pop("attempts")

        changed_ms = d.pop("changed_ms")

        channel = d.pop("channel")

        code = d.pop("code")

        created_ms = d.pop("created_ms")

        due_ms = d.pop("due_ms")

        expires_ms = d.pop("expires_ms")

        id = d.pop("id")

        def _parse_message(data: object) -> Message | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                message_type_0 = Message.from_dict(data)

                return message_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Message | None, data)

        message = _parse_message(d.pop("message"))

        parcel_id = d.pop("parcel_id")

        recipient = d.pop("recipient")

        state = MessageState(d.pop("state"))

        _made = class_(
            attempts=attempts,
            changed_ms=changed_ms,
            channel=channel,
            code=code,
            created_ms=created_ms,
            due_ms=due_ms,
            expires_ms=expires_ms,
            id=id,
            message=message,
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
