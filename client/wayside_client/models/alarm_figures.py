from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.alarm_figures_outcomes import AlarmFiguresOutcomes
    from ..models.alarm_figures_trouble import AlarmFiguresTrouble


T = TypeVar("T", bound="AlarmFigures")


@_attrs_define
class AlarmFigures:
    """Counts of rows and matches since the start, and the troubles of the loops of alarms.

    Attributes:
        listeners (int):
        outcomes (AlarmFiguresOutcomes):
        overflowed (int): Events that slow pages had to read from the database.
        reconciled (int): Rows that no hint brought.
        rows (int):
        trouble (AlarmFiguresTrouble):
    """

    listeners: int
    outcomes: AlarmFiguresOutcomes
    overflowed: int
    reconciled: int
    rows: int
    trouble: AlarmFiguresTrouble
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        listeners = self.listeners

        outcomes = self.outcomes.to_dict()

        overflowed = self.overflowed

        reconciled = self.reconciled

        rows = self.rows

        trouble = self.trouble.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "listeners": listeners,
                "outcomes": outcomes,
                "overflowed": overflowed,
                "reconciled": reconciled,
                "rows": rows,
                "trouble": trouble,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.alarm_figures_outcomes import AlarmFiguresOutcomes
        from ..models.alarm_figures_trouble import AlarmFiguresTrouble

        d = dict(src_dict)
        listeners = d.pop("listeners")

        outcomes = AlarmFiguresOutcomes.from_dict(d.pop("outcomes"))

        overflowed = d.pop("overflowed")

        reconciled = d.pop("reconciled")

        rows = d.pop("rows")

        trouble = AlarmFiguresTrouble.from_dict(d.pop("trouble"))

        _made = class_(
            listeners=listeners,
            outcomes=outcomes,
            overflowed=overflowed,
            reconciled=reconciled,
            rows=rows,
            trouble=trouble,
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
