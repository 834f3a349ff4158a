from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.stage_state import StageState
from ..models.storage_kind import StorageKind

T = TypeVar("T", bound="StorageItemView")


@_attrs_define
class StorageItemView:
    """One file system, array or disk of a server.

    Attributes:
        code (str): Cause; empty while it is green.
        free_share (float | None): Free share of its space or inodes; None: nothing to measure.
        kind (StorageKind): Kind of what is judged of a server's storage.
        name (str):
        server (str):
        state (StageState): State of a stage. Without evidence a stage is unknown, and never green.
    """

    code: str
    free_share: float | None
    kind: StorageKind
    name: str
    server: str
    state: StageState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        free_share: float | None
        free_share = self.free_share

        kind = self.kind.value

        name = self.name

        server = self.server

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "free_share": free_share,
                "kind": kind,
                "name": name,
                "server": server,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        code = d.pop("code")

        def _parse_free_share(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        free_share = _parse_free_share(d.pop("free_share"))

        kind = StorageKind(d.pop("kind"))

        name = d.pop("name")

        server = d.pop("server")

        state = StageState(d.pop("state"))

        _made = class_(
            code=code,
            free_share=free_share,
            kind=kind,
            name=name,
            server=server,
            state=state,
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
