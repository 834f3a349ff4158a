from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.order_terms import OrderTerms


T = TypeVar("T", bound="TermsView")


@_attrs_define
class TermsView:
    """Terms of one district, and who entered them; empty and 0: the defaults, which nobody has changed.

    Attributes:
        changed_at_ms (int):
        changed_by (str):
        district (str):
        terms (OrderTerms): Terms of the contract in one district. An order keeps those that were in force when it was
            opened.
    """

    changed_at_ms: int
    changed_by: str
    district: str
    terms: OrderTerms

    def to_dict(self) -> dict[str, Any]:
        changed_at_ms = self.changed_at_ms

        changed_by = self.changed_by

        district = self.district

        terms = self.terms.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "changed_at_ms": changed_at_ms,
                "changed_by": changed_by,
                "district": district,
                "terms": terms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.order_terms import OrderTerms

        d = dict(src_dict)
        changed_at_ms = d.pop("changed_at_ms")

        changed_by = d.pop("changed_by")

        district = d.pop("district")

        terms = OrderTerms.from_dict(d.pop("terms"))

        _made = class_(
            changed_at_ms=changed_at_ms,
            changed_by=changed_by,
            district=district,
            terms=terms,
        )

        return _made
