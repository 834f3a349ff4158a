from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.case_state import CaseState

if TYPE_CHECKING:
    from ..models.case_terms import CaseTerms


T = TypeVar("T", bound="CaseView")


@_attrs_define
class CaseView:
    """One case. `state` is the present one: time expires a case.

    Attributes:
        approved_at_ms (int | None):
        approved_by (None | str):
        cameras (int): Cameras in its area now.
        created_at_ms (int):
        deleted_at_ms (int | None): Time at which candidates, sightings and the places of pictures were deleted.
        ended_at_ms (int | None):
        number (str):
        owner (str):
        requested_by (None | str):
        state (CaseState):
        terms (CaseTerms): Purpose and bounds of a case. Of machines alone: there is no field for a person.

            `from_ms` inclusive, `to_ms` exclusive, both of capture times.
        version (int):
        written_by (str):
    """

    approved_at_ms: int | None
    approved_by: None | str
    cameras: int
    created_at_ms: int
    deleted_at_ms: int | None
    ended_at_ms: int | None
    number: str
    owner: str
    requested_by: None | str
    state: CaseState
    terms: CaseTerms
    version: int
    written_by: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        approved_at_ms: int | None
        approved_at_ms = self.approved_at_ms

        approved_by: None | str
        approved_by = self.approved_by

        cameras = self.cameras

        created_at_ms = self.created_at_ms

        deleted_at_ms: int | None
        deleted_at_ms = self.deleted_at_ms

        ended_at_ms: int | None
        ended_at_ms = self.ended_at_ms

        number = self.number

        owner = self.owner

        requested_by: None | str
        requested_by = self.requested_by

        state = self.state.value

        terms = self.terms.to_dict()

        version = self.version

        written_by = self.written_by

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "approved_at_ms": approved_at_ms,
                "approved_by": approved_by,
                "cameras": cameras,
                "created_at_ms": created_at_ms,
                "deleted_at_ms": deleted_at_ms,
                "ended_at_ms": ended_at_ms,
                "number": number,
                "owner": owner,
                "requested_by": requested_by,
                "state": state,
                "terms": terms,
                "version": version,
                "written_by": written_by,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.case_terms import CaseTerms

        d = dict(src_dict)

        def _parse_approved_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        approved_at_ms = _parse_approved_at_ms(d.pop("approved_at_ms"))

        def _parse_approved_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        approved_by = _parse_approved_by(d.pop("approved_by"))

        cameras = d.pop("cameras")

        created_at_ms = d.pop("created_at_ms")

        def _parse_deleted_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        deleted_at_ms = _parse_deleted_at_ms(d.pop("deleted_at_ms"))

        def _parse_ended_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        ended_at_ms = _parse_ended_at_ms(d.pop("ended_at_ms"))

        number = d.pop("number")

        owner = d.pop("owner")

        def _parse_requested_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        requested_by = _parse_requested_by(d.pop("requested_by"))

        state = CaseState(d.pop("state"))

        terms = CaseTerms.from_dict(d.pop("terms"))

        version = d.pop("version")

        written_by = d.pop("written_by")

        _made = class_(
            approved_at_ms=approved_at_ms,
            approved_by=approved_by,
            cameras=cameras,
            created_at_ms=created_at_ms,
            deleted_at_ms=deleted_at_ms,
            ended_at_ms=ended_at_ms,
            number=number,
            owner=owner,
            requested_by=requested_by,
            state=state,
            terms=terms,
            version=version,
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
