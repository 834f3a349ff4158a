from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.day_rows import DayRows
    from ..models.storage_room import StorageRoom


T = TypeVar("T", bound="Collected")


@_attrs_define
class Collected:
    """Rows that the archive has, and its disk.

    Attributes:
        days (list[DayRows] | None): Days with rows, the oldest first.
        machines (int | None):
        snapshots (int | None):
        storage (None | StorageRoom):
        target_days (int | None):
    """

    days: list[DayRows] | None
    machines: int | None
    snapshots: int | None
    storage: None | StorageRoom
    target_days: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.storage_room import StorageRoom

        days: list[dict[str, Any]] | None
        if isinstance(self.days, list):
            days = []
            for days_type_0_item_data in self.days:
                days_type_0_item = days_type_0_item_data.to_dict()
                days.append(days_type_0_item)

        else:
            days = self.days

        machines: int | None
        machines = self.machines

        snapshots: int | None
        snapshots = self.snapshots

        storage: dict[str, Any] | None
        if isinstance(self.storage, StorageRoom):
            storage = self.storage.to_dict()
        else:
            storage = self.storage

        target_days: int | None
        target_days = self.target_days

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "days": days,
                "machines": machines,
                "snapshots": snapshots,
                "storage": storage,
                "target_days": target_days,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.day_rows import DayRows
        from ..models.storage_room import StorageRoom

        d = dict(src_dict)

        def _parse_days(data: object) -> list[DayRows] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                days_type_0 = []
                _days_type_0 = data
                for days_type_0_item_data in _days_type_0:
                    days_type_0_item = DayRows.from_dict(days_type_0_item_data)

                    days_type_0.append(days_type_0_item)

                return days_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[DayRows] | None, data)

        days = _parse_days(d.pop("days"))

        def _parse_machines(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        machines = _parse_machines(d.pop("machines"))

        def _parse_snapshots(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        snapshots = _parse_snapshots(d.pop("snapshots"))

        def _parse_storage(data: object) -> None | StorageRoom:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                storage_type_0 = StorageRoom.from_dict(data)

                return storage_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StorageRoom, data)

        storage = _parse_storage(d.pop("storage"))

        def _parse_target_days(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        target_days = _parse_target_days(d.pop("target_days"))

        _made = class_(
            days=days,
            machines=machines,
            snapshots=snapshots,
            storage=storage,
            target_days=target_days,
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
