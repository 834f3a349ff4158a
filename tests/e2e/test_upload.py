"""Recordings go from a real browser to a real desk agent, and the centre sees no byte of them.

Chromium ─ page, permits ─▶ centre (a process)
    └──── pieces of the file, HTTPS ──▶ desk agent: DeskServer ─▶ pipeline, grey redactor ─▶ spool
"""

import base64
import functools
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, WebSocket, expect

from edge_agent.clock import SystemClock
from edge_agent.desk.browser.protocol import PIECE_BYTES
from edge_agent.desk.http_server import DeskLimits
from edge_agent.remote_config.upload_commands import TaskOrders
from provisioning.contracts.config.processes import Provisioning
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import SourceKind
from tests.center.world import camera_status, heartbeat
from tests.e2e.accessibility import RULES, checked
from tests.e2e.conftest import PASSWORD, SCREEN, Running, Visitor
from tests.edge_agent.desk.premises import CAMERA, Papers, Premises, is_listening, street
from tests.edge_agent.world import write_video
from tests.support.pki import Pki
from tests.support.waiting import LONG_S, PAGE_MS, Patience, until

pytestmark = [pytest.mark.e2e, pytest.mark.peer, pytest.mark.timeout(600)]

AGENT = "street"
YARD = "yard"
START = "2023-11-15T06:13:20"
"""The epoch of the desk's tests, in the zone of the archive."""
NAME = "secret-name-{}.mp4"
MOST_BYTES = 64 * PIECE_BYTES
"""Largest file that the desk takes here; 256 GiB otherwise."""


@dataclass
class Desk:
    """The desk agent's side, before one centre."""

    premises: Premises
    orders: TaskOrders
    center: Running

    def tell(self) -> None:
        """What its broker line would bring."""
        now_ms = SystemClock().now_ms()
        self.center.deliver(heartbeat(sent_at_ms=now_ms).model_copy(update={"agent_id": AGENT}))
        for camera_id, name in ((CAMERA, "North gate 北门"), (YARD, "Yard 大院")):
            status = camera_status(camera_id, name=name)
            self.center.deliver(status.model_copy(update={"agent_id": AGENT, "source": SourceKind.UPLOAD}))
        report = self.orders.report()
        assert report is not None
        self.center.say(topic=topics.tasks(AGENT), payload=base64.b64encode(codec.encode(report)).decode())


