"""The page of the pipeline as it is answered, with third parties and the storage of each server."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Final

from nicegui import core

from center.pipeline import causes
from center.pipeline.probes import UNREACHABLE, ProbeFault, Prober
from tests.center.pipeline.chain import PROMETHEUS, file_system, probed, server
from tests.center.whole import ADMINISTRATOR, whole_centre
from tests.support.waiting import LONG_S


def planted(now_ms: int) -> Prober:
    """A mail relay is away, and a disk of one of two servers is nearly full."""
    full = server("keeper", file_systems=(file_system("/"), file_system("/srv", free_share=0.042)))
    changes = {
        "mail": {"fault": ProbeFault(causes.RELAY_AWAY, UNREACHABLE), "succeeded_at_ms": now_ms - 60_000},
        PROMETHEUS: {"value": (server("head"), full)},
    }
    prober = Prober((), every_s=15, timeout_s=5, now_ms=lambda: now_ms)
    prober.reports = tuple(replace(each, **changes.get(each.target, {})) for each in probed(now_ms))  # type: ignore[arg-type]
    return prober


TEXTS: Final = {
    "en-GB": (
        "Third parties",
        "The mail relay of channel mail is unavailable: connection refused or no route.",
        "Last success",
        "Storage by server",
        "/srv: 4.2 % free",
        "Server keeper: /srv has 4.2 % of its space free.",
        "2 OK",
    ),
    "zh-CN": (
        "第三方服务",
        "渠道 mail 的邮件中继不可用：连接被拒绝或无路由。",
        "最近成功",
        "各服务器存储",
        "/srv：剩余 4.2 %",
        "服务器 keeper：/srv 剩余空间 4.2 %。",
        "2 项正常",
    ),
}


def test_third_parties_and_servers_are_shown_in_both_languages(tmp_path: Path) -> None:
    with whole_centre(tmp_path) as whole, whole.browser(ADMINISTRATOR) as browser:
        pipeline = whole.services.pipeline
        pipeline.prober = planted(whole.clock.now_ms)
        assert core.loop is not None
        asyncio.run_coroutine_threadsafe(pipeline.loop.turn(), core.loop).result(LONG_S)
        pages = {
            language: browser.get("/pipeline", headers={"accept-language": language}).raise_for_status().text
            for language in TEXTS
        }
        told = browser.get("/api/pipeline").raise_for_status().json()
    for language, texts in TEXTS.items():
        for text in texts:
            assert text in pages[language]
    assert {each["server"] for each in told["storage"]} == {"head", "keeper"}
    full = next(each for each in told["storage"] if each["state"] != "green")
    assert (full["server"], full["kind"], full["name"], full["code"]) == ("keeper", "disk", "/srv", "disk_low")
