"""Has the words of causes of recorders that are asked for a span of the past."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

NO_RECORDER: Final = CauseText(
    "no_recorder",
    ("no recorder has a channel of this camera", "give one in [[recorders]], with the camera's id under `channels`"),
    ("没有录像机含有该摄像机的通道", "在 [[recorders]] 中配置录像机，并在 `channels` 中写上该摄像机的编号"),
)
NO_RECORDING: Final = CauseText(
    "recorder_has_nothing",
    (
        "{place} has no recording of this span and channel",
        "check span, channel and zone, and that the recorder still keeps it",
    ),
    ("{place} 没有该时段该通道的录像", "核对时段、通道和时区，以及录像机是否仍保存该录像"),
)
NO_SUCH_CHANNEL: Final = CauseText(
    "recorder_has_no_channel",
    ("{place} has no recording of a channel {channel}", "compare `channels` with the recorder's list: {known}"),
    ("{place} 没有通道 {channel} 的录像", "将 `channels` 与录像机的列表核对：{known}"),
)
OTHER_SPAN: Final = CauseText(
    "recorder_gives_another_span",
    (
        "{place} plays another span than was asked for, and nothing of it is used",
        "check the recorder's clock and time zone, and `zone`",
    ),
    ("{place} 播放的不是所要求的时段，其内容未被使用", "检查录像机的时钟和时区，以及 `zone`"),
)
OTHER_CHANNEL: Final = CauseText(
    "recorder_gives_another_channel",
    (
        "{place} was asked for channel {channel} and plays {given}, and nothing of it is used",
        "correct `channels`, or restart the recorder",
    ),
    ("向 {place} 要求的是通道 {channel}，播放的却是 {given}，其内容未被使用", "改正 `channels`，或重启录像机"),
)
REDIRECTED: Final = CauseText(
    "recorder_redirects",
    ("{place} redirects to {goal}, which is not asked", "if the recordings are there, give that address"),
    ("{place} 重定向到 {goal}，不予跟随", "如果录像在那里，请直接填写该地址"),
)
BUSY: Final = CauseText(
    "recorder_busy",
    (
        "{place} plays nothing more at the moment ({status})",
        "end other playbacks of the recorder; it is asked again",
    ),
    ("{place} 目前不能再播放（{status}）", "结束该录像机的其他回放；将再次请求"),
)
NO_ONVIF_REPLAY: Final = CauseText(
    "recorder_without_replay",
    ("{place} does not play by ONVIF Profile G", "switch it on, or configure the recorder as kind rtsp"),
    ("{place} 不支持 ONVIF Profile G 回放", "启用该功能，或将录像机配置为 rtsp 类型"),
)
REFUSED: Final = CauseText(
    "recorder_refuses",
    ("{place} answers {status} to {method}", "check form, address and channel of the recorder"),
    ("{place} 对 {method} 的应答为 {status}", "核对录像机的 form、地址和通道"),
)
NO_MORE: Final = CauseText(
    "recorder_has_no_more",
    ("{place} says that its recording is over before the end of the span", ""),
    ("{place} 表示录像在时段结束之前已播放完毕", ""),
)
PLAYED_ALL: Final = CauseText(
    "recorder_played_all",
    ("{place} has played all that was asked for", ""),
    ("{place} 已播放完所要求的录像", ""),
)
SCALE_UNCLEAR: Final = CauseText(
    "recorder_scale_unclear",
    (
        "the timestamps of {place} tell no capture time at this speed",
        "set `faster` to speed or rate_control, or `speed` to 1",
    ),
    ("{place} 在这一速度下的时间戳不能说明抓拍时间", "将 `faster` 设为 speed 或 rate_control，或将 `speed` 设为 1"),
)
NO_PROGRESS: Final = CauseText(
    "recorder_stands_still",
    ("the recording of {place} came no further for {seconds} s", "look at the recorder's load and its network"),
    ("{place} 的录像已有 {seconds} 秒没有进展", "检查录像机负载和网络"),
)
CLOCK_FAR: Final = CauseText(
    "recorder_clock_far",
    (
        "the clock of {place} is {minutes} minutes from ours, so no time of it is believed",
        "set its clock and time zone; or state by how much its recordings are off: `clock_offset_s`",
    ),
    (
        "{place} 的时钟与本机相差 {minutes} 分钟，其时间不可信",
        "校正其时钟和时区；或用 `clock_offset_s` 写明录像时间的偏差",
    ),
)
SEARCH_UNUSABLE: Final = CauseText(
    "recorder_search_unusable",
    ("no recording can be looked up by ONVIF: {detail}", "check `url`, and that ONVIF with Profile G is switched on"),
    ("无法通过 ONVIF 查询录像", "核对 `url`，并确认已启用 ONVIF（Profile G）"),
)
