from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.case_machine import CaseMachine


T = TypeVar("T", bound="PictureView")


@_attrs_define
class PictureView:
    """A place for a picture: brought to the desk agent, the picture becomes this observation.

    Attributes:
        arrived (bool):
        camera_id (str):
        certificate_sha256 (None | str): Hash of the desk agent's certificate that its signature was checked by; None
            until a machine of it is sought.
        command (str): To be run where the picture is; FILE is the picture.
        machines (list[CaseMachine]): Machines found in the picture, to choose the sought one from.
        row_key (str):
        started_at_ms (int):
    """

    arrived: bool
    camera_id: str
    certificate_sha256: None | str
    command: str
    machines: list[CaseMachine]
    row_key: str
    started_at_ms: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        arrived = self.arrived

        camera_id = self.camera_id

        certificate_sha256: None | str
        certificate_sha256 = self.certificate_sha256

        command = self.command

        machines = []
        for machines_item_data in self.machines:
            machines_item = machines_item_data.to_dict()
            machines.append(machines_item)

        row_key = self.row_key

        started_at_ms = self.started_at_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "arrived": arrived,
                "camera_id": camera_id,
                "certificate_sha256": certificate_sha256,
                "command": command,
                "machines": machines,
                "row_key": row_key,
                "started_at_ms": started_at_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.case_machine import CaseMachine

        d = dict(src_dict)
        arrived = d.pop("arrived")

        camera_id = d.pop("camera_id")

        def _parse_certificate_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        certificate_sha256 = _parse_certificate_sha256(d.pop("certificate_sha256"))

        command = d.pop("command")

        machines = []
        _machines = d.pop("machines")
        for machines_item_data in _machines:
            machines_item = CaseMachine.from_dict(machines_item_data)

            machines.append(machines_item)

        row_key = d.pop("row_key")

        started_at_ms = d.pop("started_at_ms")

        _made = class_(
            arrived=arrived,
            camera_id=camera_id,
            certificate_sha256=certificate_sha256,
            command=command,
            machines=machines,
            row_key=row_key,
            started_at_ms=started_at_ms,
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
