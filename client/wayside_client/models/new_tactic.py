from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="NewTactic")


@_attrs_define
class NewTactic:
    """A version of a rule, which a district shares under a name.

    Attributes:
        district_id (str):
        name (str):
        rule_id (int):
        version (int):
    """

    district_id: str
    name: str
    rule_id: int
    version: int

    def to_dict(self) -> dict[str, Any]:
        district_id = self.district_id

        name = self.name

        rule_id = self.rule_id

        version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "district_id": district_id,
                "name": name,
                "rule_id": rule_id,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        district_id = d.pop("district_id")

        name = d.pop("name")

        rule_id = d.pop("rule_id")

        version = d.pop("version")

        _made = class_(
            district_id=district_id,
            name=name,
            rule_id=rule_id,
            version=version,
        )

        return _made
