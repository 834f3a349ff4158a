from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="PermitView")


@_attrs_define
class PermitView:
    """A permit for a page.

    Attributes:
        id (str):
        lasts_ms (int): Time for which it counts from now.
        permit (str): To be sent to the desk as `Authorization: Wayside-Permit …`.
        url (str): Address of the desk.
    """

    id: str
    lasts_ms: int
    permit: str
    url: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        lasts_ms = self.lasts_ms

        permit = self.permit

        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "lasts_ms": lasts_ms,
                "permit": permit,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        id = d.pop("id")

        lasts_ms = d.pop("lasts_ms")

        permit = d.pop("permit")

        url = d.pop("url")

        _made = class_(
            id=id,
            lasts_ms=lasts_ms,
            permit=permit,
            url=url,
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
