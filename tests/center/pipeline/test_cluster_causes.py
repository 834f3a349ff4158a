"""Causes of the cluster in the reader's language: coded by the cluster or by the centre; an older cluster's as text."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from center.console.labels import finding_texts
from center.console.language import LANGUAGES
from center.pipeline.cluster_client import MUTE, TIMEOUT_S, Cluster, ClusterAnswer, ClusterAnswers, Reach
from center.pipeline.stages import Stage
from provisioning.contracts.causes import cluster
from provisioning.contracts.detectors import ParsersStatus
from provisioning.contracts.query.archive import StuckStage, UpkeepReport
from provisioning.contracts.wire.messages import CodedCause
from tests.center.pipeline.chain import Chain, answered, parser

TEXT = "an English text"


def said(chain: Chain, stage: Stage, language: str = "zh") -> str:
    (finding,) = chain.verdicts()[stage].findings
    return finding_texts(finding, LANGUAGES[language])[0]


def _with(**changes: Any) -> Chain:
    return Chain().plant(answers=answered(**changes))


def given(value: Any) -> ClusterAnswer[Any]:
    return ClusterAnswer(Reach.ANSWERED, value)


def stuck(reason: CodedCause | None) -> Chain:
    return Chain().intakes(stuck=(StuckStage(stage="archiver", messages=8, seconds=40, cause=TEXT, reason=reason),))


def broken_parser(reason: CodedCause | None) -> Chain:
    reasons = () if reason is None else (reason,)
    return _with(parsers=given(ParsersStatus(parsers=(parser(TEXT).model_copy(update={"reasons": reasons}),))))


def alarmed(reason: CodedCause | None) -> Chain:
    return _with(archive=given(UpkeepReport(alarms=(TEXT,), reasons=() if reason is None else (reason,))))


def unreadable(reason: CodedCause | None) -> Chain:
    return _with(archive=ClusterAnswer(Reach.PART_AWAY, cause=TEXT, reason=reason))


@pytest.mark.parametrize(
    ("plant", "stage", "reason", "chinese"),
    [
        (
            stuck,
            Stage.ARCHIVE,
            cluster.ARCHIVE_FULL(detail=TEXT),
            "8 条消息在 归档程序 停滞已 40 秒：归档目录所在的磁盘已满",
        ),
        (broken_parser, Stage.PARSE, cluster.DETECTOR_FELL_BACK(name="yolo", detail=TEXT), "检测器 yolo 无法运行"),
        (alarmed, Stage.ARCHIVE, cluster.RETENTION_STOPPED(detail=TEXT), "到期清理已停止"),
        (unreadable, Stage.ARCHIVE, cluster.ARCHIVE_UNREADABLE(detail=TEXT), "归档目录无法读取。检查 archive_dir"),
    ],
)
def test_a_coded_cause_of_the_cluster_is_worded_and_an_older_clusters_text_is_passed_on(
    plant: Callable[[CodedCause | None], Chain], stage: Stage, reason: CodedCause, chinese: str
) -> None:
    coded, older = plant(reason), plant(None)
    assert chinese in said(coded, stage)
    assert TEXT not in said(coded, stage)
    assert TEXT in said(coded, stage, "en")
    assert TEXT in said(older, stage)


async def asked(answer: Callable[[httpx.Request], httpx.Response]) -> ClusterAnswers:
    client = Cluster(url="http://query.test", token="x", transport=httpx.MockTransport(answer))
    try:
        return await client.look()
    finally:
        await client.close()


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("[Errno 111] Connection refused", request=request)


def mute(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("", request=request)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "chinese"),
    [
        (refused, "集群查询服务无应答：连接被拒绝或无路由。"),
        (mute, "集群查询服务无应答：2 秒内没有应答。"),
        (lambda _: httpx.Response(200, json={"of": "another version"}), "应答属于另一版本"),
        (lambda _: httpx.Response(404), "HTTP 404"),
    ],
)
async def test_that_query_does_not_answer_is_said_in_the_language_of_the_page(
    answer: Callable[[httpx.Request], httpx.Response], chinese: str
) -> None:
    text = said(Chain().plant(answers=await asked(answer)), Stage.QUERY)
    assert chinese in text
    assert f"{TIMEOUT_S:.0f} s" in MUTE


@pytest.mark.anyio
async def test_a_part_that_is_away_brings_its_code() -> None:
    reason = cluster.STAGE_UNAVAILABLE(detail="intake: no replica")
    body = {"error": "unavailable", "detail": "intake: no replica", "reason": reason.model_dump()}
    answers = await asked(lambda _: httpx.Response(503, json=body))
    assert (answers.intake.reach, answers.intake.cause) == (Reach.PART_AWAY, "intake: no replica")
    assert answers.intake.reason == reason
