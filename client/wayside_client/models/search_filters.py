from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.machine_class import MachineClass
from ..models.machine_colour import MachineColour
from ..types import UNSET, Unset

T = TypeVar("T", bound="SearchFilters")


@_attrs_define
class SearchFilters:
    """Filters that narrow a search; those left empty are as in the case. Machine classes alone.

    Attributes:
        cameras (list[str] | Unset): Cameras of the area; empty: all of them.
        cls (list[MachineClass] | Unset): Empty: the sought class and those it is taken for.
        colours (list[MachineColour] | Unset): Empty: any; else machines of unknown colour are not found.
        from_ms (int | None | Unset):
        limit (int | Unset):  Default: 60.
        to_ms (int | None | Unset):
    """

    cameras: list[str] | Unset = UNSET
    cls: list[MachineClass] | Unset = UNSET
    colours: list[MachineColour] | Unset = UNSET
    from_ms: int | None | Unset = UNSET
    limit: int | Unset = 60
    to_ms: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        cameras: list[str] | Unset = UNSET
        if not isinstance(self.cameras, Unset):
            cameras = self.cameras

        cls: list[str] | Unset = UNSET
        if not isinstance(self.cls, Unset):
            cls = []
            for cls_item_data in self.cls:
                cls_item = cls_item_data.value
                cls.append(cls_item)

        colours: list[str] | Unset = UNSET
        if not isinstance(self.colours, Unset):
            colours = []
            for colours_item_data in self.colours:
                colours_item = colours_item_data.value
                colours.append(colours_item)

        from_ms: int | None | Unset
        if isinstance(self.from_ms, Unset):
            from_ms = UNSET
        else:
            from_ms = self.from_ms

        limit = self.limit

        to_ms: int | None | Unset
        if isinstance(self.to_ms, Unset):
            to_ms = UNSET
        else:
            to_ms = self.to_ms

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if cameras is not UNSET:
            field_dict["cameras"] = cameras
        if cls is not UNSET:
            field_dict["cls"] = cls
        if colours is not UNSET:
            field_dict["colours"] = colours
        if from_ms is not UNSET:
            field_dict["from_ms"] = from_ms
        if limit is not UNSET:
            field_dict["limit"] = limit
        if to_ms is not UNSET:
            field_dict["to_ms"] = to_ms

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        cameras = cast(list[str], d.pop("cameras", UNSET))

        _cls = d.pop("cls", UNSET)
        cls: list[MachineClass] | Unset = UNSET
        if _cls is not UNSET:
            cls = []
            for cls_item_data in _cls:
                cls_item = MachineClass(cls_item_data)

                cls.append(cls_item)

        _colours = d.pop("colours", UNSET)
        colours: list[MachineColour] | Unset = UNSET
        if _colours is not UNSET:
            colours = []
            for colours_item_data in _colours:
                colours_item = MachineColour(colours_item_data)

                colours.append(colours_item)

        def _parse_from_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        from_ms = _parse_from_ms(d.pop("from_ms", UNSET))

        limit = d.pop("limit", UNSET)

        def _parse_to_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        to_ms = _parse_to_ms(d.pop("to_ms", UNSET))

        _made = class_(
            cameras=cameras,
            cls=cls,
            colours=colours,
            from_ms=from_ms,
            limit=limit,
            to_ms=to_ms,
        )

        return _made
