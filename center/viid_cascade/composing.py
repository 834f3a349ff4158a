"""Composes the messages of one observation. Pure: the same observation always gives the same ids.

A picture's id is the camera's code, 02, the time to the second, and five digits: its milliseconds and two digits of the
hash of the observation's key. An object's id is that, 02 or 03, and its place in the observation.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from center.viid_cascade import codes
from center.viid_cascade.objects import (
    Image,
    ImageInfo,
    ImageMessage,
    Images,
    MotorVehicle,
    MotorVehicleMessage,
    MotorVehicles,
    NonMotorVehicle,
    NonMotorVehicleMessage,
    NonMotorVehicles,
    SubImageInfo,
    SubImageList,
    encode,
)
from provisioning.contracts.query.archive import ZONE, ObjectRow, Observation, SnapshotRow
from provisioning.contracts.wire.messages import MachineClass

PICTURE: Final = "02"
_MOTOR: Final = "02"
_NON_MOTOR: Final = "03"
Pictures = Literal["images", "objects", "none"]


class ObjectKind(StrEnum):
    """Kind of what is sent, by its path."""

    IMAGES = "images"
    MOTOR_VEHICLES = "motor_vehicles"
    NON_MOTOR_VEHICLES = "non_motor_vehicles"


PATHS: Final = {
    ObjectKind.IMAGES: "/VIID/Images",
    ObjectKind.MOTOR_VEHICLES: "/VIID/MotorVehicles",
    ObjectKind.NON_MOTOR_VEHICLES: "/VIID/NonMotorVehicles",
}


@dataclass(frozen=True, slots=True)
class ViidMessage:
    """A request body and the ids of the objects in it."""

    kind: ObjectKind
    ids: tuple[str, ...]
    body: bytes


def image_id(device_id: str, row_key: str, captured_at_ms: int) -> str:
    """Makes the 41 digits of a picture's id."""
    moment = datetime.fromtimestamp(captured_at_ms // 1000, ZONE)
    told_apart = int.from_bytes(hashlib.sha256(row_key.encode()).digest()[:4]) % 100
    return f"{device_id}{PICTURE}{moment:%Y%m%d%H%M%S}{captured_at_ms % 1000:03}{told_apart:02}"


def messages(
    observation: Observation,
    jpeg: bytes | None,
    *,
    device_id: str,
    bearing_deg: float | None,
    classes: Sequence[MachineClass],
    pictures: Pictures,
) -> Iterator[ViidMessage]:
    """Yields the messages of an observation, its scene first.

    Args:
        observation: the archived row; of its machines those of `classes` are sent.
        jpeg: the covered picture; None only if `pictures` is `none`.
        device_id: code of the camera.
        bearing_deg: direction in which the camera looks.
        classes: as configured.
        pictures: as configured.
    """
    row = observation.snapshot
    scene = image_id(device_id, row.row_key, row.captured_at_ms)
    data = None if jpeg is None else base64.b64encode(jpeg).decode("ascii")
    if pictures == "images" and jpeg is not None and data is not None:
        yield ViidMessage(ObjectKind.IMAGES, (scene,), encode(_image(row, scene, device_id, data, len(jpeg))))
    shown = _scene(row, scene, device_id, data) if pictures == "objects" and data is not None else None
    motor, other = list[MotorVehicle](), list[NonMotorVehicle]()
    for machine in observation.machines:
        if machine.cls not in classes:
            continue
        common = _common(row, machine, scene, device_id, shown)
        if machine.cls.is_two_wheeler:
            other.append(NonMotorVehicle(non_motor_vehicle_id=_object_id(scene, _NON_MOTOR, machine), **common))
        else:
            motor.append(
                MotorVehicle(
                    motor_vehicle_id=_object_id(scene, _MOTOR, machine),
                    pass_time=_time(row),
                    vehicle_class=codes.vehicle_class(machine.cls),
                    direction=codes.direction(machine.heading_deg, bearing_deg),
                    **common,
                )
            )
    # A picture in each object makes a body of its own for each, which no superior refuses for its size.
    step = 1 if pictures == "objects" else max(1, len(observation.machines))
    for start in range(0, len(motor), step):
        vehicles = tuple(motor[start : start + step])
        message = MotorVehicleMessage(listed=MotorVehicles(items=vehicles))
        yield ViidMessage(ObjectKind.MOTOR_VEHICLES, tuple(each.motor_vehicle_id for each in vehicles), encode(message))
    for start in range(0, len(other), step):
        cycles = tuple(other[start : start + step])
        ids = tuple(each.non_motor_vehicle_id for each in cycles)
        listed = NonMotorVehicleMessage(listed=NonMotorVehicles(items=cycles))
        yield ViidMessage(ObjectKind.NON_MOTOR_VEHICLES, ids, encode(listed))


def _object_id(scene: str, kind: str, machine: ObjectRow) -> str:
    return f"{scene}{kind}{machine.index + 1:05}"


def _time(row: SnapshotRow) -> str:
    return f"{datetime.fromtimestamp(row.captured_at_ms // 1000, ZONE):%Y%m%d%H%M%S}"


def _image(row: SnapshotRow, scene: str, device_id: str, data: str, size: int) -> ImageMessage:
    info = ImageInfo(
        image_id=scene,
        device_id=device_id,
        shot_time=_time(row),
        width=row.width,
        height=row.height,
        file_size=size,
    )
    return ImageMessage(listed=Images(items=(Image(info=info, data=data),)))


def _scene(row: SnapshotRow, scene: str, device_id: str, data: str) -> SubImageList:
    info = SubImageInfo(
        image_id=scene, device_id=device_id, shot_time=_time(row), width=row.width, height=row.height, data=data
    )
    return SubImageList(images=(info,))


def _common(
    row: SnapshotRow,
    machine: ObjectRow,
    scene: str,
    device_id: str,
    shown: SubImageList | None,
) -> dict[str, Any]:
    return {
        "source_id": scene,
        "device_id": device_id,
        "left_top_x": machine.box.x0,
        "left_top_y": machine.box.y0,
        "right_bottom_x": machine.box.x1,
        "right_bottom_y": machine.box.y1,
        "mark_time": _time(row),
        "appear_time": _time(row),
        "colour": codes.colour(machine.colour),
        "sub_images": shown,
    }
