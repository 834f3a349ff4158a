from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.camera_ref import CameraRef


T = TypeVar("T", bound="DistrictView")


@_attrs_define
class DistrictView:
    """A district with its cameras.

    Attributes:
        cameras (list[CameraRef]):
        district_id (str):
        name (str):
        second_account (bool): True: a version of a rule for its cameras is switched on by another account than its
            author's.
    """

    cameras: list[CameraRef]
    district_id: str
    name: str
    second_account: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cameras = []
        for cameras_item_data in self.cameras:
            cameras_item = cameras_item_data.to_dict()
            cameras.append(cameras_item)

        district_id = self.district_id

        name = self.name

        second_account = self.second_account

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cameras": cameras,
                "district_id": district_id,
                "name": name,
                "second_account": second_account,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.camera_ref import CameraRef

        d = dict(src_dict)
        cameras = []
        _cameras = d.pop("cameras")
        for cameras_item_data in _cameras:
            cameras_item = CameraRef.from_dict(cameras_item_data)

            cameras.append(cameras_item)

        district_id = d.pop("district_id")

        name = d.pop("name")

        second_account = d.pop("second_account")

        _made = class_(
            cameras=cameras,
            district_id=district_id,
            name=name,
            second_account=second_account,
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
