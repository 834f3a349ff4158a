"""The chain, the parse tasks and the agents in a real browser: a planted fault shows with its cause, and goes.

test: heartbeats, states, broker figures ─stdin─▶ centre ─▶ page ◀─ websocket ─ Chromium;  centre ─HTTP─▶ archive
"""

import base64
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from edge_agent.clock import SystemClock
from edge_agent.remote_config.upload_commands import TaskOrders
from provisioning.contracts.causes import cluster as cluster_causes
from provisioning.contracts.causes import rollouts
from provisioning.contracts.config.processes import Provisioning
from provisioning.contracts.detectors import ParsersStatus
from provisioning.contracts.fleet.documents import Membership, Verdict
from provisioning.contracts.fleet.rollout import (
    AgentProgress,
    FailedAgent,
    RolloutKind,
    RolloutPhase,
    RolloutReport,
    StopCause,
)
from provisioning.contracts.query.archive import PackStoreStatus, StoredPacks
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CameraState, Heartbeat, Recording, SourceKind
from tests.center.pipeline.chain import intake, parser
from tests.center.street import AGENT
from tests.center.world import camera_status, configured, heartbeat, member, sealed
from tests.e2e.conftest import Visitor
from tests.e2e.late_line import LateLine

DEVICE = "34020000001180000001"
FIGURES = {
    "uptime": "90 seconds",
    "clients/connected": "4",
    "publish/messages/received": "120",
    "publish/messages/dropped": "0",
    "store/messages/count": "60",
    "retained messages/count": "55",
}
DAY_MS = 86_400_000
ROLLOUT = RolloutReport(
    rollout=3,
    what=RolloutKind.SOFTWARE,
    name="0.2.0",
    phase=RolloutPhase.STOPPING,
    stage=2,
    stage_size=2,
    total=20,
    counts={AgentProgress.PENDING: 18, AgentProgress.HEALTHY: 1, AgentProgress.FAILED: 1},
    stopped=StopCause.ERROR_RATE,
    cause="1 of 2 agents failed",
    reason=rollouts.TOO_MANY_FAILED(failures=1, size=2, limit="10%", agent=AGENT),
    failed=(
        FailedAgent(agent_id=AGENT, progress=AgentProgress.FAILED, cause="silent for over 180 s <b>"),
        FailedAgent(
            agent_id="cabinet-9",
            progress=AgentProgress.ROLLED_BACK,
            cause="has not applied it within 300 s",
            reason=rollouts.NOT_APPLIED(seconds="300"),
        ),
    ),
    started_at_ms=1_795_000_000_000,
    changed_at_ms=1_795_000_600_000,
)


def beat(now_ms: int) -> Heartbeat:
    recording = Recording(started_at_ms=now_ms - DAY_MS, position_ms=754_000, pictures=301, held=False)
    return heartbeat(sent_at_ms=now_ms).model_copy(
        update={"recordings": {"desk": recording}, "queued": 2, "disk_free_bytes": 64 * 10**9}
    )


def tell_all(visitor: Visitor) -> None:
    """One agent at work with a camera of its own, a recorder's, and a desk; a cluster that works."""
    center, now_ms = visitor.center, int(time.time() * 1000)
    center.enrol(
        1,
        member(Membership.ENROLLED, ends_ms=now_ms + 41 * DAY_MS),
        member(Membership.PENDING, "cabinet-8", since_ms=now_ms - DAY_MS),
    )
    center.deliver(beat(now_ms))
    for camera_id, name, changes in (
        ("cam-1", "北口 <b>North</b>", {"source": SourceKind.RTSP}),
        ("cam-2", "东口 East", {"source": SourceKind.GB28181, "device_id": DEVICE}),
        ("desk", "录像上传", {"source": SourceKind.UPLOAD}),
    ):
        center.deliver(camera_status(camera_id, name=name).model_copy(update=changes))
    said = codec.encode(configured(4, Verdict.APPLIED))
    center.say(topic=topics.configured(AGENT), payload=base64.b64encode(said).decode())
    for name, text in FIGURES.items():
        center.say(topic=f"{topics.SYS}/{name}", payload=base64.b64encode(text.encode()).decode())
    center.archive.intake = intake(1000, waiting={"live": 3, "backlog": 41})
    center.archive.parsers = ParsersStatus(parsers=(parser(), parser()))


@pytest.fixture
def told(visitor: Visitor) -> Visitor:
    visitor.set_up()
    tell_all(visitor)
    return visitor


