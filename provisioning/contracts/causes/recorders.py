"""Has the words of causes of recorders that are asked for a span of the past."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

NO_RECORDER: Final = CauseText(
    "no_recorder",
    ("no recorder has a channel of this camera", "give one in [[recorders]], with the camera's id under `channels`"),
    ("没有录像机含有该摄像机的通道", "在 [[recorders]] 中配置录像机，并在 `channels` 中写上该摄像机的编号"),
)
