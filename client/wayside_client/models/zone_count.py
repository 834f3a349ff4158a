from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.zone_bin import ZoneBin


T = TypeVar("T", bound="ZoneCount")


@_attrs_define
class ZoneCount:
    """One camera's bins in their order; bins without a whole group of pictures are left out.

    Attributes:
        agent_id (str):
        bins (list[ZoneBin]):
        camera_id (str):
    """

    agent_id: str
    bins: list[ZoneBin]
    camera_id: str

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        bins = []
        for bins_item_data in self.bins:
            bins_item = bins_item_data.to_dict()
            bins.append(bins_item)

        camera_id = self.camera_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "agent_id": agent_id,
                "bins": bins,
                "camera_id": camera_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.zone_bin import ZoneBin

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        bins = []
        _bins = d.pop("bins")
        for bins_item_data in _bins:
            bins_item = ZoneBin.from_dict(bins_item_data)

            bins.append(bins_item)

        camera_id = d.pop("camera_id")

        _made = class_(
            agent_id=agent_id,
            bins=bins,
            camera_id=camera_id,
        )

        return _made
