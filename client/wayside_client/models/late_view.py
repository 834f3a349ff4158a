from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.match_outcome import MatchOutcome

T = TypeVar("T", bound="LateView")


@_attrs_define
class LateView:
    """A match that came too late to raise an alarm, or at a time that cannot be believed.

    Attributes:
        at_ms (int):
        captured_at_ms (int):
        outcome (MatchOutcome): Outcome of one match of a rule.
        place (str):
        rule_id (int):
        version (int):
    """

    at_ms: int
    captured_at_ms: int
    outcome: MatchOutcome
    place: str
    rule_id: int
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at_ms = self.at_ms

        captured_at_ms = self.captured_at_ms

        outcome = self.outcome.value

        place = self.place

        rule_id = self.rule_id

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at_ms": at_ms,
                "captured_at_ms": captured_at_ms,
                "outcome": outcome,
                "place": place,
                "rule_id": rule_id,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        at_ms = d.pop("at_ms")

        captured_at_ms = d.pop("captured_at_ms")

        outcome = MatchOutcome(d.pop("outcome"))

        place = d.pop("place")

        rule_id = d.pop("rule_id")

        version = d.pop("version")

        _made = class_(
            at_ms=at_ms,
            captured_at_ms=captured_at_ms,
            outcome=outcome,
            place=place,
            rule_id=rule_id,
            version=version,
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
