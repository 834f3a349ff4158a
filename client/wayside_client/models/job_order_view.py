from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.job_hold import JobHold
from ..models.order_state import OrderState
from ..models.priority import Priority
from ..models.verb import Verb
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.coded_cause import CodedCause


T = TypeVar("T", bound="JobOrderView")


@_attrs_define
class JobOrderView:
    """The newest order to a job.

    Attributes:
        at_ms (int):
        by (str):
        priority (None | Priority):
        state (OrderState): State of an order.
        verb (Verb): Command to a task or a job. Closed on purpose.
        cause (str | Unset): The agent's cause, where it refused. Default: ''.
        hold (JobHold | None | Unset):
        reason (CodedCause | None | Unset): The same for the reader's language.
    """

    at_ms: int
    by: str
    priority: None | Priority
    state: OrderState
    verb: Verb
    cause: str | Unset = ""
    hold: JobHold | None | Unset = UNSET
    reason: CodedCause | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.coded_cause import CodedCause

        at_ms = self.at_ms

        by = self.by

        priority: None | str
        if isinstance(self.priority, Priority):
            priority = self.priority.value
        else:
            priority = self.priority

        state = self.state.value

        verb = self.verb.value

        cause = self.cause

        hold: None | str | Unset
        if isinstance(self.hold, Unset):
            hold = UNSET
        elif isinstance(self.hold, JobHold):
            hold = self.hold.value
        else:
            hold = self.hold

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
                "at_ms": at_ms,
                "by": by,
                "priority": priority,
                "state": state,
                "verb": verb,
            }
        )
        if cause is not UNSET:
            field_dict["cause"] = cause
        if hold is not UNSET:
            field_dict["hold"] = hold
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.coded_cause import CodedCause

        d = dict(src_dict)
        at_ms = d.pop("at_ms")

        by = d.pop("by")

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

        state = OrderState(d.pop("state"))

        verb = Verb(d.pop("verb"))

        cause = d.pop("cause", UNSET)

        def _parse_hold(data: object) -> JobHold | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                hold_type_0 = JobHold(data)

                return hold_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(JobHold | None | Unset, data)

        hold = _parse_hold(d.pop("hold", UNSET))

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
            at_ms=at_ms,
            by=by,
            priority=priority,
            state=state,
            verb=verb,
            cause=cause,
            hold=hold,
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
