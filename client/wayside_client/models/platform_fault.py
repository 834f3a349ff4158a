from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.order_urgency import OrderUrgency
from ..models.platform_fault_parts_item import PlatformFaultPartsItem
from ..types import UNSET, Unset

T = TypeVar("T", bound="PlatformFault")


@_attrs_define
class PlatformFault:
    """An agent fell silent, the broker or the archive's `query` is away, or a stage of the chain is red or amber.

    A fault of the centre's own database could not be reported.

        Attributes:
            kind (Literal['platform_fault']):
            for_s (int | Unset):  Default: 30.
            order (None | OrderUrgency | Unset): Urgency of the maintenance order that each such fault makes; None: it makes
                none.
            parts (list[PlatformFaultPartsItem] | Unset):
            warnings (bool | Unset): True: an amber stage raises an alarm too. Default: False.
    """

    kind: Literal["platform_fault"]
    for_s: int | Unset = 30
    order: None | OrderUrgency | Unset = UNSET
    parts: list[PlatformFaultPartsItem] | Unset = UNSET
    warnings: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        for_s = self.for_s

        order: None | str | Unset
        if isinstance(self.order, Unset):
            order = UNSET
        elif isinstance(self.order, OrderUrgency):
            order = self.order.value
        else:
            order = self.order

        parts: list[str] | Unset = UNSET
        if not isinstance(self.parts, Unset):
            parts = []
            for parts_item_data in self.parts:
                parts_item = parts_item_data.value
                parts.append(parts_item)

        warnings = self.warnings

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
            }
        )
        if for_s is not UNSET:
            field_dict["for_s"] = for_s
        if order is not UNSET:
            field_dict["order"] = order
        if parts is not UNSET:
            field_dict["parts"] = parts
        if warnings is not UNSET:
            field_dict["warnings"] = warnings

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        kind = cast(Literal["platform_fault"], d.pop("kind"))
        if kind != "platform_fault":
            raise ValueError(f"kind must match const 'platform_fault', got '{kind}'")

        for_s = d.pop("for_s", UNSET)

        def _parse_order(data: object) -> None | OrderUrgency | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                order_type_0 = OrderUrgency(data)

                return order_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | OrderUrgency | Unset, data)

        order = _parse_order(d.pop("order", UNSET))

        _parts = d.pop("parts", UNSET)
        parts: list[PlatformFaultPartsItem] | Unset = UNSET
        if _parts is not UNSET:
            parts = []
            for parts_item_data in _parts:
                parts_item = PlatformFaultPartsItem(parts_item_data)

                parts.append(parts_item)

        warnings = d.pop("warnings", UNSET)

        _made = class_(
            kind=kind,
            for_s=for_s,
            order=order,
            parts=parts,
            warnings=warnings,
        )

        return _made
