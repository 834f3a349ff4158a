from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.clock_quality import ClockQuality
from ..models.picture_state import PictureState

if TYPE_CHECKING:
    from ..models.machine_view import MachineView
    from ..models.observation_view_redaction_models import ObservationViewRedactionModels
    from ..models.quality import Quality


T = TypeVar("T", bound="ObservationView")


@_attrs_define
class ObservationView:
    """An archived snapshot with its machines.

    Attributes:
        agent_id (str):
        camera_id (str):
        captured_at_ms (int):
        clock (ClockQuality): Reliability of a capture time.
        committed_at_ms (int):
        covered_share (float):
        height (int):
        machines (list[MachineView]):
        picture (PictureState): Fate of a row's picture.
        picture_sha256 (str):
        quality (Quality): Usability of a picture. Each score is 0 (useless) to 1 (good), computed on the redacted
            picture.
        received_at_ms (int):
        redaction_models (ObservationViewRedactionModels):
        redaction_policy (str):
        row_key (str):
        time_trusted (bool):
        width (int):
    """

    agent_id: str
    camera_id: str
    captured_at_ms: int
    clock: ClockQuality
    committed_at_ms: int
    covered_share: float
    height: int
    machines: list[MachineView]
    picture: PictureState
    picture_sha256: str
    quality: Quality
    received_at_ms: int
    redaction_models: ObservationViewRedactionModels
    redaction_policy: str
    row_key: str
    time_trusted: bool
    width: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent_id = self.agent_id

        camera_id = self.camera_id

        captured_at_ms = self.captured_at_ms

        clock = self.clock.value

        committed_at_ms = self.committed_at_ms

        covered_share = self.covered_share

        height = self.height

        machines = []
        for machines_item_data in self.machines:
            machines_item = machines_item_data.to_dict()
            machines.append(machines_item)

        picture = self.picture.value

        picture_sha256 = self.picture_sha256

        quality = self.quality.to_dict()

        received_at_ms = self.received_at_ms

        redaction_models = self.redaction_models.to_dict()

        redaction_policy = self.redaction_policy

        row_key = self.row_key

        time_trusted = self.time_trusted

        width = self.width

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "camera_id": camera_id,
                "captured_at_ms": captured_at_ms,
                "clock": clock,
                "committed_at_ms": committed_at_ms,
                "covered_share": covered_share,
                "height": height,
                "machines": machines,
                "picture": picture,
                "picture_sha256": picture_sha256,
                "quality": quality,
                "received_at_ms": received_at_ms,
                "redaction_models": redaction_models,
                "redaction_policy": redaction_policy,
                "row_key": row_key,
                "time_trusted": time_trusted,
                "width": width,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.machine_view import MachineView
        from ..models.observation_view_redaction_models import ObservationViewRedactionModels
        from ..models.quality import Quality

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        camera_id = d.pop("camera_id")

        captured_at_ms = d.pop("captured_at_ms")

        clock = ClockQuality(d.pop("clock"))

        committed_at_ms = d.pop("committed_at_ms")

        covered_share = d.pop("covered_share")

        height = d.pop("height")

        machines = []
        _machines = d.pop("machines")
        for machines_item_data in _machines:
            machines_item = MachineView.from_dict(machines_item_data)

            machines.append(machines_item)

        picture = PictureState(d.pop("picture"))

        picture_sha256 = d.pop("picture_sha256")

        quality = Quality.from_dict(d.pop("quality"))

        received_at_ms = d.pop("received_at_ms")

        redaction_models = ObservationViewRedactionModels.from_dict(d.pop("redaction_models"))

        redaction_policy = d.pop("redaction_policy")

        row_key = d.pop("row_key")

        time_trusted = d.pop("time_trusted")

        width = d.pop("width")

        _made = class_(
            agent_id=agent_id,
            camera_id=camera_id,
            captured_at_ms=captured_at_ms,
            clock=clock,
            committed_at_ms=committed_at_ms,
            covered_share=covered_share,
            height=height,
            machines=machines,
            picture=picture,
            picture_sha256=picture_sha256,
            quality=quality,
            received_at_ms=received_at_ms,
            redaction_models=redaction_models,
            redaction_policy=redaction_policy,
            row_key=row_key,
            time_trusted=time_trusted,
            width=width,
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
