"""The report of a showing, with a small web server in the centre's place."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from provisioning.contracts.query.archive import ArchiveStatus
from provisioning.contracts.wire.messages import Box, MachineClass, PictureState
from provisioning.demo import contact_sheet, report
from provisioning.demo.centre import Centre, ListedMachine, ListedObservation
from provisioning.demo.ledger import AgentLedger, LedgerCounts
from provisioning.demo.process_table import Weight
from provisioning.demo.web import WebClient, WebError
from provisioning.errors import DemoError

CODECS = {"north": "h264", "south": "h265"}
PASSWORD = "correct horse battery"
CODE = "0123456789abcdef"


def jpeg(colour: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 272), colour).save(file, "JPEG")
    return file.getvalue()


def seen(number: int, camera: str, **change: Any) -> ListedObservation:
    machine = ListedMachine(cls=MachineClass.CAR, score=0.9, box=Box(x0=100, y0=50, x1=300, y1=200))
    fields = {
        "row_key": f"street:{number:032x}",
        "camera_id": camera,
        "captured_at_ms": 1_764_000_000_000 + 1000 * number,
        "committed_at_ms": 1_764_000_000_500 + 1000 * number,
        "picture": PictureState.KEPT,
        "machines": (machine,),
    }
    return ListedObservation.model_validate(fields | change)


class Handler(BaseHTTPRequestHandler):
    fake: ClassVar["FakeCentre"]

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        if path.path == "/api/health":
            self._answer(200, b'{"status":"ok"}')
        elif self.headers["Cookie"] != "wayside_session=yes":
            self._answer(401, b'{"code":"not_logged_in"}')
        elif path.path == "/api/observations":
            self._answer(self.fake.archive_status, self.fake.page(parse_qs(path.query)))
        else:
            self._answer(200, self.fake.pictures[path.path.split("/")[3]])

    def do_POST(self) -> None:
        self.fake.origins.add(self.headers["Origin"])
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/setup" and body.pop("code") == CODE:
            self.fake.account = body
            self._answer(201, b"{}")
        elif self.path == "/api/login" and body == self.fake.account:
            self._answer(200, b"{}", ("Set-Cookie", "wayside_session=yes; Path=/; HttpOnly; SameSite=strict"))
        else:
            self._answer(403, b'{"code":"refused"}')

    def _answer(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for header in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class FakeCentre:
    """Answers like the centre's API, as far as the demo asks it. Rows are in pages of two."""

    def __init__(self) -> None:
        self.rows = [seen(number, ("north", "south")[number % 2]) for number in range(5)]
        self.pictures = {row.row_key: jpeg((40 * index, 90, 120)) for index, row in enumerate(self.rows)}
        self.account: dict[str, str] | None = None
        self.archive_status = 200
        self.origins: set[str | None] = set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"fake": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def page(self, query: dict[str, list[str]]) -> bytes:
        start = int(query.get("cursor", ["0"])[0])
        rows = self.rows[::-1][start : start + 2]
        following = str(start + 2) if start + 2 < len(self.rows) else None
        return json.dumps({"items": [row.model_dump(mode="json") for row in rows], "next_cursor": following}).encode()


@pytest.fixture
def fake() -> Iterator[FakeCentre]:
    centre = FakeCentre()
    thread = threading.Thread(target=centre.server.serve_forever, args=(0.05,))
    thread.start()
    yield centre
    centre.server.shutdown()
    centre.server.server_close()
    thread.join()


@pytest.fixture
def entered(fake: FakeCentre, tmp_path: Path) -> Centre:
    centre = Centre(fake.url)
    for name, text in (("code", CODE), ("password", PASSWORD)):
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_text(text)
    centre.enter(tmp_path / "code", tmp_path / "password")
    return centre


def account(rows: list[ListedObservation], **status: int) -> report.ShowingReport:
    count = len(rows)
    numbers = {"rows": count, "distinct_ids": count, "objects": count, "leaks": 0, "last_commit_seq": count} | status
    agent = {"selected": count + 3, "spooled": count, "archived": count, "rejected": 0, "in_flight": 0}
    books = LedgerCounts(
        agent=AgentLedger.model_validate(agent | {"dropped": {"redactor_busy": 3}, "cameras": {}}),
        archive=ArchiveStatus.model_validate({"days": ["20251124"]} | numbers),
        api_keys=[row.row_key for row in rows],
        api_rows={camera: sum(row.camera_id == camera for row in rows) for camera in CODECS},
    )
    memory = {"edge": Weight(1, 300 * 2**20, 250 * 2**20), "cluster": Weight(20, 2**31, 2**30)}
    seconds = {"to_first_snapshot": 4.25, "to_first_row": 20.123}
    return report.ShowingReport(books, rows, CODECS, seconds, memory)


def test_the_demo_logs_in_like_a_person_and_reads_every_page(fake: FakeCentre, entered: Centre) -> None:
    assert entered.is_up()
    assert list(entered.observations()) == fake.rows[::-1]
    assert entered.picture(fake.rows[0].row_key) == fake.pictures[fake.rows[0].row_key]
    assert fake.account == {"username": "demo", "password": PASSWORD}
    assert fake.origins == {fake.url}


