from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.camera_count_machines import CameraCountMachines


T = TypeVar("T", bound="CameraCount")


@_attrs_define
class CameraCount:
    """Machines by class at one camera.

    Attributes:
        agent_id (str):
        camera_id (str):
        machines (CameraCountMachines):
    """

    agent_id: str
    camera_id: str
    machines: CameraCountMachines

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        camera_id = self.camera_id

        machines = self.machines.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "agent_id": agent_id,
                "camera_id": camera_id,
                "machines": machines,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.camera_count_machines import CameraCountMachines

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        camera_id = d.pop("camera_id")

        machines = CameraCountMachines.from_dict(d.pop("machines"))

        _made = class_(
            agent_id=agent_id,
            camera_id=camera_id,
            machines=machines,
        )

        return _made
