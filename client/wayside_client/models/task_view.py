from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.lane import Lane
from ..models.priority import Priority
from ..models.task_kind import TaskKind
from ..models.task_state import TaskState
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.coded_cause import CodedCause
    from ..models.recording_progress import RecordingProgress
    from ..models.task_order_view import TaskOrderView


T = TypeVar("T", bound="TaskView")


@_attrs_define
class TaskView:
    """A parse task, its state and its figures.

    Attributes:
        agent_id (str):
        archived (int | None):
        archived_per_s (float | None):
        asked (None | TaskOrderView):
        camera_id (str):
        cause (str): Cause of the state, as the agent reports it.
        dropped (int | None):
        kind (TaskKind): Kind of source that a task's pictures come from.
        lane (Lane | None):
        name (str):
        priority (None | Priority): Priority among the tasks of its agent, as the agent reports it; None where it takes
            no orders.
        progress (None | RecordingProgress):
        selected_per_s (float | None):
        state (TaskState): State of a task.
        waiting (int | None): Pictures selected and not archived yet: with the redactor, in the spool, or under way.
        code (str | Unset): The cause in one word. Default: ''.
        reason (CodedCause | None | Unset): The cause for the reader's language.
    """

    agent_id: str
    archived: int | None
    archived_per_s: float | None
    asked: None | TaskOrderView
    camera_id: str
    cause: str
    dropped: int | None
    kind: TaskKind
    lane: Lane | None
    name: str
    priority: None | Priority
    progress: None | RecordingProgress
    selected_per_s: float | None
    state: TaskState
    waiting: int | None
    code: str | Unset = ""
    reason: CodedCause | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.coded_cause import CodedCause
        from ..models.recording_progress import RecordingProgress
        from ..models.task_order_view import TaskOrderView

        agent_id = self.agent_id

        archived: int | None
        archived = self.archived

        archived_per_s: float | None
        archived_per_s = self.archived_per_s

        asked: dict[str, Any] | None
        if isinstance(self.asked, TaskOrderView):
            asked = self.asked.to_dict()
        else:
            asked = self.asked

        camera_id = self.camera_id

        cause = self.cause

        dropped: int | None
        dropped = self.dropped

        kind = self.kind.value

        lane: None | str
        if isinstance(self.lane, Lane):
            lane = self.lane.value
        else:
            lane = self.lane

        name = self.name

        priority: None | str
        if isinstance(self.priority, Priority):
            priority = self.priority.value
        else:
            priority = self.priority

        progress: dict[str, Any] | None
        if isinstance(self.progress, RecordingProgress):
            progress = self.progress.to_dict()
        else:
            progress = self.progress

        selected_per_s: float | None
        selected_per_s = self.selected_per_s

        state = self.state.value

        waiting: int | None
        waiting = self.waiting

        code = self.code

        reason: dict[str, Any] | None | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        elif isinstance(self.reason, CodedCause):
            reason = self.reason.to_dict()
        else:
            reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "archived": archived,
                "archived_per_s": archived_per_s,
                "asked": asked,
                "camera_id": camera_id,
                "cause": cause,
                "dropped": dropped,
                "kind": kind,
                "lane": lane,
                "name": name,
                "priority": priority,
                "progress": progress,
                "selected_per_s": selected_per_s,
                "state": state,
                "waiting": waiting,
            }
        )
        if code is not UNSET:
            field_dict["code"] = code
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.coded_cause import CodedCause
        from ..models.recording_progress import RecordingProgress
        from ..models.task_order_view import TaskOrderView

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        def _parse_archived(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        archived = _parse_archived(d.pop("archived"))

        def _parse_archived_per_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        archived_per_s = _parse_archived_per_s(d.pop("archived_per_s"))

        def _parse_asked(data: object) -> None | TaskOrderView:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                asked_type_0 = TaskOrderView.from_dict(data)

                return asked_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TaskOrderView, data)

        asked = _parse_asked(d.pop("asked"))

        camera_id = d.pop("camera_id")

        cause = d.pop("cause")

        def _parse_dropped(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        dropped = _parse_dropped(d.pop("dropped"))

        kind = TaskKind(d.pop("kind"))

        def _parse_lane(data: object) -> Lane | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                lane_type_0 = Lane(data)

                return lane_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Lane | None, data)

        lane = _parse_lane(d.pop("lane"))

        name = d.pop("name")

        def _parse_priority(data: object) -> None | Priority:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                priority_type_0 = Priority(data)

                return priority_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Priority, data)

        priority = _parse_priority(d.pop("priority"))

        def _parse_progress(data: object) -> None | RecordingProgress:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                progress_type_0 = RecordingProgress.from_dict(data)

                return progress_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RecordingProgress, data)

        progress = _parse_progress(d.pop("progress"))

        def _parse_selected_per_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        selected_per_s = _parse_selected_per_s(d.pop("selected_per_s"))

        state = TaskState(d.pop("state"))

        def _parse_waiting(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        waiting = _parse_waiting(d.pop("waiting"))

        code = d.pop("code", UNSET)

        def _parse_reason(data: object) -> CodedCause | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reason_type_0 = CodedCause.from_dict(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CodedCause | None | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        _made = class_(
            agent_id=agent_id,
            archived=archived,
            archived_per_s=archived_per_s,
            asked=asked,
            camera_id=camera_id,
            cause=cause,
            dropped=dropped,
            kind=kind,
            lane=lane,
            name=name,
            priority=priority,
            progress=progress,
            selected_per_s=selected_per_s,
            state=state,
            waiting=waiting,
            code=code,
            reason=reason,
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
