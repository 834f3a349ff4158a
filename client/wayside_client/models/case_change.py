from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.case_terms import CaseTerms


T = TypeVar("T", bound="CaseChange")


@_attrs_define
class CaseChange:
    """New terms, from a user who has read `version`.

    Attributes:
        terms (CaseTerms): Purpose and bounds of a case. Of machines alone: there is no field for a person.

            `from_ms` inclusive, `to_ms` exclusive, both of capture times.
        version (int):
    """

    terms: CaseTerms
    version: int

    def to_dict(self) -> dict[str, Any]:
        terms = self.terms.to_dict()

        version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "terms": terms,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.case_terms import CaseTerms

        d = dict(src_dict)
        terms = CaseTerms.from_dict(d.pop("terms"))

        version = d.pop("version")

        _made = class_(
            terms=terms,
            version=version,
        )

        return _made
