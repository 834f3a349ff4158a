from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.preview_view import PreviewView
    from ..models.rule_text import RuleText


T = TypeVar("T", bound="RuleView")


@_attrs_define
class RuleView:
    """A rule: its newest version, and the version in force.

    Attributes:
        id (int):
        on_version (int | None):
        preview (None | PreviewView): Preview of the newest version.
        retired (bool):
        second_account (bool): True if a district of its cameras wants another account than `written_by` to switch the
            newest version on.
        text (RuleText): Content of one version of a rule, as its author writes it.
        version (int):
        written_at_ms (int):
        written_by (str):
    """

    id: int
    on_version: int | None
    preview: None | PreviewView
    retired: bool
    second_account: bool
    text: RuleText
    version: int
    written_at_ms: int
    written_by: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.preview_view import PreviewView

        id = self.id

        on_version: int | None
        on_version = self.on_version

        preview: dict[str, Any] | None
        if isinstance(self.preview, PreviewView):
            preview = self.preview.to_dict()
        else:
            preview = self.preview

        retired = self.retired

        second_account = self.second_account

        text = self.text.to_dict()

        version = self.version

        written_at_ms = self.written_at_ms

        written_by = self.written_by

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "on_version": on_version,
                "preview": preview,
                "retired": retired,
                "second_account": second_account,
                "text": text,
                "version": version,
                "written_at_ms": written_at_ms,
                "written_by": written_by,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.preview_view import PreviewView
        from ..models.rule_text import RuleText

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_on_version(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        on_version = _parse_on_version(d.pop("on_version"))

        def _parse_preview(data: object) -> None | PreviewView:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                preview_type_0 = PreviewView.from_dict(data)

                return preview_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreviewView, data)

        preview = _parse_preview(d.pop("preview"))

        retired = d.pop("retired")

        second_account = d.pop("second_account")

        text = RuleText.from_dict(d.pop("text"))

        version = d.pop("version")

        written_at_ms = d.pop("written_at_ms")

        written_by = d.pop("written_by")

        _made = class_(
            id=id,
            on_version=on_version,
            preview=preview,
            retired=retired,
            second_account=second_account,
            text=text,
            version=version,
            written_at_ms=written_at_ms,
            written_by=written_by,
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
