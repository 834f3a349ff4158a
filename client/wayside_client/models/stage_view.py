from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.stage import Stage
from ..models.stage_state import StageState

if TYPE_CHECKING:
    from ..models.cause_view import CauseView
    from ..models.figures import Figures


T = TypeVar("T", bound="StageView")


@_attrs_define
class StageView:
    """One stage. `since_ms`: begin of its present state, by the centre's clock.

    Attributes:
        causes (list[CauseView]): The worst first; none while it is green.
        figures (Figures): Figures of a stage over the last window. None: not reported, or nothing to measure; never 0
            instead.
        since_ms (int):
        stage (Stage): Stage of the chain, in the order in which a picture meets it.
        state (StageState): State of a stage. Without evidence a stage is unknown, and never green.
    """

    causes: list[CauseView]
    figures: Figures
    since_ms: int
    stage: Stage
    state: StageState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        causes = []
        for causes_item_data in self.causes:
            causes_item = causes_item_data.to_dict()
            causes.append(causes_item)

        figures = self.figures.to_dict()

        since_ms = self.since_ms

        stage = self.stage.value

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "causes": causes,
                "figures": figures,
                "since_ms": since_ms,
                "stage": stage,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.cause_view import CauseView
        from ..models.figures import Figures

        d = dict(src_dict)
        causes = []
        _causes = d.pop("causes")
        for causes_item_data in _causes:
            causes_item = CauseView.from_dict(causes_item_data)

            causes.append(causes_item)

        figures = Figures.from_dict(d.pop("figures"))

        since_ms = d.pop("since_ms")

        stage = Stage(d.pop("stage"))

        state = StageState(d.pop("state"))

        _made = class_(
            causes=causes,
            figures=figures,
            since_ms=since_ms,
            stage=stage,
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
