"""Checks a camera's GB/T 28181 code strictly, as a technician types it.

Codes that devices send are not checked here: they break the rules.
"""

from typing import Final

from provisioning.contracts.gb_code import CAMERA_TYPES, LENGTH, PROVINCES
from provisioning.errors import CameraListError

_TYPES: Final = {
    "111": "a DVR",
    "112": "a video server",
    "113": "an encoder",
    "114": "a decoder",
    "115": "a video switch",
    "116": "an audio switch",
    "117": "an alarm controller",
    "118": "an NVR",
    "120": "a capture system",
    "121": "a checkpoint",
    "122": "a multi-sensor device",
    "123": "a car park gate",
    "124": "a person gate",
    "125": "a security check",
    "130": "an HVR",
    "133": "a monitor",
    "134": "an alarm input",
    "135": "an alarm output",
    "136": "an audio input",
    "137": "an audio output",
    "138": "a mobile device",
    "140": "a relay",
    "141": "a barrier",
    "142": "a door",
    "143": "a credential reader",
    "200": "a SIP server",
    "215": "a business group",
    "216": "a virtual organisation",
}
_RANGES: Final = (
    (111, 130, "a main device"),
    (131, 199, "a peripheral"),
    (200, 299, "a platform"),
    (300, 499, "a user"),
    (500, 599, "an external system"),
)


def check_camera(code: str) -> None:
    """Checks that digits are the code of a camera. Reserved industries and any serial pass.

    Raises:
        CameraListError: not 20 digits, no such province, or the code of another device; the text names its kind.
    """
    if len(code) != LENGTH:
        raise CameraListError(
            f"a GB/T 28181 code has {LENGTH} digits, this has {len(code)}; an id of your own needs a letter in it"
        )
    if code[:2] not in PROVINCES:
        raise CameraListError(
            f"a GB/T 28181 code begins with a province, and {code[:2]} is none: check the first digits"
        )
    kind = code[10:13]
    if kind not in CAMERA_TYPES:
        raise CameraListError(
            f"digits 11 to 13 are {kind}, which is {_meaning(kind)}: give the code of the camera's own channel,"
            " with 131 or 132 there"
        )


def _meaning(kind: str) -> str:
    if kind in _TYPES:
        return _TYPES[kind]
    return next((name for first, last, name in _RANGES if first <= int(kind) <= last), "not assigned")
