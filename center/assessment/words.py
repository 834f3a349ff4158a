"""The words of exported files, Chinese and English side by side: a file is read outside the console's language."""

from typing import Final

from center.assessment.indicators import Indicator, IndicatorVerdict

INDICATORS: Final = {
    Indicator.ONLINE: "在线率 Online",
    Indicator.CLOCK: "时钟准确率 Clock",
    Indicator.TIMELINESS: "及时率 Timeliness",
    Indicator.PICTURE: "全景图在库率 Picture",
    Indicator.PLACE: "经纬度合格率 Place",
    Indicator.CODE: "国标编码合格率 GB code",
    Indicator.SNAPSHOT: "图像正常率 Normal snapshots",
    Indicator.DELIVERY: "送达率 Delivery",
    Indicator.COMPLETENESS: "账目完整率 Completeness",
}
VERDICTS: Final = {
    IndicatorVerdict.PASS: "合格 pass",
    IndicatorVerdict.FAIL: "不合格 fail",
    IndicatorVerdict.EXCUSED: "免考 excused",
    IndicatorVerdict.UNKNOWN: "未知 unknown",
}
TITLE: Final = "考核报告 Assessment"
FLEET: Final = "全部 Fleet"
NO_DISTRICT: Final = "未分区 No district"
RANK: Final = "名次 Rank"
DISTRICT: Final = "辖区 District"
CAMERA: Final = "摄像机 Camera"
CAMERAS: Final = "摄像机数 Cameras"
SCORE: Final = "得分 Score"
AGENT: Final = "前端代理 Agent"
CAMERA_ID: Final = "摄像机编号 Camera id"
CODE: Final = "国标编码 GB code"
FAILED: Final = "不合格项 Failed"
CAUSE: Final = "原因 Cause"
VERDICT: Final = "结论 Verdict"
GOOD: Final = "合格数 Good"
BAD: Final = "不合格数 Bad"
UNKNOWN: Final = "未知数 Unknown"
EXCUSED: Final = "免考数 Excused"
INDICATOR: Final = "指标 Indicator"
RATE: Final = "比率 Rate %"
MAINTENANCE: Final = "计划检修 Planned maintenance"
SCOPE: Final = "范围 Scope"
FROM: Final = "开始 From"
TO: Final = "结束 To"
OPEN: Final = "未定 open"
REASON: Final = "事由 Reason"
ENTERED_BY: Final = "登记人 Entered by"
RETROACTIVE: Final = "补录 Retroactive"
GAPS: Final = "平台未监测时段 Not watched"
YES: Final = "是 yes"
PERIOD: Final = "考核期 Period"
VERSION: Final = "版本 Version"
