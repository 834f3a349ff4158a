from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.stage_state import StageState

if TYPE_CHECKING:
    from ..models.figures import Figures


T = TypeVar("T", bound="Point")


@_attrs_define
class Point:
    """One minute of one stage: its worst state and all causes in it, and its last figures.

    Attributes:
        at_ms (int):
        codes (list[str]):
        figures (Figures): Figures of a stage over the last window. None: not reported, or nothing to measure; never 0
            instead.
        state (StageState): State of a stage. Without evidence a stage is unknown, and never green.
    """

    at_ms: int
    codes: list[str]
    figures: Figures
    state: StageState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at_ms = self.at_ms

        codes = self.codes

        figures = self.figures.to_dict()

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at_ms": at_ms,
                "codes": codes,
                "figures": figures,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.figures import Figures

        d = dict(src_dict)
        at_ms = d.pop("at_ms")

        codes = cast(list[str], d.pop("codes"))

        figures = Figures.from_dict(d.pop("figures"))

        state = StageState(d.pop("state"))

        _made = class_(
            at_ms=at_ms,
            codes=codes,
            figures=figures,
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
