from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="RecorderRequest")


@_attrs_define
class RecorderRequest:
    """The cameras of a case whose recorders are asked, and the span.

    Attributes:
        cameras (list[str]):
        ended_at_ms (int):
        started_at_ms (int):
        speed (int | None | Unset): Multiple of real time to ask the recorder for; null: as the agent is configured.
    """

    cameras: list[str]
    ended_at_ms: int
    started_at_ms: int
    speed: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        cameras = self.cameras

        ended_at_ms = self.ended_at_ms

        started_at_ms = self.started_at_ms

        speed: int | None | Unset
        if isinstance(self.speed, Unset):
            speed = UNSET
        else:
            speed = self.speed

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "cameras": cameras,
                "ended_at_ms": ended_at_ms,
                "started_at_ms": started_at_ms,
            }
        )
        if speed is not UNSET:
            field_dict["speed"] = speed

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        cameras = cast(list[str], d.pop("cameras"))

        ended_at_ms = d.pop("ended_at_ms")

        started_at_ms = d.pop("started_at_ms")

        def _parse_speed(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        speed = _parse_speed(d.pop("speed", UNSET))

        _made = class_(
            cameras=cameras,
            ended_at_ms=ended_at_ms,
            started_at_ms=started_at_ms,
            speed=speed,
        )

        return _made
