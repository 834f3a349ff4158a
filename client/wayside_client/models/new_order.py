from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="NewOrder")


@_attrs_define
class NewOrder:
    """An order as a user enters it: for a fault that no rule names.

    Attributes:
        agent_id (str):
        camera_id (str):
        cause (str):
        is_key (bool | Unset):  Default: False.
    """

    agent_id: str
    camera_id: str
    cause: str
    is_key: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        camera_id = self.camera_id

        cause = self.cause

        is_key = self.is_key

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "agent_id": agent_id,
                "camera_id": camera_id,
                "cause": cause,
            }
        )
        if is_key is not UNSET:
            field_dict["is_key"] = is_key

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        camera_id = d.pop("camera_id")

        cause = d.pop("cause")

        is_key = d.pop("is_key", UNSET)

        _made = class_(
            agent_id=agent_id,
            camera_id=camera_id,
            cause=cause,
            is_key=is_key,
        )

        return _made
