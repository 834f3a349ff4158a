from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.recorded_span import RecordedSpan


T = TypeVar("T", bound="SpanWork")


@_attrs_define
class SpanWork:
    """Fetches a span of a camera's recordings, of its recorder.

    Attributes:
        span (RecordedSpan): Span of a device's recordings in Unix milliseconds, UTC.
        kind (Literal['span'] | Unset):  Default: 'span'.
        speed (int | None | Unset): Speed to ask the recorder for, as a multiple of real time; None: the camera's own
            setting.
    """

    span: RecordedSpan
    kind: Literal["span"] | Unset = "span"
    speed: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        span = self.span.to_dict()

        kind = self.kind

        speed: int | None | Unset
        if isinstance(self.speed, Unset):
            speed = UNSET
        else:
            speed = self.speed

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "span": span,
            }
        )
        if kind is not UNSET:
            field_dict["kind"] = kind
        if speed is not UNSET:
            field_dict["speed"] = speed

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.recorded_span import RecordedSpan

        d = dict(src_dict)
        span = RecordedSpan.from_dict(d.pop("span"))

        kind = cast(Literal["span"] | Unset, d.pop("kind", UNSET))
        if kind != "span" and not isinstance(kind, Unset):
            raise ValueError(f"kind must match const 'span', got '{kind}'")

        def _parse_speed(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        speed = _parse_speed(d.pop("speed", UNSET))

        _made = class_(
            span=span,
            kind=kind,
            speed=speed,
        )

        return _made
