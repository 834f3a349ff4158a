from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.complaint_source import ComplaintSource

T = TypeVar("T", bound="ComplaintView")


@_attrs_define
class ComplaintView:
    """A complaint as it was entered, and by whom.

    Attributes:
        entered_at_ms (int):
        entered_by (str):
        id (int):
        made_at_ms (int):
        recipient (str): Name on the channel's list; empty for a number that is not on it.
        reference (str): The carrier's number of the complaint; empty where there is none.
        source (ComplaintSource): Party that a complaint came through.
    """

    entered_at_ms: int
    entered_by: str
    id: int
    made_at_ms: int
    recipient: str
    reference: str
    source: ComplaintSource
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        entered_at_ms = self.entered_at_ms

        entered_by = self.entered_by

        id = self.id

        made_at_ms = self.made_at_ms

        recipient = self.recipient

        reference = self.reference

        source = self.source.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "entered_at_ms": entered_at_ms,
                "entered_by": entered_by,
                "id": id,
                "made_at_ms": made_at_ms,
                "recipient": recipient,
                "reference": reference,
                "source": source,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        entered_at_ms = d.pop("entered_at_ms")

        entered_by = d.pop("entered_by")

        id = d.pop("id")

        made_at_ms = d.pop("made_at_ms")

        recipient = d.pop("recipient")

        reference = d.pop("reference")

        source = ComplaintSource(d.pop("source"))

        _made = class_(
            entered_at_ms=entered_at_ms,
            entered_by=entered_by,
            id=id,
            made_at_ms=made_at_ms,
            recipient=recipient,
            reference=reference,
            source=source,
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
