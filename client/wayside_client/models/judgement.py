from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..models.judgement_verdict import JudgementVerdict

T = TypeVar("T", bound="Judgement")


@_attrs_define
class Judgement:
    """A user's decision on a candidate; `candidate` takes it back.

    Attributes:
        verdict (JudgementVerdict):
    """

    verdict: JudgementVerdict

    def to_dict(self) -> dict[str, Any]:
        verdict = self.verdict.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "verdict": verdict,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        verdict = JudgementVerdict(d.pop("verdict"))

        _made = class_(
            verdict=verdict,
        )

        return _made
