"""Has the words of the reasons in an acceptance report: what a survey or the register shows of a camera."""

from typing import Final

from provisioning.contracts.causes.text import CauseText
from provisioning.contracts.wire.messages import PictureCheck

NOT_ON_BOX: Final = CauseText(
    "not_on_box",
    ("the box does not have it", "is the newest configuration applied?"),
    ("前端设备上没有该摄像机", "检查最新的配置是否已生效"),
)
NOT_SURVEYED: Final = CauseText("not_surveyed", ("not looked at", ""), ("未检测", ""))
STRAY: Final = CauseText(
    "stray",
    ("the register does not have it", "the box's own file names it, or an old configuration"),
    ("台账中没有该摄像机", "前端设备自己的文件或旧配置里有它"),
)
NOT_REGISTERED: Final = CauseText("not_in_register", ("not in the register", ""), ("不在台账中", ""))
NO_PICTURE_SEEN: Final = CauseText("no_picture_seen", ("no picture to look at", ""), ("没有画面可供检查", ""))
ONLY_RUNNING: Final = CauseText(
    "only_running",
    ("only the running agent opens it", "look at its newest picture in the console"),
    ("只有运行中的前端代理能打开它", "在控制台查看它的最新图片"),
)
CLOCK_UNTOLD: Final = CauseText(
    "clock_untold",
    ("the camera does not tell it", "compare its own page with the box, and set NTP"),
    ("摄像机不报告时钟", "把它的管理页面与前端设备的时间对照，并设置 NTP"),
)
CLOCK_OFF: Final = CauseText(
    "camera_clock_off", ("{off} s", "set NTP in the camera"), ("偏差 {off} 秒", "在摄像机里设置 NTP")
)
CLOCK_UNSURE: Final = CauseText(
    "camera_clock_unsure",
    ("{off} s, give or take {bound} s", "look again"),
    ("偏差 {off} 秒，误差 {bound} 秒", "请再测一次"),
)
OWN_ID: Final = CauseText("own_id", ("an id of one's own", ""), ("自定编号", ""))
CODE_WRONG: Final = CauseText("code_wrong", ("{detail}", ""), ("编码不符合 GB/T 28181", "改正编码后重新导入"))
NO_PLACE: Final = CauseText(
    "no_place",
    ("none", "take them from a GPS receiver and import the list again"),
    ("没有坐标", "用 GPS 接收机测得后重新导入清单"),
)
PLACE_WRONG: Final = CauseText(
    "place_wrong", ("{detail}", ""), ("坐标不可信：超出范围、经纬度互换或离站点太远", "核对坐标后重新导入清单")
)
BY_ARCHIVED: Final = CauseText("by_archived", ("by what was archived", ""), ("据已入库的图片", ""))
NONE_REDACTED: Final = CauseText("none_redacted", ("no picture was redacted yet", ""), ("尚未对任何图片脱敏", ""))
NOT_REDACTED: Final = CauseText(
    "not_redacted",
    ("no picture could be redacted", "see wayside-edge doctor"),
    ("没有一张图片能脱敏", "运行 wayside-edge doctor"),
)
NONE_CONFIRMED: Final = CauseText(
    "none_confirmed",
    ("{selected} taken, none confirmed", "see wayside-edge doctor"),
    ("已抓拍 {selected} 张，均未确认入库", "运行 wayside-edge doctor"),
)
NONE_TAKEN: Final = CauseText(
    "none_taken",
    ("none taken", "does the agent run? See wayside-edge doctor"),
    ("没有抓拍，前端代理可能没有运行", "运行 wayside-edge doctor"),
)
_FAULTS: Final = {
    PictureCheck.SIGNAL_LOST: ("the cable between camera and recorder", "信号丢失", "检查摄像机到录像机的线缆"),
    PictureCheck.DARK: ("infra-red lamp, day/night switch and exposure", "过暗", "检查红外灯、日夜切换和曝光"),
    PictureCheck.BRIGHT: (
        "exposure, backlight compensation and lamps beside the lens",
        "过亮",
        "检查曝光、背光补偿和镜头旁的灯",
    ),
    PictureCheck.BLURRED: ("focus, dirt and condensation", "模糊", "检查对焦、污渍和起雾"),
    PictureCheck.LOW_CONTRAST: (
        "dirt, condensation and sun on the glass",
        "对比度低",
        "检查污渍、起雾和直射玻璃的阳光",
    ),
    PictureCheck.OCCLUDED: ("the lens for a leaf, web, tape or spray", "镜头遮挡", "检查树叶、蛛网、胶带和喷漆"),
    PictureCheck.COLOUR_CAST: ("white balance and infra-red filter", "偏色", "检查白平衡和红外滤光片"),
    PictureCheck.STRIPE: ("power supply, earthing and cable", "条纹", "检查电源、接地和线缆"),
    PictureCheck.NOISE: ("gain, infra-red lamp and cable", "噪声", "检查增益、红外灯和线缆"),
    PictureCheck.FROZEN: (
        "whether a restart of the camera or its encoder helps",
        "画面冻结",
        "重启摄像机或其编码器，看是否恢复",
    ),
    PictureCheck.SCENE_MOVED: (
        "the mount; where the view is right, wait an hour and survey again",
        "场景变动",
        "检查支架；视角无误的，一小时后再检测",
    ),
}
PICTURE: Final = {
    check: CauseText(f"picture_{check.value}", (check.value.replace("_", " "), f"check {advice}"), (chinese, remedy))
    for check, (advice, chinese, remedy) in _FAULTS.items()
}
"""Words of each fault of a picture with the parts to check, as in `docs/health.md`."""
