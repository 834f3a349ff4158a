from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import UUID

from attrs import define as _attrs_define

from ..models.step_kind import StepKind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.part_used import PartUsed


T = TypeVar("T", bound="TechnicianStep")


@_attrs_define
class TechnicianStep:
    """Step that a technician's telephone tells; told again with the same id it is one.

    Attributes:
        kind (StepKind): Step that a technician tells of.
        step_id (UUID): Made by the telephone.
        told_at (int): Time at which it happened, as the telephone says.
        note (str | Unset):  Default: ''.
        parts (list[PartUsed] | Unset):
    """

    kind: StepKind
    step_id: UUID
    told_at: int
    note: str | Unset = ""
    parts: list[PartUsed] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind.value

        step_id = str(self.step_id)

        told_at = self.told_at

        note = self.note

        parts: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.parts, Unset):
            parts = []
            for parts_item_data in self.parts:
                parts_item = parts_item_data.to_dict()
                parts.append(parts_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
                "step_id": step_id,
                "told_at": told_at,
            }
        )
        if note is not UNSET:
            field_dict["note"] = note
        if parts is not UNSET:
            field_dict["parts"] = parts

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.part_used import PartUsed

        d = dict(src_dict)
        kind = StepKind(d.pop("kind"))

        step_id = UUID(d.pop("step_id"))

        told_at = d.pop("told_at")

        note = d.pop("note", UNSET)

        _parts = d.pop("parts", UNSET)
        parts: list[PartUsed] | Unset = UNSET
        if _parts is not UNSET:
            parts = []
            for parts_item_data in _parts:
                parts_item = PartUsed.from_dict(parts_item_data)

                parts.append(parts_item)

        _made = class_(
            kind=kind,
            step_id=step_id,
            told_at=told_at,
            note=note,
            parts=parts,
        )

        return _made
