from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

T = TypeVar("T", bound="LiveRequest")


@_attrs_define
class LiveRequest:
    """A live stream that is to be analysed more often for a while, from now.

    Attributes:
        kind (Literal['live']):
        max_per_second (float): Pictures a second that may be chosen, where the camera's own limit is lower.
        minutes (int):
    """

    kind: Literal["live"]
    max_per_second: float
    minutes: int

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        max_per_second = self.max_per_second

        minutes = self.minutes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "max_per_second": max_per_second,
                "minutes": minutes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        kind = cast(Literal["live"], d.pop("kind"))
        if kind != "live":
            raise ValueError(f"kind must match const 'live', got '{kind}'")

        max_per_second = d.pop("max_per_second")

        minutes = d.pop("minutes")

        _made = class_(
            kind=kind,
            max_per_second=max_per_second,
            minutes=minutes,
        )

        return _made
