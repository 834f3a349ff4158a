from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.machine_class import MachineClass
from ..models.machine_colour import MachineColour
from ..types import UNSET, Unset

T = TypeVar("T", bound="Filters")


@_attrs_define
class Filters:
    """Filters of a search. Times are capture times, `from_ms` inclusive, `to_ms` exclusive.

    Attributes:
        area (None | str | Unset): Polygon; a camera counts if its position, as its agent or the register has it, lies
            inside.
        brightness_above (float | None | Unset):
        brightness_below (float | None | Unset):
        camera_id (list[str] | Unset):
        case_id (None | str | Unset): The case of the query: roles in one case alone count only where it is named.
        cls (list[MachineClass] | Unset):
        colour (list[MachineColour] | Unset): A machine of unknown colour matches none of them.
        contrast_above (float | None | Unset): Bounds the picture's scores, 0 useless to 1 good; both bounds are
            exclusive.
        contrast_below (float | None | Unset):
        cursor (None | str | Unset):
        from_ms (int | None | Unset):
        heading_deg (float | None | Unset): Direction of travel in the picture, 0 up, 90 right; of a machine that the
            edge followed and that moved.
        heading_within_deg (float | Unset):  Default: 45.0.
        limit (int | Unset):  Default: 50.
        low_quality (bool | Unset): True: only pictures with at least one score below `LOW_QUALITY`. Default: False.
        max_share (float | None | Unset): Bounds the share of the picture that a machine's box takes.
        max_side_px (int | None | Unset): Bounds the shorter side of a machine's box.
        min_share (float | None | Unset):
        min_side_px (int | None | Unset):
        purpose (None | str | Unset): Purpose of the query, for the audit.
        sharpness_above (float | None | Unset):
        sharpness_below (float | None | Unset):
        to_ms (int | None | Unset):
        zone (list[str] | Unset): Zones of the cameras' configuration in which the edge saw a followed machine.
    """

    area: None | str | Unset = UNSET
    brightness_above: float | None | Unset = UNSET
    brightness_below: float | None | Unset = UNSET
    camera_id: list[str] | Unset = UNSET
    case_id: None | str | Unset = UNSET
    cls: list[MachineClass] | Unset = UNSET
    colour: list[MachineColour] | Unset = UNSET
    contrast_above: float | None | Unset = UNSET
    contrast_below: float | None | Unset = UNSET
    cursor: None | str | Unset = UNSET
    from_ms: int | None | Unset = UNSET
    heading_deg: float | None | Unset = UNSET
    heading_within_deg: float | Unset = 45.0
    limit: int | Unset = 50
    low_quality: bool | Unset = False
    max_share: float | None | Unset = UNSET
    max_side_px: int | None | Unset = UNSET
    min_share: float | None | Unset = UNSET
    min_side_px: int | None | Unset = UNSET
    purpose: None | str | Unset = UNSET
    sharpness_above: float | None | Unset = UNSET
    sharpness_below: float | None | Unset = UNSET
    to_ms: int | None | Unset = UNSET
    zone: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        area: None | str | Unset
        if isinstance(self.area, Unset):
            area = UNSET
        else:
            area = self.area

        brightness_above: float | None | Unset
        if isinstance(self.brightness_above, Unset):
            brightness_above = UNSET
        else:
            brightness_above = self.brightness_above

        brightness_below: float | None | Unset
        if isinstance(self.brightness_below, Unset):
            brightness_below = UNSET
        else:
            brightness_below = self.brightness_below

        camera_id: list[str] | Unset = UNSET
        if not isinstance(self.camera_id, Unset):
            camera_id = self.camera_id

        case_id: None | str | Unset
        if isinstance(self.case_id, Unset):
            case_id = UNSET
        else:
            case_id = self.case_id

        cls: list[str] | Unset = UNSET
        if not isinstance(self.cls, Unset):
            cls = []
            for cls_item_data in self.cls:
                cls_item = cls_item_data.value
                cls.append(cls_item)

        colour: list[str] | Unset = UNSET
        if not isinstance(self.colour, Unset):
            colour = []
            for colour_item_data in self.colour:
                colour_item = colour_item_data.value
                colour.append(colour_item)

        contrast_above: float | None | Unset
        if isinstance(self.contrast_above, Unset):
            contrast_above = UNSET
        else:
            contrast_above = self.contrast_above

        contrast_below: float | None | Unset
        if isinstance(self.contrast_below, Unset):
            contrast_below = UNSET
        else:
            contrast_below = self.contrast_below

        cursor: None | str | Unset
        if isinstance(self.cursor, Unset):
            cursor = UNSET
        else:
            cursor = self.cursor

        from_ms: int | None | Unset
        if isinstance(self.from_ms, Unset):
            from_ms = UNSET
        else:
            from_ms = self.from_ms

        heading_deg: float | None | Unset
        if isinstance(self.heading_deg, Unset):
            heading_deg = UNSET
        else:
            heading_deg = self.heading_deg

        heading_within_deg = self.heading_within_deg

        limit = self.limit

        low_quality = self.low_quality

        max_share: float | None | Unset
        if isinstance(self.max_share, Unset):
            max_share = UNSET
        else:
            max_share = self.max_share

        max_side_px: int | None | Unset
        if isinstance(self.max_side_px, Unset):
            max_side_px = UNSET
        else:
            max_side_px = self.max_side_px

        min_share: float | None | Unset
        if isinstance(self.min_share, Unset):
            min_share = UNSET
        else:
            min_share = self.min_share

        min_side_px: int | None | Unset
        if isinstance(self.min_side_px, Unset):
            min_side_px = UNSET
        else:
            min_side_px = self.min_side_px

        purpose: None | str | Unset
        if isinstance(self.purpose, Unset):
            purpose = UNSET
        else:
            purpose = self.purpose

        sharpness_above: float | None | Unset
        if isinstance(self.sharpness_above, Unset):
            sharpness_above = UNSET
        else:
            sharpness_above = self.sharpness_above

        sharpness_below: float | None | Unset
        if isinstance(self.sharpness_below, Unset):
            sharpness_below = UNSET
        else:
            sharpness_below = self.sharpness_below

        to_ms: int | None | Unset
        if isinstance(self.to_ms, Unset):
            to_ms = UNSET
        else:
            to_ms = self.to_ms

        zone: list[str] | Unset = UNSET
        if not isinstance(self.zone, Unset):
            zone = self.zone

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if area is not UNSET:
            field_dict["area"] = area
        if brightness_above is not UNSET:
            field_dict["brightness_above"] = brightness_above
        if brightness_below is not UNSET:
            field_dict["brightness_below"] = brightness_below
        if camera_id is not UNSET:
            field_dict["camera_id"] = camera_id
        if case_id is not UNSET:
            field_dict["case_id"] = case_id
        if cls is not UNSET:
            field_dict["cls"] = cls
        if colour is not UNSET:
            field_dict["colour"] = colour
        if contrast_above is not UNSET:
            field_dict["contrast_above"] = contrast_above
        if contrast_below is not UNSET:
            field_dict["contrast_below"] = contrast_below
        if cursor is not UNSET:
            field_dict["cursor"] = cursor
        if from_ms is not UNSET:
            field_dict["from_ms"] = from_ms
        if heading_deg is not UNSET:
            field_dict["heading_deg"] = heading_deg
        if heading_within_deg is not UNSET:
            field_dict["heading_within_deg"] = heading_within_deg
        if limit is not UNSET:
            field_dict["limit"] = limit
        if low_quality is not UNSET:
            field_dict["low_quality"] = low_quality
        if max_share is not UNSET:
            field_dict["max_share"] = max_share
        if max_side_px is not UNSET:
            field_dict["max_side_px"] = max_side_px
        if min_share is not UNSET:
            field_dict["min_share"] = min_share
        if min_side_px is not UNSET:
            field_dict["min_side_px"] = min_side_px
        if purpose is not UNSET:
            field_dict["purpose"] = purpose
        if sharpness_above is not UNSET:
            field_dict["sharpness_above"] = sharpness_above
        if sharpness_below is not UNSET:
            field_dict["sharpness_below"] = sharpness_below
        if to_ms is not UNSET:
            field_dict["to_ms"] = to_ms
        if zone is not UNSET:
            field_dict["zone"] = zone

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_area(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        area = _parse_area(d.pop("area", UNSET))

        def _parse_brightness_above(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        brightness_above = _parse_brightness_above(d.pop("brightness_above", UNSET))

        def _parse_brightness_below(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        brightness_below = _parse_brightness_below(d.pop("brightness_below", UNSET))

        camera_id = cast(list[str], d.pop("camera_id", UNSET))

        def _parse_case_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        case_id = _parse_case_id(d.pop("case_id", UNSET))

        _cls = d.pop("cls", UNSET)
        cls: list[MachineClass] | Unset = UNSET
        if _cls is not UNSET:
            cls = []
            for cls_item_data in _cls:
                cls_item = MachineClass(cls_item_data)

                cls.append(cls_item)

        _colour = d.pop("colour", UNSET)
        colour: list[MachineColour] | Unset = UNSET
        if _colour is not UNSET:
            colour = []
            for colour_item_data in _colour:
                colour_item = MachineColour(colour_item_data)

                colour.append(colour_item)

        def _parse_contrast_above(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        contrast_above = _parse_contrast_above(d.pop("contrast_above", UNSET))

        def _parse_contrast_below(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        contrast_below = _parse_contrast_below(d.pop("contrast_below", UNSET))

        def _parse_cursor(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        cursor = _parse_cursor(d.pop("cursor", UNSET))

        def _parse_from_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        from_ms = _parse_from_ms(d.pop("from_ms", UNSET))

        def _parse_heading_deg(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        heading_deg = _parse_heading_deg(d.pop("heading_deg", UNSET))

        heading_within_deg = d.pop("heading_within_deg", UNSET)

        limit = d.pop("limit", UNSET)

        low_quality = d.pop("low_quality", UNSET)

        def _parse_max_share(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        max_share = _parse_max_share(d.pop("max_share", UNSET))

        def _parse_max_side_px(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_side_px = _parse_max_side_px(d.pop("max_side_px", UNSET))

        def _parse_min_share(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        min_share = _parse_min_share(d.pop("min_share", UNSET))

        def _parse_min_side_px(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        min_side_px = _parse_min_side_px(d.pop("min_side_px", UNSET))

        def _parse_purpose(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        purpose = _parse_purpose(d.pop("purpose", UNSET))

        def _parse_sharpness_above(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        sharpness_above = _parse_sharpness_above(d.pop("sharpness_above", UNSET))

        def _parse_sharpness_below(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        sharpness_below = _parse_sharpness_below(d.pop("sharpness_below", UNSET))

        def _parse_to_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        to_ms = _parse_to_ms(d.pop("to_ms", UNSET))

        zone = cast(list[str], d.pop("zone", UNSET))

        _made = class_(
            area=area,
            brightness_above=brightness_above,
            brightness_below=brightness_below,
            camera_id=camera_id,
            case_id=case_id,
            cls=cls,
            colour=colour,
            contrast_above=contrast_above,
            contrast_below=contrast_below,
            cursor=cursor,
            from_ms=from_ms,
            heading_deg=heading_deg,
            heading_within_deg=heading_within_deg,
            limit=limit,
            low_quality=low_quality,
            max_share=max_share,
            max_side_px=max_side_px,
            min_share=min_share,
            min_side_px=min_side_px,
            purpose=purpose,
            sharpness_above=sharpness_above,
            sharpness_below=sharpness_below,
            to_ms=to_ms,
            zone=zone,
        )

        return _made
