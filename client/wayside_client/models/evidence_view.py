from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.clock_source import ClockSource

if TYPE_CHECKING:
    from ..models.evidence_view_causes import EvidenceViewCauses
    from ..models.growth_view import GrowthView


T = TypeVar("T", bound="EvidenceView")


@_attrs_define
class EvidenceView:
    """One hour of one camera, minute by minute. `known` false: there are no facts on it.

    Attributes:
        abnormal (list[int]):
        causes (EvidenceViewCauses):
        clock_most_ms (int | None):
        clock_sources (list[ClockSource]):
        clock_sure_ms (int | None):
        excused_by (list[int]):
        from_ms (int):
        growth (GrowthView | None):
        hour (str):
        known (bool):
        looked (list[int]):
        offline (list[int]):
        pictured (list[int]):
        told (list[int]):
        within_10s (list[int]):
        within_300s (list[int]):
        within_3600s (list[int]):
        within_60s (list[int]):
    """

    abnormal: list[int]
    causes: EvidenceViewCauses
    clock_most_ms: int | None
    clock_sources: list[ClockSource]
    clock_sure_ms: int | None
    excused_by: list[int]
    from_ms: int
    growth: GrowthView | None
    hour: str
    known: bool
    looked: list[int]
    offline: list[int]
    pictured: list[int]
    told: list[int]
    within_10s: list[int]
    within_300s: list[int]
    within_3600s: list[int]
    within_60s: list[int]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.growth_view import GrowthView

        abnormal = self.abnormal

        causes = self.causes.to_dict()

        clock_most_ms: int | None
        clock_most_ms = self.clock_most_ms

        clock_sources = []
        for clock_sources_item_data in self.clock_sources:
            clock_sources_item = clock_sources_item_data.value
            clock_sources.append(clock_sources_item)

        clock_sure_ms: int | None
        clock_sure_ms = self.clock_sure_ms

        excused_by = self.excused_by

        from_ms = self.from_ms

        growth: dict[str, Any] | None
        if isinstance(self.growth, GrowthView):
            growth = self.growth.to_dict()
        else:
            growth = self.growth

        hour = self.hour

        known = self.known

        looked = self.looked

        offline = self.offline

        pictured = self.pictured

        told = self.told

        within_10s = self.within_10s

        within_300s = self.within_300s

        within_3600s = self.within_3600s

        within_60s = self.within_60s

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "abnormal": abnormal,
                "causes": causes,
                "clock_most_ms": clock_most_ms,
                "clock_sources": clock_sources,
                "clock_sure_ms": clock_sure_ms,
                "excused_by": excused_by,
                "from_ms": from_ms,
                "growth": growth,
                "hour": hour,
                "known": known,
                "looked": looked,
                "offline": offline,
                "pictured": pictured,
                "told": told,
                "within_10s": within_10s,
                "within_300s": within_300s,
                "within_3600s": within_3600s,
                "within_60s": within_60s,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.evidence_view_causes import EvidenceViewCauses
        from ..models.growth_view import GrowthView

        d = dict(src_dict)
        abnormal = cast(list[int], d.pop("abnormal"))

        causes = EvidenceViewCauses.from_dict(d.pop("causes"))

        def _parse_clock_most_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        clock_most_ms = _parse_clock_most_ms(d.pop("clock_most_ms"))

        clock_sources = []
        _clock_sources = d.pop("clock_sources")
        for clock_sources_item_data in _clock_sources:
            clock_sources_item = ClockSource(clock_sources_item_data)

            clock_sources.append(clock_sources_item)

        def _parse_clock_sure_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        clock_sure_ms = _parse_clock_sure_ms(d.pop("clock_sure_ms"))

        excused_by = cast(list[int], d.pop("excused_by"))

        from_ms = d.pop("from_ms")

        def _parse_growth(data: object) -> GrowthView | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                growth_type_0 = GrowthView.from_dict(data)

                return growth_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(GrowthView | None, data)

        growth = _parse_growth(d.pop("growth"))

        hour = d.pop("hour")

        known = d.pop("known")

        looked = cast(list[int], d.pop("looked"))

        offline = cast(list[int], d.pop("offline"))

        pictured = cast(list[int], d.pop("pictured"))

        told = cast(list[int], d.pop("told"))

        within_10s = cast(list[int], d.pop("within_10s"))

        within_300s = cast(list[int], d.pop("within_300s"))

        within_3600s = cast(list[int], d.pop("within_3600s"))

        within_60s = cast(list[int], d.pop("within_60s"))

        _made = class_(
            abnormal=abnormal,
            causes=causes,
            clock_most_ms=clock_most_ms,
            clock_sources=clock_sources,
            clock_sure_ms=clock_sure_ms,
            excused_by=excused_by,
            from_ms=from_ms,
            growth=growth,
            hour=hour,
            known=known,
            looked=looked,
            offline=offline,
            pictured=pictured,
            told=told,
            within_10s=within_10s,
            within_300s=within_300s,
            within_3600s=within_3600s,
            within_60s=within_60s,
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
