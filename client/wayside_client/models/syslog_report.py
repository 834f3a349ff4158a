from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SyslogReport")


@_attrs_define
class SyslogReport:
    """The state of the audit's way to its syslog server. Numbers are of audit entries.

    Attributes:
        cause (str): Cause of the last failure; empty after a delivery.
        oldest_ms (int | None): Time of the oldest entry that waits; null: none does.
        sent_to (int):
        server (str):
        waiting (int):
    """

    cause: str
    oldest_ms: int | None
    sent_to: int
    server: str
    waiting: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cause = self.cause

        oldest_ms: int | None
        oldest_ms = self.oldest_ms

        sent_to = self.sent_to

        server = self.server

        waiting = self.waiting

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cause": cause,
                "oldest_ms": oldest_ms,
                "sent_to": sent_to,
                "server": server,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        cause = d.pop("cause")

        def _parse_oldest_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        oldest_ms = _parse_oldest_ms(d.pop("oldest_ms"))

        sent_to = d.pop("sent_to")

        server = d.pop("server")

        waiting = d.pop("waiting")

        _made = class_(
            cause=cause,
            oldest_ms=oldest_ms,
            sent_to=sent_to,
            server=server,
            waiting=waiting,
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
