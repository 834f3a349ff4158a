from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RosterReport")


@_attrs_define
class RosterReport:
    """The roster by which agents count as revoked. Without a key no roster is trusted: a setting and no fault.

    Attributes:
        ignored (int): Rosters that came while no key was set to check them.
        issued_at_ms (int | None):
        last_refused (str):
        number (int | None):
        refused (int): Rosters that were forged, old or malformed; the one in force stayed.
        summary (str):
        unreadable (str): The reason that the database's roster could not be used at the start.
    """

    ignored: int
    issued_at_ms: int | None
    last_refused: str
    number: int | None
    refused: int
    summary: str
    unreadable: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        ignored = self.ignored

        issued_at_ms: int | None
        issued_at_ms = self.issued_at_ms

        last_refused = self.last_refused

        number: int | None
        number = self.number

        refused = self.refused

        summary = self.summary

        unreadable = self.unreadable

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "ignored": ignored,
                "issued_at_ms": issued_at_ms,
                "last_refused": last_refused,
                "number": number,
                "refused": refused,
                "summary": summary,
                "unreadable": unreadable,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        ignored = d.pop("ignored")

        def _parse_issued_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        issued_at_ms = _parse_issued_at_ms(d.pop("issued_at_ms"))

        last_refused = d.pop("last_refused")

        def _parse_number(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        number = _parse_number(d.pop("number"))

        refused = d.pop("refused")

        summary = d.pop("summary")

        unreadable = d.pop("unreadable")

        _made = class_(
            ignored=ignored,
            issued_at_ms=issued_at_ms,
            last_refused=last_refused,
            number=number,
            refused=refused,
            summary=summary,
            unreadable=unreadable,
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
