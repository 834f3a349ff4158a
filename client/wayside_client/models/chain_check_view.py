from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.break_view import BreakView


T = TypeVar("T", bound="ChainCheckView")


@_attrs_define
class ChainCheckView:
    """The result of checking the chain.

    Attributes:
        broken (BreakView | None):
        entries (int):
        first (int):
        heads (int):
        last (int):
        signed_to (int):
        summary (str):
        unsigned_heads (int):
    """

    broken: BreakView | None
    entries: int
    first: int
    heads: int
    last: int
    signed_to: int
    summary: str
    unsigned_heads: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.break_view import BreakView

        broken: dict[str, Any] | None
        if isinstance(self.broken, BreakView):
            broken = self.broken.to_dict()
        else:
            broken = self.broken

        entries = self.entries

        first = self.first

        heads = self.heads

        last = self.last

        signed_to = self.signed_to

        summary = self.summary

        unsigned_heads = self.unsigned_heads

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "broken": broken,
                "entries": entries,
                "first": first,
                "heads": heads,
                "last": last,
                "signed_to": signed_to,
                "summary": summary,
                "unsigned_heads": unsigned_heads,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.break_view import BreakView

        d = dict(src_dict)

        def _parse_broken(data: object) -> BreakView | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                broken_type_0 = BreakView.from_dict(data)

                return broken_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BreakView | None, data)

        broken = _parse_broken(d.pop("broken"))

        entries = d.pop("entries")

        first = d.pop("first")

        heads = d.pop("heads")

        last = d.pop("last")

        signed_to = d.pop("signed_to")

        summary = d.pop("summary")

        unsigned_heads = d.pop("unsigned_heads")

        _made = class_(
            broken=broken,
            entries=entries,
            first=first,
            heads=heads,
            last=last,
            signed_to=signed_to,
            summary=summary,
            unsigned_heads=unsigned_heads,
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
