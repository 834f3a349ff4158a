"""Names of causes as the product says them, with a gloss: the choices that a trainee is offered.

The run-book (docs/runbook) has a section for each name. The glosses of cameras are those of the assessment.
"""

from collections.abc import Mapping
from typing import Final

from provisioning.training.phrase import Phrase

NAMES: Final[Mapping[str, Phrase]] = {
    # of a camera: docs/health.md
    "unreachable": Phrase("Unreachable", "不可达"),
    "no_answer": Phrase("No response", "无应答"),
    "transport_refused": Phrase("No RTSP over TCP", "不提供基于 TCP 的 RTSP"),
    "wrong_credentials": Phrase("Wrong user or password", "用户名或密码错误"),
    "login_ignored": Phrase("Device does not authenticate as required", "设备未按要求认证"),
    "not_found": Phrase("Stream not found", "码流不存在"),
    "no_picture": Phrase("No decodable video", "没有可解码的视频"),
    "silent": Phrase("Device not responding", "设备无应答"),
    "stale": Phrase("No keyframe", "没有关键帧"),
    "redaction_unavailable": Phrase("Pictures cannot be covered", "图片无法脱敏"),
    # of its picture and clock: docs/health.md, docs/operations.md
    "dark": Phrase("Dark", "过暗"),
    "blurred": Phrase("Blurred", "模糊"),
    "occluded": Phrase("Lens covered", "镜头遮挡"),
    "signal_lost": Phrase("Signal lost", "信号丢失"),
    "scene_moved": Phrase("Scene moved", "场景变动"),
    "frozen": Phrase("Frozen", "画面冻结"),
    "noise": Phrase("Noise", "噪声"),
    "camera_clock_off": Phrase("The camera's clock is off", "摄像机时钟偏差"),
    # of a doctor: docs/operations.md
    "clock_off": Phrase("The machine's clock is off", "机器时钟偏差"),
    "key_readable": Phrase("Others may read a secret", "别人能读取密钥、密码或令牌"),
    "certificate_missing": Phrase("No certificate, or its key is missing", "证书缺失，或私钥不在"),
    "certificate_expired": Phrase("Certificate has ended", "证书已过期"),
    "configuration_unsigned": Phrase("Configuration not signed by the seal", "配置未由受信签名签署"),
    "broker_wrong_authority": Phrase("Another authority's broker answers", "应答的是别人的消息服务器"),
    "broker_misconfigured": Phrase("The broker's files are not as rendered", "消息服务器的文件与应生成的不同"),
    "enrolment_unreachable": Phrase("Enrolment service unreachable", "注册服务不可达"),
    "disk_nearly_full": Phrase("Disk nearly full", "磁盘快满"),
    "spool_unusable": Phrase("The spool is damaged", "缓存损坏"),
    "model_missing": Phrase("A model for redaction is missing", "脱敏模型缺失"),
    "model_wrong": Phrase("A model file is not the one of its manifest", "模型文件与清单不符"),
    "port_taken": Phrase("Another program has the port", "端口被别的程序占用"),
    # of an agent: the console's Agents page
    "agent_silent": Phrase("Agent not reporting", "前端代理无心跳"),
    "agent_revoked": Phrase("Agent revoked", "前端代理已吊销"),
    "agent_pending": Phrase("Agent not enrolled", "前端代理未注册"),
    # of a stage of the chain: docs/runbook/chain.md
    "fell_together": Phrase("Cameras of one agent failed together", "同一代理的摄像机同时失效"),
    "configuration_not_taken": Phrase("Agent did not accept its configuration", "前端代理未接受配置"),
    "agent_backlog": Phrase("Pictures wait at an agent", "图片积压在前端代理"),
    "broker_away": Phrase("Broker unreachable", "消息服务器不可达"),
    "broker_drops": Phrase("The broker drops messages", "消息服务器丢弃消息"),
    "intake_away": Phrase("The intake does not respond", "接入不应答"),
    "no_parser": Phrase("No parser responds", "没有解析应答"),
    "archive_stuck": Phrase("Pictures wait for their commit", "图片等待入库"),
    "query_away": Phrase("The cluster's query service does not respond", "集群的查询服务不应答"),
    "query_denied": Phrase("The cluster rejects the centre's token", "集群拒绝中心的令牌"),
    "query_slow": Phrase("The query service is slow", "查询服务缓慢"),
}