def test_a_planted_fault_turns_its_stage_red_with_its_cause_and_goes_again(told: Visitor) -> None:
    page = told.page
    told.go("/pipeline")
    stages = page.locator(".ws-stage")
    expect(stages).to_have_count(10)
    expect(page.locator(".ws-stage-green")).to_have_count(9)
    expect(page.locator(".ws-stage-unknown h2")).to_have_text("Notification")
    expect(page.get_by_text("No open issues")).to_be_visible()
    links = page.locator(".ws-chain-links a")
    assert [link.get_attribute("href") for link in links.all()] == ["http://127.0.0.1:8265", "http://127.0.0.1:3000"]
    told.photograph("pipeline-well")
    told.go("/overview")
    expect(page.locator(".ws-figure")).not_to_have_count(0)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    told.go("/pipeline")
    told.center.archive.intake = None
    expect(page.locator(".ws-stage-red h2")).to_have_text("Intake")
    expect(page.get_by_text("The intake is not responding: no messages are accepted.")).to_be_visible()
    told.center.deliver(
        camera_status("cam-2", state=CameraState.OFFLINE, cause="no keepalive <script>", name="东口 East").model_copy(
            update={"source": SourceKind.GB28181, "device_id": DEVICE, "code": "silent"}
        )
    )
    expect(page.get_by_text(f"{DEVICE} at agent {AGENT}: none of its 1 channels")).to_be_visible()
    told.photograph("pipeline-faults")
    told.prefer(language="zh", theme="dark")
    told.go("/pipeline")
    expect(page.get_by_text("接入无应答：没有消息被接收。")).to_be_visible()
    told.photograph("pipeline-faults-chinese-dark")
    told.center.archive.intake = intake(1010)
    expect(page.locator(".ws-stage-red h2")).to_have_text(["设备", "录像机与第三方平台"])
    page.set_viewport_size({"width": 800, "height": 1100})
    told.photograph("pipeline-tablet")


def test_the_store_of_the_pictures_is_a_line_and_away_a_fault_of_the_storage(told: Visitor) -> None:
    page, archive, now_ms = told.page, told.center.archive, int(time.time() * 1000)
    packs = StoredPacks(at_ms=now_ms - 900_000, packs=412_345, size_bytes=41_000_000_000_000, unreferenced=3)
    store = PackStoreStatus(
        endpoint="https://10.2.0.20:9000",
        bucket="pictures",
        prefix="county/archive",
        answers=True,
        asked_at_ms=now_ms,
        packs=packs,
    )
    archive.storage = archive.storage.model_copy(update={"pack_store": store})
    told.go("/pipeline")
    line = page.get_by_role("region", name="Pictures in an object store").locator("tr").last
    expect(line).to_contain_text("https://10.2.0.20:9000/pictures")
    expect(line).to_contain_text("412,345")
    expect(line).to_contain_text("41,000.0 GB")
    expect(line).to_contain_text("OK")
    expect(page.locator(".ws-stage-red")).to_have_count(0)
    told.photograph("pipeline-store")

    text = "https://10.2.0.20:9000/pictures: no answer within 5 s; check the store and the way to it"
    gone = {
        "answers": False,
        "away_since_ms": now_ms - 65_000,
        "fault": text,
        "reason": cluster_causes.PACK_STORE_AWAY(detail=text),
    }
    archive.storage = archive.storage.model_copy(update={"pack_store": store.model_copy(update=gone)})
    expect(page.locator(".ws-stage-red h2")).to_have_text("Storage")
    expect(
        page.get_by_text("The store of the pictures (https://10.2.0.20:9000/pictures/county/archive)")
    ).to_be_visible()
    expect(line).to_contain_text("No answer since")
    told.photograph("pipeline-store-away")
    told.prefer(language="zh", theme="dark")
    told.go("/pipeline")
    expect(page.locator(".ws-stage-red h2")).to_have_text("存储")
    expect(page.get_by_text("秒没有正常应答：没有应答或返回错误")).to_be_visible()
    region = page.get_by_role("region", name="对象存储中的图片")
    expect(region).to_contain_text("起无正常应答")
    told.photograph("pipeline-store-away-chinese-dark")


