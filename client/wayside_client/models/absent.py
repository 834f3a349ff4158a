from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.machine_class import MachineClass
from ..types import UNSET, Unset

T = TypeVar("T", bound="Absent")


@_attrs_define
class Absent:
    """No machine is in a zone, in every picture for `for_s` seconds.

    Attributes:
        op (Literal['absent']):
        polygon (list[list[float]]):
        camera (None | str | Unset): One of the rule's cameras where the rule is about a place; None where it is about
            each camera by itself.
        classes (list[MachineClass] | Unset): Empty: machines of all classes.
        for_s (int | Unset):  Default: 0.
        min_score (float | Unset):  Default: 0.4.
        min_size (float | Unset): The longer side of a machine's box, as a share of the picture's longer side. Default:
            0.0.
    """

    op: Literal["absent"]
    polygon: list[list[float]]
    camera: None | str | Unset = UNSET
    classes: list[MachineClass] | Unset = UNSET
    for_s: int | Unset = 0
    min_score: float | Unset = 0.4
    min_size: float | Unset = 0.0

    def to_dict(self) -> dict[str, Any]:
        op = self.op

        polygon = []
        for polygon_item_data in self.polygon:
            polygon_item = []
            for polygon_item_item_data in polygon_item_data:
                polygon_item_item: float
                polygon_item_item = polygon_item_item_data
                polygon_item.append(polygon_item_item)

            polygon.append(polygon_item)

        camera: None | str | Unset
        if isinstance(self.camera, Unset):
            camera = UNSET
        else:
            camera = self.camera

        classes: list[str] | Unset = UNSET
        if not isinstance(self.classes, Unset):
            classes = []
            for classes_item_data in self.classes:
                classes_item = classes_item_data.value
                classes.append(classes_item)

        for_s = self.for_s

        min_score = self.min_score

        min_size = self.min_size

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "op": op,
                "polygon": polygon,
            }
        )
        if camera is not UNSET:
            field_dict["camera"] = camera
        if classes is not UNSET:
            field_dict["classes"] = classes
        if for_s is not UNSET:
            field_dict["for_s"] = for_s
        if min_score is not UNSET:
            field_dict["min_score"] = min_score
        if min_size is not UNSET:
            field_dict["min_size"] = min_size

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        op = cast(Literal["absent"], d.pop("op"))
        if op != "absent":
            raise ValueError(f"op must match const 'absent', got '{op}'")

        polygon = []
        _polygon = d.pop("polygon")
        for polygon_item_data in _polygon:
            polygon_item = []
            _polygon_item = polygon_item_data
            for polygon_item_item_data in _polygon_item:

                def _parse_polygon_item_item(data: object) -> float:
                    return cast(float, data)

                polygon_item_item = _parse_polygon_item_item(polygon_item_item_data)

                polygon_item.append(polygon_item_item)

            polygon.append(polygon_item)

        def _parse_camera(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        camera = _parse_camera(d.pop("camera", UNSET))

        _classes = d.pop("classes", UNSET)
        classes: list[MachineClass] | Unset = UNSET
        if _classes is not UNSET:
            classes = []
            for classes_item_data in _classes:
                classes_item = MachineClass(classes_item_data)

                classes.append(classes_item)

        for_s = d.pop("for_s", UNSET)

        min_score = d.pop("min_score", UNSET)

        min_size = d.pop("min_size", UNSET)

        _made = class_(
            op=op,
            polygon=polygon,
            camera=camera,
            classes=classes,
            for_s=for_s,
            min_score=min_score,
            min_size=min_size,
        )

        return _made
