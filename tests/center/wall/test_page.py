"""The wall opens for its permission alone, has nothing but figures, and names a source that does not answer."""

import re
import threading
from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from fastapi import Response

from center.access.permissions import EVERYBODY, Permission, Role
from center.access.route_permissions import FOREIGN, RoutePermissions
from center.access.users import GrantRequest
from center.console.language import LANGUAGES
from center.console.wall.figures import SILENT, wall_pages
from center.wall import service
from center.wall.views import Source, WallView
from provisioning.contracts.query.archive import StorageStatus
from tests.center.whole import ADMINISTRATOR, DISTRICT, PASSWORD, TECHNICIAN, Whole, whole_centre
from tests.support.waiting import LONG_S

SCREEN: Final = "screen"
ADDRESSES: Final = ("/wall", "/wall/pages", "/api/wall")
PAGE: Final = {"accept": "text/html"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as whole:
        whole.services.users.add(SCREEN, PASSWORD, [GrantRequest(Role.DISPLAY)], actor=ADMINISTRATOR)
        yield whole


@pytest.fixture
def screen(whole: Whole) -> Iterator[httpx.Client]:
    with whole.browser(SCREEN) as screen:
        yield screen


def test_a_display_opens_the_wall_first_and_nothing_else(whole: Whole, screen: httpx.Client) -> None:
    start = screen.get("/", headers=PAGE)
    assert (start.status_code, start.headers["location"]) == (303, "/wall")
    for rule in RoutePermissions.of(whole.application.routes).rules:
        if rule.method != "GET" or "{" in rule.path or rule.permission is None or rule.path.startswith(FOREIGN):
            continue
        status = screen.get(rule.path, headers=PAGE).status_code
        may = rule.permission in EVERYBODY or rule.permission is Permission.WALL_VIEW
        assert (status != 403) is may, rule.path
    assert {screen.get(path).status_code for path in ADDRESSES} == {200}


def test_without_the_permission_or_a_session_there_is_no_wall(whole: Whole) -> None:
    whole.services.users.add("in-north", PASSWORD, [GrantRequest(Role.DISPLAY, DISTRICT)], actor=ADMINISTRATOR)
    for name in (TECHNICIAN, "in-north"):
        with whole.browser(name) as browser:
            assert {browser.get(path).status_code for path in ADDRESSES} == {403}, name
    with httpx.Client(base_url=whole.url, timeout=LONG_S) as stranger:
        assert {stranger.get(path).status_code for path in ADDRESSES} == {401}
        assert stranger.get("/wall", headers=PAGE).headers["location"] == "/login?next=%2Fwall"


def test_a_log_in_that_ends_shuts_the_figures_too(whole: Whole) -> None:
    whole.services.users.add("ends", PASSWORD, [GrantRequest(Role.DISPLAY)], actor=ADMINISTRATOR)
    with whole.browser("ends") as screen:
        assert screen.get("/wall/pages").status_code == 200
        screen.post("/api/logout", headers={"origin": whole.url}).raise_for_status()
        answer = screen.get("/wall/pages")
        assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in")


def test_it_has_no_control_and_runs_no_script_but_its_own(screen: httpx.Client) -> None:
    page, figures = screen.get("/wall"), screen.get("/wall/pages")
    for text in (page.text, figures.text):
        assert re.search(r"<(a|button|input|select|form|textarea|details)\b", text) is None
        assert (
            re.search(r"\son[a-z]+=|style=|<script(?! src=\"/static/wall\.js\?v=[0-9a-f]{12}\" defer>)", text) is None
        )
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'; connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in figures.headers["Content-Security-Policy"]
    assert screen.get("/api/me").headers["Content-Security-Policy"] == figures.headers["Content-Security-Policy"]


def _figures(screen: httpx.Client, language: str = "en") -> dict[str, tuple[str, str]]:
    """Value and note of each figure, as they are read."""
    cookie = f"{screen.headers['cookie']}; wayside_language={language}"
    text = screen.get("/wall/pages", headers={"cookie": cookie}).raise_for_status().text
    found = re.findall(r"<dt>([^<]*)</dt>\s*<dd class=\"wall-value\">([^<]*)</dd>(.*?)</div>", text, re.DOTALL)
    notes = [re.search(r"wall-note\">([^<]*)<", rest) for _, _, rest in found]
    return {name: (value, note[1] if note else "") for (name, value, _), note in zip(found, notes, strict=True)}


@pytest.fixture
def answering(whole: Whole) -> Iterator[Whole]:
    """A centre whose sources answer at first, and again after the test."""
    whole.archive.storage = StorageStatus(free_bytes=6 * 10**11, total_bytes=10**12, day="20261123", day_bytes=10**10)
    yield whole
    whole.archive.answer = None
    whole.line.cause = None


def test_an_archive_that_falls_silent_takes_its_figures_along(answering: Whole, screen: httpx.Client) -> None:
    before = _figures(screen)
    assert before["Storage left"] == ("60 days", "600 GB free")
    assert before["Snapshots"] == (str(len(answering.archive.rows)), "in the archive")
    answering.archive.answer = lambda: Response(status_code=503)
    now = _figures(screen)
    for name in ("Snapshots", "Vehicles", "Growth per day", "Storage left"):
        assert now[name] == ("–", "No answer from the archive"), name
    for name in ("Cluster nodes", "GPU"):
        assert now[name] == ("–", "No answer from the cluster"), name
    assert now["Cameras"] == before["Cameras"]
    assert now["Alarms"] == before["Alarms"]
    assert _figures(screen, "zh")["剩余存储"] == ("–", "归档库无应答")
    view = WallView.model_validate(screen.get("/api/wall").json())
    assert view.faults == {Source.ARCHIVE: "query_unreachable", Source.CLUSTER: "query_unreachable"}
    answering.archive.answer = None
    assert _figures(screen)["Storage left"] == before["Storage left"]


def test_an_archive_that_hangs_holds_up_no_other_figure(
    answering: Whole, screen: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "WAIT_S", 0.2)
    let_go = threading.Event()

    def hang() -> Response:
        let_go.wait()
        return Response(status_code=503)

    answering.archive.answer = hang
    try:
        now = _figures(screen)
    finally:
        let_go.set()
    assert now["Snapshots"] == ("–", "No answer from the archive")
    assert now["Cameras"][0] == "4"


def test_a_head_of_the_cluster_that_is_silent_takes_its_own_figures(answering: Whole, screen: httpx.Client) -> None:
    known, answering.archive.nodes = answering.archive.nodes, None
    now = _figures(screen)
    answering.archive.nodes = known
    assert now["Cluster nodes"] == now["GPU"] == ("–", "No answer from the cluster")
    assert now["Snapshots"][1] == "in the archive"


def test_without_the_broker_nothing_is_said_to_be_online(answering: Whole, screen: httpx.Client) -> None:
    assert _figures(screen)["Online"] == ("4", "of 4")
    answering.line.cause = "no route"
    now = _figures(screen)
    for name in ("Online", "Streams", "Agents", "Snapshots per second", "Parsing delay"):
        assert now[name] == ("–", "No connection to the broker"), name
    assert now["Cameras"] == ("4", "")


def test_large_figures_are_short_in_either_language(screen: httpx.Client) -> None:
    view = WallView.model_validate(screen.get("/api/wall").json())
    many = view.model_copy(update={"collected": view.collected.model_copy(update={"snapshots": 12_345_678})})
    shown = {code: wall_pages(many, _)[1].figures[0].value for code, _ in LANGUAGES.items()}
    assert shown == {"en": "12.3M", "zh": "1234.6万"}


def test_each_source_has_words_for_its_silence() -> None:
    assert set(SILENT) == set(Source)
