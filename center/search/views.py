"""Archived snapshots as API and console show them. No view has a field for how many people there are, or where."""

from pydantic import BaseModel, ConfigDict

from provisioning.contracts.ids import AgentId, CameraId, Sha256
from provisioning.contracts.query import archive
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import Box, ClockQuality, MachineClass, PictureState, Quality, Share, TimeMs


class ArchiveView(BaseModel):
    """Base of views that leave the centre."""

    model_config = ConfigDict(frozen=True)


class MachineView(ArchiveView):
    """A machine of one observation; `box` is in pixels of its picture."""

    index: int
    cls: MachineClass
    score: Share
    box: Box
    colour: MachineColour | None
    heading_deg: float | None
    """Direction in the picture, 0 up, 90 right; None: it stood, or was not tracked."""
    zones: tuple[str, ...]


class ObservationView(ArchiveView):
    """An archived snapshot with its machines."""

    row_key: str
    agent_id: AgentId
    camera_id: CameraId
    captured_at_ms: TimeMs
    received_at_ms: TimeMs
    committed_at_ms: TimeMs
    clock: ClockQuality
    time_trusted: bool
    picture: PictureState
    picture_sha256: Sha256
    width: int
    height: int
    quality: Quality
    covered_share: Share
    redaction_policy: str
    redaction_models: dict[str, Sha256]
    machines: tuple[MachineView, ...]


class ObservationList(ArchiveView):
    """A page, newest first. `next_cursor` is opaque; None at the end."""

    items: tuple[ObservationView, ...]
    next_cursor: str | None


def shown(item: archive.Observation) -> ObservationView:
    """Copies the fields that may be shown."""
    row = item.snapshot
    known = row.model_dump(include=set(ObservationView.model_fields))
    return ObservationView.model_validate(
        {
            **known,
            "covered_share": row.redaction.covered_share,
            "redaction_policy": row.redaction.policy,
            "redaction_models": row.redaction.models,
            "machines": [
                MachineView.model_validate(machine.model_dump(include=set(MachineView.model_fields)))
                for machine in item.machines
            ],
        }
    )
