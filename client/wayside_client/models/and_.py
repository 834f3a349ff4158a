from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.absent import Absent
    from ..models.many import Many
    from ..models.not_ import Not
    from ..models.or_ import Or
    from ..models.seen import Seen
    from ..models.then import Then


T = TypeVar("T", bound="And")


@_attrs_define
class And:
    """All of these hold at the same moment.

    Attributes:
        of (list[Absent | And | Many | Not | Or | Seen | Then]):
        op (Literal['and']):
    """

    of: list[Absent | And | Many | Not | Or | Seen | Then]
    op: Literal["and"]

    def to_dict(self) -> dict[str, Any]:
        from ..models.absent import Absent
        from ..models.many import Many
        from ..models.not_ import Not
        from ..models.or_ import Or
        from ..models.seen import Seen

        of = []
        for of_item_data in self.of:
            of_item: dict[str, Any]
            if (
                isinstance(of_item_data, Seen)
                or isinstance(of_item_data, Many)
                or isinstance(of_item_data, Absent)
                or isinstance(of_item_data, And)
                or isinstance(of_item_data, Or)
                or isinstance(of_item_data, Not)
            ):
                of_item = of_item_data.to_dict()
            else:
                of_item = of_item_data.to_dict()

            of.append(of_item)

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
        from ..models.many import Many
        from ..models.not_ import Not
        from ..models.or_ import Or
        from ..models.seen import Seen
        from ..models.then import Then

        d = dict(src_dict)
        of = []
        _of = d.pop("of")
        for of_item_data in _of:

            def _parse_of_item(data: object) -> Absent | And | Many | Not | Or | Seen | Then:
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    of_item_type_0 = Seen.from_dict(data)

                    return of_item_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    of_item_type_1 = Many.from_dict(data)

                    return of_item_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    of_item_type_2 = Absent.from_dict(data)

                    return of_item_type_2
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    of_item_type_3 = And.from_dict(data)

                    return of_item_type_3
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    of_item_type_4 = Or.from_dict(data)

                    return of_item_type_4
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    of_item_type_5 = Not.from_dict(data)

                    return of_item_type_5
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                of_item_type_6 = Then.from_dict(data)

                return of_item_type_6

            of_item = _parse_of_item(of_item_data)

            of.append(of_item)

        op = cast(Literal["and"], d.pop("op"))
        if op != "and":
            raise ValueError(f"op must match const 'and', got '{op}'")

        _made = class_(
            of=of,
            op=op,
        )

        return _made
