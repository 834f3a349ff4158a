"""Every message that may go to a superior, as types: a field that is not here cannot be sent.

No type has a place for a person, a face, a rider, a driver or a plate (docs/boundary.md §6): `PlateNo`, `HasPlate`,
`SafetyBelt` and the like are required or offered by the standard and do not exist here. `tests/…/test_objects.py` walks
these types. Names are the standard's, as aliases.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

DeviceId = Annotated[str, Field(pattern=r"^[0-9]{20}$")]
ImageId = Annotated[str, Field(pattern=r"^[0-9]{20}02[0-9]{19}$")]
MotorVehicleId = Annotated[str, Field(pattern=r"^[0-9]{20}02[0-9]{19}02[0-9]{5}$")]
NonMotorVehicleId = Annotated[str, Field(pattern=r"^[0-9]{20}02[0-9]{19}03[0-9]{5}$")]
ViidTime = Annotated[str, Field(pattern=r"^[0-9]{14}$")]
Pixels = Annotated[int, Field(ge=0, le=16_384)]
Colour = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "12", "99"]
VehicleClass = Literal["K30", "X99"]
Direction = Literal["1", "2", "3", "4"]
AUTOMATIC: Final = 1
"""InfoKind: found by a program."""
VEHICLE_FOUND: Final = 12
"""EventSort: a vehicle was detected."""
SCENE: Final = "14"
"""Type of a picture of the whole scene."""


class ViidObject(BaseModel):
    """Base of everything that is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=False)


class SubImageInfo(ViidObject):
    """The scene in which an object was found, with its covered JPEG in base64."""

    image_id: ImageId = Field(alias="ImageID")
    event_sort: Literal[12] = Field(default=VEHICLE_FOUND, alias="EventSort")
    device_id: DeviceId = Field(alias="DeviceID")
    type: Literal["14"] = Field(default=SCENE, alias="Type")
    file_format: Literal["Jpeg"] = Field(default="Jpeg", alias="FileFormat")
    shot_time: ViidTime = Field(alias="ShotTime")
    width: Pixels = Field(alias="Width")
    height: Pixels = Field(alias="Height")
    data: str = Field(alias="Data")


class SubImageList(ViidObject):
    """Scenes of one object."""

    images: tuple[SubImageInfo, ...] = Field(alias="SubImageInfoObject", max_length=1)


class FoundObject(ViidObject):
    """Fields that vehicles and two-wheelers share: `source_id` names the scene, in whose pixels the box is."""

    info_kind: Literal[1] = Field(default=AUTOMATIC, alias="InfoKind")
    source_id: ImageId = Field(alias="SourceID")
    device_id: DeviceId = Field(alias="DeviceID")
    left_top_x: Pixels = Field(alias="LeftTopX")
    left_top_y: Pixels = Field(alias="LeftTopY")
    right_bottom_x: Pixels = Field(alias="RightBtmX")
    right_bottom_y: Pixels = Field(alias="RightBtmY")
    mark_time: ViidTime = Field(alias="MarkTime")
    appear_time: ViidTime = Field(alias="AppearTime")
    colour: Colour = Field(alias="VehicleColor")
    sub_images: SubImageList | None = Field(default=None, alias="SubImageList")


class MotorVehicle(FoundObject):
    """A car, bus or truck."""

    motor_vehicle_id: MotorVehicleId = Field(alias="MotorVehicleID")
    pass_time: ViidTime = Field(alias="PassTime")
    vehicle_class: VehicleClass = Field(alias="VehicleClass")
    direction: Direction | None = Field(default=None, alias="Direction")


class NonMotorVehicle(FoundObject):
    """A two-wheeler, without anything of a rider: from a picture none is told from a motorcycle with certainty."""

    non_motor_vehicle_id: NonMotorVehicleId = Field(alias="NonMotorVehicleID")


class ImageInfo(ViidObject):
    """Facts of a scene."""

    image_id: ImageId = Field(alias="ImageID")
    info_kind: Literal[1] = Field(default=AUTOMATIC, alias="InfoKind")
    event_sort: Literal[12] = Field(default=VEHICLE_FOUND, alias="EventSort")
    device_id: DeviceId = Field(alias="DeviceID")
    file_format: Literal["Jpeg"] = Field(default="Jpeg", alias="FileFormat")
    shot_time: ViidTime = Field(alias="ShotTime")
    width: Pixels = Field(alias="Width")
    height: Pixels = Field(alias="Height")
    file_size: int = Field(ge=1, alias="FileSize")


class Image(ViidObject):
    """A scene and its covered JPEG in base64."""

    info: ImageInfo = Field(alias="ImageInfo")
    data: str = Field(alias="Data")


class MotorVehicles(ViidObject):
    """Content of a list of vehicles."""

    items: tuple[MotorVehicle, ...] = Field(alias="MotorVehicleObject")


class NonMotorVehicles(ViidObject):
    """Content of a list of two-wheelers."""

    items: tuple[NonMotorVehicle, ...] = Field(alias="NonMotorVehicleObject")


class Images(ViidObject):
    """Content of a list of scenes."""

    items: tuple[Image, ...] = Field(alias="Image")


class MotorVehicleMessage(ViidObject):
    """Body of `POST /VIID/MotorVehicles`."""

    listed: MotorVehicles = Field(alias="MotorVehicleListObject")


class NonMotorVehicleMessage(ViidObject):
    """Body of `POST /VIID/NonMotorVehicles`."""

    listed: NonMotorVehicles = Field(alias="NonMotorVehicleListObject")


class ImageMessage(ViidObject):
    """Body of `POST /VIID/Images`."""

    listed: Images = Field(alias="ImageListObject")


class DeviceRef(ViidObject):
    """The centre by its code."""

    device_id: DeviceId = Field(alias="DeviceID")


class RegisterMessage(ViidObject):
    """Body of `POST /VIID/System/Register`."""

    register_object: DeviceRef = Field(alias="RegisterObject")


class UnRegisterMessage(ViidObject):
    """Body of `POST /VIID/System/UnRegister`."""

    unregister_object: DeviceRef = Field(alias="UnRegisterObject")


class KeepaliveMessage(ViidObject):
    """Body of `POST /VIID/System/Keepalive`."""

    keepalive_object: DeviceRef = Field(alias="KeepaliveObject")


def encode(message: ViidObject) -> bytes:
    """Writes a message as JSON under the standard's names; what is None is left out."""
    return message.model_dump_json(by_alias=True, exclude_none=True).encode()
