from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="TimesView")


@_attrs_define
class TimesView:
    """Times at which the alarm's first match passed each hop; docs/alarms.md names the clock of each.

    None: not passed, or not known.

        Attributes:
            captured_at_ms (int | None):
            clock (str):
            committed_at_ms (int | None):
            decided_at_ms (int):
            heard_at_ms (int):
            parsed_at_ms (int | None):
            published_at_ms (int | None):
            received_at_ms (int | None):
            redacted_at_ms (int | None):
            selected_at_ms (int | None):
            sent_at_ms (int | None):
            spooled_at_ms (int | None):
            stored_at_ms (int | None):
    """

    captured_at_ms: int | None
    clock: str
    committed_at_ms: int | None
    decided_at_ms: int
    heard_at_ms: int
    parsed_at_ms: int | None
    published_at_ms: int | None
    received_at_ms: int | None
    redacted_at_ms: int | None
    selected_at_ms: int | None
    sent_at_ms: int | None
    spooled_at_ms: int | None
    stored_at_ms: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        captured_at_ms: int | None
        captured_at_ms = self.captured_at_ms

        clock = self.clock

        committed_at_ms: int | None
        committed_at_ms = self.committed_at_ms

        decided_at_ms = self.decided_at_ms

        heard_at_ms = self.heard_at_ms

        parsed_at_ms: int | None
        parsed_at_ms = self.parsed_at_ms

        published_at_ms: int | None
        published_at_ms = self.published_at_ms

        received_at_ms: int | None
        received_at_ms = self.received_at_ms

        redacted_at_ms: int | None
        redacted_at_ms = self.redacted_at_ms

        selected_at_ms: int | None
        selected_at_ms = self.selected_at_ms

        sent_at_ms: int | None
        sent_at_ms = self.sent_at_ms

        spooled_at_ms: int | None
        spooled_at_ms = self.spooled_at_ms

        stored_at_ms: int | None
        stored_at_ms = self.stored_at_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "captured_at_ms": captured_at_ms,
                "clock": clock,
                "committed_at_ms": committed_at_ms,
                "decided_at_ms": decided_at_ms,
                "heard_at_ms": heard_at_ms,
                "parsed_at_ms": parsed_at_ms,
                "published_at_ms": published_at_ms,
                "received_at_ms": received_at_ms,
                "redacted_at_ms": redacted_at_ms,
                "selected_at_ms": selected_at_ms,
                "sent_at_ms": sent_at_ms,
                "spooled_at_ms": spooled_at_ms,
                "stored_at_ms": stored_at_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_captured_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        captured_at_ms = _parse_captured_at_ms(d.pop("captured_at_ms"))

        clock = d.pop("clock")

        def _parse_committed_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        committed_at_ms = _parse_committed_at_ms(d.pop("committed_at_ms"))

        decided_at_ms = d.pop("decided_at_ms")

        heard_at_ms = d.pop("heard_at_ms")

        def _parse_parsed_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        parsed_at_ms = _parse_parsed_at_ms(d.pop("parsed_at_ms"))

        def _parse_published_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        published_at_ms = _parse_published_at_ms(d.pop("published_at_ms"))

        def _parse_received_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        received_at_ms = _parse_received_at_ms(d.pop("received_at_ms"))

        def _parse_redacted_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        redacted_at_ms = _parse_redacted_at_ms(d.pop("redacted_at_ms"))

        def _parse_selected_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        selected_at_ms = _parse_selected_at_ms(d.pop("selected_at_ms"))

        def _parse_sent_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        sent_at_ms = _parse_sent_at_ms(d.pop("sent_at_ms"))

        def _parse_spooled_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        spooled_at_ms = _parse_spooled_at_ms(d.pop("spooled_at_ms"))

        def _parse_stored_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        stored_at_ms = _parse_stored_at_ms(d.pop("stored_at_ms"))

        _made = class_(
            captured_at_ms=captured_at_ms,
            clock=clock,
            committed_at_ms=committed_at_ms,
            decided_at_ms=decided_at_ms,
            heard_at_ms=heard_at_ms,
            parsed_at_ms=parsed_at_ms,
            published_at_ms=published_at_ms,
            received_at_ms=received_at_ms,
            redacted_at_ms=redacted_at_ms,
            selected_at_ms=selected_at_ms,
            sent_at_ms=sent_at_ms,
            spooled_at_ms=spooled_at_ms,
            stored_at_ms=stored_at_ms,
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
