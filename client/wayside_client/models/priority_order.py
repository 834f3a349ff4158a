from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..models.priority import Priority

T = TypeVar("T", bound="PriorityOrder")


@_attrs_define
class PriorityOrder:
    """The priority among the tasks of one agent.

    Attributes:
        priority (Priority): Order in which an agent redacts its tasks. None of them delays a live camera.
    """

    priority: Priority

    def to_dict(self) -> dict[str, Any]:
        priority = self.priority.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "priority": priority,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        priority = Priority(d.pop("priority"))

        _made = class_(
            priority=priority,
        )

        return _made
