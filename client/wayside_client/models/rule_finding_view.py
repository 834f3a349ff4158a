from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.machine_class import MachineClass
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.box import Box
    from ..models.coded_cause import CodedCause


T = TypeVar("T", bound="RuleFindingView")


@_attrs_define
class RuleFindingView:
    """Reason for a match: a machine (box in pixels) and a line, zone or lane; or a fault and its cause.

    Attributes:
        box (Box | None | Unset):
        cause (str | Unset):  Default: ''.
        cls (MachineClass | None | Unset):
        code (str | Unset):  Default: ''.
        reason (CodedCause | None | Unset): The cause for the reader's language, where an agent coded it.
        score (float | None | Unset):
        where (str | Unset):  Default: ''.
    """

    box: Box | None | Unset = UNSET
    cause: str | Unset = ""
    cls: MachineClass | None | Unset = UNSET
    code: str | Unset = ""
    reason: CodedCause | None | Unset = UNSET
    score: float | None | Unset = UNSET
    where: str | Unset = ""
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.box import Box
        from ..models.coded_cause import CodedCause

        box: dict[str, Any] | None | Unset
        if isinstance(self.box, Unset):
            box = UNSET
        elif isinstance(self.box, Box):
            box = self.box.to_dict()
        else:
            box = self.box

        cause = self.cause

        cls: None | str | Unset
        if isinstance(self.cls, Unset):
            cls = UNSET
        elif isinstance(self.cls, MachineClass):
            cls = self.cls.value
        else:
            cls = self.cls

        code = self.code

        reason: dict[str, Any] | None | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        elif isinstance(self.reason, CodedCause):
            reason = self.reason.to_dict()
        else:
            reason = self.reason

        score: float | None | Unset
        if isinstance(self.score, Unset):
            score = UNSET
        else:
            score = self.score

        where = self.where

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if box is not UNSET:
            field_dict["box"] = box
        if cause is not UNSET:
            field_dict["cause"] = cause
        if cls is not UNSET:
            field_dict["cls"] = cls
        if code is not UNSET:
            field_dict["code"] = code
        if reason is not UNSET:
            field_dict["reason"] = reason
        if score is not UNSET:
            field_dict["score"] = score
        if where is not UNSET:
            field_dict["where"] = where

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.box import Box
        from ..models.coded_cause import CodedCause

        d = dict(src_dict)

        def _parse_box(data: object) -> Box | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                box_type_0 = Box.from_dict(data)

                return box_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Box | None | Unset, data)

        box = _parse_box(d.pop("box", UNSET))

        cause = d.pop("cause", UNSET)

        def _parse_cls(data: object) -> MachineClass | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                cls_type_0 = MachineClass(data)

                return cls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MachineClass | None | Unset, data)

        cls = _parse_cls(d.pop("cls", UNSET))

        code = d.pop("code", UNSET)

        def _parse_reason(data: object) -> CodedCause | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reason_type_0 = CodedCause.from_dict(data)

                return reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CodedCause | None | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_score(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        score = _parse_score(d.pop("score", UNSET))

        where = d.pop("where", UNSET)

        _made = class_(
            box=box,
            cause=cause,
            cls=cls,
            code=code,
            reason=reason,
            score=score,
            where=where,
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
