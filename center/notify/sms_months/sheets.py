"""Writes a month of SMS as a file. Its words are Chinese and English side by side: it goes to the carrier, too."""

from collections.abc import Iterable
from typing import Final, Literal

from center.clock import local
from center.notify.sms_months.comparison import StatementVerdict
from center.notify.sms_months.ledger import ComplaintSource, ComplaintView
from center.notify.sms_months.views import SmsMonthView
from provisioning.files.spreadsheets import Cell, csv_file, xlsx_file

MonthFormat = Literal["csv", "xlsx"]
MEDIA_TYPES: Final[dict[MonthFormat, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
VERDICTS: Final = {
    StatementVerdict.WITHIN: "在限内 within",
    StatementVerdict.DISPUTED: "有争议 disputed",
}
_SOURCES: Final = {ComplaintSource.CARRIER: "运营商 carrier", ComplaintSource.RECIPIENT: "接收人 recipient"}
Rows = list[list[Cell]]


def export(view: SmsMonthView, complaints: Iterable[ComplaintView], form: MonthFormat) -> bytes:
    """Exports the counts by day and template as CSV, or all tables as a workbook."""
    if form == "csv":
        return csv_file(_days(view))
    tables = [("每日 Days", _days(view))]
    if view.comparison is not None:
        tables += [("对账 Comparison", _compared(view)), ("结论 Verdict", _verdict(view))]
    elif view.cost is not None:
        tables += [("费用 Cost", _cost(view))]
    return xlsx_file([*tables, ("投诉 Complaints", _complaints(complaints))])


def _days(view: SmsMonthView) -> Rows:
    head: list[Cell] = [
        "渠道 Channel",
        "日期 Day",
        "模板 Template",
        "消息 Messages",
        "提交条数 Submitted parts",
        "接受条数 Accepted parts",
        "结果未知条数 Unknown parts",
        "送达条数 Delivered parts",
        "失败条数 Failed parts",
    ]
    rows: Rows = [
        [
            view.channel,
            each.day,
            each.template,
            each.messages,
            each.submitted,
            each.accepted,
            each.unknown,
            each.delivered,
            each.failed,
        ]
        for each in view.days
    ]
    return [head, *rows]


def _compared(view: SmsMonthView) -> Rows:
    head: list[Cell] = ["日期 Day", "模板 Template", "本方 Own", "运营商 Carrier", "差额 Difference"]
    compared = () if view.comparison is None else view.comparison.rows
    rows: Rows = [[each.day, each.template, each.own, each.carrier, each.difference] for each in compared]
    return [head, *rows]


def _verdict(view: SmsMonthView) -> Rows:
    compared, statement = view.comparison, view.statement
    if compared is None or statement is None:
        return []
    rows: Rows = [
        ["项目 Item", "值 Value"],
        ["渠道 Channel", view.channel],
        ["月份 Month", view.month],
        ["本方接受条数 Own accepted parts", compared.own],
        ["运营商条数 Carrier's parts", compared.carrier],
        ["差额占运营商条数 Difference, % of the carrier's", compared.percent],
        ["限值 Limit, %", compared.limit_percent],
        ["结论 Verdict", VERDICTS[compared.verdict]],
        ["运营商文件 SHA-256 of the carrier's file", statement.sha256],
        ["上传时间 Uploaded", local(statement.taken_at_ms)],
    ]
    return [*rows, *_cost(view)[1:]]


def _cost(view: SmsMonthView) -> Rows:
    cost = view.cost
    if cost is None:
        return []
    return [
        ["项目 Item", "值 Value"],
        [f"本方费用 Own cost, {cost.currency}", cost.own],
        [f"运营商费用 Carrier's cost, {cost.currency}", cost.carrier],
    ]


def _complaints(complaints: Iterable[ComplaintView]) -> Rows:
    head: list[Cell] = ["投诉时间 Made", "来源 Source", "接收人 Recipient", "运营商编号 Carrier's number"]
    rows: Rows = [
        [local(each.made_at_ms), _SOURCES[each.source], each.recipient, each.reference] for each in complaints
    ]
    return [head, *rows]
