from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.machine_class import MachineClass
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.line_crossing import LineCrossing
    from ..models.motorway_lane import MotorwayLane
    from ..models.standing_machine import StandingMachine
    from ..models.wrong_way import WrongWay
    from ..models.zone_entry import ZoneEntry


T = TypeVar("T", bound="Seen")


@_attrs_define
class Seen:
    """A machine does what a rule of one condition finds.

    Attributes:
        op (Literal['seen']):
        what (LineCrossing | MotorwayLane | StandingMachine | WrongWay | ZoneEntry):
        camera (None | str | Unset): One of the rule's cameras where the rule is about a place; None where it is about
            each camera by itself.
        classes (list[MachineClass] | Unset): Empty: machines of all classes.
        min_score (float | Unset):  Default: 0.4.
        min_size (float | Unset): The longer side of a machine's box, as a share of the picture's longer side. Default:
            0.0.
    """

    op: Literal["seen"]
    what: LineCrossing | MotorwayLane | StandingMachine | WrongWay | ZoneEntry
    camera: None | str | Unset = UNSET
    classes: list[MachineClass] | Unset = UNSET
    min_score: float | Unset = 0.4
    min_size: float | Unset = 0.0

    def to_dict(self) -> dict[str, Any]:
        from ..models.line_crossing import LineCrossing
        from ..models.motorway_lane import MotorwayLane
        from ..models.standing_machine import StandingMachine
        from ..models.zone_entry import ZoneEntry

        op = self.op

        what: dict[str, Any]
        if (
            isinstance(self.what, ZoneEntry)
            or isinstance(self.what, MotorwayLane)
            or isinstance(self.what, StandingMachine)
            or isinstance(self.what, LineCrossing)
        ):
            what = self.what.to_dict()
        else:
            what = self.what.to_dict()

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

        min_score = self.min_score

        min_size = self.min_size

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "op": op,
                "what": what,
            }
        )
        if camera is not UNSET:
            field_dict["camera"] = camera
        if classes is not UNSET:
            field_dict["classes"] = classes
        if min_score is not UNSET:
            field_dict["min_score"] = min_score
        if min_size is not UNSET:
            field_dict["min_size"] = min_size

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.line_crossing import LineCrossing
        from ..models.motorway_lane import MotorwayLane
        from ..models.standing_machine import StandingMachine
        from ..models.wrong_way import WrongWay
        from ..models.zone_entry import ZoneEntry

        d = dict(src_dict)
        op = cast(Literal["seen"], d.pop("op"))
        if op != "seen":
            raise ValueError(f"op must match const 'seen', got '{op}'")

        def _parse_what(data: object) -> LineCrossing | MotorwayLane | StandingMachine | WrongWay | ZoneEntry:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                what_type_0 = ZoneEntry.from_dict(data)

                return what_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                what_type_1 = MotorwayLane.from_dict(data)

                return what_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                what_type_2 = StandingMachine.from_dict(data)

                return what_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                what_type_3 = LineCrossing.from_dict(data)

                return what_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            what_type_4 = WrongWay.from_dict(data)

            return what_type_4

        what = _parse_what(d.pop("what"))

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

        min_score = d.pop("min_score", UNSET)

        min_size = d.pop("min_size", UNSET)

        _made = class_(
            op=op,
            what=what,
            camera=camera,
            classes=classes,
            min_score=min_score,
            min_size=min_size,
        )

        return _made
