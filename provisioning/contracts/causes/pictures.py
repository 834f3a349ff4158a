"""Has the words of causes of pushed pictures, recordings and redaction."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

RECEIVER_CLOSED: Final = CauseText(
    "receiver_closed",
    ("no device can push: {place} cannot be served ({error})", "end what uses it, or correct [viid]"),
    ("设备无法推送：{place} 不能监听（{error}）", "结束占用该端口的程序，或改正 [viid]"),
)
_SETTINGS: Final = (
    "check its network and its GA/T 1400 settings (address and port of this agent, id, user name, password, keepalive)"
)
_SETTINGS_ZH: Final = "检查其网络和 GA/T 1400 设置（本前端代理的地址和端口、编码、用户名、密码、保活）"
_UNHEARD: Final = "its device has not been heard for {seconds} s"
_UNHEARD_ZH: Final = "已有 {seconds} 秒没有收到设备的消息"
DEVICE_UNHEARD: Final = CauseText("device_unheard", (_UNHEARD, _SETTINGS), (_UNHEARD_ZH, _SETTINGS_ZH))
DEVICE_UNHEARD_REFUSED: Final = CauseText(
    "device_unheard_refused",
    (_UNHEARD, f"{_SETTINGS}; the last who came in its name was turned away: {{detail}}"),
    (_UNHEARD_ZH, f"{_SETTINGS_ZH}；最近一次以它名义的连接被拒绝，见前端代理日志"),
)
DEVICE_UNHEARD_LOGIN: Final = CauseText(
    "device_unheard_login",
    (
        _UNHEARD,
        (
            f"{_SETTINGS}; the last who came in its name was turned away: its user name or password is not"
            " the configured one"
        ),
    ),
    (_UNHEARD_ZH, f"{_SETTINGS_ZH}；最近一次以它名义的连接被拒绝，用户名或密码与配置不符"),
)
DEVICE_UNHEARD_LOCKED: Final = CauseText(
    "device_unheard_locked",
    (
        _UNHEARD,
        (
            f"{_SETTINGS}; the last who came in its name was turned away: too many wrong passwords, none is looked at"
            " for a minute"
        ),
    ),
    (_UNHEARD_ZH, f"{_SETTINGS_ZH}；最近一次以它名义的连接被拒绝，密码错误次数过多，一分钟内不再受理"),
)
DESK_CLOSED: Final = CauseText(
    "desk_closed",
    ("{detail}", ""),
    ("导入台未开放", "改正 [desk] 的地址、端口、证书或令牌文件，见前端代理日志"),
)
RECORDING_OVER: Final = CauseText(
    "recording_over", ("the recording has been played to its end", ""), ("录像已播放到头", "")
)
RECORDING_UNREADABLE: Final = CauseText(
    "recording_unreadable",
    ("the recording cannot be read ({error})", "check `path`"),
    ("录像无法读取（{error}）", "核对 `path`"),
)
RECORDING_NO_VIDEO: Final = CauseText(
    "recording_no_video",
    ("the recording is no video that can be read ({error})", "give one in H.264 or H.265"),
    ("录像不是可读的视频（{error}）", "请提供 H.264 或 H.265 的录像"),
)
RECORDING_NO_STREAM: Final = CauseText(
    "recording_no_stream",
    ("the recording has no video stream", "give another file"),
    ("录像中没有视频流", "请换一个文件"),
)
RECORDING_BROKEN: Final = CauseText(
    "recording_broken",
    ("the recording breaks off ({error})", "export it again"),
    ("录像中途损坏（{error}）", "请重新导出"),
)
RECORDING_EMPTY: Final = CauseText(
    "recording_empty",
    ("nothing in the recording can be shown", "give another file"),
    ("录像中没有可显示的画面", "请换一个文件"),
)
FOLDER_EMPTY: Final = CauseText(
    "folder_empty", ("the folder to replay is empty", "check `path`"), ("要回放的文件夹是空的", "核对 `path`")
)
FOLDER_UNUSABLE: Final = CauseText(
    "folder_unusable",
    ("the drop folder cannot be used ({error})", "check `path`, and that the agent may write to it"),
    ("投放文件夹无法使用（{error}）", "核对 `path`，并确认前端代理可以写入"),
)
FOLDER_REPLACED: Final = CauseText(
    "folder_replaced",
    ("the drop folder has been replaced by another", "check `path`"),
    ("投放文件夹已被换成另一个", "核对 `path`"),
)
FOLDER_ON_DISK: Final = CauseText(
    "folder_on_disk",
    ("the drop folder lies on {kind}, where raw pictures would reach a disk", "mount a tmpfs there"),
    ("投放文件夹位于 {kind}，未遮盖的图片会落到磁盘上", "在该处挂载 tmpfs"),
)
FOLDER_SWAPPED: Final = CauseText(
    "folder_swapped",
    (
        "the drop folder lies on a tmpfs that may be swapped out to a disk",
        "mount it with noswap, or switch swap off",
    ),
    ("投放文件夹位于可能换出到磁盘的 tmpfs", "以 noswap 挂载，或关闭交换分区"),
)
PICTURE_OUT_OF_BOUNDS: Final = CauseText(
    "picture_out_of_bounds",
    ("{detail}; it is not searched", ""),
    ("图片尺寸超出范围，不作检测", "更改摄像机的分辨率"),
)
MODEL_FAILED: Final = CauseText(
    "model_failed",
    ("a model could not run: {detail}", ""),
    ("模型无法运行", "运行 `wayside-engines fetch`，看前端代理日志"),
)
MODELS_UNUSABLE: Final = CauseText(
    "models_unusable",
    ("{detail}", ""),
    ("脱敏模型不可用", "运行 `wayside-engines fetch`，看前端代理日志"),
)
MODEL_MISSING: Final = CauseText(
    "model_missing",
    ("{name}: {file} is {why}", "run `wayside-engines fetch {name}`"),
    ("脱敏模型 {name} 缺失或无法读取：{file}", "运行 `wayside-engines fetch {name}`"),
)
CANNOT_COVER: Final = CauseText(
    "cannot_cover", ("cannot cover this picture: {detail}", ""), ("这张图片无法遮盖", "看前端代理日志")
)
REDACTION_SLOW: Final = CauseText(
    "redaction_slow",
    (
        "redaction took {took}",
        "lower the camera's resolution or `max_per_second`, or raise `redactor.timeout_s`",
    ),
    ("遮盖用时 {took}", "降低摄像机分辨率或 `max_per_second`，或调高 `redactor.timeout_s`"),
)
FACE_REMAINS: Final = CauseText(
    "face_remains",
    ("a face is still found after three more covers; the picture is withheld", ""),
    ("补盖三次后仍发现人脸，该图片不发送", "下一张图片正常即自动恢复；否则上报"),
)
CANNOT_ENCODE: Final = CauseText(
    "cannot_encode", ("the picture cannot be encoded", ""), ("图片无法编码", "看前端代理日志")
)
CANNOT_READ_BACK: Final = CauseText(
    "cannot_read_back", ("the encoded picture cannot be read back", ""), ("编码后的图片无法读回", "看前端代理日志")
)
REDACTOR_FAILED: Final = CauseText(
    "redactor_failed", ("the redactor failed; see the agent's log", ""), ("脱敏程序出错", "看前端代理日志")
)
LEAK: Final = CauseText(
    "face_found_at_centre",
    (
        "the centre found a face in a picture of this camera",
        "check its policy, then: wayside-edge resume",
    ),
    ("中心在该摄像机的图片中发现人脸", "检查脱敏策略，然后运行 wayside-edge resume"),
)
PAUSE_UNREADABLE: Final = CauseText(
    "pause_unreadable",
    ("whether it is paused cannot be read ({error})", "check {folder}"),
    ("无法读取是否已暂停（{error}）", "检查 {folder}"),
)
