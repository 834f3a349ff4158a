from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.filters import Filters


T = TypeVar("T", bound="NewSavedSearch")


@_attrs_define
class NewSavedSearch:
    """A search to save. `last_ms`: the span has this length and ends at the request; `filters` have no span then.

    Attributes:
        filters (Filters): Filters of a search. Times are capture times, `from_ms` inclusive, `to_ms` exclusive.
        name (str):
        district_id (None | str | Unset): Users who may search in this district see it too. None: only its owner does.
        last_ms (int | None | Unset):
    """

    filters: Filters
    name: str
    district_id: None | str | Unset = UNSET
    last_ms: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        filters = self.filters.to_dict()

        name = self.name

        district_id: None | str | Unset
        if isinstance(self.district_id, Unset):
            district_id = UNSET
        else:
            district_id = self.district_id

        last_ms: int | None | Unset
        if isinstance(self.last_ms, Unset):
            last_ms = UNSET
        else:
            last_ms = self.last_ms

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "filters": filters,
                "name": name,
            }
        )
        if district_id is not UNSET:
            field_dict["district_id"] = district_id
        if last_ms is not UNSET:
            field_dict["last_ms"] = last_ms

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.filters import Filters

        d = dict(src_dict)
        filters = Filters.from_dict(d.pop("filters"))

        name = d.pop("name")

        def _parse_district_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        district_id = _parse_district_id(d.pop("district_id", UNSET))

        def _parse_last_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        last_ms = _parse_last_ms(d.pop("last_ms", UNSET))

        _made = class_(
            filters=filters,
            name=name,
            district_id=district_id,
            last_ms=last_ms,
        )

        return _made
