from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.machine_class import MachineClass
from ..models.severity import Severity
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.camera_fault import CameraFault
    from ..models.composed import Composed
    from ..models.crowding import Crowding
    from ..models.hours import Hours
    from ..models.line_crossing import LineCrossing
    from ..models.motorway_lane import MotorwayLane
    from ..models.platform_fault import PlatformFault
    from ..models.standing_lookalike import StandingLookalike
    from ..models.standing_machine import StandingMachine
    from ..models.wrong_way import WrongWay
    from ..models.zone_entry import ZoneEntry


T = TypeVar("T", bound="RuleText")


@_attrs_define
class RuleText:
    """Content of one version of a rule, as its author writes it.

    Attributes:
        name (str):
        what (CameraFault | Composed | Crowding | LineCrossing | MotorwayLane | PlatformFault | StandingLookalike |
            StandingMachine | WrongWay | ZoneEntry):
        cameras (list[str] | Unset): Empty: the rule covers all cameras.
        classes (list[MachineClass] | Unset): Empty: machines of all classes.
        escalate_after_min (list[int] | Unset): Minutes until each next level while the alarm is not acknowledged.
        min_score (float | Unset):  Default: 0.4.
        min_size (float | Unset): The longer side of a machine's box, as a share of the picture's longer side. Default:
            0.0.
        quiet (Hours | Unset): Spans in a local time zone, given as minutes ahead of UTC; without spans, at no time.
        schedule (Hours | Unset): Spans in a local time zone, given as minutes ahead of UTC; without spans, at no time.
        severity (Severity | Unset): Severity of a rule's alarms.
        window_s (int | Unset): Seconds after an alarm of a camera in which further matches of the rule there are added
            to that alarm. Default: 300.
    """

    name: str
    what: (
        CameraFault
        | Composed
        | Crowding
        | LineCrossing
        | MotorwayLane
        | PlatformFault
        | StandingLookalike
        | StandingMachine
        | WrongWay
        | ZoneEntry
    )
    cameras: list[str] | Unset = UNSET
    classes: list[MachineClass] | Unset = UNSET
    escalate_after_min: list[int] | Unset = UNSET
    min_score: float | Unset = 0.4
    min_size: float | Unset = 0.0
    quiet: Hours | Unset = UNSET
    schedule: Hours | Unset = UNSET
    severity: Severity | Unset = UNSET
    window_s: int | Unset = 300

    def to_dict(self) -> dict[str, Any]:
        from ..models.camera_fault import CameraFault
        from ..models.crowding import Crowding
        from ..models.line_crossing import LineCrossing
        from ..models.motorway_lane import MotorwayLane
        from ..models.platform_fault import PlatformFault
        from ..models.standing_lookalike import StandingLookalike
        from ..models.standing_machine import StandingMachine
        from ..models.wrong_way import WrongWay
        from ..models.zone_entry import ZoneEntry

        name = self.name

        what: dict[str, Any]
        if (
            isinstance(self.what, ZoneEntry)
            or isinstance(self.what, MotorwayLane)
            or isinstance(self.what, StandingMachine)
            or isinstance(self.what, LineCrossing)
            or isinstance(self.what, WrongWay)
            or isinstance(self.what, Crowding)
            or isinstance(self.what, CameraFault)
            or isinstance(self.what, PlatformFault)
            or isinstance(self.what, StandingLookalike)
        ):
            what = self.what.to_dict()
        else:
            what = self.what.to_dict()

        cameras: list[str] | Unset = UNSET
        if not isinstance(self.cameras, Unset):
            cameras = self.cameras

        classes: list[str] | Unset = UNSET
        if not isinstance(self.classes, Unset):
            classes = []
            for classes_item_data in self.classes:
                classes_item = classes_item_data.value
                classes.append(classes_item)

        escalate_after_min: list[int] | Unset = UNSET
        if not isinstance(self.escalate_after_min, Unset):
            escalate_after_min = self.escalate_after_min

        min_score = self.min_score

        min_size = self.min_size

        quiet: dict[str, Any] | Unset = UNSET
        if not isinstance(self.quiet, Unset):
            quiet = self.quiet.to_dict()

        schedule: dict[str, Any] | Unset = UNSET
        if not isinstance(self.schedule, Unset):
            schedule = self.schedule.to_dict()

        severity: str | Unset = UNSET
        if not isinstance(self.severity, Unset):
            severity = self.severity.value

        window_s = self.window_s

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "what": what,
            }
        )
        if cameras is not UNSET:
            field_dict["cameras"] = cameras
        if classes is not UNSET:
            field_dict["classes"] = classes
        if escalate_after_min is not UNSET:
            field_dict["escalate_after_min"] = escalate_after_min
        if min_score is not UNSET:
            field_dict["min_score"] = min_score
        if min_size is not UNSET:
            field_dict["min_size"] = min_size
        if quiet is not UNSET:
            field_dict["quiet"] = quiet
        if schedule is not UNSET:
            field_dict["schedule"] = schedule
        if severity is not UNSET:
            field_dict["severity"] = severity
        if window_s is not UNSET:
            field_dict["window_s"] = window_s

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.camera_fault import CameraFault
        from ..models.composed import Composed
        from ..models.crowding import Crowding
        from ..models.hours import Hours
        from ..models.line_crossing import LineCrossing
        from ..models.motorway_lane import MotorwayLane
        from ..models.platform_fault import PlatformFault
        from ..models.standing_lookalike import StandingLookalike
        from ..models.standing_machine import StandingMachine
        from ..models.wrong_way import WrongWay
        from ..models.zone_entry import ZoneEntry

        d = dict(src_dict)
        name = d.pop("name")

        def _parse_what(
            data: object,
        ) -> (
            CameraFault
            | Composed
            | Crowding
            | LineCrossing
            | MotorwayLane
            | PlatformFault
            | StandingLookalike
            | StandingMachine
            | WrongWay
            | ZoneEntry
        ):
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
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                what_type_4 = WrongWay.from_dict(data)

                return what_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                what_type_5 = Crowding.from_dict(data)

                return what_type_5
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                what_type_6 = CameraFault.from_dict(data)

                return what_type_6
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                what_type_7 = PlatformFault.from_dict(data)

                return what_type_7
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                what_type_8 = StandingLookalike.from_dict(data)

                return what_type_8
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            what_type_9 = Composed.from_dict(data)

            return what_type_9

        what = _parse_what(d.pop("what"))

        cameras = cast(list[str], d.pop("cameras", UNSET))

        _classes = d.pop("classes", UNSET)
        classes: list[MachineClass] | Unset = UNSET
        if _classes is not UNSET:
            classes = []
            for classes_item_data in _classes:
                classes_item = MachineClass(classes_item_data)

                classes.append(classes_item)

        escalate_after_min = cast(list[int], d.pop("escalate_after_min", UNSET))

        min_score = d.pop("min_score", UNSET)

        min_size = d.pop("min_size", UNSET)

        _quiet = d.pop("quiet", UNSET)
        quiet: Hours | Unset
        if isinstance(_quiet, Unset):
            quiet = UNSET
        else:
            quiet = Hours.from_dict(_quiet)

        _schedule = d.pop("schedule", UNSET)
        schedule: Hours | Unset
        if isinstance(_schedule, Unset):
            schedule = UNSET
        else:
            schedule = Hours.from_dict(_schedule)

        _severity = d.pop("severity", UNSET)
        severity: Severity | Unset
        if isinstance(_severity, Unset):
            severity = UNSET
        else:
            severity = Severity(_severity)

        window_s = d.pop("window_s", UNSET)

        _made = class_(
            name=name,
            what=what,
            cameras=cameras,
            classes=classes,
            escalate_after_min=escalate_after_min,
            min_score=min_score,
            min_size=min_size,
            quiet=quiet,
            schedule=schedule,
            severity=severity,
            window_s=window_s,
        )

        return _made