class Desk:
    """The agent's part in orders; the test plays the line between it and its centre."""

    def __init__(self, told: Visitor, folder: Path) -> None:
        self._page, self._center = told.page, told.center
        (folder / "seal.pub").write_text(told.center.seal_key.seal.key)
        provisioning = Provisioning(
            host="x", seal_key_file=folder / "seal.pub", secrets_key_file=folder, documents_dir=folder
        )
        self._orders = TaskOrders(folder, AGENT, provisioning, SystemClock())
        self._orders.serve(["desk"])
        self._taken = 0

    def answer(self) -> None:
        """Say how its task stands."""
        said = self._orders.report()
        assert said is not None
        self._center.say(topic=topics.tasks(AGENT), payload=base64.b64encode(codec.encode(said)).decode())

    def obey(self) -> None:
        """Take the next order that was sent, and say how its task stands then."""
        lines: list[str] = []
        while len(lines) <= self._taken:
            self._page.wait_for_timeout(50)
            lines = [line for line in self._center.said if line.startswith(f"sent {topics.commands(AGENT)} ")]
        self._orders.accept(base64.b64decode(lines[self._taken].split()[2]))
        self._taken += 1
        self.answer()


def _orders(told: Visitor, folder: Path) -> None:
    """Pause a task, as the agent confirms it."""
    page, desk = told.page, Desk(told, folder)
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    desk.answer()
    row = page.locator("tbody tr").nth(2)
    expect(page.locator("tbody").get_by_role("button")).to_have_count(4)
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("Requested: Pause")
    told.photograph("tasks-asked")
    desk.obey()
    expect(row.get_by_role("button", name="Resume")).to_be_visible()
    expect(row).to_contain_text("Paused")
    expect(row).not_to_contain_text("Requested")
    row.get_by_role("button", name="Low").click()
    desk.obey()
    expect(row.locator(".ws-chosen")).to_have_text("Low")
    told.photograph("tasks-paused")


def test_a_button_of_a_task_stays_in_use_while_figures_change(told: Visitor, tmp_path: Path) -> None:
    """The table was drawn again each second: a click under way then did nothing, and the keyboard lost its button."""
    page, desk, late = told.page, Desk(told, tmp_path), LateLine(told.page)
    told.go("/tasks")
    desk.answer()
    row = page.locator("tbody tr").nth(2)
    pause = row.get_by_role("button", name="Pause")
    pause.focus()
    late.hold(of_centre=False)
    pause.press("Enter")
    told.center.archive.intake = intake(1060, waiting={"live": 3, "backlog": 5077})
    expect(page.locator(".ws-lanes")).to_contain_text("5,077")
    expect(pause).to_be_focused()
    late.let_go(of_centre=False)
    expect(row).to_contain_text("Requested: Pause")


def test_tasks_and_agents_say_what_runs_where_and_what_to_do(told: Visitor, tmp_path: Path) -> None:
    page = told.page
    told.go("/tasks")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("北口 <b>North</b>")
    expect(rows.nth(2)).to_contain_text("Offline file")
    expect(rows.nth(2)).to_contain_text("301 pictures")
    expect(page.locator(".ws-lanes")).to_contain_text("41")
    page.get_by_text("Commands for tasks").click()
    expect(page.get_by_text("wayside-provision cameras remove AGENT CAMERA")).to_be_visible()
    told.photograph("tasks")
    _orders(told, tmp_path)
    told.go("/agents")
    expect(page.get_by_text("Awaiting enrolment")).to_be_visible()
    expect(page.get_by_role("row", name="cabinet-8")).to_contain_text("wayside-edge enrol BUNDLE")
    mine = page.get_by_role("row", name=AGENT)
    expect(mine).to_contain_text("40 days left")
    expect(mine).to_contain_text("Number 4: in use")
    expect(mine).to_contain_text("Awaiting redaction: 2")
    signed = sealed(told.center.seal_key, 5, ROLLOUT)
    told.center.say(topic=topics.rollout(), payload=base64.b64encode(signed).decode())
    expect(page.get_by_text("Stage 2 of 3: 2 of 20 agents")).to_be_visible()
    expect(page.get_by_text("Stopped, agents are rolling back")).to_be_visible()
    expect(page.get_by_text("Stopped automatically: more agents failed than the rollout allows.")).to_be_visible()
    expect(page.get_by_text("silent for over 180 s <b>")).to_be_visible()
    told.photograph("agents")
    told.prefer(language="zh", theme="dark")
    told.go("/agents")
    expect(page.get_by_text("待注册", exact=True)).to_be_visible()
    expect(page.get_by_text("分批推送", exact=True)).to_be_visible()
    expect(page.get_by_text(f"2 个前端代理中有 1 个失败，上限为 10%；首个是 {AGENT}")).to_be_visible()
    expect(page.get_by_text("300 秒内没有生效。在设备上运行 wayside-edge doctor")).to_be_visible()
    told.photograph("agents-chinese-dark")
    told.go("/tasks")
    expect(page.get_by_text("离线文件")).to_be_visible()
    told.photograph("tasks-chinese-dark")
