from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.work_calendar import WorkCalendar


T = TypeVar("T", bound="OrderTerms")


@_attrs_define
class OrderTerms:
    """Terms of the contract in one district. An order keeps those that were in force when it was opened.

    Attributes:
        answer_min (int | Unset): Minutes from the opening until a technician accepts. Default: 60.
        calendar (WorkCalendar | Unset): Hours that a contract counts.
        confirm (bool | Unset): True: a second person confirms each order that is well. Orders by hand always need one.
            Default: False.
        evidence_min (int | Unset): Minutes for which the indicator must be well before an order counts as mended.
            Default: 10.
        excused_visit_min (int | Unset): Minutes of visits, in all of an order, that are entered as maintenance of the
            camera; 0: none. Default: 120.
        key_always (bool | Unset): True: a key case counts at all hours, whatever the calendar says. Default: True.
        key_on_site_min (int | Unset): The same as `on_site_min` for an order of a key case. Default: 120.
        maintainer (str | Unset): Company that the figures of a month are counted for. Default: ''.
        mended_min (int | Unset): Minutes from the opening until the indicator is well. Default: 240.
        on_site_min (int | Unset):  Default: 240.
        remind_before_min (int | Unset): Minutes of a clock that are left at its reminder; at most half of the clock.
            Default: 15.
        reopen_h (int | Unset): Hours after the end in which the same fault reopens the order. Default: 72.
    """

    answer_min: int | Unset = 60
    calendar: WorkCalendar | Unset = UNSET
    confirm: bool | Unset = False
    evidence_min: int | Unset = 10
    excused_visit_min: int | Unset = 120
    key_always: bool | Unset = True
    key_on_site_min: int | Unset = 120
    maintainer: str | Unset = ""
    mended_min: int | Unset = 240
    on_site_min: int | Unset = 240
    remind_before_min: int | Unset = 15
    reopen_h: int | Unset = 72

    def to_dict(self) -> dict[str, Any]:
        answer_min = self.answer_min

        calendar: dict[str, Any] | Unset = UNSET
        if not isinstance(self.calendar, Unset):
            calendar = self.calendar.to_dict()

        confirm = self.confirm

        evidence_min = self.evidence_min

        excused_visit_min = self.excused_visit_min

        key_always = self.key_always

        key_on_site_min = self.key_on_site_min

        maintainer = self.maintainer

        mended_min = self.mended_min

        on_site_min = self.on_site_min

        remind_before_min = self.remind_before_min

        reopen_h = self.reopen_h

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if answer_min is not UNSET:
            field_dict["answer_min"] = answer_min
        if calendar is not UNSET:
            field_dict["calendar"] = calendar
        if confirm is not UNSET:
            field_dict["confirm"] = confirm
        if evidence_min is not UNSET:
            field_dict["evidence_min"] = evidence_min
        if excused_visit_min is not UNSET:
            field_dict["excused_visit_min"] = excused_visit_min
        if key_always is not UNSET:
            field_dict["key_always"] = key_always
        if key_on_site_min is not UNSET:
            field_dict["key_on_site_min"] = key_on_site_min
        if maintainer is not UNSET:
            field_dict["maintainer"] = maintainer
        if mended_min is not UNSET:
            field_dict["mended_min"] = mended_min
        if on_site_min is not UNSET:
            field_dict["on_site_min"] = on_site_min
        if remind_before_min is not UNSET:
            field_dict["remind_before_min"] = remind_before_min
        if reopen_h is not UNSET:
            field_dict["reopen_h"] = reopen_h

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.work_calendar import WorkCalendar

        d = dict(src_dict)
        answer_min = d.pop("answer_min", UNSET)

        _calendar = d.pop("calendar", UNSET)
        calendar: WorkCalendar | Unset
        if isinstance(_calendar, Unset):
            calendar = UNSET
        else:
            calendar = WorkCalendar.from_dict(_calendar)

        confirm = d.pop("confirm", UNSET)

        evidence_min = d.pop("evidence_min", UNSET)

        excused_visit_min = d.pop("excused_visit_min", UNSET)

        key_always = d.pop("key_always", UNSET)

        key_on_site_min = d.pop("key_on_site_min", UNSET)

        maintainer = d.pop("maintainer", UNSET)

        mended_min = d.pop("mended_min", UNSET)

        on_site_min = d.pop("on_site_min", UNSET)

        remind_before_min = d.pop("remind_before_min", UNSET)

        reopen_h = d.pop("reopen_h", UNSET)

        _made = class_(
            answer_min=answer_min,
            calendar=calendar,
            confirm=confirm,
            evidence_min=evidence_min,
            excused_visit_min=excused_visit_min,
            key_always=key_always,
            key_on_site_min=key_on_site_min,
            maintainer=maintainer,
            mended_min=mended_min,
            on_site_min=on_site_min,
            remind_before_min=remind_before_min,
            reopen_h=reopen_h,
        )

        return _made
