from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="RecordedSpan")


@_attrs_define
class RecordedSpan:
    """Span of a device's recordings in Unix milliseconds, UTC.

    Attributes:
        ended_at_ms (int):
        started_at_ms (int):
    """

    ended_at_ms: int
    started_at_ms: int

    def to_dict(self) -> dict[str, Any]:
        ended_at_ms = self.ended_at_ms

        started_at_ms = self.started_at_ms

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "ended_at_ms": ended_at_ms,
                "started_at_ms": started_at_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        ended_at_ms = d.pop("ended_at_ms")

        started_at_ms = d.pop("started_at_ms")

        _made = class_(
            ended_at_ms=ended_at_ms,
            started_at_ms=started_at_ms,
        )

        return _made
