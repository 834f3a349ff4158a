from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.export_state import ExportState

if TYPE_CHECKING:
    from ..models.left_out import LeftOut


T = TypeVar("T", bound="Export")


@_attrs_define
class Export:
    """One export. `done` counts the requested observations that are processed.

    Attributes:
        asked_for (int):
        case (str):
        cause (str): Why it failed, in English; empty otherwise.
        done (int):
        ends_at_ms (int | None): Time at which the file is removed.
        exported_by (str):
        id (str):
        left_out (list[LeftOut]):
        purpose (str):
        requester (str):
        sha256 (None | str):
        size (int | None):
        started_at_ms (int):
        state (ExportState): State of an export. `running` changes to one of the others, and `ready` to `removed`.
    """

    asked_for: int
    case: str
    cause: str
    done: int
    ends_at_ms: int | None
    exported_by: str
    id: str
    left_out: list[LeftOut]
    purpose: str
    requester: str
    sha256: None | str
    size: int | None
    started_at_ms: int
    state: ExportState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asked_for = self.asked_for

        case = self.case

        cause = self.cause

        done = self.done

        ends_at_ms: int | None
        ends_at_ms = self.ends_at_ms

        exported_by = self.exported_by

        id = self.id

        left_out = []
        for left_out_item_data in self.left_out:
            left_out_item = left_out_item_data.to_dict()
            left_out.append(left_out_item)

        purpose = self.purpose

        requester = self.requester

        sha256: None | str
        sha256 = self.sha256

        size: int | None
        size = self.size

        started_at_ms = self.started_at_ms

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asked_for": asked_for,
                "case": case,
                "cause": cause,
                "done": done,
                "ends_at_ms": ends_at_ms,
                "exported_by": exported_by,
                "id": id,
                "left_out": left_out,
                "purpose": purpose,
                "requester": requester,
                "sha256": sha256,
                "size": size,
                "started_at_ms": started_at_ms,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.left_out import LeftOut

        d = dict(src_dict)
        asked_for = d.pop("asked_for")

        case = d.pop("case")

        cause = d.pop("cause")

        done = d.pop("done")

        def _parse_ends_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        ends_at_ms = _parse_ends_at_ms(d.pop("ends_at_ms"))

        exported_by = d.pop("exported_by")

        id = d.pop("id")

        left_out = []
        _left_out = d.pop("left_out")
        for left_out_item_data in _left_out:
            left_out_item = LeftOut.from_dict(left_out_item_data)

            left_out.append(left_out_item)

        purpose = d.pop("purpose")

        requester = d.pop("requester")

        def _parse_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        sha256 = _parse_sha256(d.pop("sha256"))

        def _parse_size(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        size = _parse_size(d.pop("size"))

        started_at_ms = d.pop("started_at_ms")

        state = ExportState(d.pop("state"))

        _made = class_(
            asked_for=asked_for,
            case=case,
            cause=cause,
            done=done,
            ends_at_ms=ends_at_ms,
            exported_by=exported_by,
            id=id,
            left_out=left_out,
            purpose=purpose,
            requester=requester,
            sha256=sha256,
            size=size,
            started_at_ms=started_at_ms,
            state=state,
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
