from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.order_terms import OrderTerms


T = TypeVar("T", bound="DistrictTerms")


@_attrs_define
class DistrictTerms:
    """Terms of one district.

    Attributes:
        district (str):
        terms (OrderTerms): Terms of the contract in one district. An order keeps those that were in force when it was
            opened.
    """

    district: str
    terms: OrderTerms

    def to_dict(self) -> dict[str, Any]:
        district = self.district

        terms = self.terms.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "district": district,
                "terms": terms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.order_terms import OrderTerms

        d = dict(src_dict)
        district = d.pop("district")

        terms = OrderTerms.from_dict(d.pop("terms"))

        _made = class_(
            district=district,
            terms=terms,
        )

        return _made
