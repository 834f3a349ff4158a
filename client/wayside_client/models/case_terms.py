from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.machine_class import MachineClass
from ..models.machine_colour import MachineColour
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.theft import Theft


T = TypeVar("T", bound="CaseTerms")


@_attrs_define
class CaseTerms:
    """Purpose and bounds of a case. Of machines alone: there is no field for a person.

    `from_ms` inclusive, `to_ms` exclusive, both of capture times.

        Attributes:
            cls (MachineClass): Class of a detected machine. Closed, and without a person on purpose.
            expires_at_ms (int):
            from_ms (int):
            purpose (str):
            to_ms (int):
            cameras (list[str] | Unset): Cameras besides those of the districts.
            colours (list[MachineColour] | Unset): As the owner says; empty: unknown.
            districts (list[str] | Unset):
            owner (None | str | Unset): None: the user who writes the case.
            standing (bool | Unset): True: fresh rows that resemble the sought machine raise an alarm. Default: False.
            standing_from (float | Unset): Least likeness, as a cosine, for such an alarm. Default: 0.85.
            theft (None | Theft | Unset):
    """

    cls: MachineClass
    expires_at_ms: int
    from_ms: int
    purpose: str
    to_ms: int
    cameras: list[str] | Unset = UNSET
    colours: list[MachineColour] | Unset = UNSET
    districts: list[str] | Unset = UNSET
    owner: None | str | Unset = UNSET
    standing: bool | Unset = False
    standing_from: float | Unset = 0.85
    theft: None | Theft | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.theft import Theft

        cls = self.cls.value

        expires_at_ms = self.expires_at_ms

        from_ms = self.from_ms

        purpose = self.purpose

        to_ms = self.to_ms

        cameras: list[str] | Unset = UNSET
        if not isinstance(self.cameras, Unset):
            cameras = self.cameras

        colours: list[str] | Unset = UNSET
        if not isinstance(self.colours, Unset):
            colours = []
            for colours_item_data in self.colours:
                colours_item = colours_item_data.value
                colours.append(colours_item)

        districts: list[str] | Unset = UNSET
        if not isinstance(self.districts, Unset):
            districts = self.districts

        owner: None | str | Unset
        if isinstance(self.owner, Unset):
            owner = UNSET
        else:
            owner = self.owner

        standing = self.standing

        standing_from = self.standing_from

        theft: dict[str, Any] | None | Unset
        if isinstance(self.theft, Unset):
            theft = UNSET
        elif isinstance(self.theft, Theft):
            theft = self.theft.to_dict()
        else:
            theft = self.theft

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "cls": cls,
                "expires_at_ms": expires_at_ms,
                "from_ms": from_ms,
                "purpose": purpose,
                "to_ms": to_ms,
            }
        )
        if cameras is not UNSET:
            field_dict["cameras"] = cameras
        if colours is not UNSET:
            field_dict["colours"] = colours
        if districts is not UNSET:
            field_dict["districts"] = districts
        if owner is not UNSET:
            field_dict["owner"] = owner
        if standing is not UNSET:
            field_dict["standing"] = standing
        if standing_from is not UNSET:
            field_dict["standing_from"] = standing_from
        if theft is not UNSET:
            field_dict["theft"] = theft

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.theft import Theft

        d = dict(src_dict)
        cls = MachineClass(d.pop("cls"))

        expires_at_ms = d.pop("expires_at_ms")

        from_ms = d.pop("from_ms")

        purpose = d.pop("purpose")

        to_ms = d.pop("to_ms")

        cameras = cast(list[str], d.pop("cameras", UNSET))

        _colours = d.pop("colours", UNSET)
        colours: list[MachineColour] | Unset = UNSET
        if _colours is not UNSET:
            colours = []
            for colours_item_data in _colours:
                colours_item = MachineColour(colours_item_data)

                colours.append(colours_item)

        districts = cast(list[str], d.pop("districts", UNSET))

        def _parse_owner(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        owner = _parse_owner(d.pop("owner", UNSET))

        standing = d.pop("standing", UNSET)

        standing_from = d.pop("standing_from", UNSET)

        def _parse_theft(data: object) -> None | Theft | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                theft_type_0 = Theft.from_dict(data)

                return theft_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Theft | Unset, data)

        theft = _parse_theft(d.pop("theft", UNSET))

        _made = class_(
            cls=cls,
            expires_at_ms=expires_at_ms,
            from_ms=from_ms,
            purpose=purpose,
            to_ms=to_ms,
            cameras=cameras,
            colours=colours,
            districts=districts,
            owner=owner,
            standing=standing,
            standing_from=standing_from,
            theft=theft,
        )

        return _made