@pytest.fixture
def desk(center: Running, tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "desk"
    folder.mkdir()
    papers = Papers(Pki(tmp_path / "pki"), folder)
    (folder / "seal.pub").write_text(center.seal_key.seal.key)
    provisioning = Provisioning(
        host="x", seal_key_file=folder / "seal.pub", secrets_key_file=folder, documents_dir=folder
    )
    orders = TaskOrders(folder, AGENT, provisioning, SystemClock())
    orders.serve([CAMERA, YARD], desk=papers.desk(public_url=papers.url, console_url=center.url))
    premises = Premises(
        folder,
        papers,
        cameras=(CAMERA, YARD),
        limits=DeskLimits(silence_s=3.0, upload_bytes=MOST_BYTES),
        console=center.url,
        open_permit=orders.open_permit,
    )
    try:
        premises.open()
        until(lambda: is_listening(papers.port))
        yield Desk(premises, orders, center)
    finally:
        premises.close()


@dataclass
class Sent:
    """What a browser sent to the centre, and to anybody."""

    center: list[bytes] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def watch(self, page: Page, center_url: str) -> None:
        def requested(request: Request) -> None:
            self.urls.append(request.url)
            if request.url.startswith(center_url):
                self.center.append(request.url.encode())
                self.center.append(str(request.headers).encode())
                self.center.append(request.post_data_buffer or b"")

        def opened(socket: WebSocket) -> None:
            socket.on(
                "framesent",
                lambda payload: self.center.append(payload if isinstance(payload, bytes) else payload.encode()),
            )

        page.on("request", requested)
        page.on("websocket", opened)


@pytest.fixture
def uploader(chromium: Browser, center: Running, desk: Desk, screenshots: Path | None) -> Iterator[Visitor]:
    """A browser that trusts the desk, as one does where the site's authority is installed."""
    context = chromium.new_context(
        viewport=SCREEN, locale="en-GB", color_scheme="light", reduced_motion="reduce", ignore_https_errors=True
    )
    page = context.new_page()
    page.set_default_timeout(PAGE_MS)
    visitor = Visitor(page, context, center, screenshots)
    page.on("pageerror", lambda error: visitor.errors.append(str(error)))
    visitor.set_up()
    desk.tell()
    yield visitor
    assert visitor.errors == []
    context.close()


@functools.cache
def _film(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        pictures = [rng.integers(0, 256, (180, 320, 3), np.uint8) for _ in range(150)]
        return write_video(Path(folder) / "film.mp4", pictures, gop=10).read_bytes()


def film(path: Path, seed: int = 1) -> Path:
    """Noise, so that every picture is another one and the file has several pieces; the index is at its end."""
    path.write_bytes(_film(seed))
    assert path.stat().st_size > 4 * PIECE_BYTES
    return path


def opened(visitor: Visitor) -> Page:
    """The page, with the desk in sight."""
    page = visitor.page

    def has_form() -> bool:
        visitor.go("/tasks/upload")
        expect(page.locator("h1")).to_be_visible()
        return page.locator(".ws-upload-form").count() == 1

    until(has_form)
    return page


def fill(page: Page, camera: str, files: list[Path], start: str = START) -> None:
    page.get_by_label("Desk and camera").select_option(label=camera)
    page.get_by_label("Purpose").fill("theft at the north gate")
    page.get_by_label("Time zone of the start times").select_option("480")
    page.locator("input[type=file]").set_input_files(files)
    for each in page.get_by_label("Start of the recording").all():
        each.fill(start)


def row(page: Page, name: str) -> Locator:
    return page.locator(".ws-upload-row", has_text=name)


def is_state(page: Page, name: str, state: str) -> None:
    expect(row(page, name)).to_have_attribute("data-state", state, timeout=LONG_S * 1000)


def offsets() -> list[int]:
    return [40 * n for n in range(150)]


def test_two_files_at_once_one_cut_and_gone_on_with_and_no_byte_at_the_centre(
    uploader: Visitor, desk: Desk, tmp_path: Path
) -> None:
    files = {CAMERA: film(tmp_path / NAME.format(1), 1), YARD: film(tmp_path / NAME.format(2), 2)}
    sent = Sent()
    sent.watch(uploader.page, uploader.center.url)
    page = opened(uploader)
    uploader.photograph("upload-empty-en")
    fill(page, "North gate 北门", [files[CAMERA]])
    expect(page.locator(".ws-upload-fresh")).to_contain_text("2023-11-15 06:13:20 UTC+08:00")
    uploader.photograph("upload-chosen-en")

    brought = _cut_after(page, f"/cameras/{CAMERA}/file", pieces=3)
    page.get_by_role("button", name="Upload", exact=True).click()
    fill(page, "Yard 大院", [files[YARD]])
    page.get_by_role("button", name="Upload", exact=True).click()
    is_state(page, NAME.format(2), "done")
    expect(row(page, NAME.format(1))).to_contain_text("connection lost, trying again")
    uploader.photograph("upload-cut-en")
    until(lambda: len(desk.premises.offsets()) > 5)

    page.reload()  # a laptop that was closed: the same file is chosen again
    expect(page.locator(".ws-upload-form")).to_contain_text("An upload was interrupted.")
    uploader.photograph("upload-interrupted-en")
    page.unroute("**/file")
    page.locator("input[type=file]").set_input_files(files[CAMERA])
    expect(page.get_by_label("Start of the recording")).to_have_value(START)
    page.get_by_label("Purpose").fill("theft at the north gate")
    page.get_by_role("button", name="Upload", exact=True).click()
    is_state(page, NAME.format(1), "done")
    expect(row(page, NAME.format(1))).to_contain_text("continued at")
    assert len(brought) == 3
    assert desk.premises.offsets() == desk.premises.offsets(YARD) == offsets()
    assert all(ledger.dropped == {} for ledger in desk.premises.spool.ledgers().values())
    uploader.photograph("upload-done-en")

    _no_byte_of(files.values(), sent)
    assert not any("Wayside-Permit" in url or "purpose" in url for url in sent.urls)
    audit = uploader.context.request.get(f"{uploader.center.url}/api/audit?action=task.upload")
    assert len(audit.json()) >= 3
    answer = checked(page, RULES)
    assert [each["id"] for each in answer["violations"]] == []


def _cut_after(page: Page, ending: str, pieces: int) -> list[int]:
    """Lets so many pieces through to a camera, then nothing: the way there is cut."""
    brought: list[int] = []

    def way(route: Route) -> None:
        request = route.request
        is_piece = request.method == "PUT" and "wayside-at" in request.headers
        if not request.url.endswith(ending) or (len(brought) < pieces and not is_piece):
            route.continue_()
        elif len(brought) >= pieces:
            route.abort("connectionreset")
        else:
            brought.append(int(request.headers["wayside-at"]))
            route.continue_()

    page.route("**/file", way)
    return brought


def _no_byte_of(files: Iterable[Path], sent: Sent) -> None:
    told = b"".join(sent.center)
    assert b"theft at the north gate" in told  # the watch sees what the page sends
    assert len(told) < PIECE_BYTES
    for file in files:
        data = file.read_bytes()
        assert not any(data[at : at + 24] in told for at in range(4096, len(data) - 24, 65_536))
        assert file.stem.encode() not in told


def test_each_fault_is_said_in_both_languages(uploader: Visitor, desk: Desk, tmp_path: Path) -> None:
    html = tmp_path / "page.mp4"
    html.write_text("<!DOCTYPE html><title>no video</title>" + "x" * 5000)
    hollow = tmp_path / "hollow.mkv"
    hollow.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(5000))
    page = opened(uploader)
    fill(page, "North gate 北门", [html], start="2099-01-01T00:00:00")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("in the future")
    page.get_by_label("Start of the recording").fill(START)
    page.get_by_role("button", name="Upload", exact=True).click()
    fill(page, "Yard 大院", [hollow])
    page.get_by_role("button", name="Upload", exact=True).click()
    is_state(page, "page.mp4", "failed")
    is_state(page, "hollow.mkv", "failed")
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    fill(page, "Yard 大院", [huge])
    page.get_by_role("button", name="Upload", exact=True).click()
    is_state(page, "huge.mp4", "failed")
    expect(row(page, "huge.mp4")).to_contain_text("The file is too large.")
    expect(row(page, "page.mp4")).to_contain_text("This is no MP4, MOV, Matroska, AVI, FLV, DAV or MPEG file.")
    expect(row(page, "hollow.mkv")).to_contain_text("The file cannot be read as a video.")
    assert [each["id"] for each in checked(page, RULES)["violations"]] == []
    page.set_viewport_size({"width": 1280, "height": 800})
    uploader.photograph("upload-faults-en-1280")
    page.set_viewport_size({"width": 390, "height": 844})
    width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]
    uploader.photograph("upload-faults-en-390")

    uploader.prefer(language="zh")
    page.set_viewport_size({"width": 1280, "height": 800})
    opened(uploader)
    page.get_by_label("导入台代理与摄像机").select_option(label="North gate 北门")
    page.get_by_label("用途").fill("北门失窃")
    page.get_by_label("开始时间的时区").select_option("480")
    page.locator("input[type=file]").set_input_files(html)
    page.get_by_label("录像开始时间").fill(START)
    uploader.photograph("upload-chosen-zh-1280")
    page.get_by_role("button", name="导入", exact=True).click()
    is_state(page, "page.mp4", "failed")
    expect(row(page, "page.mp4")).to_contain_text("这不是 MP4")
    assert [each["id"] for each in checked(page, RULES)["violations"]] == []
    uploader.photograph("upload-faults-zh-1280")
    page.set_viewport_size({"width": 390, "height": 844})
    uploader.photograph("upload-faults-zh-390")
    assert desk.premises.offsets() == []


