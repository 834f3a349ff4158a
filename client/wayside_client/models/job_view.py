from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.priority import Priority
from ..models.task_job_phase import TaskJobPhase

if TYPE_CHECKING:
    from ..models.coded_cause import CodedCause
    from ..models.job_order_view import JobOrderView
    from ..models.live_work import LiveWork
    from ..models.span_work import SpanWork


T = TypeVar("T", bound="JobView")


@_attrs_define
class JobView:
    """A job with its state and figures. `purpose` and `case` are None where the reader may not see the case.

    Attributes:
        agent_id (str):
        asked_at_ms (int):
        asked_by (str):
        begun_at_ms (int | None):
        camera_id (str):
        case (None | str):
        cause (str): Why it failed or waits, as its agent reports it.
        dropped (int): Pictures found that were not sent on, duplicates included.
        ended_at_ms (int | None):
        id (str):
        in_case (bool):
        name (str):
        order (JobOrderView): The newest order to a job.
        phase (TaskJobPhase): Phase of a job as the centre has it: its agent's, or why there is none.
        pictures (int): Pictures that were found so far.
        priority (Priority): Order in which an agent redacts its tasks. None of them delays a live camera.
        purpose (None | str):
        reached_ms (int | None): Capture time of the newest picture that was looked at.
        reason (CodedCause | None): The same for the reader's language.
        share (float | None): Part that is done, 0 to 1; None before the first picture.
        speed (float | None): Recorded seconds a second.
        spooled (int):
        work (LiveWork | SpanWork):
    """

    agent_id: str
    asked_at_ms: int
    asked_by: str
    begun_at_ms: int | None
    camera_id: str
    case: None | str
    cause: str
    dropped: int
    ended_at_ms: int | None
    id: str
    in_case: bool
    name: str
    order: JobOrderView
    phase: TaskJobPhase
    pictures: int
    priority: Priority
    purpose: None | str
    reached_ms: int | None
    reason: CodedCause | None
    share: float | None
    speed: float | None
    spooled: int
    work: LiveWork | SpanWork
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.coded_cause import CodedCause
        from ..models.span_work import SpanWork

        agent_id = self.agent_id

        asked_at_ms = self.asked_at_ms

        asked_by = self.asked_by

        begun_at_ms: int | None
        begun_at_ms = self.begun_at_ms

        camera_id = self.camera_id

        case: None | str
        case = self.case

        cause = self.cause

        dropped = self.dropped

        ended_at_ms: int | None
        ended_at_ms = self.ended_at_ms

        id = self.id

        in_case = self.in_case

        name = self.name

        order = self.order.to_dict()

        phase = self.phase.value

        pictures = self.pictures

        priority = self.priority.value

        purpose: None | str
        purpose = self.purpose

        reached_ms: int | None
        reached_ms = self.reached_ms

        reason: dict[str, Any] | None
        if isinstance(self.reason, CodedCause):
            reason = self.reason.to_dict()
        else:
            reason = self.reason

        share: float | None
        share = self.share

        speed: float | None
        speed = self.speed

        spooled = self.spooled

        work: dict[str, Any]
        if isinstance(self.work, SpanWork):
            work = self.work.to_dict()
        else:
            work = self.work.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "asked_at_ms": asked_at_ms,
                "asked_by": asked_by,
                "begun_at_ms": begun_at_ms,
                "camera_id": camera_id,
                "case": case,
                "cause": cause,
                "dropped": dropped,
                "ended_at_ms": ended_at_ms,
                "id": id,
                "in_case": in_case,
                "name": name,
                "order": order,
                "phase": phase,
                "pictures": pictures,
                "priority": priority,
                "purpose": purpose,
                "reached_ms": reached_ms,
                "reason": reason,
                "share": share,
                "speed": speed,
                "spooled": spooled,
                "work": work,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.coded_cause import CodedCause
        from ..models.job_order_view import JobOrderView
        from ..models.live_work import LiveWork
        from ..models.span_work import SpanWork

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        asked_at_ms = d.pop("asked_at_ms")

        asked_by = d.pop("asked_by")

        def _parse_begun_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        begun_at_ms = _parse_begun_at_ms(d.pop("begun_at_ms"))

        camera_id = d.pop("camera_id")

        def _parse_case(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        case = _parse_case(d.pop("case"))

        cause = d.pop("cause")

        dropped = d.pop("dropped")

        def _parse_ended_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        ended_at_ms = _parse_ended_at_ms(d.pop("ended_at_ms"))

        id = d.pop("id")

        in_case = d.pop("in_case")

        name = d.pop("name")

        order = JobOrderView.from_dict(d.pop("order"))

        phase = TaskJobPhase(d.pop("phase"))

        pictures = d.pop("pictures")

        priority = Priority(d.pop("priority"))

        def _parse_purpose(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        purpose = _parse_purpose(d.pop("purpose"))

        def _parse_reached_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        reached_ms = _parse_reached_ms(d.pop("reached_ms"))

        def _parse_reason(data: object) -> CodedCause | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reason_type_0 = CodedCause.from_dict(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CodedCause | None, data)

        reason = _parse_reason(d.pop("reason"))

        def _parse_share(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        share = _parse_share(d.pop("share"))

        def _parse_speed(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        speed = _parse_speed(d.pop("speed"))

        spooled = d.pop("spooled")

        def _parse_work(data: object) -> LiveWork | SpanWork:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                work_type_0 = SpanWork.from_dict(data)

                return work_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            work_type_1 = LiveWork.from_dict(data)

            return work_type_1

        work = _parse_work(d.pop("work"))

        _made = class_(
            agent_id=agent_id,
            asked_at_ms=asked_at_ms,
            asked_by=asked_by,
            begun_at_ms=begun_at_ms,
            camera_id=camera_id,
            case=case,
            cause=cause,
            dropped=dropped,
            ended_at_ms=ended_at_ms,
            id=id,
            in_case=in_case,
            name=name,
            order=order,
            phase=phase,
            pictures=pictures,
            priority=priority,
            purpose=purpose,
            reached_ms=reached_ms,
            reason=reason,
            share=share,
            speed=speed,
            spooled=spooled,
            work=work,
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
