from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RecordingProgress")


@_attrs_define
class RecordingProgress:
    """Progress of the recording that was brought last. Only the user who brings it knows its length.

    Attributes:
        end (str): Reason of its end (docs/desk.md); empty while it is under way.
        pictures (int):
        position_ms (int | None): Position of the last analysed picture, from the recording's start; None before the
            first.
        started_at_ms (int):
    """

    end: str
    pictures: int
    position_ms: int | None
    started_at_ms: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        end = self.end

        pictures = self.pictures

        position_ms: int | None
        position_ms = self.position_ms

        started_at_ms = self.started_at_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "end": end,
                "pictures": pictures,
                "position_ms": position_ms,
                "started_at_ms": started_at_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        end = d.pop("end")

        pictures = d.pop("pictures")

        def _parse_position_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        position_ms = _parse_position_ms(d.pop("position_ms"))

        started_at_ms = d.pop("started_at_ms")

        _made = class_(
            end=end,
            pictures=pictures,
            position_ms=position_ms,
            started_at_ms=started_at_ms,
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
