from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="RuleSwitch")


@_attrs_define
class RuleSwitch:
    """The version to switch on.

    Attributes:
        version (int):
        unseen (bool | Unset): True: also if its preview is `blank`, since nothing was archived then. Default: False.
    """

    version: int
    unseen: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        version = self.version

        unseen = self.unseen

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "version": version,
            }
        )
        if unseen is not UNSET:
            field_dict["unseen"] = unseen

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        version = d.pop("version")

        unseen = d.pop("unseen", UNSET)

        _made = class_(
            version=version,
            unseen=unseen,
        )

        return _made
