from typing import Final

import pytest

from center.console.labels import DROPS, cause, finding_texts
from center.console.language import LANGUAGES
from center.fleet.devices import CameraView, CauseKind, DeviceState
from center.pipeline import causes
from edge_agent.errors import DropReason
from provisioning.contracts.causes import streams, work
from provisioning.contracts.causes.catalogue import CAUSES, english
from provisioning.contracts.causes.text import CauseText
from provisioning.contracts.errors import RejectReason
from provisioning.contracts.fleet.documents import Verdict
from provisioning.contracts.wire.messages import CodedCause
from ray_cluster.intake.priority_queue import OVERFLOW

TEXT: Final = "192.0.2.7:554 refuses user or password: import the camera again with the right ones"
REFUSED: Final = streams.SEALED_LOGIN_REFUSED(place="192.0.2.7:554")
ZH, EN = LANGUAGES["zh"], LANGUAGES["en"]


def camera(code: str, text: str, reason: CodedCause | None = None) -> CameraView:
    return CameraView(
        agent_id="cabinet-7",
        camera_id="gate-1",
        name="",
        state=DeviceState.OFFLINE,
        cause_kind=CauseKind.NONE,
        cause=text,
        code=code,
        reason=reason,
        since_ms=1,
        heard_at_ms=1,
    )


def test_a_coded_cause_is_worded_in_the_language_of_the_page() -> None:
    refused = camera("wrong_credentials", TEXT, REFUSED)
    assert cause(refused, ZH) == (
        "用户名或密码错误 · 192.0.2.7:554 拒绝用户名或密码。用正确的用户名和密码重新导入该摄像机"
    )
    assert cause(refused, EN) == f"Wrong user or password · {TEXT}"


def test_the_text_of_an_older_agent_comes_behind_the_name_of_its_word() -> None:
    assert cause(camera("wrong_credentials", TEXT), ZH) == f"用户名或密码错误 · {TEXT}"


@pytest.mark.parametrize(
    "reason",
    [None, CodedCause(code="of_a_newer_agent"), CodedCause(code="sealed_login_refused", params={"host": "gate"})],
)
def test_the_text_of_a_newer_agent_is_passed_on(reason: CodedCause | None) -> None:
    assert cause(camera("of_a_newer_agent", TEXT, reason), ZH) == TEXT
    assert cause(camera("starting", ""), ZH) == ""


@pytest.mark.parametrize("text", CAUSES.values(), ids=CAUSES)
def test_no_coded_cause_is_left_in_english_on_a_chinese_page(text: CauseText) -> None:
    reason = text(**dict.fromkeys(text.blanks, "§"))
    said = cause(camera("failed", "an English text", reason), ZH)
    assert "an English text" not in said
    assert said.startswith("其他故障 · ")
    assert english(reason) not in said


def test_a_finding_of_the_pipeline_words_the_first_cameras_cause() -> None:
    first = causes.ReportedCause(REFUSED, TEXT, ("wrong_credentials",))
    finding = causes.red(causes.CAMERAS_DOWN, down=1, count=2, camera="Gate", cause=first)
    assert TEXT in finding.text()
    assert "拒绝用户名或密码。用正确的用户名和密码重新导入该摄像机" in finding_texts(finding, ZH)[0]


def test_a_finding_of_the_pipeline_names_single_words_and_verdicts() -> None:
    words = causes.ReportedCause(None, "", ("offline", "unreachable"))
    together = causes.red(causes.FELL_TOGETHER, down=2, count=2, agent_id="cabinet-7", code=words)
    assert "offline, unreachable" in together.text()
    assert "离线, 不可达" in finding_texts(together, ZH)[0]
    fell = work.CAMERAS_FELL(seconds="60", count=1, camera="gate")
    refused = causes.amber(
        causes.CONFIGURATION_BACK,
        agent_id="cabinet-7",
        number=3,
        verdict=Verdict.ROLLED_BACK,
        cause=causes.ReportedCause(fell, "camera gate fell", ()),
    )
    assert "rolled_back" in refused.text()
    said = finding_texts(refused, ZH)[0]
    assert "rolled_back" not in said
    assert "更改 60 秒后，此前正常的摄像机有 1 台不再正常，首台 gate" in said


def test_drops_and_rejections_are_named_in_the_language_of_the_page() -> None:
    names = {*map(str, DropReason), *map(str, RejectReason), OVERFLOW, "acks_drop_newest", "no_such_agent"}
    assert DROPS.keys() == names
    counts = causes.NamedCounts({"spool_expired": 1, "spool_full": 12, "of_a_newer_agent": 2})
    lost = causes.red(causes.PICTURES_LOST, agent_id="cabinet-7", count=15, window_s=60, names=counts)
    assert "spool_full 12, of_a_newer_agent 2, spool_expired 1" in lost.text()
    assert "缓存已满 (spool_full) 12, of_a_newer_agent 2, 缓存中过期 (spool_expired) 1" in finding_texts(lost, ZH)[0]
