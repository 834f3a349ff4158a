from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.live_request import LiveRequest
    from ..models.span_request import SpanRequest


T = TypeVar("T", bound="NewJobs")


@_attrs_define
class NewJobs:
    """One job for each of the cameras.

    Attributes:
        cameras (list[str]):
        purpose (str):
        work (LiveRequest | SpanRequest):
    """

    cameras: list[str]
    purpose: str
    work: LiveRequest | SpanRequest

    def to_dict(self) -> dict[str, Any]:
        from ..models.span_request import SpanRequest

        cameras = self.cameras

        purpose = self.purpose

        work: dict[str, Any]
        if isinstance(self.work, SpanRequest):
            work = self.work.to_dict()
        else:
            work = self.work.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "cameras": cameras,
                "purpose": purpose,
                "work": work,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.live_request import LiveRequest
        from ..models.span_request import SpanRequest

        d = dict(src_dict)
        cameras = cast(list[str], d.pop("cameras"))

        purpose = d.pop("purpose")

        def _parse_work(data: object) -> LiveRequest | SpanRequest:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                work_type_0 = SpanRequest.from_dict(data)

                return work_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            work_type_1 = LiveRequest.from_dict(data)

            return work_type_1

        work = _parse_work(d.pop("work"))

        _made = class_(
            cameras=cameras,
            purpose=purpose,
            work=work,
        )

        return _made
