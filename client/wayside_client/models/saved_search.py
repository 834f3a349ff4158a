from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.filters import Filters


T = TypeVar("T", bound="SavedSearch")


@_attrs_define
class SavedSearch:
    """A saved search that the user may use.

    Attributes:
        created_at_ms (int):
        district_id (None | str):
        filters (Filters | None): None: saved by another version of the centre; it can only be deleted.
        id (int):
        last_ms (int | None):
        mine (bool):
        name (str):
        owner (str):
    """

    created_at_ms: int
    district_id: None | str
    filters: Filters | None
    id: int
    last_ms: int | None
    mine: bool
    name: str
    owner: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.filters import Filters

        created_at_ms = self.created_at_ms

        district_id: None | str
        district_id = self.district_id

        filters: dict[str, Any] | None
        if isinstance(self.filters, Filters):
            filters = self.filters.to_dict()
        else:
            filters = self.filters

        id = self.id

        last_ms: int | None
        last_ms = self.last_ms

        mine = self.mine

        name = self.name

        owner = self.owner

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at_ms": created_at_ms,
                "district_id": district_id,
                "filters": filters,
                "id": id,
                "last_ms": last_ms,
                "mine": mine,
                "name": name,
                "owner": owner,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.filters import Filters

        d = dict(src_dict)
        created_at_ms = d.pop("created_at_ms")

        def _parse_district_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        district_id = _parse_district_id(d.pop("district_id"))

        def _parse_filters(data: object) -> Filters | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                filters_type_0 = Filters.from_dict(data)

                return filters_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Filters | None, data)

        filters = _parse_filters(d.pop("filters"))

        id = d.pop("id")

        def _parse_last_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        last_ms = _parse_last_ms(d.pop("last_ms"))

        mine = d.pop("mine")

        name = d.pop("name")

        owner = d.pop("owner")

        _made = class_(
            created_at_ms=created_at_ms,
            district_id=district_id,
            filters=filters,
            id=id,
            last_ms=last_ms,
            mine=mine,
            name=name,
            owner=owner,
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
