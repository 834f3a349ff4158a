from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="ZoneBin")


@_attrs_define
class ZoneBin:
    """One bin of one camera.

    Attributes:
        from_ms (int):
        mean (float): Mean of the counts of single pictures, to a tenth.
        most (int): The largest count of a single picture.
        pictures (int):
    """

    from_ms: int
    mean: float
    most: int
    pictures: int

    def to_dict(self) -> dict[str, Any]:
        from_ms = self.from_ms

        mean = self.mean

        most = self.most

        pictures = self.pictures

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "from_ms": from_ms,
                "mean": mean,
                "most": most,
                "pictures": pictures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        from_ms = d.pop("from_ms")

        mean = d.pop("mean")

        most = d.pop("most")

        pictures = d.pop("pictures")

        _made = class_(
            from_ms=from_ms,
            mean=mean,
            most=most,
            pictures=pictures,
        )

        return _made
