"""Lays the figures of a month out as tables, for the sheet and the signed PDF. Words are Chinese and English."""

from collections.abc import Sequence
from typing import Final

from center.assessment.export.sheets import Sheet
from center.clock import local
from center.orders.history import ClockName, TermState
from center.orders.report.months import MonthOrder
from center.orders.report.pdf_signature import Sign, signed_pdf
from center.orders.states import MaintenanceState
from center.orders.views import MaintainerMonth, OrderMonth
from provisioning.files.spreadsheets import safe_cell, xlsx_file

_HOUR_MS: Final = 3_600_000
_UNNAMED: Final = "未填 not named"
_HEAD: Final = (
    "维护单位 Maintainer",
    "工单数 Orders",
    "未结 Live",
    "已修复 Mended",
    "自行恢复 Recovered",
    "作废 Void",
    "平均修复时长(小时) MTTR h",
    "合同计时(小时) Counted h",
    "首次修复率% First-time fix %",
    "及时率% In time %",
    "应答及时% Answer %",
    "到场及时% On site %",
    "修复及时% Repair %",
    "凭手机时间 By told time",
)
_ORDER_HEAD: Final = (
    "工单 Order",
    "摄像机 Camera",
    "故障 Fault",
    "维护单位 Maintainer",
    "处理人 Technician",
    "紧急 Key case",
    "状态 State",
    "开单 Opened",
    "应答(分) Answer min",
    "到场(分) On site min",
    "修复(分) Repair min",
    "未达标 Missed",
    "重开 Reopened",
    "凭手机时间 Told",
)
_STATES: Final = {
    MaintenanceState.OPEN: "待派单 open",
    MaintenanceState.ASSIGNED: "已派单 assigned",
    MaintenanceState.ACCEPTED: "已接单 accepted",
    MaintenanceState.ON_SITE: "已到场 on site",
    MaintenanceState.MENDED: "已报修复 told mended",
    MaintenanceState.WELL: "已恢复 well",
    MaintenanceState.CLOSED: "已关闭 closed",
    MaintenanceState.VOID: "已作废 void",
}
_CLOCKS: Final = {ClockName.ANSWER: "应答 answer", ClockName.ON_SITE: "到场 on site", ClockName.MENDED: "修复 repair"}
_YES: Final = "是 yes"


def tables_of(figures: OrderMonth, orders: Sequence[MonthOrder]) -> tuple[Sheet, Sheet]:
    """Returns the figures by maintainer, and the orders they are made of."""
    month = figures.month
    return (
        Sheet(f"{month} 维护 Maintainers", _HEAD, tuple(map(_maintainer, figures.maintainers))),
        Sheet(f"{month} 工单 Orders", _ORDER_HEAD, tuple(map(_order, orders))),
    )


def as_sheet(figures: OrderMonth, orders: Sequence[MonthOrder]) -> bytes:
    """Writes the month as a workbook."""
    tables = tables_of(figures, orders)
    return xlsx_file((each.title, [each.flat_head(), *each.flat_rows()]) for each in tables)


def as_signed_pdf(figures: OrderMonth, orders: Sequence[MonthOrder], sign: Sign) -> bytes:
    """Writes the month as a PDF, signed."""
    from center.assessment.export.pdf import as_pdf  # noqa: PLC0415 - a second of imports that few need

    standing = "终 final" if figures.is_final else "未终 not final"
    title = f"维修工单月报 Maintenance {figures.month} · {local(figures.as_of_ms)} · {standing}"
    return signed_pdf(as_pdf(title, tables_of(figures, orders)), sign, at_ms=figures.as_of_ms)


def _maintainer(each: MaintainerMonth) -> tuple[str | int | float | None, ...]:
    return (
        safe_cell(each.maintainer) or _UNNAMED,
        each.orders,
        each.live,
        each.mended,
        each.recovered,
        each.void,
        _hours(each.mttr_ms),
        _hours(each.counted_mttr_ms),
        _percent(each.first_time_share),
        _percent(each.in_time_share),
        *(_percent(clock.share) for clock in (each.answer, each.on_site, each.mended_clock)),
        each.by_told_time,
    )


def _order(each: MonthOrder) -> tuple[str | int | float | None, ...]:
    order = each.order
    used = {clock.name: round(clock.used_ms / 60_000, 1) for clock in each.clocks if clock.opening == 1}
    missed = {clock.name for clock in each.clocks if clock.state is TermState.MISSED}
    return (
        order.id,
        safe_cell(order.camera_name or order.place),
        order.fault,
        safe_cell(order.maintainer) or _UNNAMED,
        order.assignee,
        _YES if order.is_key else "",
        _STATES[MaintenanceState(order.state)],
        local(order.opened_at_ms),
        *(used.get(name) for name in ClockName),
        "、".join(words for name, words in _CLOCKS.items() if name in missed),
        len(each.history.openings) - 1,
        _YES if each.history.rests_on_told else "",
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def _hours(span_ms: int | None) -> float | None:
    return None if span_ms is None else round(span_ms / _HOUR_MS, 2)
