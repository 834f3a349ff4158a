from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.act import Act

T = TypeVar("T", bound="CaseEventView")


@_attrs_define
class CaseEventView:
    """Act on a case, with actor, time and comment.

    Attributes:
        act (Act): Act on a case.
        actor (str):
        at_ms (int):
        comment (str):
    """

    act: Act
    actor: str
    at_ms: int
    comment: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        act = self.act.value

        actor = self.actor

        at_ms = self.at_ms

        comment = self.comment

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "act": act,
                "actor": actor,
                "at_ms": at_ms,
                "comment": comment,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        act = Act(d.pop("act"))

        actor = d.pop("actor")

        at_ms = d.pop("at_ms")

        comment = d.pop("comment")

        _made = class_(
            act=act,
            actor=actor,
            at_ms=at_ms,
            comment=comment,
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
