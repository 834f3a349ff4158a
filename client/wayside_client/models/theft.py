from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Theft")


@_attrs_define
class Theft:
    """Place and time at which the machine was last known to be its owner's.

    Attributes:
        at_ms (int):
        latitude (float):
        longitude (float):
    """

    at_ms: int
    latitude: float
    longitude: float

    def to_dict(self) -> dict[str, Any]:
        at_ms = self.at_ms

        latitude = self.latitude

        longitude = self.longitude

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "at_ms": at_ms,
                "latitude": latitude,
                "longitude": longitude,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        at_ms = d.pop("at_ms")

        latitude = d.pop("latitude")

        longitude = d.pop("longitude")

        _made = class_(
            at_ms=at_ms,
            latitude=latitude,
            longitude=longitude,
        )

        return _made
