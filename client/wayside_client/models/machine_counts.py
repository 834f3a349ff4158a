from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.camera_count import CameraCount
    from ..models.time_bin import TimeBin
    from ..models.week_hour import WeekHour


T = TypeVar("T", bound="MachineCounts")


@_attrs_define
class MachineCounts:
    """Answer of `query`: numbers of machines, by class; bins, hours and cameras without any are left out.

    Attributes:
        bins (list[TimeBin]):
        cameras (list[CameraCount]):
        machines (int):
        rows_read (int):
        week (list[WeekHour]):
        days_left_out (list[str] | Unset): Days not counted, because a request reads only so many rows. Empty: the
            counts are exact.
        days_without (list[str] | Unset): Days of a release that did not store the requested fields: nothing of them can
            be found.
    """

    bins: list[TimeBin]
    cameras: list[CameraCount]
    machines: int
    rows_read: int
    week: list[WeekHour]
    days_left_out: list[str] | Unset = UNSET
    days_without: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        bins = []
        for bins_item_data in self.bins:
            bins_item = bins_item_data.to_dict()
            bins.append(bins_item)

        cameras = []
        for cameras_item_data in self.cameras:
            cameras_item = cameras_item_data.to_dict()
            cameras.append(cameras_item)

        machines = self.machines

        rows_read = self.rows_read

        week = []
        for week_item_data in self.week:
            week_item = week_item_data.to_dict()
            week.append(week_item)

        days_left_out: list[str] | Unset = UNSET
        if not isinstance(self.days_left_out, Unset):
            days_left_out = self.days_left_out

        days_without: list[str] | Unset = UNSET
        if not isinstance(self.days_without, Unset):
            days_without = self.days_without

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bins": bins,
                "cameras": cameras,
                "machines": machines,
                "rows_read": rows_read,
                "week": week,
            }
        )
        if days_left_out is not UNSET:
            field_dict["days_left_out"] = days_left_out
        if days_without is not UNSET:
            field_dict["days_without"] = days_without

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.camera_count import CameraCount
        from ..models.time_bin import TimeBin
        from ..models.week_hour import WeekHour

        d = dict(src_dict)
        bins = []
        _bins = d.pop("bins")
        for bins_item_data in _bins:
            bins_item = TimeBin.from_dict(bins_item_data)

            bins.append(bins_item)

        cameras = []
        _cameras = d.pop("cameras")
        for cameras_item_data in _cameras:
            cameras_item = CameraCount.from_dict(cameras_item_data)

            cameras.append(cameras_item)

        machines = d.pop("machines")

        rows_read = d.pop("rows_read")

        week = []
        _week = d.pop("week")
        for week_item_data in _week:
            week_item = WeekHour.from_dict(week_item_data)

            week.append(week_item)

        days_left_out = cast(list[str], d.pop("days_left_out", UNSET))

        days_without = cast(list[str], d.pop("days_without", UNSET))

        _made = class_(
            bins=bins,
            cameras=cameras,
            machines=machines,
            rows_read=rows_read,
            week=week,
            days_left_out=days_left_out,
            days_without=days_without,
        )

        return _made
