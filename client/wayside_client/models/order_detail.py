from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.clock_view import ClockView
    from ..models.order_event_view import OrderEventView
    from ..models.order_terms import OrderTerms
    from ..models.order_view import OrderView


T = TypeVar("T", bound="OrderDetail")


@_attrs_define
class OrderDetail:
    """One order with its clocks and history.

    Attributes:
        clocks (list[ClockView]):
        confirmable (bool): True if the caller may confirm the order now.
        events (list[OrderEventView]):
        order (OrderView): One order as it stands.
        terms (OrderTerms): Terms of the contract in one district. An order keeps those that were in force when it was
            opened.
        well_for_ms (int | None): Milliseconds for which the indicator has been well; null: not, or not known.
    """

    clocks: list[ClockView]
    confirmable: bool
    events: list[OrderEventView]
    order: OrderView
    terms: OrderTerms
    well_for_ms: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        clocks = []
        for clocks_item_data in self.clocks:
            clocks_item = clocks_item_data.to_dict()
            clocks.append(clocks_item)

        confirmable = self.confirmable

        events = []
        for events_item_data in self.events:
            events_item = events_item_data.to_dict()
            events.append(events_item)

        order = self.order.to_dict()

        terms = self.terms.to_dict()

        well_for_ms: int | None
        well_for_ms = self.well_for_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "clocks": clocks,
                "confirmable": confirmable,
                "events": events,
                "order": order,
                "terms": terms,
                "well_for_ms": well_for_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.clock_view import ClockView
        from ..models.order_event_view import OrderEventView
        from ..models.order_terms import OrderTerms
        from ..models.order_view import OrderView

        d = dict(src_dict)
        clocks = []
        _clocks = d.pop("clocks")
        for clocks_item_data in _clocks:
            clocks_item = ClockView.from_dict(clocks_item_data)

            clocks.append(clocks_item)

        confirmable = d.pop("confirmable")

        events = []
        _events = d.pop("events")
        for events_item_data in _events:
            events_item = OrderEventView.from_dict(events_item_data)

            events.append(events_item)

        order = OrderView.from_dict(d.pop("order"))

        terms = OrderTerms.from_dict(d.pop("terms"))

        def _parse_well_for_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        well_for_ms = _parse_well_for_ms(d.pop("well_for_ms"))

        _made = class_(
            clocks=clocks,
            confirmable=confirmable,
            events=events,
            order=order,
            terms=terms,
            well_for_ms=well_for_ms,
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
