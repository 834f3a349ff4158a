"""Lists every measurement that a contract's row can name, with its unit and the side on which it keeps its promise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from provisioning.acceptance.system.measurement import Bilingual
from provisioning.contracts.wire.messages import CameraState, SourceKind

SERVER: Final = "server"
"""Thing that `of` names in rows about hardware."""


class Sense(StrEnum):
    """Side on which a value keeps its promise."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    YES = "yes"
    """It is so, or it is not."""


class Measure(StrEnum):
    """Name of a measurement, as a row has it. The part before the dot is asked: `hardware` of an inventory file."""

    HEALTH_OK = "health.ok"
    STAGE_GREEN = "stage.green"
    AUDIT_INTACT = "audit.intact"
    AUDIT_SIGNED = "audit.signed"
    CAMERAS_REGISTERED = "cameras.registered"
    CAMERAS_ONLINE = "cameras.online"
    CAMERAS_OF_KIND = "cameras.of_kind"
    CAMERAS_IN_STATE = "cameras.in_state"
    AGENTS_ONLINE = "agents.online"
    REDACTION_AVAILABLE = "redaction.available"
    ARCHIVE_YESTERDAY = "archive.yesterday"
    ARCHIVE_DAYS = "archive.days"
    ARCHIVE_OLDEST = "archive.oldest"
    ARCHIVE_DAYS_LEFT = "archive.days_left"
    SNAPSHOTS_RATE = "snapshots.rate"
    SNAPSHOTS_POSSIBLE = "snapshots.possible"
    PARSING_DELAY = "parsing.delay"
    SEARCH_FINDS = "search.finds"
    SEARCH_P95 = "search.p95"
    ALARMS_RAISED = "alarms.raised"
    ALARMS_DELAY_P95 = "alarms.delay_p95"
    ALARMS_RESPONSE = "alarms.response"
    CASES_KEPT = "cases.kept"
    EVIDENCE_EXPORTS = "evidence.exports"
    NOTIFY_CHANNELS = "notify.channels"
    ASSESSMENT_RATE = "assessment.rate"
    CUSTODY_ASTRAY = "custody.astray"
    CLUSTER_NODES = "cluster.nodes"
    CLUSTER_GPUS = "cluster.gpus"
    TLS_CENTRE = "tls.centre"
    TLS_DAYS_LEFT = "tls.days_left"
    CERTIFICATES_DAYS_LEFT = "certificates.days_left"
    BACKUP_AGE = "backup.age"
    HARDWARE_CORES = "hardware.cores"
    HARDWARE_THREADS = "hardware.threads"
    HARDWARE_MEMORY = "hardware.memory"
    HARDWARE_DISKS = "hardware.disks"
    HARDWARE_DISK_SPACE = "hardware.disk_space"
    HARDWARE_RAID = "hardware.raid"
    HARDWARE_NETWORK = "hardware.network"
    HARDWARE_GPUS = "hardware.gpus"
    LICENCES_UNNAMED = "licences.unnamed"
    DOCUMENT_PRESENT = "document.present"


@dataclass(frozen=True, slots=True)
class MeasureKind:
    """Properties of a measurement.

    Attributes:
        of: the thing that the row's `of` names, for the error if it is missing; empty: the row has no `of`.
        takes: further keys that such a row may have.
        scope: permission that the token needs; empty: the centre is not asked.
    """

    unit: str
    sense: Sense
    how: Bilingual
    of: str = ""
    takes: frozenset[str] = frozenset()
    scope: str = ""
    beside: bool = False
    """True if `of` is a file below the contract's folder."""
    words: frozenset[str] = frozenset()
    """Closed set of what `of` may be; empty: it is open."""


def _wall(
    unit: str, zh: str, en: str, sense: Sense = Sense.AT_LEAST, *, of: str = "", words: Iterable[str] = ()
) -> MeasureKind:
    how = Bilingual(f"{zh}（GET /api/wall）", f"{en} (GET /api/wall)")
    return MeasureKind(unit, sense, how, of, scope="wall.view", words=frozenset(map(str, words)))


def _hardware(
    unit: str, zh: str, en: str, sense: Sense = Sense.AT_LEAST, *, takes: tuple[str, ...] = ()
) -> MeasureKind:
    return MeasureKind(unit, sense, Bilingual(zh, en), SERVER, frozenset(takes))


