from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Figures")


@_attrs_define
class Figures:
    """Figures of a stage over the last window. None: not reported, or nothing to measure; never 0 instead.

    Attributes:
        drops (int | None | Unset):
        errors (int | None | Unset):
        free_bytes (int | None | Unset):
        lag_s (float | None | Unset):
        queued (int | None | Unset):
        rate_per_s (float | None | Unset): Pictures, messages or parts a second, by the stage; docs/pipeline.md says
            which.
        succeeded_at_ms (int | None | Unset): Time of the last probe that succeeded; of several third parties, of the
            one for which that is longest ago.
    """

    drops: int | None | Unset = UNSET
    errors: int | None | Unset = UNSET
    free_bytes: int | None | Unset = UNSET
    lag_s: float | None | Unset = UNSET
    queued: int | None | Unset = UNSET
    rate_per_s: float | None | Unset = UNSET
    succeeded_at_ms: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        drops: int | None | Unset
        if isinstance(self.drops, Unset):
            drops = UNSET
        else:
            drops = self.drops

        errors: int | None | Unset
        if isinstance(self.errors, Unset):
            errors = UNSET
        else:
            errors = self.errors

        free_bytes: int | None | Unset
        if isinstance(self.free_bytes, Unset):
            free_bytes = UNSET
        else:
            free_bytes = self.free_bytes

        lag_s: float | None | Unset
        if isinstance(self.lag_s, Unset):
            lag_s = UNSET
        else:
            lag_s = self.lag_s

        queued: int | None | Unset
        if isinstance(self.queued, Unset):
            queued = UNSET
        else:
            queued = self.queued

        rate_per_s: float | None | Unset
        if isinstance(self.rate_per_s, Unset):
            rate_per_s = UNSET
        else:
            rate_per_s = self.rate_per_s

        succeeded_at_ms: int | None | Unset
        if isinstance(self.succeeded_at_ms, Unset):
            succeeded_at_ms = UNSET
        else:
            succeeded_at_ms = self.succeeded_at_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if drops is not UNSET:
            field_dict["drops"] = drops
        if errors is not UNSET:
            field_dict["errors"] = errors
        if free_bytes is not UNSET:
            field_dict["free_bytes"] = free_bytes
        if lag_s is not UNSET:
            field_dict["lag_s"] = lag_s
        if queued is not UNSET:
            field_dict["queued"] = queued
        if rate_per_s is not UNSET:
            field_dict["rate_per_s"] = rate_per_s
        if succeeded_at_ms is not UNSET:
            field_dict["succeeded_at_ms"] = succeeded_at_ms

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_drops(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        drops = _parse_drops(d.pop("drops", UNSET))

        def _parse_errors(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        errors = _parse_errors(d.pop("errors", UNSET))

        def _parse_free_bytes(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        free_bytes = _parse_free_bytes(d.pop("free_bytes", UNSET))

        def _parse_lag_s(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        lag_s = _parse_lag_s(d.pop("lag_s", UNSET))

        def _parse_queued(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        queued = _parse_queued(d.pop("queued", UNSET))

        def _parse_rate_per_s(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        rate_per_s = _parse_rate_per_s(d.pop("rate_per_s", UNSET))

        def _parse_succeeded_at_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        succeeded_at_ms = _parse_succeeded_at_ms(d.pop("succeeded_at_ms", UNSET))

        _made = class_(
            drops=drops,
            errors=errors,
            free_bytes=free_bytes,
            lag_s=lag_s,
            queued=queued,
            rate_per_s=rate_per_s,
            succeeded_at_ms=succeeded_at_ms,
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
