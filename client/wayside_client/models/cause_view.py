from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.stage_state import StageState

if TYPE_CHECKING:
    from ..models.cause_view_facts import CauseViewFacts


T = TypeVar("T", bound="CauseView")


@_attrs_define
class CauseView:
    """A finding, as the API shows it.

    Attributes:
        cause (str): In English; the console translates it.
        code (str):
        facts (CauseViewFacts):
        remedy (str):
        state (StageState): State of a stage. Without evidence a stage is unknown, and never green.
    """

    cause: str
    code: str
    facts: CauseViewFacts
    remedy: str
    state: StageState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cause = self.cause

        code = self.code

        facts = self.facts.to_dict()

        remedy = self.remedy

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cause": cause,
                "code": code,
                "facts": facts,
                "remedy": remedy,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.cause_view_facts import CauseViewFacts

        d = dict(src_dict)
        cause = d.pop("cause")

        code = d.pop("code")

        facts = CauseViewFacts.from_dict(d.pop("facts"))

        remedy = d.pop("remedy")

        state = StageState(d.pop("state"))

        _made = class_(
            cause=cause,
            code=code,
            facts=facts,
            remedy=remedy,
            state=state,
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
