from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.absent import Absent
    from ..models.and_ import And
    from ..models.many import Many
    from ..models.or_ import Or
    from ..models.seen import Seen
    from ..models.then import Then


T = TypeVar("T", bound="Not")


@_attrs_define
class Not:
    """This does not hold, while its camera sends pictures.

    Attributes:
        of (Absent | And | Many | Not | Or | Seen | Then):
        op (Literal['not']):
    """

    of: Absent | And | Many | Not | Or | Seen | Then
    op: Literal["not"]

    def to_dict(self) -> dict[str, Any]:
        from ..models.absent import Absent
        from ..models.and_ import And
        from ..models.many import Many
        from ..models.or_ import Or
        from ..models.seen import Seen

        of: dict[str, Any]
        if (
            isinstance(self.of, Seen)
            or isinstance(self.of, Many)
            or isinstance(self.of, Absent)
            or isinstance(self.of, And)
            or isinstance(self.of, Or)
            or isinstance(self.of, Not)
        ):
            of = self.of.to_dict()
        else:
            of = self.of.to_dict()

        op = self.op

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "of": of,
                "op": op,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.absent import Absent
        from ..models.and_ import And
        from ..models.many import Many
        from ..models.or_ import Or
        from ..models.seen import Seen
        from ..models.then import Then

        d = dict(src_dict)

        def _parse_of(data: object) -> Absent | And | Many | Not | Or | Seen | Then:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                of_type_0 = Seen.from_dict(data)

                return of_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                of_type_1 = Many.from_dict(data)

                return of_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                of_type_2 = Absent.from_dict(data)

                return of_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                of_type_3 = And.from_dict(data)

                return of_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                of_type_4 = Or.from_dict(data)

                return of_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                of_type_5 = Not.from_dict(data)

                return of_type_5
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            of_type_6 = Then.from_dict(data)

            return of_type_6

        of = _parse_of(d.pop("of"))

        op = cast(Literal["not"], d.pop("op"))
        if op != "not":
            raise ValueError(f"op must match const 'not', got '{op}'")

        _made = class_(
            of=of,
            op=op,
        )

        return _made
