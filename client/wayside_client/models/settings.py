from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..models.settings_timely_s import SettingsTimelyS
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.settings_pass_at import SettingsPassAt
    from ..models.settings_weight import SettingsWeight


T = TypeVar("T", bound="Settings")


@_attrs_define
class Settings:
    """Thresholds and limits. Facts do not depend on them: a change holds for every period, past ones too.

    Attributes:
        cameras_a_place (int | Unset): Cameras that may stand at one place, to a metre, before it counts as copied.
            Default: 1.
        clock_ms (int | Unset): Milliseconds by which a camera's clock may deviate from the centre's. Default: 5000.
        known_share (float | Unset): Share of the hours or minutes that must be known for a verdict; with less it is
            unknown. Default: 0.5.
        latitude_from (float | Unset):  Default: 3.0.
        latitude_to (float | Unset):  Default: 54.0.
        longitude_from (float | Unset):  Default: 73.0.
        longitude_to (float | Unset): Bounds of plausible places; by default they hold China. Default: 136.0.
        online_minutes (int | Unset): Minutes online from which an hour must have a picture. Default: 55.
        pass_at (SettingsPassAt | Unset): Rate from which an indicator passes.
        retroactive_h (int | Unset): Hours after its begin from which newly entered maintenance is marked retroactive.
            Default: 24.
        timely_s (SettingsTimelyS | Unset): Seconds after its capture within which the hint of a timely picture comes.
            Default: SettingsTimelyS.VALUE_60.
        weight (SettingsWeight | Unset): Weight of an indicator in the score; 0 leaves it out.
        zone_h (int | Unset): Days and months begin at midnight of this zone, hours east of UTC. Default: 8.
    """

    cameras_a_place: int | Unset = 1
    clock_ms: int | Unset = 5000
    known_share: float | Unset = 0.5
    latitude_from: float | Unset = 3.0
    latitude_to: float | Unset = 54.0
    longitude_from: float | Unset = 73.0
    longitude_to: float | Unset = 136.0
    online_minutes: int | Unset = 55
    pass_at: SettingsPassAt | Unset = UNSET
    retroactive_h: int | Unset = 24
    timely_s: SettingsTimelyS | Unset = SettingsTimelyS.VALUE_60
    weight: SettingsWeight | Unset = UNSET
    zone_h: int | Unset = 8

    def to_dict(self) -> dict[str, Any]:
        cameras_a_place = self.cameras_a_place

        clock_ms = self.clock_ms

        known_share = self.known_share

        latitude_from = self.latitude_from

        latitude_to = self.latitude_to

        longitude_from = self.longitude_from

        longitude_to = self.longitude_to

        online_minutes = self.online_minutes

        pass_at: dict[str, Any] | Unset = UNSET
        if not isinstance(self.pass_at, Unset):
            pass_at = self.pass_at.to_dict()

        retroactive_h = self.retroactive_h

        timely_s: int | Unset = UNSET
        if not isinstance(self.timely_s, Unset):
            timely_s = self.timely_s.value

        weight: dict[str, Any] | Unset = UNSET
        if not isinstance(self.weight, Unset):
            weight = self.weight.to_dict()

        zone_h = self.zone_h

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if cameras_a_place is not UNSET:
            field_dict["cameras_a_place"] = cameras_a_place
        if clock_ms is not UNSET:
            field_dict["clock_ms"] = clock_ms
        if known_share is not UNSET:
            field_dict["known_share"] = known_share
        if latitude_from is not UNSET:
            field_dict["latitude_from"] = latitude_from
        if latitude_to is not UNSET:
            field_dict["latitude_to"] = latitude_to
        if longitude_from is not UNSET:
            field_dict["longitude_from"] = longitude_from
        if longitude_to is not UNSET:
            field_dict["longitude_to"] = longitude_to
        if online_minutes is not UNSET:
            field_dict["online_minutes"] = online_minutes
        if pass_at is not UNSET:
            field_dict["pass_at"] = pass_at
        if retroactive_h is not UNSET:
            field_dict["retroactive_h"] = retroactive_h
        if timely_s is not UNSET:
            field_dict["timely_s"] = timely_s
        if weight is not UNSET:
            field_dict["weight"] = weight
        if zone_h is not UNSET:
            field_dict["zone_h"] = zone_h

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.settings_pass_at import SettingsPassAt
        from ..models.settings_weight import SettingsWeight

        d = dict(src_dict)
        cameras_a_place = d.pop("cameras_a_place", UNSET)

        clock_ms = d.pop("clock_ms", UNSET)

        known_share = d.pop("known_share", UNSET)

        latitude_from = d.pop("latitude_from", UNSET)

        latitude_to = d.pop("latitude_to", UNSET)

        longitude_from = d.pop("longitude_from", UNSET)

        longitude_to = d.pop("longitude_to", UNSET)

        online_minutes = d.pop("online_minutes", UNSET)

        _pass_at = d.pop("pass_at", UNSET)
        pass_at: SettingsPassAt | Unset
        if isinstance(_pass_at, Unset):
            pass_at = UNSET
        else:
            pass_at = SettingsPassAt.from_dict(_pass_at)

        retroactive_h = d.pop("retroactive_h", UNSET)

        _timely_s = d.pop("timely_s", UNSET)
        timely_s: SettingsTimelyS | Unset
        if isinstance(_timely_s, Unset):
            timely_s = UNSET
        else:
            timely_s = SettingsTimelyS(_timely_s)

        _weight = d.pop("weight", UNSET)
        weight: SettingsWeight | Unset
        if isinstance(_weight, Unset):
            weight = UNSET
        else:
            weight = SettingsWeight.from_dict(_weight)

        zone_h = d.pop("zone_h", UNSET)

        _made = class_(
            cameras_a_place=cameras_a_place,
            clock_ms=clock_ms,
            known_share=known_share,
            latitude_from=latitude_from,
            latitude_to=latitude_to,
            longitude_from=longitude_from,
            longitude_to=longitude_to,
            online_minutes=online_minutes,
            pass_at=pass_at,
            retroactive_h=retroactive_h,
            timely_s=timely_s,
            weight=weight,
            zone_h=zone_h,
        )

        return _made
