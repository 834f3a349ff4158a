from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.case_terms import CaseTerms


T = TypeVar("T", bound="NewCase")


@_attrs_define
class NewCase:
    """The terms of a new case.

    Attributes:
        number (str):
        terms (CaseTerms): Purpose and bounds of a case. Of machines alone: there is no field for a person.

            `from_ms` inclusive, `to_ms` exclusive, both of capture times.
    """

    number: str
    terms: CaseTerms

    def to_dict(self) -> dict[str, Any]:
        number = self.number

        terms = self.terms.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "number": number,
                "terms": terms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.case_terms import CaseTerms

        d = dict(src_dict)
        number = d.pop("number")

        terms = CaseTerms.from_dict(d.pop("terms"))

        _made = class_(
            number=number,
            terms=terms,
        )

        return _made
