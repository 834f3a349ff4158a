from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="LiveWork")


@_attrs_define
class LiveWork:
    """Looks at a camera's live stream more often, until a time.

    Attributes:
        max_per_second (float): In place of `selector.max_per_second`, where that is lower.
        until_ms (int):
        kind (Literal['live'] | Unset):  Default: 'live'.
    """

    max_per_second: float
    until_ms: int
    kind: Literal["live"] | Unset = "live"

    def to_dict(self) -> dict[str, Any]:
        max_per_second = self.max_per_second

        until_ms = self.until_ms

        kind = self.kind

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "max_per_second": max_per_second,
                "until_ms": until_ms,
            }
        )
        if kind is not UNSET:
            field_dict["kind"] = kind

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        max_per_second = d.pop("max_per_second")

        until_ms = d.pop("until_ms")

        kind = cast(Literal["live"] | Unset, d.pop("kind", UNSET))
        if kind != "live" and not isinstance(kind, Unset):
            raise ValueError(f"kind must match const 'live', got '{kind}'")

        _made = class_(
            max_per_second=max_per_second,
            until_ms=until_ms,
            kind=kind,
        )

        return _made
