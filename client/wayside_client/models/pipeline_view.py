from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.stage_view import StageView
    from ..models.storage_item_view import StorageItemView


T = TypeVar("T", bound="PipelineView")


@_attrs_define
class PipelineView:
    """The chain as last judged; `stages` in the order in which a picture meets them, then third parties in use.

    Attributes:
        at_ms (int):
        fault (str): The bug that ended the last round, after which the next begins; empty: none.
        stages (list[StageView]):
        storage (list[StorageItemView]): Storage of each server, as node exporter measures it.
        window_s (float): Seconds over which figures and counts are taken; fewer right after the start.
    """

    at_ms: int
    fault: str
    stages: list[StageView]
    storage: list[StorageItemView]
    window_s: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at_ms = self.at_ms

        fault = self.fault

        stages = []
        for stages_item_data in self.stages:
            stages_item = stages_item_data.to_dict()
            stages.append(stages_item)

        storage = []
        for storage_item_data in self.storage:
            storage_item = storage_item_data.to_dict()
            storage.append(storage_item)

        window_s = self.window_s

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at_ms": at_ms,
                "fault": fault,
                "stages": stages,
                "storage": storage,
                "window_s": window_s,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.stage_view import StageView
        from ..models.storage_item_view import StorageItemView

        d = dict(src_dict)
        at_ms = d.pop("at_ms")

        fault = d.pop("fault")

        stages = []
        _stages = d.pop("stages")
        for stages_item_data in _stages:
            stages_item = StageView.from_dict(stages_item_data)

            stages.append(stages_item)

        storage = []
        _storage = d.pop("storage")
        for storage_item_data in _storage:
            storage_item = StorageItemView.from_dict(storage_item_data)

            storage.append(storage_item)

        window_s = d.pop("window_s")

        _made = class_(
            at_ms=at_ms,
            fault=fault,
            stages=stages,
            storage=storage,
            window_s=window_s,
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
