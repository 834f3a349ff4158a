from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Message")


@_attrs_define
class Message:
    """Message about one alarm. Times are milliseconds since the Unix epoch, UTC.

    Attributes:
        at_ms (int):
        camera_id (str):
        camera_name (str):
        id (str): Id of the alarm's notice: a message delivered again with the same id is sent once.
        link (str):
        rule (str):
    """

    at_ms: int
    camera_id: str
    camera_name: str
    id: str
    link: str
    rule: str

    def to_dict(self) -> dict[str, Any]:
        at_ms = self.at_ms

        camera_id = self.camera_id

        camera_name = self.camera_name

        id = self.id

        link = self.link

        rule = self.rule

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "at_ms": at_ms,
                "camera_id": camera_id,
                "camera_name": camera_name,
                "id": id,
                "link": link,
                "rule": rule,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        at_ms = d.pop("at_ms")

        camera_id = d.pop("camera_id")

        camera_name = d.pop("camera_name")

        id = d.pop("id")

        link = d.pop("link")

        rule = d.pop("rule")

        _made = class_(
            at_ms=at_ms,
            camera_id=camera_id,
            camera_name=camera_name,
            id=id,
            link=link,
            rule=rule,
        )

        return _made
