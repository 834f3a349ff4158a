from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.side import Side
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.line import Line


T = TypeVar("T", bound="LineCrossing")


@_attrs_define
class LineCrossing:
    """A machine crosses a line.

    Attributes:
        kind (Literal['line_crossing']):
        line (None | str | Unset): Line of the agent's configuration: reported once a machine, whatever happens between
            two pictures.
        segment (Line | None | Unset): Line drawn here: crossed by the last own length of a machine's way, straight back
            along its heading.
        to (None | Side | Unset): The side that the machine comes to; None: either.
    """

    kind: Literal["line_crossing"]
    line: None | str | Unset = UNSET
    segment: Line | None | Unset = UNSET
    to: None | Side | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.line import Line

        kind = self.kind

        line: None | str | Unset
        if isinstance(self.line, Unset):
            line = UNSET
        else:
            line = self.line

        segment: dict[str, Any] | None | Unset
        if isinstance(self.segment, Unset):
            segment = UNSET
        elif isinstance(self.segment, Line):
            segment = self.segment.to_dict()
        else:
            segment = self.segment

        to: None | str | Unset
        if isinstance(self.to, Unset):
            to = UNSET
        elif isinstance(self.to, Side):
            to = self.to.value
        else:
            to = self.to

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
            }
        )
        if line is not UNSET:
            field_dict["line"] = line
        if segment is not UNSET:
            field_dict["segment"] = segment
        if to is not UNSET:
            field_dict["to"] = to

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.line import Line

        d = dict(src_dict)
        kind = cast(Literal["line_crossing"], d.pop("kind"))
        if kind != "line_crossing":
            raise ValueError(f"kind must match const 'line_crossing', got '{kind}'")

        def _parse_line(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        line = _parse_line(d.pop("line", UNSET))

        def _parse_segment(data: object) -> Line | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                segment_type_0 = Line.from_dict(data)

                return segment_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Line | None | Unset, data)

        segment = _parse_segment(d.pop("segment", UNSET))

        def _parse_to(data: object) -> None | Side | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                to_type_0 = Side(data)

                return to_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Side | Unset, data)

        to = _parse_to(d.pop("to", UNSET))

        _made = class_(
            kind=kind,
            line=line,
            segment=segment,
            to=to,
        )

        return _made
