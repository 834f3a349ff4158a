from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.machine_verdict import MachineVerdict
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.case_machine import CaseMachine
    from ..models.score_view import ScoreView


T = TypeVar("T", bound="JudgedMachine")


@_attrs_define
class JudgedMachine:
    """A machine with the verdict on it.

    Attributes:
        decided_at_ms (int):
        decided_by (str):
        machine (CaseMachine): A machine of an archived observation; `box` is in pixels of its picture.
        score (None | ScoreView): None if no search brought it.
        verdict (MachineVerdict): Verdict on a machine in a case.
        latitude (float | None | Unset):
        longitude (float | None | Unset): Position of its camera; None if it is not known.
    """

    decided_at_ms: int
    decided_by: str
    machine: CaseMachine
    score: None | ScoreView
    verdict: MachineVerdict
    latitude: float | None | Unset = UNSET
    longitude: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.score_view import ScoreView

        decided_at_ms = self.decided_at_ms

        decided_by = self.decided_by

        machine = self.machine.to_dict()

        score: dict[str, Any] | None
        if isinstance(self.score, ScoreView):
            score = self.score.to_dict()
        else:
            score = self.score

        verdict = self.verdict.value

        latitude: float | None | Unset
        if isinstance(self.latitude, Unset):
            latitude = UNSET
        else:
            latitude = self.latitude

        longitude: float | None | Unset
        if isinstance(self.longitude, Unset):
            longitude = UNSET
        else:
            longitude = self.longitude

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "decided_at_ms": decided_at_ms,
                "decided_by": decided_by,
                "machine": machine,
                "score": score,
                "verdict": verdict,
            }
        )
        if latitude is not UNSET:
            field_dict["latitude"] = latitude
        if longitude is not UNSET:
            field_dict["longitude"] = longitude

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.case_machine import CaseMachine
        from ..models.score_view import ScoreView

        d = dict(src_dict)
        decided_at_ms = d.pop("decided_at_ms")

        decided_by = d.pop("decided_by")

        machine = CaseMachine.from_dict(d.pop("machine"))

        def _parse_score(data: object) -> None | ScoreView:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                score_type_0 = ScoreView.from_dict(data)

                return score_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ScoreView, data)

        score = _parse_score(d.pop("score"))

        verdict = MachineVerdict(d.pop("verdict"))

        def _parse_latitude(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        latitude = _parse_latitude(d.pop("latitude", UNSET))

        def _parse_longitude(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        longitude = _parse_longitude(d.pop("longitude", UNSET))

        _made = class_(
            decided_at_ms=decided_at_ms,
            decided_by=decided_by,
            machine=machine,
            score=score,
            verdict=verdict,
            latitude=latitude,
            longitude=longitude,
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
