from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.named_place import NamedPlace
    from ..models.preview_view_by_camera import PreviewViewByCamera


T = TypeVar("T", bound="PreviewView")


@_attrs_define
class PreviewView:
    """Preview of a version: its matches in the 24 hours before.

    Attributes:
        alarms (int): Alarms that these matches would have raised, by the rule's window.
        at_ms (int):
        by_camera (PreviewViewByCamera): Matches by place, of the places that have most.
        complete (bool): False: there were more pictures than a preview may read, and these are the newest.
        examples (list[str]): Keys of matched rows; none of crowding, which is linked to no picture.
        from_ms (int):
        matched (int):
        rows (int): Archived pictures of the rule's cameras that were read; 0 for a rule about faults, which are the
            present ones.
        rule_id (int):
        to_ms (int):
        too_broad (bool): True if it matches more than the share that a rule may: it cannot be switched on.
        version (int):
        blank (bool | Unset): True if nothing was archived then. A preview stored before this field existed is blank if
            it has no rows.
        silent (list[str] | Unset): Cameras of the rule of which no picture was read, as `agent/camera`; they may be
            gone. The first 50.
        unseen (list[NamedPlace] | Unset): Zones and lines of the agents' configuration that no machine in the read
            pictures was in or crossed; they may be
            gone. Not known of lanes, which a picture names only where a machine goes against them.
    """

    alarms: int
    at_ms: int
    by_camera: PreviewViewByCamera
    complete: bool
    examples: list[str]
    from_ms: int
    matched: int
    rows: int
    rule_id: int
    to_ms: int
    too_broad: bool
    version: int
    blank: bool | Unset = UNSET
    silent: list[str] | Unset = UNSET
    unseen: list[NamedPlace] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        alarms = self.alarms

        at_ms = self.at_ms

        by_camera = self.by_camera.to_dict()

        complete = self.complete

        examples = self.examples

        from_ms = self.from_ms

        matched = self.matched

        rows = self.rows

        rule_id = self.rule_id

        to_ms = self.to_ms

        too_broad = self.too_broad

        version = self.version

        blank = self.blank

        silent: list[str] | Unset = UNSET
        if not isinstance(self.silent, Unset):
            silent = self.silent

        unseen: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.unseen, Unset):
            unseen = []
            for unseen_item_data in self.unseen:
                unseen_item = unseen_item_data.to_dict()
                unseen.append(unseen_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "alarms": alarms,
                "at_ms": at_ms,
                "by_camera": by_camera,
                "complete": complete,
                "examples": examples,
                "from_ms": from_ms,
                "matched": matched,
                "rows": rows,
                "rule_id": rule_id,
                "to_ms": to_ms,
                "too_broad": too_broad,
                "version": version,
            }
        )
        if blank is not UNSET:
            field_dict["blank"] = blank
        if silent is not UNSET:
            field_dict["silent"] = silent
        if unseen is not UNSET:
            field_dict["unseen"] = unseen

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.named_place import NamedPlace
        from ..models.preview_view_by_camera import PreviewViewByCamera

        d = dict(src_dict)
        alarms = d.pop("alarms")

        at_ms = d.pop("at_ms")

        by_camera = PreviewViewByCamera.from_dict(d.pop("by_camera"))

        complete = d.pop("complete")

        examples = cast(list[str], d.pop("examples"))

        from_ms = d.pop("from_ms")

        matched = d.pop("matched")

        rows = d.pop("rows")

        rule_id = d.pop("rule_id")

        to_ms = d.pop("to_ms")

        too_broad = d.pop("too_broad")

        version = d.pop("version")

        blank = d.pop("blank", UNSET)

        silent = cast(list[str], d.pop("silent", UNSET))

        _unseen = d.pop("unseen", UNSET)
        unseen: list[NamedPlace] | Unset = UNSET
        if _unseen is not UNSET:
            unseen = []
            for unseen_item_data in _unseen:
                unseen_item = NamedPlace.from_dict(unseen_item_data)

                unseen.append(unseen_item)

        _made = class_(
            alarms=alarms,
            at_ms=at_ms,
            by_camera=by_camera,
            complete=complete,
            examples=examples,
            from_ms=from_ms,
            matched=matched,
            rows=rows,
            rule_id=rule_id,
            to_ms=to_ms,
            too_broad=too_broad,
            version=version,
            blank=blank,
            silent=silent,
            unseen=unseen,
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
