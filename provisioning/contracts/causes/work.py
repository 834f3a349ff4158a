"""Has the words of causes of commands and configurations that an agent did not take, and of a foreign cause."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

COMMAND_EXPIRED: Final = CauseText(
    "command_expired",
    ("{detail}", ""),
    ("命令已过期，或尚未生效", "核对前端设备和中心的时钟，再发一次"),
)
NOT_COMMANDED: Final = CauseText(
    "not_commanded",
    ("{camera} is no camera that recordings are brought to; a live one is not commanded", ""),
    ("{camera} 不是导入录像的摄像机", "实时摄像机不接受命令"),
)
COMMAND_UNWRITTEN: Final = CauseText(
    "command_unwritten",
    ("command {number} cannot be written down ({error})", "free some disk, then give it again"),
    ("命令 {number} 无法写盘（{error}）", "清理磁盘后再发一次"),
)
DOCUMENT_REFUSED: Final = CauseText(
    "document_refused",
    ("{detail}; what is in use goes on", "send a new document"),
    ("该文档未通过核验，或不能使用，现有配置继续使用", "重新发送；仍不接受时看前端代理日志"),
)
CAMERAS_FELL: Final = CauseText(
    "cameras_fell",
    (
        "cameras that worked before did not {seconds} s after the change: {count}, the first {camera}",
        "correct that and send a new document",
    ),
    ("更改 {seconds} 秒后，此前正常的摄像机有 {count} 台不再正常，首台 {camera}", "改正后发送新的配置"),
)
KEPT_THOUGH_ONE_FELL: Final = CauseText(
    "kept_though_one_fell",
    (
        "kept; camera {camera}, whose settings did not change, failed by itself meanwhile ({detail})",
        "see to the camera",
    ),
    ("已采用；设置未变的摄像机 {camera} 在试运行期间自身出现故障", "检修该摄像机；原因见“摄像机”页"),
)
CUT_OFF: Final = CauseText(
    "cut_off_by_configuration",
    ("the broker was not reached {seconds} s after the change", "correct that and send a new document"),
    ("更改 {seconds} 秒后连不上消息服务器", "改正后发送新的配置"),
)
CONFIGURATION_UNUSABLE: Final = CauseText(
    "configuration_unusable",
    ("the agent cannot run on it: {detail}", "correct that and send a new one"),
    ("前端代理无法用它运行", "改正后发送新的配置；原因见前端代理日志"),
)
DIED_ON_TRIAL: Final = CauseText(
    "died_on_trial",
    ("the agent's process ended while it was tried", "read the agent's log, then send a new document"),
    ("试运行期间前端代理的进程终止", "看前端代理日志，再发送新的配置"),
)
DOCUMENT_LOST: Final = CauseText(
    "document_lost",
    ("{detail}", "send a new document"),
    ("保存的配置文档已损坏", "发送新的配置，并检查前端设备的磁盘"),
)
AGENT_FAILED: Final = CauseText(
    "agent_failed", ("the agent failed here; see its log", ""), ("前端代理在此出错", "看前端代理日志")
)
OTHER: Final = CauseText("other", ("{detail}", ""), ("其他原因", "看前端代理日志"))
"""A cause in the words of a library or of the system."""
