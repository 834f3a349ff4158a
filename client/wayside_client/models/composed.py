from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.absent import Absent
    from ..models.and_ import And
    from ..models.many import Many
    from ..models.not_ import Not
    from ..models.or_ import Or
    from ..models.seen import Seen
    from ..models.then import Then


T = TypeVar("T", bound="Composed")


@_attrs_define
class Composed:
    """Conditions that hold together, at one camera or at one place.

    Attributes:
        kind (Literal['composed']):
        when (Absent | And | Many | Not | Or | Seen | Then):
        place_name (None | str | Unset): Name of the place whose cameras the conditions name; None: each camera of the
            rule by itself.
    """

    kind: Literal["composed"]
    when: Absent | And | Many | Not | Or | Seen | Then
    place_name: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.absent import Absent
        from ..models.and_ import And
        from ..models.many import Many
        from ..models.not_ import Not
        from ..models.or_ import Or
        from ..models.seen import Seen

        kind = self.kind

        when: dict[str, Any]
        if (
            isinstance(self.when, Seen)
            or isinstance(self.when, Many)
            or isinstance(self.when, Absent)
            or isinstance(self.when, And)
            or isinstance(self.when, Or)
            or isinstance(self.when, Not)
        ):
            when = self.when.to_dict()
        else:
            when = self.when.to_dict()

        place_name: None | str | Unset
        if isinstance(self.place_name, Unset):
            place_name = UNSET
        else:
            place_name = self.place_name

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "when": when,
            }
        )
        if place_name is not UNSET:
            field_dict["place_name"] = place_name

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.absent import Absent
        from ..models.and_ import And
        from ..models.many import Many
        from ..models.not_ import Not
        from ..models.or_ import Or
        from ..models.seen import Seen
        from ..models.then import Then

        d = dict(src_dict)
        kind = cast(Literal["composed"], d.pop("kind"))
        if kind != "composed":
            raise ValueError(f"kind must match const 'composed', got '{kind}'")

        def _parse_when(data: object) -> Absent | And | Many | Not | Or | Seen | Then:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                when_type_0 = Seen.from_dict(data)

                return when_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                when_type_1 = Many.from_dict(data)

                return when_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                when_type_2 = Absent.from_dict(data)

                return when_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                when_type_3 = And.from_dict(data)

                return when_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                when_type_4 = Or.from_dict(data)

                return when_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                when_type_5 = Not.from_dict(data)

                return when_type_5
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            when_type_6 = Then.from_dict(data)

            return when_type_6

        when = _parse_when(d.pop("when"))

        def _parse_place_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        place_name = _parse_place_name(d.pop("place_name", UNSET))

        _made = class_(
            kind=kind,
            when=when,
            place_name=place_name,
        )

        return _made
