from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.many import Many
    from ..models.seen import Seen


T = TypeVar("T", bound="Then")


@_attrs_define
class Then:
    """After `first`, the same camera sees `second`, in a later picture within `within_s` seconds.

    Attributes:
        first (Many | Seen):
        op (Literal['then']):
        second (Many | Seen):
        within_s (int):
    """

    first: Many | Seen
    op: Literal["then"]
    second: Many | Seen
    within_s: int

    def to_dict(self) -> dict[str, Any]:
        from ..models.seen import Seen

        first: dict[str, Any]
        if isinstance(self.first, Seen):
            first = self.first.to_dict()
        else:
            first = self.first.to_dict()

        op = self.op

        second: dict[str, Any]
        if isinstance(self.second, Seen):
            second = self.second.to_dict()
        else:
            second = self.second.to_dict()

        within_s = self.within_s

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "first": first,
                "op": op,
                "second": second,
                "within_s": within_s,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.many import Many
        from ..models.seen import Seen

        d = dict(src_dict)

        def _parse_first(data: object) -> Many | Seen:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                first_type_0 = Seen.from_dict(data)

                return first_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            first_type_1 = Many.from_dict(data)

            return first_type_1

        first = _parse_first(d.pop("first"))

        op = cast(Literal["then"], d.pop("op"))
        if op != "then":
            raise ValueError(f"op must match const 'then', got '{op}'")

        def _parse_second(data: object) -> Many | Seen:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                second_type_0 = Seen.from_dict(data)

                return second_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            second_type_1 = Many.from_dict(data)

            return second_type_1

        second = _parse_second(d.pop("second"))

        within_s = d.pop("within_s")

        _made = class_(
            first=first,
            op=op,
            second=second,
            within_s=within_s,
        )

        return _made