def test_it_pauses_goes_on_and_can_be_cancelled(uploader: Visitor, desk: Desk, tmp_path: Path) -> None:
    file = film(tmp_path / "street.mp4")
    page = opened(uploader)
    brought = _stalled_after(page, pieces=2)
    fill(page, "North gate 北门", [file])
    page.get_by_role("button", name="Upload", exact=True).click()
    _answering(page, lambda: len(brought) == 2)
    row(page, "street.mp4").get_by_role("button", name="Pause").click()
    is_state(page, "street.mp4", "paused")
    page.unroute("**/file")
    row(page, "street.mp4").get_by_role("button", name="Resume").click()
    is_state(page, "street.mp4", "done")
    assert desk.premises.offsets() == offsets()
    again = tmp_path / "copy.mp4"
    again.write_bytes(file.read_bytes())
    fill(page, "North gate 北门", [again])
    page.get_by_role("button", name="Upload", exact=True).click()
    is_state(page, "copy.mp4", "done")
    expect(row(page, "copy.mp4")).to_contain_text("already complete: nothing was sent")

    other = film(tmp_path / "other.mp4", 2)
    brought = _stalled_after(page, pieces=2)
    fill(page, "Yard 大院", [other])
    page.get_by_role("button", name="Upload", exact=True).click()
    _answering(page, lambda: len(brought) == 2)
    row(page, "other.mp4").get_by_role("button", name="Cancel").click()
    is_state(page, "other.mp4", "cancelled")
    page.unroute("**/file")
    page.reload()
    expect(page.locator(".ws-upload-form")).not_to_contain_text("An upload was interrupted.")
    fill(page, "Yard 大院", [street(tmp_path / "next.mp4")])  # the camera is free again
    page.get_by_role("button", name="Upload", exact=True).click()
    is_state(page, "next.mp4", "done")


