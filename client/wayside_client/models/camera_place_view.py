from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.card_view import CardView


T = TypeVar("T", bound="CameraPlaceView")


@_attrs_define
class CameraPlaceView:
    """One line of a league table of cameras, with the camera's profile.

    Attributes:
        agent_id (str):
        camera_id (str):
        card (CardView): Card of a district, the fleet, or one bucket of a series.
        district (str):
        gb_code (str):
        latitude (float | None):
        longitude (float | None):
        rank (int | None):
        value (float | None):
    """

    agent_id: str
    camera_id: str
    card: CardView
    district: str
    gb_code: str
    latitude: float | None
    longitude: float | None
    rank: int | None
    value: float | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        camera_id = self.camera_id

        card = self.card.to_dict()

        district = self.district

        gb_code = self.gb_code

        latitude: float | None
        latitude = self.latitude

        longitude: float | None
        longitude = self.longitude

        rank: int | None
        rank = self.rank

        value: float | None
        value = self.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "camera_id": camera_id,
                "card": card,
                "district": district,
                "gb_code": gb_code,
                "latitude": latitude,
                "longitude": longitude,
                "rank": rank,
                "value": value,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.card_view import CardView

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        camera_id = d.pop("camera_id")

        card = CardView.from_dict(d.pop("card"))

        district = d.pop("district")

        gb_code = d.pop("gb_code")

        def _parse_latitude(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        latitude = _parse_latitude(d.pop("latitude"))

        def _parse_longitude(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        longitude = _parse_longitude(d.pop("longitude"))

        def _parse_rank(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rank = _parse_rank(d.pop("rank"))

        def _parse_value(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        value = _parse_value(d.pop("value"))

        _made = class_(
            agent_id=agent_id,
            camera_id=camera_id,
            card=card,
            district=district,
            gb_code=gb_code,
            latitude=latitude,
            longitude=longitude,
            rank=rank,
            value=value,
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
