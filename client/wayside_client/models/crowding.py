from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="Crowding")


@_attrs_define
class Crowding:
    """The count of one picture reaches a threshold. The zone is the picture: agents count nothing smaller.

    Attributes:
        kind (Literal['crowding']):
        threshold (int):
    """

    kind: Literal["crowding"]
    threshold: int

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        threshold = self.threshold

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "threshold": threshold,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        kind = cast(Literal["crowding"], d.pop("kind"))
        if kind != "crowding":
            raise ValueError(f"kind must match const 'crowding', got '{kind}'")

        threshold = d.pop("threshold")

        _made = class_(
            kind=kind,
            threshold=threshold,
        )

        return _made
