"""Has the words of causes that the cluster reports of itself: its stages, parsers, archive and upkeep."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

STAGE_MUTE: Final = CauseText("stage_mute", ("it does not answer", ""), ("没有应答", ""))
STAGE_UNAVAILABLE: Final = CauseText(
    "stage_unavailable",
    ("{detail}", ""),
    ("正在启动、已中断或过载", "稍候；仍不恢复时运行 wayside-cluster status"),
)
STAGE_FAULT: Final = CauseText(
    "stage_fault",
    ("{detail}", ""),
    ("模型或程序处理图片时出错", "看接入日志，运行 wayside-cluster status"),
)
ARCHIVE_FULL: Final = CauseText(
    "archive_full", ("{detail}", ""), ("归档目录所在的磁盘已满", "增加磁盘，或缩短 retention_days")
)
ARCHIVE_WRITE_FAILED: Final = CauseText(
    "archive_write_failed",
    ("{detail}", ""),
    ("归档目录无法写入", "检查 archive_dir 的磁盘、挂载和属主；图片在对象存储中时检查 pack_store"),
)
ARCHIVE_UNREADABLE: Final = CauseText(
    "archive_not_readable",
    ("{detail}", ""),
    ("归档目录无法读取", "检查 archive_dir 的磁盘、挂载和属主；图片在对象存储中时检查 pack_store"),
)
ARCHIVE_IN_USE: Final = CauseText(
    "archive_in_use",
    ("{detail}", ""),
    ("归档目录被另一个集群占用，或有一次提交没有结束", "结束占用它的程序"),
)
ARCHIVE_FENCED: Final = CauseText("archive_fenced", ("{detail}", ""), ("已由另一个归档程序接管", "切换完成后自动恢复"))
PACK_STORE_AWAY: Final = CauseText(
    "pack_store_away",
    ("{detail}", ""),
    ("没有应答或返回错误", "检查存储服务、存储桶、证书和通往它的网络"),
)
PACK_STORE_DENIED: Final = CauseText(
    "pack_store_denied",
    ("{detail}", ""),
    ("拒绝了访问密钥", "检查 credentials_file，以及该密钥在存储桶中的权限"),
)
PACK_STORE_REFUSED: Final = CauseText(
    "pack_store_refused",
    ("{detail}", ""),
    ("不能按 pack_store 的写法存放这个归档", "核对 pack_store 的地址和前缀"),
)
UPKEEP_FAILED: Final = CauseText(
    "upkeep_failed", ("upkeep: {detail}", ""), ("归档维护有一步没有成功", "稍后自动重试；详情见 wayside-cluster status")
)
LOW_RECALL: Final = CauseText(
    "low_recall",
    (
        (
            "day {day}: look-alike search finds {found} of what is there, under {least}; candidates may be missing"
            " until upkeep has trained the index again"
        ),
        "",
    ),
    ("{day} 的以图搜车只找到应有结果的 {found}，低于 {least}", "维护重新训练索引之前，可能漏掉候选"),
)
RETENTION_STOPPED: Final = CauseText(
    "retention_stopped",
    ("retention: {detail}; set the clock right, or confirm: wayside-cluster retention", ""),
    (
        "到期清理已停止：时钟与保存期时间不一致，或一次到期的多于经过的天数",
        "校准时钟，或用 wayside-cluster retention 确认",
    ),
)
ASSIGNMENT_REFUSED: Final = CauseText(
    "assignment_refused",
    ("{detail}", ""),
    ("检测器的分配没有被采用，继续使用原来的分配", "运行 wayside-cluster detectors 查看原因"),
)
DETECTOR_FELL_BACK: Final = CauseText(
    "detector_fell_back",
    ("detector {name} does not work here: {detail}", ""),
    ("检测器 {name} 无法运行，它的图片由默认检测器处理", "运行 wayside-cluster detectors 查看原因"),
)
OTHER: Final = CauseText("cluster_other", ("{detail}", ""), ("集群的其他故障", "看集群日志"))
"""A cause in the words of a library or of the system."""
