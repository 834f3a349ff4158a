from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.clock_name import ClockName
from ..models.term_state import TermState

T = TypeVar("T", bound="ClockView")


@_attrs_define
class ClockView:
    """A clock of the contract: `answer`, `on_site` or `mended`.

    Attributes:
        due_at_ms (int):
        name (ClockName):
        opening (int): 1, and one more for each reopening.
        state (TermState):
        stopped_at_ms (int | None):
        term_ms (int):
        used_ms (int): Milliseconds that the contract counts, until the clock stopped or now.
    """

    due_at_ms: int
    name: ClockName
    opening: int
    state: TermState
    stopped_at_ms: int | None
    term_ms: int
    used_ms: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        due_at_ms = self.due_at_ms

        name = self.name.value

        opening = self.opening

        state = self.state.value

        stopped_at_ms: int | None
        stopped_at_ms = self.stopped_at_ms

        term_ms = self.term_ms

        used_ms = self.used_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "due_at_ms": due_at_ms,
                "name": name,
                "opening": opening,
                "state": state,
                "stopped_at_ms": stopped_at_ms,
                "term_ms": term_ms,
                "used_ms": used_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        due_at_ms = d.pop("due_at_ms")

        name = ClockName(d.pop("name"))

        opening = d.pop("opening")

        state = TermState(d.pop("state"))

        def _parse_stopped_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        stopped_at_ms = _parse_stopped_at_ms(d.pop("stopped_at_ms"))

        term_ms = d.pop("term_ms")

        used_ms = d.pop("used_ms")

        _made = class_(
            due_at_ms=due_at_ms,
            name=name,
            opening=opening,
            state=state,
            stopped_at_ms=stopped_at_ms,
            term_ms=term_ms,
            used_ms=used_ms,
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
