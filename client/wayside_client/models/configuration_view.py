from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.verdict import Verdict
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.coded_cause import CodedCause


T = TypeVar("T", bound="ConfigurationView")


@_attrs_define
class ConfigurationView:
    """An agent's result for the newest configuration that it was sent.

    Attributes:
        active (int | None): Number of the configuration in use, None when it runs on its own file alone.
        at_ms (int):
        cause (str):
        number (int | None): Number of the document that was judged; None when the agent could not read it.
        verdict (Verdict): Outcome of a configuration.
        reason (CodedCause | None | Unset): The cause for the reader's language; None from an older agent, and after the
            agent was restarted.
    """

    active: int | None
    at_ms: int
    cause: str
    number: int | None
    verdict: Verdict
    reason: CodedCause | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.coded_cause import CodedCause

        active: int | None
        active = self.active

        at_ms = self.at_ms

        cause = self.cause

        number: int | None
        number = self.number

        verdict = self.verdict.value

        reason: dict[str, Any] | None | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        elif isinstance(self.reason, CodedCause):
            reason = self.reason.to_dict()
        else:
            reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "active": active,
                "at_ms": at_ms,
                "cause": cause,
                "number": number,
                "verdict": verdict,
            }
        )
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.coded_cause import CodedCause

        d = dict(src_dict)

        def _parse_active(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        active = _parse_active(d.pop("active"))

        at_ms = d.pop("at_ms")

        cause = d.pop("cause")

        def _parse_number(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        number = _parse_number(d.pop("number"))

        verdict = Verdict(d.pop("verdict"))

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

        _made = class_(
            active=active,
            at_ms=at_ms,
            cause=cause,
            number=number,
            verdict=verdict,
            reason=reason,
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
