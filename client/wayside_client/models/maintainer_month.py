from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.share_in_time import ShareInTime


T = TypeVar("T", bound="MaintainerMonth")


@_attrs_define
class MaintainerMonth:
    """Figures of one maintainer, of the orders that were opened in one month.

    Attributes:
        answer (ShareInTime): Clocks that were met among those that were met or missed. `share` null: none was.
        by_told_time (int): Orders with a clock that was stopped at a time that a telephone told.
        counted_mttr_ms (int | None): The same by the hours that the contract counts.
        first_time_fixes (int):
        first_time_share (float | None):
        in_time (int): Orders that were mended and missed no clock.
        in_time_share (float | None): Their share of those that were mended or missed a clock.
        live (int): Orders that have not ended.
        maintainer (str):
        mended (int): Orders that are well again by a repair.
        mended_clock (ShareInTime): Clocks that were met among those that were met or missed. `share` null: none was.
        mttr_ms (int | None): Mean time from the opening until the indicator was well, all hours; of the orders that
            were mended.
        on_site (ShareInTime): Clocks that were met among those that were met or missed. `share` null: none was.
        orders (int):
        recovered (int): Orders whose fault went before a technician accepted.
        void (int):
    """

    answer: ShareInTime
    by_told_time: int
    counted_mttr_ms: int | None
    first_time_fixes: int
    first_time_share: float | None
    in_time: int
    in_time_share: float | None
    live: int
    maintainer: str
    mended: int
    mended_clock: ShareInTime
    mttr_ms: int | None
    on_site: ShareInTime
    orders: int
    recovered: int
    void: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        answer = self.answer.to_dict()

        by_told_time = self.by_told_time

        counted_mttr_ms: int | None
        counted_mttr_ms = self.counted_mttr_ms

        first_time_fixes = self.first_time_fixes

        first_time_share: float | None
        first_time_share = self.first_time_share

        in_time = self.in_time

        in_time_share: float | None
        in_time_share = self.in_time_share

        live = self.live

        maintainer = self.maintainer

        mended = self.mended

        mended_clock = self.mended_clock.to_dict()

        mttr_ms: int | None
        mttr_ms = self.mttr_ms

        on_site = self.on_site.to_dict()

        orders = self.orders

        recovered = self.recovered

        void = self.void

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "answer": answer,
                "by_told_time": by_told_time,
                "counted_mttr_ms": counted_mttr_ms,
                "first_time_fixes": first_time_fixes,
                "first_time_share": first_time_share,
                "in_time": in_time,
                "in_time_share": in_time_share,
                "live": live,
                "maintainer": maintainer,
                "mended": mended,
                "mended_clock": mended_clock,
                "mttr_ms": mttr_ms,
                "on_site": on_site,
                "orders": orders,
                "recovered": recovered,
                "void": void,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.share_in_time import ShareInTime

        d = dict(src_dict)
        answer = ShareInTime.from_dict(d.pop("answer"))

        by_told_time = d.pop("by_told_time")

        def _parse_counted_mttr_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        counted_mttr_ms = _parse_counted_mttr_ms(d.pop("counted_mttr_ms"))

        first_time_fixes = d.pop("first_time_fixes")

        def _parse_first_time_share(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        first_time_share = _parse_first_time_share(d.pop("first_time_share"))

        in_time = d.pop("in_time")

        def _parse_in_time_share(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        in_time_share = _parse_in_time_share(d.pop("in_time_share"))

        live = d.pop("live")

        maintainer = d.pop("maintainer")

        mended = d.pop("mended")

        mended_clock = ShareInTime.from_dict(d.pop("mended_clock"))

        def _parse_mttr_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        mttr_ms = _parse_mttr_ms(d.pop("mttr_ms"))

        on_site = ShareInTime.from_dict(d.pop("on_site"))

        orders = d.pop("orders")

        recovered = d.pop("recovered")

        void = d.pop("void")

        _made = class_(
            answer=answer,
            by_told_time=by_told_time,
            counted_mttr_ms=counted_mttr_ms,
            first_time_fixes=first_time_fixes,
            first_time_share=first_time_share,
            in_time=in_time,
            in_time_share=in_time_share,
            live=live,
            maintainer=maintainer,
            mended=mended,
            mended_clock=mended_clock,
            mttr_ms=mttr_ms,
            on_site=on_site,
            orders=orders,
            recovered=recovered,
            void=void,
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
