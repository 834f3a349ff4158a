from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.maintainer_month import MaintainerMonth


T = TypeVar("T", bound="OrderMonth")


@_attrs_define
class OrderMonth:
    """Figures of a month by maintainer, as of `as_of_ms`.

    Attributes:
        as_of_ms (int):
        is_final (bool): True if the month is over and every order of it has ended for good.
        maintainers (list[MaintainerMonth]):
        month (str):
    """

    as_of_ms: int
    is_final: bool
    maintainers: list[MaintainerMonth]
    month: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        as_of_ms = self.as_of_ms

        is_final = self.is_final

        maintainers = []
        for maintainers_item_data in self.maintainers:
            maintainers_item = maintainers_item_data.to_dict()
            maintainers.append(maintainers_item)

        month = self.month

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "as_of_ms": as_of_ms,
                "is_final": is_final,
                "maintainers": maintainers,
                "month": month,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.maintainer_month import MaintainerMonth

        d = dict(src_dict)
        as_of_ms = d.pop("as_of_ms")

        is_final = d.pop("is_final")

        maintainers = []
        _maintainers = d.pop("maintainers")
        for maintainers_item_data in _maintainers:
            maintainers_item = MaintainerMonth.from_dict(maintainers_item_data)

            maintainers.append(maintainers_item)

        month = d.pop("month")

        _made = class_(
            as_of_ms=as_of_ms,
            is_final=is_final,
            maintainers=maintainers,
            month=month,
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
