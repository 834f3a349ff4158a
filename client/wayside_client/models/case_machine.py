from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.machine_class import MachineClass
from ..models.machine_colour import MachineColour

if TYPE_CHECKING:
    from ..models.box import Box


T = TypeVar("T", bound="CaseMachine")


@_attrs_define
class CaseMachine:
    """A machine of an archived observation; `box` is in pixels of its picture.

    Attributes:
        agent_id (str):
        box (Box): An axis-aligned rectangle in pixels, `x1`/`y1` exclusive.
        camera_id (str):
        captured_at_ms (int):
        cls (MachineClass): Class of a detected machine. Closed, and without a person on purpose.
        colour (MachineColour | None):
        index (int):
        row_key (str):
    """

    agent_id: str
    box: Box
    camera_id: str
    captured_at_ms: int
    cls: MachineClass
    colour: MachineColour | None
    index: int
    row_key: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        box = self.box.to_dict()

        camera_id = self.camera_id

        captured_at_ms = self.captured_at_ms

        cls = self.cls.value

        colour: None | str
        if isinstance(self.colour, MachineColour):
            colour = self.colour.value
        else:
            colour = self.colour

        index = self.index

        row_key = self.row_key

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "box": box,
                "camera_id": camera_id,
                "captured_at_ms": captured_at_ms,
                "cls": cls,
                "colour": colour,
                "index": index,
                "row_key": row_key,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.box import Box

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        box = Box.from_dict(d.pop("box"))

        camera_id = d.pop("camera_id")

        captured_at_ms = d.pop("captured_at_ms")

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

        index = d.pop("index")

        row_key = d.pop("row_key")

        _made = class_(
            agent_id=agent_id,
            box=box,
            camera_id=camera_id,
            captured_at_ms=captured_at_ms,
            cls=cls,
            colour=colour,
            index=index,
            row_key=row_key,
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
