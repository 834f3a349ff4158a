"""Chooses the observations that go up. Pure: by the configuration of each superior, which by default chooses none."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from center.access.permissions import CameraKey
from provisioning.contracts import gb_code
from provisioning.contracts.config.viid_cascade import ViidSuperior
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.wire.messages import PictureState

_HOUR_MS: Final = 3_600_000


class DropName(StrEnum):
    """Reason for which an observation that was to go up does not."""

    NO_CODE = "no_code"
    """Its camera has no code of 20 digits in the register."""
    UNTRUSTED_TIME = "untrusted_time"
    NO_PICTURE = "no_picture"
    """Withheld, erased or damaged."""
    NOT_IN_ARCHIVE = "not_in_archive"
    EXPIRED = "expired"
    OUTBOX_FULL = "outbox_full"
    REMOVED = "removed"
    """Its superior is no longer configured."""
    REFUSED = "refused"
    """The superior refused it, or fell over it again and again."""


@dataclass(frozen=True, slots=True)
class ViidCamera:
    """A camera as the register has it."""

    district: str
    gb_code: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """An observation that goes up to one superior."""

    superior: str
    row_key: str
    place: str
    device_id: str


def choose(
    superior: ViidSuperior, rows: Iterable[Observation], cameras: Mapping[CameraKey, ViidCamera], *, now_ms: int
) -> tuple[list[Chosen], Counter[DropName]]:
    """Chooses from rows in their order. Pictures that users brought to a desk belong to a case: none goes up."""
    chosen, dropped = list[Chosen](), Counter[DropName]()
    for row in rows:
        snapshot = row.snapshot
        camera = cameras.get(CameraKey(snapshot.agent_id, snapshot.camera_id))
        if camera is None or camera.district not in superior.districts or snapshot.signature is not None:
            continue
        if not any(machine.cls in superior.classes for machine in row.machines):
            continue
        if not _is_sampled(f"{superior.id}:{snapshot.row_key}", superior.share):
            continue
        if (name := _obstacle(superior, row, camera, now_ms)) is not None:
            dropped[name] += 1
            continue
        place = f"{snapshot.agent_id}/{snapshot.camera_id}"
        chosen.append(Chosen(superior.id, snapshot.row_key, place, camera.gb_code))
    return chosen, dropped


def _obstacle(superior: ViidSuperior, row: Observation, camera: ViidCamera, now_ms: int) -> DropName | None:
    if len(camera.gb_code) != gb_code.LENGTH or not (camera.gb_code.isascii() and camera.gb_code.isdigit()):
        return DropName.NO_CODE
    if not row.snapshot.time_trusted:
        return DropName.UNTRUSTED_TIME
    if superior.pictures != "none" and row.snapshot.picture is not PictureState.KEPT:
        return DropName.NO_PICTURE
    if row.snapshot.committed_at_ms < now_ms - round(superior.give_up_after_h * _HOUR_MS):
        return DropName.EXPIRED
    return None


def _is_sampled(key: str, share: float) -> bool:
    """True for about `share` of all keys, and always the same of them."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) < share * 2**64
