from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.lane_view import LaneView
    from ..models.task_list_at_work_type_0 import TaskListAtWorkType0
    from ..models.task_view import TaskView


T = TypeVar("T", bound="TaskList")


@_attrs_define
class TaskList:
    """The tasks in sight. `lanes` and `at_work` (pictures by deployment) are None where the intake does not answer.

    Attributes:
        at_ms (int):
        at_work (None | TaskListAtWorkType0):
        lanes (list[LaneView] | None):
        parsers (int | None):
        tasks (list[TaskView]):
    """

    at_ms: int
    at_work: None | TaskListAtWorkType0
    lanes: list[LaneView] | None
    parsers: int | None
    tasks: list[TaskView]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.task_list_at_work_type_0 import TaskListAtWorkType0

        at_ms = self.at_ms

        at_work: dict[str, Any] | None
        if isinstance(self.at_work, TaskListAtWorkType0):
            at_work = self.at_work.to_dict()
        else:
            at_work = self.at_work

        lanes: list[dict[str, Any]] | None
        if isinstance(self.lanes, list):
            lanes = []
            for lanes_type_0_item_data in self.lanes:
                lanes_type_0_item = lanes_type_0_item_data.to_dict()
                lanes.append(lanes_type_0_item)

        else:
            lanes = self.lanes

        parsers: int | None
        parsers = self.parsers

        tasks = []
        for tasks_item_data in self.tasks:
            tasks_item = tasks_item_data.to_dict()
            tasks.append(tasks_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at_ms": at_ms,
                "at_work": at_work,
                "lanes": lanes,
                "parsers": parsers,
                "tasks": tasks,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.lane_view import LaneView
        from ..models.task_list_at_work_type_0 import TaskListAtWorkType0
        from ..models.task_view import TaskView

        d = dict(src_dict)
        at_ms = d.pop("at_ms")

        def _parse_at_work(data: object) -> None | TaskListAtWorkType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                at_work_type_0 = TaskListAtWorkType0.from_dict(data)

                return at_work_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TaskListAtWorkType0, data)

        at_work = _parse_at_work(d.pop("at_work"))

        def _parse_lanes(data: object) -> list[LaneView] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                lanes_type_0 = []
                _lanes_type_0 = data
                for lanes_type_0_item_data in _lanes_type_0:
                    lanes_type_0_item = LaneView.from_dict(lanes_type_0_item_data)

                    lanes_type_0.append(lanes_type_0_item)

                return lanes_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[LaneView] | None, data)

        lanes = _parse_lanes(d.pop("lanes"))

        def _parse_parsers(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        parsers = _parse_parsers(d.pop("parsers"))

        tasks = []
        _tasks = d.pop("tasks")
        for tasks_item_data in _tasks:
            tasks_item = TaskView.from_dict(tasks_item_data)

            tasks.append(tasks_item)

        _made = class_(
            at_ms=at_ms,
            at_work=at_work,
            lanes=lanes,
            parsers=parsers,
            tasks=tasks,
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