_S = Sense
KINDS: Final[Mapping[Measure, MeasureKind]] = {
    Measure.HEALTH_OK: MeasureKind(
        "",
        _S.YES,
        Bilingual("中心的自检（GET /api/health）", "the centre's own checks (GET /api/health)"),
    ),
    Measure.STAGE_GREEN: MeasureKind(
        "",
        _S.YES,
        Bilingual("全链路环节的状态（GET /api/pipeline）", "state of a stage of the chain (GET /api/pipeline)"),
        "stage of the pipeline page",
        scope="health.view",
    ),
    Measure.AUDIT_INTACT: MeasureKind(
        "",
        _S.YES,
        Bilingual(
            "逐条核对审计链（GET /api/audit/verify）",
            "the audit's chain, checked entry by entry (GET /api/audit/verify)",
        ),
        scope="audit.view",
    ),
    Measure.AUDIT_SIGNED: MeasureKind(
        "",
        _S.YES,
        Bilingual(
            "审计日头已签名（GET /api/health/details）",
            "heads of the audit's days are signed (GET /api/health/details)",
        ),
        scope="health.view",
    ),
    Measure.CAMERAS_REGISTERED: _wall("cameras", "已上报的摄像机", "cameras that agents have reported"),
    Measure.CAMERAS_ONLINE: _wall("cameras", "此刻在线的摄像机", "cameras online now"),
    Measure.CAMERAS_OF_KIND: _wall(
        "cameras", "该接入方式的摄像机", "cameras of this kind of source", of="kind of source", words=SourceKind
    ),
    Measure.CAMERAS_IN_STATE: _wall(
        "cameras",
        "此刻处于该状态的摄像机",
        "cameras in this state now",
        Sense.AT_MOST,
        of="state of a camera",
        words=CameraState,
    ),
    Measure.AGENTS_ONLINE: _wall("agents", "此刻在线的前端代理", "agents online now"),
    Measure.REDACTION_AVAILABLE: _wall(
        "", "没有摄像机处于“脱敏不可用”", "no camera is in the state 'redaction unavailable'", _S.YES
    ),
    Measure.ARCHIVE_YESTERDAY: _wall("snapshots", "昨天入库的快照", "snapshots archived of yesterday"),
    Measure.ARCHIVE_DAYS: _wall("d", "库中最早一天距今", "age of the oldest day in the archive"),
    Measure.ARCHIVE_OLDEST: _wall("d", "库中最早一天距今", "age of the oldest day in the archive", _S.AT_MOST),
    Measure.ARCHIVE_DAYS_LEFT: _wall("d", "磁盘还能存放的天数", "days for which the archive's disk has room"),
    Measure.SNAPSHOTS_RATE: _wall("1/s", "最近一分钟入库", "archived in the last minute"),
    Measure.SNAPSHOTS_POSSIBLE: _wall(
        "1/s", "在线代理自测的脱敏能力之和", "sum of what the online agents measured that they can redact"
    ),
    Measure.PARSING_DELAY: _wall(
        "ms", "从接收到入库，最近一分钟的中位数", "median from intake to commit, last minute", _S.AT_MOST
    ),
    Measure.SEARCH_FINDS: MeasureKind(
        "",
        _S.YES,
        Bilingual(
            "检索最近 24 小时并有结果（GET /api/observations）",
            "a search of the last 24 hours has rows (GET /api/observations)",
        ),
        scope="observation.search",
    ),
    Measure.SEARCH_P95: MeasureKind(
        "ms",
        _S.AT_MOST,
        Bilingual(
            "依次检索最近 20 个小时，每次一小时、50 行，20 次中第 19 快，含网络（GET /api/observations）",
            "20 searches one after another, an hour and 50 rows each; the 19th fastest, network included"
            " (GET /api/observations)",
        ),
        scope="observation.search",
    ),
    Measure.ALARMS_RAISED: _wall("alarms", "最近七天产生的告警", "alarms raised in the last seven days"),
    Measure.ALARMS_DELAY_P95: MeasureKind(
        "ms",
        _S.AT_MOST,
        Bilingual(
            "最近至多 200 条告警从拍摄到判定的 95 分位，由产品自己记录（GET /api/alarms）",
            "95th percentile, captured to decided, of up to 200 newest alarms, as the product notes (GET /api/alarms)",
        ),
        scope="alarm.view",
    ),
    Measure.ALARMS_RESPONSE: _wall(
        "s", "最近七天告警到首次确认的中位数", "median to the first acknowledgement, seven days", _S.AT_MOST
    ),
    Measure.CASES_KEPT: _wall("cases", "中心保存的案件", "cases that the centre keeps"),
    Measure.EVIDENCE_EXPORTS: _wall("exports", "已生成的证据导出", "evidence exports that were made"),
    Measure.NOTIFY_CHANNELS: MeasureKind(
        "channels",
        _S.AT_LEAST,
        Bilingual(
            "没有故障的通知通道（GET /api/notify/channels）", "channels without a fault (GET /api/notify/channels)"
        ),
        scope="notification.edit",
    ),
    Measure.ASSESSMENT_RATE: MeasureKind(
        "%",
        _S.AT_LEAST,
        Bilingual(
            "昨天全网的考核指标（GET /api/assessment/report）",
            "indicator of the whole fleet, yesterday (GET /api/assessment/report)",
        ),
        "indicator of the assessment",
        scope="assessment.view",
    ),
    Measure.CUSTODY_ASTRAY: MeasureKind(
        "pictures",
        _S.AT_MOST,
        Bilingual(
            "昨天已选而去向不明的图片，即考核的完整性（GET /api/assessment/report）",
            "pictures selected yesterday that are unaccounted for: completeness (GET /api/assessment/report)",
        ),
        scope="assessment.view",
    ),
    Measure.CLUSTER_NODES: _wall("servers", "集群中在线的服务器", "servers of the cluster that are alive"),
    Measure.CLUSTER_GPUS: _wall("GPUs", "在线服务器的 GPU", "GPUs of the servers that are alive"),
    Measure.TLS_CENTRE: MeasureKind(
        "", _S.YES, Bilingual("与中心协商的协议，TLS 1.2 以上", "protocol agreed with the centre, TLS 1.2 or later")
    ),
    Measure.TLS_DAYS_LEFT: MeasureKind(
        "d", _S.AT_LEAST, Bilingual("中心出示的证书剩余天数", "days left of the certificate that the centre shows")
    ),
    Measure.CERTIFICATES_DAYS_LEFT: MeasureKind(
        "d",
        _S.AT_LEAST,
        Bilingual("home 中最早到期的服务或代理证书", "the first service's or agent's certificate of the home to end"),
    ),
    Measure.BACKUP_AGE: MeasureKind(
        "h",
        _S.AT_MOST,
        Bilingual("文件夹中最新的完整备份", "newest whole backup in the folder"),
        "folder of backups",
    ),
    Measure.HARDWARE_CORES: _hardware("cores", "物理核", "physical cores"),
    Measure.HARDWARE_THREADS: _hardware("threads", "逻辑处理器", "logical processors"),
    Measure.HARDWARE_MEMORY: _hardware("GiB", "内存", "memory"),
    Measure.HARDWARE_DISKS: _hardware(
        "disks", "至少这样大的磁盘", "disks of at least this size", takes=("each", "like")
    ),
    Measure.HARDWARE_DISK_SPACE: _hardware("TB", "所有磁盘合计", "all disks together"),
    Measure.HARDWARE_RAID: _hardware("", "内核的阵列均完整", "every array of the kernel is intact", _S.YES),
    Measure.HARDWARE_NETWORK: _hardware("Gbit/s", "最快且已连通的网口", "fastest port that has a link"),
    Measure.HARDWARE_GPUS: _hardware("GPUs", "这种型号的 GPU", "GPUs of this model", takes=("each", "like")),
    Measure.LICENCES_UNNAMED: MeasureKind(
        "parts",
        _S.AT_MOST,
        Bilingual("物料清单中没有许可证的部件", "parts of the bill of materials that name no licence"),
        "bill of materials (CycloneDX)",
        beside=True,
    ),
    Measure.DOCUMENT_PRESENT: MeasureKind(
        "",
        _S.YES,
        Bilingual("合同文件夹中的文件", "file in the contract's folder"),
        "file",
        frozenset({"sha256"}),
        beside=True,
    ),
}
"""Every measure has a kind (`test_every_measure_has_a_kind_and_a_source`)."""
SCOPES: Final = tuple(sorted({each.scope for each in KINDS.values()} - {""}))
"""Permissions of a token with which every measure can be taken."""
