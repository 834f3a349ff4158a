from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.camera_fault_states_item import CameraFaultStatesItem
from ..models.order_urgency import OrderUrgency
from ..types import UNSET, Unset

T = TypeVar("T", bound="CameraFault")


@_attrs_define
class CameraFault:
    """A camera does not deliver what it should, as its agent reports.

    Attributes:
        kind (Literal['camera_fault']):
        for_s (int | Unset):  Default: 30.
        order (None | OrderUrgency | Unset): Urgency of the maintenance order that each such fault makes; None: it makes
            none.
        states (list[CameraFaultStatesItem] | Unset):
    """

    kind: Literal["camera_fault"]
    for_s: int | Unset = 30
    order: None | OrderUrgency | Unset = UNSET
    states: list[CameraFaultStatesItem] | Unset = UNSET

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

        states: list[str] | Unset = UNSET
        if not isinstance(self.states, Unset):
            states = []
            for states_item_data in self.states:
                states_item = states_item_data.value
                states.append(states_item)

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
        if states is not UNSET:
            field_dict["states"] = states

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        kind = cast(Literal["camera_fault"], d.pop("kind"))
        if kind != "camera_fault":
            raise ValueError(f"kind must match const 'camera_fault', got '{kind}'")

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

        _states = d.pop("states", UNSET)
        states: list[CameraFaultStatesItem] | Unset = UNSET
        if _states is not UNSET:
            states = []
            for states_item_data in _states:
                states_item = CameraFaultStatesItem(states_item_data)

                states.append(states_item)

        _made = class_(
            kind=kind,
            for_s=for_s,
            order=order,
            states=states,
        )

        return _made
