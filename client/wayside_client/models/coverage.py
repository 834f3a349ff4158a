from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.coverage_protocols import CoverageProtocols
    from ..models.coverage_states import CoverageStates
    from ..models.district_coverage import DistrictCoverage


T = TypeVar("T", bound="Coverage")


@_attrs_define
class Coverage:
    """Cameras that have reported, by district, protocol and state.

    Attributes:
        cameras (int):
        districts (list[DistrictCoverage]):
        online (int | None):
        outside (int): Cameras in no district.
        protocols (CoverageProtocols):
        states (CoverageStates):
        target (int | None):
        unnamed (int): Cameras of older agents, which do not name the protocol.
    """

    cameras: int
    districts: list[DistrictCoverage]
    online: int | None
    outside: int
    protocols: CoverageProtocols
    states: CoverageStates
    target: int | None
    unnamed: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cameras = self.cameras

        districts = []
        for districts_item_data in self.districts:
            districts_item = districts_item_data.to_dict()
            districts.append(districts_item)

        online: int | None
        online = self.online

        outside = self.outside

        protocols = self.protocols.to_dict()

        states = self.states.to_dict()

        target: int | None
        target = self.target

        unnamed = self.unnamed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cameras": cameras,
                "districts": districts,
                "online": online,
                "outside": outside,
                "protocols": protocols,
                "states": states,
                "target": target,
                "unnamed": unnamed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.coverage_protocols import CoverageProtocols
        from ..models.coverage_states import CoverageStates
        from ..models.district_coverage import DistrictCoverage

        d = dict(src_dict)
        cameras = d.pop("cameras")

        districts = []
        _districts = d.pop("districts")
        for districts_item_data in _districts:
            districts_item = DistrictCoverage.from_dict(districts_item_data)

            districts.append(districts_item)

        def _parse_online(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        online = _parse_online(d.pop("online"))

        outside = d.pop("outside")

        protocols = CoverageProtocols.from_dict(d.pop("protocols"))

        states = CoverageStates.from_dict(d.pop("states"))

        def _parse_target(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        target = _parse_target(d.pop("target"))

        unnamed = d.pop("unnamed")

        _made = class_(
            cameras=cameras,
            districts=districts,
            online=online,
            outside=outside,
            protocols=protocols,
            states=states,
            target=target,
            unnamed=unnamed,
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
