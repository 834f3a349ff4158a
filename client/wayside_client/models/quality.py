from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Quality")


@_attrs_define
class Quality:
    """Usability of a picture. Each score is 0 (useless) to 1 (good), computed on the redacted picture.

    Attributes:
        brightness (float):
        contrast (float):
        sharpness (float):
    """

    brightness: float
    contrast: float
    sharpness: float

    def to_dict(self) -> dict[str, Any]:
        brightness = self.brightness

        contrast = self.contrast

        sharpness = self.sharpness

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "brightness": brightness,
                "contrast": contrast,
                "sharpness": sharpness,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        brightness = d.pop("brightness")

        contrast = d.pop("contrast")

        sharpness = d.pop("sharpness")

        _made = class_(
            brightness=brightness,
            contrast=contrast,
            sharpness=sharpness,
        )

        return _made
