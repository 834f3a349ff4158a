from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Crowd")


@_attrs_define
class Crowd:
    """The count of people of one picture reaches a threshold, as in a rule on crowding; it cannot be negated.

    Attributes:
        op (Literal['crowd']):
        threshold (int):
        camera (None | str | Unset): One of the rule's cameras where the rule is about a place; None where it is about
            each camera by itself.
    """

    op: Literal["crowd"]
    threshold: int
    camera: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        op = self.op

        threshold = self.threshold

        camera: None | str | Unset
        if isinstance(self.camera, Unset):
            camera = UNSET
        else:
            camera = self.camera

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "op": op,
                "threshold": threshold,
            }
        )
        if camera is not UNSET:
            field_dict["camera"] = camera

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        op = cast(Literal["crowd"], d.pop("op"))
        if op != "crowd":
            raise ValueError(f"op must match const 'crowd', got '{op}'")

        threshold = d.pop("threshold")

        def _parse_camera(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        camera = _parse_camera(d.pop("camera", UNSET))

        _made = class_(
            op=op,
            threshold=threshold,
            camera=camera,
        )

        return _made
