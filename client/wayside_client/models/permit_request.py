from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="PermitRequest")


@_attrs_define
class PermitRequest:
    """Purpose of the recordings, and the permit that this one is to follow.

    Attributes:
        purpose (str):
        renews (str | Unset):  Default: ''.
    """

    purpose: str
    renews: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        purpose = self.purpose

        renews = self.renews

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "purpose": purpose,
            }
        )
        if renews is not UNSET:
            field_dict["renews"] = renews

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        purpose = d.pop("purpose")

        renews = d.pop("renews", UNSET)

        _made = class_(
            purpose=purpose,
            renews=renews,
        )

        return _made