def _stalled_after(page: Page, pieces: int) -> list[int]:
    """Lets so many pieces through, and leaves the next without an answer: the file stays under way."""
    brought: list[int] = []

    def way(route: Route) -> None:
        at = route.request.headers.get("wayside-at")
        if at is None:
            route.continue_()
        elif len(brought) < pieces:
            brought.append(int(at))
            route.continue_()

    page.route("**/file", way)
    return brought


def _answering(page: Page, condition: Callable[[], bool]) -> None:
    """Waits, and answers for the routes of the page meanwhile."""
    patience = Patience(LONG_S)
    while not condition():
        assert not patience.is_over(), patience
        page.wait_for_timeout(50)


def test_a_desk_that_the_browser_does_not_trust_is_said_with_its_address(
    chromium: Browser, center: Running, desk: Desk, screenshots: Path | None, tmp_path: Path
) -> None:
    context = chromium.new_context(viewport=SCREEN, locale="en-GB", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PAGE_MS)
    visitor = Visitor(page, context, center, screenshots)
    visitor.set_up()
    desk.tell()
    opened(visitor)
    fill(page, "North gate 北门", [film(tmp_path / "street.mp4")])
    page.get_by_role("button", name="Upload", exact=True).click()
    is_state(page, "street.mp4", "failed")
    expect(row(page, "street.mp4")).to_contain_text("The browser cannot reach the desk.")
    expect(row(page, "street.mp4").get_by_role("link")).to_have_attribute("href", f"{desk.premises.papers.url}/health")
    visitor.photograph("upload-untrusted-en")
    context.close()


def test_who_may_upload_sees_the_cameras_of_the_district_alone(uploader: Visitor, desk: Desk) -> None:
    page, url = opened(uploader), uploader.center.url
    ask, headers = uploader.context.request, {"origin": url}

    def policy(path: str) -> str:
        return ask.get(url + path, headers={"accept": "text/html"}).headers["content-security-policy"]

    assert f"connect-src 'self' {desk.premises.papers.url};" in policy("/tasks/upload")
    assert "connect-src 'self';" in policy("/tasks")
    uploader.go("/tasks")
    expect(page.get_by_role("link", name="Upload recordings")).to_be_visible()
    uploader.photograph("upload-link-en")
    district = {"district_id": "north", "name": "North"}
    assert ask.post(f"{url}/api/districts", data=district, headers=headers).status == 201
    cameras = [{"agent_id": AGENT, "camera_id": YARD}]
    assert ask.put(f"{url}/api/districts/north/cameras", data=cameras, headers=headers).status == 200
    for name, role in (("anna", "analyst"), ("timo", "technician")):
        account = {"username": name, "password": PASSWORD, "grants": [{"role": role, "district_id": "north"}]}
        assert ask.post(f"{url}/api/users", data=account, headers=headers).status == 201
    for name in ("anna", "timo"):
        uploader.log_in(name)
        if name == "anna":
            opened(uploader)
            expect(page.get_by_label("Desk and camera").locator("optgroup option")).to_have_text(["Yard 大院"])
            far = f"{url}/api/tasks/{AGENT}/{CAMERA}/upload-permit"
            assert ask.post(far, data={"purpose": "x"}, headers=headers).status == 404
        else:
            uploader.go("/tasks/upload")
            expect(page.get_by_role("heading", name="Page not available")).to_be_visible()


def test_a_desk_of_another_console_is_not_reached_from_this_one(uploader: Visitor, desk: Desk, tmp_path: Path) -> None:
    page = opened(uploader)
    desk.orders.serve(
        [CAMERA, YARD],
        desk=desk.premises.papers.desk(public_url=desk.premises.papers.url, console_url="https://other.example"),
    )
    desk.tell()
    url, headers = uploader.center.url, {"origin": uploader.center.url}
    permit = f"{url}/api/tasks/{AGENT}/{CAMERA}/upload-permit"
    asked = uploader.context.request
    until(lambda: "other.example" in asked.post(permit, data={"purpose": "x"}, headers=headers).text(), "it is told")
    opened(uploader)
    fill(page, "North gate 北门", [film(tmp_path / "street.mp4")])
    page.get_by_role("button", name="Upload", exact=True).click()
    is_state(page, "street.mp4", "failed")
    expect(row(page, "street.mp4")).to_contain_text("takes recordings only from the console at https://other.example")
    assert desk.premises.offsets() == []
