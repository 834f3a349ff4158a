from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.machine_class import MachineClass
from ..models.machine_colour import MachineColour

if TYPE_CHECKING:
    from ..models.box import Box


T = TypeVar("T", bound="MachineView")


@_attrs_define
class MachineView:
    """A machine of one observation; `box` is in pixels of its picture.

    Attributes:
        box (Box): An axis-aligned rectangle in pixels, `x1`/`y1` exclusive.
        cls (MachineClass): Class of a detected machine. Closed, and without a person on purpose.
        colour (MachineColour | None):
        heading_deg (float | None): Direction in the picture, 0 up, 90 right; None: it stood, or was not tracked.
        index (int):
        score (float):
        zones (list[str]):
    """

    box: Box
    cls: MachineClass
    colour: MachineColour | None
    heading_deg: float | None
    index: int
    score: float
    zones: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        box = self.box.to_dict()

        cls = self.cls.value

        colour: None | str
        if isinstance(self.colour, MachineColour):
            colour = self.colour.value
        else:
            colour = self.colour

        heading_deg: float | None
        heading_deg = self.heading_deg

        index = self.index

        score = self.score

        zones = self.zones

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "box": box,
                "cls": cls,
                "colour": colour,
                "heading_deg": heading_deg,
                "index": index,
                "score": score,
                "zones": zones,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.box import Box

        d = dict(src_dict)
        box = Box.from_dict(d.pop("box"))

        cls = MachineClass(d.pop("cls"))

        def _parse_colour(data: object) -> MachineColour | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                colour_type_0 = MachineColour(data)

                return colour_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MachineColour | None, data)

        colour = _parse_colour(d.pop("colour"))

        def _parse_heading_deg(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        heading_deg = _parse_heading_deg(d.pop("heading_deg"))

        index = d.pop("index")

        score = d.pop("score")

        zones = cast(list[str], d.pop("zones"))

        _made = class_(
            box=box,
            cls=cls,
            colour=colour,
            heading_deg=heading_deg,
            index=index,
            score=score,
            zones=zones,
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
