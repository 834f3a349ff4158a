"""Has the words of causes by which an agent fails in a roll-out, or a roll-out stops."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

TOO_MANY_FAILED: Final = CauseText(
    "rollout_too_many_failed",
    ("{failures} of {size} agents failed, {limit} is the limit; the first is {agent}", ""),
    ("{size} 个前端代理中有 {failures} 个失败，上限为 {limit}；首个是 {agent}", "逐个查看失败原因，改正后重新推送"),
)
ENDED_BY_HAND: Final = CauseText("rollout_ended_by_hand", ("ended by hand", ""), ("已由人工终止", ""))
SILENT: Final = CauseText(
    "rollout_agent_silent",
    ("silent for over {seconds} s", "look at its power and network"),
    ("超过 {seconds} 秒没有消息", "检查设备的供电和网络"),
)
NOT_APPLIED: Final = CauseText(
    "rollout_not_applied",
    ("has not applied it within {seconds} s", "run wayside-edge doctor on its box"),
    ("{seconds} 秒内没有生效", "在设备上运行 wayside-edge doctor"),
)
NO_CAUSE: Final = CauseText(
    "rollout_no_cause", ("it says no cause", "see the agent's log"), ("前端代理没有给出原因", "看前端代理日志")
)
SOFTWARE_NOT_TAKEN: Final = CauseText(
    "rollout_software_not_taken",
    ("{detail}", ""),
    ("前端代理没有采用新版本，现有版本继续运行", "在设备上看前端代理日志和 journalctl -u wayside-update"),
)
CANNOT_RETURN: Final = CauseText(
    "rollout_cannot_return",
    ("cannot go back: {detail}", ""),
    ("无法退回原来的版本或配置", "看前端代理日志"),
)
CAMERAS_FELL: Final = CauseText(
    "rollout_cameras_fell",
    ("{count} cameras that worked before do not, the first {camera}", "see the Cameras page"),
    ("此前正常的摄像机有 {count} 台不再正常，首台 {camera}", "见“摄像机”页"),
)
ONE_FELL_BY_ITSELF: Final = CauseText(
    "rollout_one_fell_by_itself",
    (
        "camera {camera}, whose settings did not change, failed by itself ({detail}); the agent stays",
        "see to the camera",
    ),
    ("设置未变的摄像机 {camera} 自身出现故障，该前端代理不退回", "检修该摄像机；原因见“摄像机”页"),
)
LEDGER: Final = CauseText(
    "rollout_ledger",
    ("its ledger does not add up", "compare it with wayside-edge ledger on its box"),
    ("账目对不上", "在设备上用 wayside-edge ledger 核对"),
)
BACKLOG: Final = CauseText(
    "rollout_backlog",
    ("{waiting} pictures wait, {more} more than before", "look at its line to the broker"),
    ("有 {waiting} 张图片在等待，比推送前多 {more} 张", "检查它到消息服务器的线路"),
)
