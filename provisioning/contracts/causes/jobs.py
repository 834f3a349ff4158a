"""Has the words of causes of jobs that the centre orders: refused, waiting and failed."""

from typing import Final

from provisioning.contracts.causes.text import CauseText

NOT_WARRANTED: Final = CauseText(
    "job_not_warranted",
    (
        "the centre's key may not begin jobs",
        "have a new warrant signed with `wayside-provision service warrant --start`",
    ),
    ("中心的密钥无权创建任务", "用 `wayside-provision service warrant --start` 重新签发授权"),
)
CAMERA_UNKNOWN: Final = CauseText(
    "job_camera_unknown",
    ("this agent has no camera {camera}", "order the job at the agent that has it"),
    ("该前端代理没有摄像机 {camera}", "向配置了该摄像机的前端代理下达任务"),
)
NOT_LIVE: Final = CauseText(
    "job_not_live",
    ("camera {camera} has no live stream to look at", "order it for a camera whose stream the agent fetches"),
    ("摄像机 {camera} 没有可分析的实时码流", "请选择由前端代理拉取实时码流的摄像机"),
)
CAMERA_LEAKED: Final = CauseText(
    "job_camera_leaked",
    (
        "camera {camera} is paused, since a face was found in a picture of it",
        "find out why, then resume it at the agent: `wayside-edge resume {camera}`",
    ),
    ("摄像机 {camera} 的图片中曾发现人脸，已暂停", "查明原因后在前端恢复：`wayside-edge resume {camera}`"),
)
SPAN_AHEAD: Final = CauseText(
    "job_span_ahead",
    (
        "the span ends {seconds} s after now, by this agent's clock",
        "order a span that is over, and compare the clocks of centre and agent",
    ),
    ("时间段的结束时间比前端代理的当前时间晚 {seconds} 秒", "选择已经结束的时间段，并核对中心与前端的时钟"),
)
SPAN_TOO_LONG: Final = CauseText(
    "job_span_too_long",
    ("the span is longer than {hours} h", "order it in parts"),
    ("时间段超过 {hours} 小时", "分段下达"),
)
LIVE_OVER: Final = CauseText(
    "job_live_over",
    ("its end is not ahead by this agent's clock", "order it anew, and compare the clocks of centre and agent"),
    ("结束时间已过（按前端代理时钟）", "重新下达，并核对中心与前端的时钟"),
)
LIVE_TOO_LONG: Final = CauseText(
    "job_live_too_long",
    ("it would last longer than {hours} h", "order a shorter time"),
    ("时长超过 {hours} 小时", "缩短时长后重新下达"),
)
TOO_MANY: Final = CauseText(
    "job_too_many",
    ("{limit} jobs of this agent have not ended", "cancel one, or wait for the end of one"),
    ("该前端代理已有 {limit} 个任务未结束", "取消其中一个，或等待其结束"),
)
ALREADY_KNOWN: Final = CauseText(
    "job_already_known",
    ("job {job} was ordered before", "order it under another id"),
    ("任务 {job} 已经下达过", "换一个编号重新下达"),
)
LIVE_TWICE: Final = CauseText(
    "job_live_twice",
    ("another job already looks at camera {camera} more often", "cancel that first"),
    ("摄像机 {camera} 已有一个提高分析频率的任务", "先取消该任务"),
)
UNKNOWN: Final = CauseText(
    "job_unknown",
    ("this agent has no job {job} of camera {camera} that has not ended", "look at the list of jobs"),
    ("该前端代理没有摄像机 {camera} 的未结束任务 {job}", "查看任务列表"),
)
WAITS_FOR_TURN: Final = CauseText(
    "job_waits_for_turn",
    ("{running} jobs run before it; it begins when one ends", ""),
    ("前面有 {running} 个任务在执行，其中一个结束后开始", ""),
)
WAITS_FOR_END: Final = CauseText(
    "job_waits_for_end",
    ("by this agent's clock the span is not over yet; it begins then", ""),
    ("按前端代理的时钟，该时间段尚未结束，结束后开始", ""),
)
WAITS_FOR_ROOM: Final = CauseText(
    "job_waits_for_room",
    (
        "the pictures that wait for the archive leave it no room; it goes on as they are sent",
        "if that lasts, see why the agent sends too little",
    ),
    ("待归档的图片已占满空间，发送后自动继续", "长时间不恢复时，检查前端代理的发送情况"),
)
CAMERA_GONE: Final = CauseText(
    "job_camera_gone",
    ("the configuration has no camera {camera} any more", "order it at the agent that has the camera now"),
    ("配置中已没有摄像机 {camera}", "向现在配置了该摄像机的前端代理下达任务"),
)
NOTHING_CAME: Final = CauseText(
    "job_nothing_came",
    ("no picture of the span came", "see in the recorder if it has recordings of that time"),
    ("该时间段没有得到任何图片", "在录像机上检查该时间段是否有录像"),
)
GAPS: Final = CauseText(
    "job_gaps",
    (
        "{missing} s of the span are not recorded, and {failed} s could not be fetched",
        "order the span once more if more should be there",
    ),
    ("该时间段有 {missing} 秒没有录像，{failed} 秒未能取回", "如应有更多录像，可再次下达"),
)
