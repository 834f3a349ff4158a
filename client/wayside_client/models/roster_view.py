from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.duty import Duty


T = TypeVar("T", bound="RosterView")


@_attrs_define
class RosterView:
    """Duty roster of one district.

    Attributes:
        district (str):
        on_duty (str): Technician on duty now; empty: none.
        duties (list[Duty] | Unset):
    """

    district: str
    on_duty: str
    duties: list[Duty] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        district = self.district

        on_duty = self.on_duty

        duties: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.duties, Unset):
            duties = []
            for duties_item_data in self.duties:
                duties_item = duties_item_data.to_dict()
                duties.append(duties_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "district": district,
                "on_duty": on_duty,
            }
        )
        if duties is not UNSET:
            field_dict["duties"] = duties

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.duty import Duty

        d = dict(src_dict)
        district = d.pop("district")

        on_duty = d.pop("on_duty")

        _duties = d.pop("duties", UNSET)
        duties: list[Duty] | Unset = UNSET
        if _duties is not UNSET:
            duties = []
            for duties_item_data in _duties:
                duties_item = Duty.from_dict(duties_item_data)

                duties.append(duties_item)

        _made = class_(
            district=district,
            on_duty=on_duty,
            duties=duties,
        )

        return _made
