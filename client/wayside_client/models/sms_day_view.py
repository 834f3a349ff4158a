from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SmsDayView")


@_attrs_define
class SmsDayView:
    """Counts of one day and template. All but `messages` are parts, as the carrier bills them.

    Attributes:
        accepted (int): Parts that the gateway took.
        day (str):
        delivered (int):
        failed (int): Parts that the carrier reported as not delivered.
        messages (int): Messages handed over to the gateway, each attempt for itself.
        submitted (int):
        template (str): Id of the carrier's template; empty for texts of the centre's.
        unknown (int): Parts without a readable answer, which the carrier may have billed.
    """

    accepted: int
    day: str
    delivered: int
    failed: int
    messages: int
    submitted: int
    template: str
    unknown: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        accepted = self.accepted

        day = self.day

        delivered = self.delivered

        failed = self.failed

        messages = self.messages

        submitted = self.submitted

        template = self.template

        unknown = self.unknown

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "accepted": accepted,
                "day": day,
                "delivered": delivered,
                "failed": failed,
                "messages": messages,
                "submitted": submitted,
                "template": template,
                "unknown": unknown,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        accepted = d.pop("accepted")

        day = d.pop("day")

        delivered = d.pop("delivered")

        failed = d.pop("failed")

        messages = d.pop("messages")

        submitted = d.pop("submitted")

        template = d.pop("template")

        unknown = d.pop("unknown")

        _made = class_(
            accepted=accepted,
            day=day,
            delivered=delivered,
            failed=failed,
            messages=messages,
            submitted=submitted,
            template=template,
            unknown=unknown,
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
