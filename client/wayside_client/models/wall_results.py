from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.wall_results_alarms import WallResultsAlarms
    from ..models.wall_results_cases import WallResultsCases


T = TypeVar("T", bound="WallResults")


@_attrs_define
class WallResults:
    """Alarms of the last seven days; cases, machines and exports that the centre keeps.

    Attributes:
        alarms (WallResultsAlarms):
        cases (WallResultsCases):
        exports (int): Exports that were made, also those whose file is removed by now.
        in_time (int | None): Alarms since then that were taken within `target_s`; None without a target.
        machines_found (int): Cases with a confirmed sighting.
        median_taken_s (float | None): Median time until then; None without one.
        sightings (int): Confirmed sightings of all cases.
        since_ms (int):
        taken (int): Alarms since then that were acknowledged or closed.
        target_s (int | None):
        waiting (int): Alarms of any age that are neither acknowledged nor closed.
    """

    alarms: WallResultsAlarms
    cases: WallResultsCases
    exports: int
    in_time: int | None
    machines_found: int
    median_taken_s: float | None
    sightings: int
    since_ms: int
    taken: int
    target_s: int | None
    waiting: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        alarms = self.alarms.to_dict()

        cases = self.cases.to_dict()

        exports = self.exports

        in_time: int | None
        in_time = self.in_time

        machines_found = self.machines_found

        median_taken_s: float | None
        median_taken_s = self.median_taken_s

        sightings = self.sightings

        since_ms = self.since_ms

        taken = self.taken

        target_s: int | None
        target_s = self.target_s

        waiting = self.waiting

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "alarms": alarms,
                "cases": cases,
                "exports": exports,
                "in_time": in_time,
                "machines_found": machines_found,
                "median_taken_s": median_taken_s,
                "sightings": sightings,
                "since_ms": since_ms,
                "taken": taken,
                "target_s": target_s,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.wall_results_alarms import WallResultsAlarms
        from ..models.wall_results_cases import WallResultsCases

        d = dict(src_dict)
        alarms = WallResultsAlarms.from_dict(d.pop("alarms"))

        cases = WallResultsCases.from_dict(d.pop("cases"))

        exports = d.pop("exports")

        def _parse_in_time(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        in_time = _parse_in_time(d.pop("in_time"))

        machines_found = d.pop("machines_found")

        def _parse_median_taken_s(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        median_taken_s = _parse_median_taken_s(d.pop("median_taken_s"))

        sightings = d.pop("sightings")

        since_ms = d.pop("since_ms")

        taken = d.pop("taken")

        def _parse_target_s(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        target_s = _parse_target_s(d.pop("target_s"))

        waiting = d.pop("waiting")

        _made = class_(
            alarms=alarms,
            cases=cases,
            exports=exports,
            in_time=in_time,
            machines_found=machines_found,
            median_taken_s=median_taken_s,
            sightings=sightings,
            since_ms=since_ms,
            taken=taken,
            target_s=target_s,
            waiting=waiting,
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
