from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="Decision")


@_attrs_define
class Decision:
    """The version that is meant, and a comment.

    Attributes:
        version (int):
        comment (str | Unset):  Default: ''.
    """

    version: int
    comment: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        version = self.version

        comment = self.comment

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "version": version,
            }
        )
        if comment is not UNSET:
            field_dict["comment"] = comment

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        version = d.pop("version")

        comment = d.pop("comment", UNSET)

        _made = class_(
            version=version,
            comment=comment,
        )

        return _made
