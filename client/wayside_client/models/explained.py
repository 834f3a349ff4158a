from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Explained")


@_attrs_define
class Explained:
    """Explanation of a search: its bounds and counts.

    Attributes:
        cameras (int):
        cameras_out_of_sight (int): Cameras of the case's area that the caller may not see.
        days (int):
        elsewhere (int): Hits left out, of cameras that were not asked about: 0 unless the cluster answered something
            else.
        failed_days (list[str]):
        found (int): Hits besides the sought machine's own pictures.
        judged (int): Hits left out, since a user has confirmed or rejected them.
        machines (int): Machines compared with: the sought one's pictures and confirmed sightings.
        questions (int):
        recall (float | None): Lowest recall that was measured on a day of the answer; None if every day was searched
            exactly.
        rejected (int): Rejected machines that lower what is like them.
    """

    cameras: int
    cameras_out_of_sight: int
    days: int
    elsewhere: int
    failed_days: list[str]
    found: int
    judged: int
    machines: int
    questions: int
    recall: float | None
    rejected: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cameras = self.cameras

        cameras_out_of_sight = self.cameras_out_of_sight

        days = self.days

        elsewhere = self.elsewhere

        failed_days = self.failed_days

        found = self.found

        judged = self.judged

        machines = self.machines

        questions = self.questions

        recall: float | None
        recall = self.recall

        rejected = self.rejected

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cameras": cameras,
                "cameras_out_of_sight": cameras_out_of_sight,
                "days": days,
                "elsewhere": elsewhere,
                "failed_days": failed_days,
                "found": found,
                "judged": judged,
                "machines": machines,
                "questions": questions,
                "recall": recall,
                "rejected": rejected,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        cameras = d.pop("cameras")

        cameras_out_of_sight = d.pop("cameras_out_of_sight")

        days = d.pop("days")

        elsewhere = d.pop("elsewhere")

        failed_days = cast(list[str], d.pop("failed_days"))

        found = d.pop("found")

        judged = d.pop("judged")

        machines = d.pop("machines")

        questions = d.pop("questions")

        def _parse_recall(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        recall = _parse_recall(d.pop("recall"))

        rejected = d.pop("rejected")

        _made = class_(
            cameras=cameras,
            cameras_out_of_sight=cameras_out_of_sight,
            days=days,
            elsewhere=elsewhere,
            failed_days=failed_days,
            found=found,
            judged=judged,
            machines=machines,
            questions=questions,
            recall=recall,
            rejected=rejected,
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
