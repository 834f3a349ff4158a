"""Lists the faults that are planted: twenty, over the whole chain from the camera to the console."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from provisioning.contracts.config.processes import read_secret
from provisioning.demo import site_plan
from provisioning.files import durable
from provisioning.training.cameras import PLAIN
from provisioning.training.ground import EAST, NORTH, SOUTH, Ground
from provisioning.training.phrase import Phrase
from provisioning.training.product import Source

AGENT: Final = site_plan.AGENT
_UNLIKE: Final = "mjpg"
_WRONG_PORT: Final = 9
"""Discard: nobody listens there."""
_NEW_PASSWORD: Final = "camera-password-new"  # noqa: S105 - a file's name
_PATH: Final = "live/main"
_CLOCK_S: Final = -83.0


@dataclass(frozen=True)
class PlantedFault:
    """One fault: how it is planted and mended, what is rung up about it, and where the product names its cause."""

    name: str
    call: Phrase
    """Words of the person who rings up; `{note}` is replaced by what stands on a slip of paper."""
    source: Source
    where: str
    """Thing that the source names."""
    cause: str
    """Name of the cause in the run-book."""
    others: tuple[str, ...]
    """Names that are offered beside it."""
    remedy: Phrase
    plant: Callable[[Ground], None]
    mend: Callable[[Ground], None]
    note: Callable[[Ground], str] | None = None
    """Returns what stands on the slip of paper."""

    def is_told(self, ground: Ground) -> bool:
        """True if the product names the cause."""
        return self.cause in ground.reading(self.source, self.where).names

    def is_over(self, ground: Ground) -> bool:
        """True if the product says that all is well again there, and names the cause no more."""
        found = ground.reading(self.source, self.where)
        return found.is_well and self.cause not in found.names


def _change(camera: str, **fields: Any) -> Callable[[Ground], None]:
    return lambda ground: ground.cameras[camera].change(**fields)


def _stop(service: str) -> Callable[[Ground], None]:
    def stop(ground: Ground) -> None:
        ground.stop(service)

    return stop


def _start(service: str) -> Callable[[Ground], None]:
    def start(ground: Ground) -> None:
        ground.start(service)

    return start


def _import_right(ground: Ground) -> None:
    ground.import_list(ground.right_list())


def _see(view: str) -> Callable[[Ground], None]:
    def see(ground: Ground) -> None:
        # What the agent has not learnt yet it cannot miss.
        ground.until(lambda: ground.has_learnt(NORTH))
        ground.cameras[NORTH].change(view=view)

    return see


def _new_password(ground: Ground) -> None:
    ground.cameras[SOUTH].change(password_file=ground.secret(_NEW_PASSWORD))


def _read_slip(ground: Ground) -> str:
    return read_secret(ground.secret(_NEW_PASSWORD))


def _device_password(ground: Ground) -> None:
    ground.cameras[EAST].change(password_file=ground.secret("sheet-of-last-year"))


def _revoke(ground: Ground) -> None:
    ground.revoke()


def _enrol_again(ground: Ground) -> None:
    ground.stop("edge")
    ground.enrol_again()
    ground.start("edge")


def _break_model(ground: Ground) -> None:
    ground.break_model()
    ground.restart("edge")


def _restore_models(ground: Ground) -> None:
    ground.restore_models()
    ground.restart("edge")


def _let_read(ground: Ground) -> None:
    (ground.home / "identities" / "center.key").chmod(0o644)


def _close_key(ground: Ground) -> None:
    (ground.home / "identities" / "center.key").chmod(0o600)


def _wrong_list(ground: Ground) -> None:
    ground.import_list(ground.right_list(**{SOUTH: _WRONG_PORT}))


def _port(ground: Ground) -> str:
    return str(ground.cameras[SOUTH].port)


def _cut_rights(ground: Ground) -> None:
    rights = ground.home / "broker" / "agents.acl"
    lines = rights.read_text(encoding="utf-8").splitlines(keepends=True)
    durable.write(rights, "".join(each for each in lines if "snapshot" not in each).encode())
    ground.reload_broker()


def _restart_broker(ground: Ground) -> None:
    ground.restart("broker")


def _other_token(ground: Ground) -> None:
    durable.write(ground.centre_token, ground.secret("token-of-the-old-cluster").read_bytes())
    ground.restart("center")


def _same_token(ground: Ground) -> None:
    durable.write(ground.centre_token, ground.state.secret("query-token").read_bytes())
    ground.restart("center")


FAULTS: Final = (
    PlantedFault(
        "dark-picture",
        Phrase(
            "After nightfall one sees nothing at the Fire Yard (camera north). In the daytime it was fine.",
            "天黑得早了，消防大院（摄像机 north）晚上什么也看不见，白天是好的。",
        ),
        Source.BOX,
        f"camera {NORTH}",
        "dark",
        ("signal_lost", "occluded", "blurred"),
        Phrase("On site: site lamp north", "到现场：site lamp north"),
        _see("dark"),
        _change(NORTH, view=PLAIN),
    ),
    PlantedFault(
        "covered-lens",
        Phrase(
            "After last night's storm two thirds of the picture of the Fire Yard (north) are one single colour.",
            "昨夜大风之后，消防大院（north）的画面有三分之二只剩一种颜色。",
        ),
        Source.BOX,
        f"camera {NORTH}",
        "occluded",
        ("scene_moved", "dark", "noise"),
        Phrase("On site: site clean north", "到现场：site clean north"),
        _see("covered"),
        _change(NORTH, view=PLAIN),
    ),
    PlantedFault(
        "turned-camera",
        Phrase(
            "A lorry touched the mast at the Fire Yard (north). Pictures come, but our zones lie beside the road now.",
            "一辆货车碰了消防大院（north）的立杆。画面有，可是画好的区域都不在路上了。",
        ),
        Source.BOX,
        f"camera {NORTH}",
        "scene_moved",
        ("occluded", "frozen", "blurred"),
        Phrase("On site: site straighten north", "到现场：site straighten north"),
        _see("turned"),
        _change(NORTH, view=PLAIN),
    ),
    PlantedFault(
        "camera-clock",
        Phrase(
            "The court asks why a car at Ferry Road (south) is in our pictures over a minute before it set out.",
            "法院来问：渡口路（south）的图片里，那辆车怎么比它出发还早一分多钟？",
        ),
        Source.BOX,
        f"camera {SOUTH}",
        "camera_clock_off",
        ("clock_off", "frozen", "no_answer"),
        Phrase("On site: site ntp south", "到现场：site ntp south"),
        _change(SOUTH, clock_error_s=_CLOCK_S),
        _change(SOUTH, clock_error_s=0.0),
    ),
    PlantedFault(
        "unplugged-camera",
        Phrase(
            "Nothing from the Fire Yard (north) since the electricians were there. Nobody changed a setting.",
            "电工来过以后，消防大院（north）就没有画面了，谁也没有改过设置。",
        ),
        Source.CAMERAS,
        f"{AGENT}/{NORTH}",
        "unreachable",
        ("no_answer", "wrong_credentials", "not_found"),
        Phrase("On site: site plug north", "到现场：site plug north"),
        _change(NORTH, is_plugged=False),
        _change(NORTH, is_plugged=True),
    ),
    PlantedFault(
        "hanging-camera",
        Phrase(
            "Ferry Road (south) stands still. Its lamp is on, and I can ping it.",
            "渡口路（south）没有画面了，但灯亮着，也能 ping 通。",
        ),
        Source.CAMERAS,
        f"{AGENT}/{SOUTH}",
        "no_answer",
        ("unreachable", "transport_refused", "stale"),
        Phrase("On site: site power south", "到现场：site power south"),
        _change(SOUTH, hangs=True),
        _change(SOUTH, hangs=False),
    ),
    PlantedFault(
        "camera-codec",
        Phrase(
            "Ferry Road (south) was exchanged under guarantee. Its new one shows a picture in my browser, none here.",
            "渡口路（south）保修换了新机。浏览器里看得到画面，平台上没有。",
        ),
        Source.CAMERAS,
        f"{AGENT}/{SOUTH}",
        "no_picture",
        ("not_found", "wrong_credentials", "redaction_unavailable"),
        Phrase("On site: site codec south", "到现场：site codec south"),
        _change(SOUTH, codec=_UNLIKE),
        _change(SOUTH, codec=None),
    ),
    PlantedFault(
        "stream-path",
        Phrase(
            f"The maker updated the Fire Yard's camera (north). Its own page now says: stream at /{_PATH}.",
            f"厂家给消防大院的摄像机（north）升了级，它自己的网页上写着：码流地址 /{_PATH}。",
        ),
        Source.CAMERAS,
        f"{AGENT}/{NORTH}",
        "not_found",
        ("no_picture", "unreachable", "wrong_credentials"),
        Phrase(
            f"In cameras.csv: the path /{_PATH} for north; then wayside-provision cameras import {AGENT} cameras.csv",
            f"在 cameras.csv 里把 north 的路径改为 /{_PATH}；再 wayside-provision cameras import {AGENT} cameras.csv",
        ),
        _change(NORTH, path=_PATH),
        _import_right,
    ),
    PlantedFault(
        "camera-password",
        Phrase(
            "The fitter was told to change the passwords. On his slip for Ferry Road (south) stands: {note}",
            "上级要求改密码，安装工改了。渡口路（south）的纸条上写着：{note}",
        ),
        Source.CAMERAS,
        f"{AGENT}/{SOUTH}",
        "wrong_credentials",
        ("not_found", "login_ignored", "unreachable"),
        Phrase(
            f"In cameras.csv: the new password for south; then wayside-provision cameras import {AGENT} cameras.csv",
            f"在 cameras.csv 里改 south 的密码；再 wayside-provision cameras import {AGENT} cameras.csv",
        ),
        _new_password,
        _import_right,
        _read_slip,
    ),
    PlantedFault(
        "device-password",
        Phrase(
            "The GB/T 28181 camera (east) was reset, and set up again from the sheet of last year. It stays away.",
            "国标摄像机（east）恢复过出厂设置，照去年的单子重新配的，一直上不来。",
        ),
        Source.CAMERAS,
        f"{AGENT}/{EAST}",
        "wrong_credentials",
        ("silent", "unreachable", "login_ignored"),
        Phrase("On site: site login east", "到现场：site login east"),
        _device_password,
        _change(EAST, password_file=None),
    ),
    PlantedFault(
        "wrong-list",
        Phrase(
            "I sent the box a new list, which it does not take. Ferry Road's (south) RTSP port is {note}, by its page.",
            "我给前端设备下发了新的摄像机清单，它不接受。渡口路（south）网页上写的 RTSP 端口是 {note}。",
        ),
        Source.CHAIN,
        "agents",
        "configuration_not_taken",
        ("agent_silent", "configuration_unsigned", "agent_backlog"),
        Phrase(
            f"In cameras.csv: the right port of south; then wayside-provision cameras import {AGENT} cameras.csv",
            f"在 cameras.csv 里改正 south 的端口；再 wayside-provision cameras import {AGENT} cameras.csv",
        ),
        _wrong_list,
        _import_right,
        _port,
    ),
    PlantedFault(
        "broken-model",
        Phrase(
            "The box's disk was cleared up. Its cameras have pictures, and none arrives any more.",
            "前端设备清理过磁盘。摄像机都有画面，可一张图片也不来了。",
        ),
        Source.BOX,
        "model",
        "model_wrong",
        ("model_missing", "disk_nearly_full", "spool_unusable"),
        Phrase(
            "Copy the model that the doctor names over the box's, from the folder models; then: restart edge",
            "从 models 目录把诊断点名的模型拷回前端设备；再 restart edge",
        ),
        _break_model,
        _restore_models,
    ),
    PlantedFault(
        "stopped-agent",
        Phrase(
            "All three cameras of the box are gone at once. Somebody worked in the cabinet.",
            "这台前端设备的三路摄像机一下子都没了。有人在机柜里干过活。",
        ),
        Source.AGENTS,
        AGENT,
        "agent_silent",
        ("agent_revoked", "fell_together", "broker_away"),
        Phrase("start edge", "start edge"),
        _stop("edge"),
        _start("edge"),
    ),
    PlantedFault(
        "revoked-agent",
        Phrase(
            "The box was reported stolen by mistake. It stands in its cabinet, and sends nothing any more.",
            "这台前端设备被误报失窃。它好好地在机柜里，可是什么也不发了。",
        ),
        Source.AGENTS,
        AGENT,
        "agent_revoked",
        ("agent_silent", "certificate_expired", "agent_pending"),
        Phrase(
            f"wayside-provision agent new {AGENT} --site {site_plan.SITE} --again, and bundle {AGENT} -o B; stop edge;"
            " wayside-edge enrol B --into FOLDER --again; start edge",
            f"wayside-provision agent new {AGENT} --site {site_plan.SITE} --again，再 bundle {AGENT} -o B；stop edge；"
            "wayside-edge enrol B --into 目录 --again；start edge",
        ),
        _revoke,
        _enrol_again,
    ),
    PlantedFault(
        "stopped-broker",
        Phrase(
            "The console says of every agent and camera that its state is unknown.",
            "控制台上所有前端代理和摄像机都显示状态未知。",
        ),
        Source.CHAIN,
        "broker",
        "broker_away",
        ("broker_drops", "agent_silent", "query_away"),
        Phrase("start broker", "start broker"),
        _stop("broker"),
        _start("broker"),
    ),
    PlantedFault(
        "broker-rights",
        Phrase(
            "A colleague tidied up the broker's files and reloaded them. Cameras are fine, and no picture arrives.",
            "同事整理了消息服务器的文件，让它重新加载。摄像机都正常，可是没有图片进来。",
        ),
        Source.CENTRE,
        "broker agents.acl",
        "broker_misconfigured",
        ("broker_wrong_authority", "port_taken", "certificate_missing"),
        Phrase("wayside-provision broker render; restart broker", "wayside-provision broker render；restart broker"),
        _cut_rights,
        _restart_broker,
    ),
    PlantedFault(
        "stopped-enrolment",
        Phrase(
            "A fitter stands at a new cabinet and cannot enrol the box. What runs goes on.",
            "安装工在新机柜前，前端设备注册不上。已经在用的都正常。",
        ),
        Source.CENTRE,
        "enrolment service",
        "enrolment_unreachable",
        ("certificate_missing", "port_taken", "broker_away"),
        Phrase("start provisioning", "start provisioning"),
        _stop("provisioning"),
        _start("provisioning"),
    ),
    PlantedFault(
        "readable-key",
        Phrase(
            "An auditor says that any account of the centre's machine can take the centre's identity. Is that so?",
            "审计说，中心这台机器上任何账号都能冒用中心的身份。是真的吗？",
        ),
        Source.CENTRE,
        "key",
        "key_readable",
        ("certificate_expired", "certificate_missing", "configuration_unsigned"),
        Phrase("The chmod that the doctor writes", "照诊断所写的 chmod"),
        _let_read,
        _close_key,
    ),
    PlantedFault(
        "other-token",
        Phrase(
            "Since the cluster was set up anew, no search answers. Both machines run.",
            "集群重装以后，所有检索都没有结果。两台机器都在运行。",
        ),
        Source.CHAIN,
        "query",
        "query_denied",
        ("query_away", "query_slow", "archive_stuck"),
        Phrase(
            "Copy the content of the cluster's query_token_file into the centre's; restart center",
            "把集群 query_token_file 的内容抄到中心的同名文件；restart center",
        ),
        _other_token,
        _same_token,
    ),
    PlantedFault(
        "stopped-cluster",
        Phrase(
            "No search answers, and no new picture appears. The box says that it is connected.",
            "检索没有结果，也没有新图片。前端设备说它已连接。",
        ),
        Source.CHAIN,
        "query",
        "query_away",
        ("query_denied", "no_parser", "broker_away"),
        Phrase("start cluster", "start cluster"),
        _stop("cluster"),
        _start("cluster"),
    ),
)