def test_an_account_that_exists_is_only_logged_in(fake: FakeCentre, entered: Centre, tmp_path: Path) -> None:
    again = Centre(fake.url)
    again.enter(tmp_path / "gone", tmp_path / "password")
    assert again.has_rows()


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_archive_on_its_way_has_no_rows_yet(fake: FakeCentre, entered: Centre, status: int) -> None:
    fake.archive_status = status
    assert not entered.has_rows()
    fake.archive_status = 200
    assert entered.has_rows()


def test_other_errors_are_not_waited_out(fake: FakeCentre, entered: Centre) -> None:
    fake.archive_status = 500
    with pytest.raises(WebError, match="HTTP 500"):
        entered.has_rows()
    with pytest.raises(WebError, match="HTTP 401") as refusal:
        Centre(fake.url).has_rows()
    assert refusal.value.status == 401
    assert PASSWORD not in str(refusal.value)


def test_a_server_that_is_not_there_is_a_web_error() -> None:
    with pytest.raises(WebError, match="no answer"):
        WebClient("http://127.0.0.1:9").get("/")


def test_the_summary_has_what_was_promised(fake: FakeCentre, entered: Centre, tmp_path: Path) -> None:
    report.write(tmp_path, account(fake.rows), entered, "title")
    summary = json.loads((tmp_path / "summary.json").read_text())
    promised = ("rows", "leaks", "lost", "duplicates", "seconds_to_first_snapshot", "seconds_to_first_row")
    assert [summary[key] for key in promised] == [5, 0, 0, 0, 4.25, 20.12]
    assert summary["ok"]
    assert summary["faults"] == []
    assert summary["classes"] == {"car": 5}
    assert summary["cameras"]["south"] == {"codec": "h265", "rows": 2, "classes": {"car": 2}}
    assert summary["ledger"]["agent"]["dropped"] == {"redactor_busy": 3}
    assert summary["ledger"]["api"] == {"observations": 5, "listed": 5}
    assert summary["memory_total"] == {"processes": 21, "rss_mib": 2348.0, "pss_mib": 1274.0}
    assert summary["versions"]["wayside"]


def test_a_leak_shows_in_the_summary(fake: FakeCentre, entered: Centre, tmp_path: Path) -> None:
    report.write(tmp_path, account(fake.rows, leaks=1), entered, "title")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert not summary["ok"]
    assert summary["leaks"] == 1


def test_the_sheet_shows_each_picture_with_its_machines(fake: FakeCentre, entered: Centre, tmp_path: Path) -> None:
    report.write(tmp_path, account(fake.rows), entered, "title")
    with Image.open(tmp_path / "contact-sheet.png") as sheet:
        colours: set[Any] = set(sheet.convert("RGB").get_flattened_data())
    assert contact_sheet._BOX in colours
    for index in range(5):
        near = [c for c in colours if abs(c[0] - 40 * index) < 4 and abs(c[1] - 90) < 4 and abs(c[2] - 120) < 4]
        assert near, f"picture {index} is not on the sheet"


def test_withheld_pictures_are_counted_and_not_asked_for(fake: FakeCentre, entered: Centre, tmp_path: Path) -> None:
    fake.rows[0] = seen(0, "north", picture=PictureState.LEAK)
    fake.pictures.pop(fake.rows[0].row_key)
    report.write(tmp_path, account(fake.rows), entered, "title")
    assert json.loads((tmp_path / "summary.json").read_text())["rows"] == 5


def test_the_choice_is_spread_over_cameras_and_time() -> None:
    rows = [seen(number, "north") for number in range(100)] + [seen(200 + number, "south") for number in range(2)]
    chosen = contact_sheet.choose(rows[::-1], tuple(CODECS), 8)
    quarters = [int(row.row_key[7:], 16) // 25 for row in chosen if row.camera_id == "north"]
    assert quarters == [0, 1, 2, 3]
    assert len({row.row_key for row in chosen if row.camera_id == "south"}) == 2


def test_the_choice_prefers_machines_and_views_not_shown_yet() -> None:
    def view(number: int, *lefts: int) -> ListedObservation:
        boxes = [Box(x0=left, y0=1, x1=left + 9, y1=9) for left in lefts]
        return seen(
            number, "north", machines=[ListedMachine(cls=MachineClass.BUS, score=0.5, box=box) for box in boxes]
        )

    loop = [view(0), view(1, 10, 20), view(2, 30), view(3), view(4, 10, 20), view(5, 30)]
    assert contact_sheet.choose(loop, ("north",), 2) == [loop[1], loop[5]]


def test_a_sheet_without_pictures_is_still_a_sheet(tmp_path: Path) -> None:
    contact_sheet.draw(tmp_path / "sheet.png", [], "nothing came")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 1000


def test_a_folder_for_the_report_is_tried_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DemoError, match="--report"):
        report.folder(tmp_path / "file" / "out")
