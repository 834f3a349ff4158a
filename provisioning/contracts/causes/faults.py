"""Has the Chinese of each fault that a doctor names, after `docs/operations.zh.md`, and writes a doctor's lines."""

from collections.abc import Mapping
from typing import Final

from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.causes.text import CHINESE
from provisioning.contracts.fleet.diagnosis import Diagnosis, Fault, faults, last_line

FAULTS: Final[Mapping[Fault, tuple[str, str]]] = {
    Fault.CONFIGURATION_INVALID: ("配置文件或 home 缺失，或不成其为配置", "原文中有行号和键名；恢复它，或重新注册"),
    Fault.CONFIGURATION_UNSIGNED: (
        "文件不是由这里信任的签名签署的，或签名公钥缺失",
        "wayside-provision cameras send AGENT；仍然如此则比对签名：中心是否重新初始化过？",
    ),
    Fault.CONFIGURATION_OLD: ("前端代理运行的配置比中心给它的旧", "若是自动回退，原文写有原因；否则前端代理已停或断线"),
    Fault.CLOCK_OFF: ("偏差超过五分钟；在中心：比先前写下的时间还早", "NTP；原文中有校时命令"),
    Fault.KEY_READABLE: (
        "别人能读取密钥、密码或令牌",
        "按原文 chmod；若可能已被人读过，更换它（wayside-provision secrets 说明办法）",
    ),
    Fault.CERTIFICATE_MISSING: (
        "没有可读的证书，或对应的私钥不在",
        "前端：重新注册；中心：wayside-provision service replace NAME",
    ),
    Fault.CERTIFICATE_EXPIRED: (
        "按注册服务的时钟已过期",
        "前端：新的注册包，wayside-edge enrol --again；中心：wayside-provision service replace NAME",
    ),
    Fault.CERTIFICATE_ENDS_SOON: (
        "几周前就该自动续期了",
        "前端：能连到注册服务吗？中心：wayside-provision serve 在运行吗，services.key 在吗？",
    ),
    Fault.CERTIFICATE_NOT_OURS: ("是别的代理或别的私钥的，或出自消息服务器不认识的证书机构", "重新注册"),
    Fault.REVOCATIONS_END: ("吊销列表一周内到期；过期之后消息服务器拒绝所有人", "让 wayside-provision serve 运行"),
    Fault.BROKER_UNREACHABLE: (
        "该地址无应答，或应答的服务器不支持 MQTT 5",
        "线路、防火墙、wayside-provision broker run",
    ),
    Fault.BROKER_REFUSES: (
        "是我们的消息服务器，但不让进：已吊销、已过期、或用了别的代理的名字",
        "wayside-provision status；误吊销的，重新生成注册包",
    ),
    Fault.BROKER_WRONG_AUTHORITY: (
        "应答者没有我们证书机构的证书，或证书是别的名字",
        "地址；是否连到了另一套系统的消息服务器；没弄清楚之前不要继续",
    ),
    Fault.BROKER_MISCONFIGURED: ("它的文件与现在应生成的不同", "wayside-provision broker render，再重新启动"),
    Fault.ENROLMENT_UNREACHABLE: ("无应答；证书无法续期，时钟无法比对", "TCP 8843、wayside-provision serve"),
    Fault.ENROLMENT_WRONG_AUTHORITY: ("是别人的服务，或用的是更换之前的密钥", "地址；重新启动 wayside-provision serve"),
    Fault.DISK_NEARLY_FULL: ("剩余不足二十分之一，大磁盘则不足 1 GiB", "查明谁占用；spool.max_bytes"),
    Fault.SPOOL_GROWING: (
        "最早的图片已等待超过 15 分钟",
        "启动前端代理；否则看线路，或 wayside-cluster status。到 spool.max_bytes 之前不会丢",
    ),
    Fault.SPOOL_UNUSABLE: ("缓存损坏，或属于另一版本", "停止再启动前端代理：损坏的会被移到一旁"),
    Fault.MODEL_MISSING: ("脱敏模型不全，因此什么都不发布", "wayside-engines fetch，或从安装包的 models/ 取"),
    Fault.MODEL_WRONG: ("模型文件与其清单不符", "wayside-engines fetch，或从安装包的 models/ 取"),
    Fault.PORT_TAKEN: ("端口被别的程序占用", "ss -lnp 会给出名字"),
    Fault.CAMERA_UNREACHABLE: ("无连接、无消息，或设备未注册", "供电、网线、交换机、地址"),
    Fault.CAMERA_WRONG_PASSWORD: (
        "应答 401 或 403，或密码在本机无法解密",
        "改正清单，wayside-provision cameras import",
    ),
    Fault.CAMERA_NO_PICTURE: ("有应答，但不给 H.264 或 H.265", "码流的路径、编码"),
    Fault.CAMERA_PICTURE_FAULTY: (
        "运行中的前端代理测得画面有故障（图像诊断超过阈值）",
        "原文的第一个词是检查项；见 docs/health.zh.md 的图像诊断",
    ),
    Fault.CAMERA_CLOCK_OFF: ("运行中的前端代理测得摄像机时钟偏差超过两秒", "在摄像机或录像机里设置 NTP"),
    Fault.AGENT_SILENT: (
        "已注册的前端代理没有心跳：没有运行，或与消息服务器断开",
        "在设备上：systemctl status wayside-edge，wayside-edge doctor；供电、网线、到消息服务器的线路",
    ),
    Fault.AGENT_NOT_ENROLLED: ("注册码到期之前没有设备来注册", "wayside-provision bundle AGENT"),
}
"""The meaning of each fault and its remedy; the doctor's own line has the figures and the commands."""


def line(each: Diagnosis, language: str) -> str:
    """Formats a result: in Chinese the fault's words or a camera's own cause, then the text as it is."""
    if language != CHINESE:
        return each.line()
    if each.fault is None:
        return f"正常  {each.where}：{each.found}"
    meaning, remedy = FAULTS[each.fault]
    said = words(each.reason, CHINESE) or meaning
    return f"故障  {each.fault} {each.where}：{said}\n      {remedy}\n      原文：{each.found}: {each.remedy}"


def sum_up(found: list[Diagnosis], language: str) -> str:
    """Sums a doctor's output up."""
    if language != CHINESE:
        return last_line(found)
    number = faults(found)
    return f"故障：{number} 项；各名称的含义见 docs/operations.zh.md" if number else "没有发现问题"
