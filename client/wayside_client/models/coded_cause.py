from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.coded_cause_params import CodedCauseParams


T = TypeVar("T", bound="CodedCause")


@_attrs_define
class CodedCause:
    """A cause and its remedy as a code with parameters; `contracts.causes` has the words of each in both languages.

    A reader that does not know the code shows the text beside it.

        Attributes:
            code (str):
            params (CodedCauseParams | Unset): Never a URL or a secret.
    """

    code: str
    params: CodedCauseParams | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        params: dict[str, Any] | Unset = UNSET
        if not isinstance(self.params, Unset):
            params = self.params.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
            }
        )
        if params is not UNSET:
            field_dict["params"] = params

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.coded_cause_params import CodedCauseParams

        d = dict(src_dict)
        code = d.pop("code")

        _params = d.pop("params", UNSET)
        params: CodedCauseParams | Unset
        if isinstance(_params, Unset):
            params = UNSET
        else:
            params = CodedCauseParams.from_dict(_params)

        _made = class_(
            code=code,
            params=params,
        )

        return _made
