"""Has the words of causes of refused commands to parse tasks, and of a cause that is not ours."""

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
AGENT_FAILED: Final = CauseText(
    "agent_failed", ("the agent failed here; see its log", ""), ("前端代理在此出错", "看前端代理日志")
)
OTHER: Final = CauseText("other", ("{detail}", ""), ("其他原因", "看前端代理日志"))
"""A cause in the words of a library or of the system."""
