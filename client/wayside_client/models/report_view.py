from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.card_view import CardView
    from ..models.gap_view import GapView
    from ..models.month_version_view import MonthVersionView
    from ..models.place_view import PlaceView


T = TypeVar("T", bound="ReportView")


@_attrs_define
class ReportView:
    """Report on one period without its cameras.

    Attributes:
        districts (list[PlaceView]):
        fleet (CardView): Card of a district, the fleet, or one bucket of a series.
        from_ms (int):
        gaps (list[GapView]):
        period (str):
        to_ms (int): Exclusive; for a period that has not ended, the end of this hour.
        version (MonthVersionView | None): Version of a closed month; null: as it is now.
    """

    districts: list[PlaceView]
    fleet: CardView
    from_ms: int
    gaps: list[GapView]
    period: str
    to_ms: int
    version: MonthVersionView | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.month_version_view import MonthVersionView

        districts = []
        for districts_item_data in self.districts:
            districts_item = districts_item_data.to_dict()
            districts.append(districts_item)

        fleet = self.fleet.to_dict()

        from_ms = self.from_ms

        gaps = []
        for gaps_item_data in self.gaps:
            gaps_item = gaps_item_data.to_dict()
            gaps.append(gaps_item)

        period = self.period

        to_ms = self.to_ms

        version: dict[str, Any] | None
        if isinstance(self.version, MonthVersionView):
            version = self.version.to_dict()
        else:
            version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "districts": districts,
                "fleet": fleet,
                "from_ms": from_ms,
                "gaps": gaps,
                "period": period,
                "to_ms": to_ms,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.card_view import CardView
        from ..models.gap_view import GapView
        from ..models.month_version_view import MonthVersionView
        from ..models.place_view import PlaceView

        d = dict(src_dict)
        districts = []
        _districts = d.pop("districts")
        for districts_item_data in _districts:
            districts_item = PlaceView.from_dict(districts_item_data)

            districts.append(districts_item)

        fleet = CardView.from_dict(d.pop("fleet"))

        from_ms = d.pop("from_ms")

        gaps = []
        _gaps = d.pop("gaps")
        for gaps_item_data in _gaps:
            gaps_item = GapView.from_dict(gaps_item_data)

            gaps.append(gaps_item)

        period = d.pop("period")

        to_ms = d.pop("to_ms")

        def _parse_version(data: object) -> MonthVersionView | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                version_type_0 = MonthVersionView.from_dict(data)

                return version_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MonthVersionView | None, data)

        version = _parse_version(d.pop("version"))

        _made = class_(
            districts=districts,
            fleet=fleet,
            from_ms=from_ms,
            gaps=gaps,
            period=period,
            to_ms=to_ms,
            version=version,
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
