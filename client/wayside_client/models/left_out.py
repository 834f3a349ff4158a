from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.left_out_reason import LeftOutReason
from ..types import UNSET, Unset

T = TypeVar("T", bound="LeftOut")


@_attrs_define
class LeftOut:
    """A requested observation that has no picture in the export.

    Attributes:
        reason (LeftOutReason):
        row_key (str):
        erased_at_ms (int | None | Unset):
    """

    reason: LeftOutReason
    row_key: str
    erased_at_ms: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        reason = self.reason.value

        row_key = self.row_key

        erased_at_ms: int | None | Unset
        if isinstance(self.erased_at_ms, Unset):
            erased_at_ms = UNSET
        else:
            erased_at_ms = self.erased_at_ms

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "reason": reason,
                "row_key": row_key,
            }
        )
        if erased_at_ms is not UNSET:
            field_dict["erased_at_ms"] = erased_at_ms

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        reason = LeftOutReason(d.pop("reason"))

        row_key = d.pop("row_key")

        def _parse_erased_at_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        erased_at_ms = _parse_erased_at_ms(d.pop("erased_at_ms", UNSET))

        _made = class_(
            reason=reason,
            row_key=row_key,
            erased_at_ms=erased_at_ms,
        )

        return _made
