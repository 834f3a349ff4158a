from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..models.complaint_source import ComplaintSource
from ..types import UNSET, Unset

T = TypeVar("T", bound="NewComplaint")


@_attrs_define
class NewComplaint:
    """A complaint to enter. No number is taken: the name of a recipient, or none.

    Attributes:
        made_at_ms (int):
        source (ComplaintSource): Party that a complaint came through.
        recipient (str | Unset): Name on the channel's list; empty for a number that is not on it. Default: ''.
        reference (str | Unset): The carrier's number of the complaint: letters, digits, dashes. Default: ''.
    """

    made_at_ms: int
    source: ComplaintSource
    recipient: str | Unset = ""
    reference: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        made_at_ms = self.made_at_ms

        source = self.source.value

        recipient = self.recipient

        reference = self.reference

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "made_at_ms": made_at_ms,
                "source": source,
            }
        )
        if recipient is not UNSET:
            field_dict["recipient"] = recipient
        if reference is not UNSET:
            field_dict["reference"] = reference

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        made_at_ms = d.pop("made_at_ms")

        source = ComplaintSource(d.pop("source"))

        recipient = d.pop("recipient", UNSET)

        reference = d.pop("reference", UNSET)

        _made = class_(
            made_at_ms=made_at_ms,
            source=source,
            recipient=recipient,
            reference=reference,
        )

        return _made
