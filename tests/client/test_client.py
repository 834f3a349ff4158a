"""The typed client against a centre that serves: log-in, pages, errors, repetition, alarms over a line that breaks."""

import asyncio
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse

from center.errors import UnknownCameraError
from tests.center.fake_archive import FakeArchive
from tests.center.street import AGENT
from tests.center.whole import ADMINISTRATOR, PASSWORD, Whole, served
from tests.client.relay import relay
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, eventually, until, within
from wayside_client import (
    AsyncCenter,
    Center,
    DownloadBrokenError,
    ForbiddenError,
    InvalidRequestError,
    NoRouteError,
    NotFoundError,
    NotLoggedInError,
    ProblemError,
    Retries,
    UnavailableError,
    UnreachableError,
    UnreadableAnswerError,
    downloads,
    follow_alarms,
    follow_alarms_async,
    paged,
    paged_async,
    save_export_async,
)
from wayside_client.api.alarms import list_alarms
from wayside_client.api.assessment import list_register, put_register
from wayside_client.api.auth import who_am_i
from wayside_client.api.cameras import get_camera, list_cameras
from wayside_client.api.evidence import get_export, get_export_file
from wayside_client.api.observations import get_picture, list_observations
from wayside_client.api.users import list_users
from wayside_client.models import DeviceState
from wayside_client.types import UNSET, File

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_a_person_logs_in_and_out_and_a_program_shows_a_token(whole: Whole, token: str) -> None:
    with Center(whole.url) as center:
        with pytest.raises(NotLoggedInError, match="Wrong user name or password") as refused:
            center.login(ADMINISTRATOR, "of somebody else")
        assert (refused.value.status, refused.value.code) == (401, "bad_credentials")
        center.login(ADMINISTRATOR, PASSWORD)
        me = who_am_i.sync(center)
        assert (me.username, me.token_id) == (ADMINISTRATOR, None)
        center.logout()
        with pytest.raises(NotLoggedInError) as ended:
            who_am_i.sync(center)
        assert (ended.value.code, ended.value.remedy) == ("not_logged_in", "Log in and try again.")
    with Center(f"{whole.url}/", token=token) as program:
        assert who_am_i.sync(program).token_id is not None


async def test_pages_are_gone_through_in_both_worlds(whole: Whole, token: str) -> None:
    with Center(whole.url, token=token) as center:
        keys = [seen.row_key for seen in paged(list_observations.sync, center, limit=2)]
        assert [alarm.id for alarm in paged(list_alarms.sync, center, limit=1)] == [1]
        jpeg = get_picture.sync(center, keys[0], max_side_px=64)
    async with AsyncCenter(whole.url, token=token) as concurrent:
        again = [seen.row_key async for seen in paged_async(list_observations.asyncio, concurrent, limit=2)]
        assert await get_picture.asyncio(concurrent, keys[0], max_side_px=64) == jpeg
    assert keys == again == whole.row_keys
    assert jpeg[:2] == b"\xff\xd8"


async def test_a_file_goes_up_and_comes_down(whole: Whole, token: str, tmp_path: Path) -> None:
    async with AsyncCenter(whole.url) as center:
        await center.login(ADMINISTRATOR, PASSWORD)
        table = tmp_path / "register.csv"
        table.write_text(f"agent_id,camera_id,latitude,longitude\n{AGENT},cam-1,30.0,120.0\n")
        with table.open("rb") as file:
            await put_register.asyncio(center, body=File(file))
        assert [entry.camera_id async for entry in paged_async(list_register.asyncio, center)] == ["cam-1"]
        (export_id,) = whole.exports
        with Center(whole.url, token=token) as program:
            until(lambda: get_export.sync(program, export_id).sha256)
        await save_export_async(center, export_id, tmp_path / "evidence.zip")
        assert (tmp_path / "evidence.zip").read_bytes() == await get_export_file.asyncio(center, export_id)


def test_a_file_that_is_another_one_gets_no_place(tmp_path: Path) -> None:
    part = downloads.Download(tmp_path / "evidence.zip", "a" * 64)
    part.write(b"PK, and something else")
    with pytest.raises(DownloadBrokenError, match=r"evidence\.zip came with the SHA-256"):
        part.finish()
    part.close()
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_an_error_of_its_family_with_the_words_of_the_api(whole: Whole, token: str) -> None:
    with Center(whole.url, token=token) as center:
        with pytest.raises(NotFoundError) as unknown:
            get_camera.sync(center, AGENT, "none")
        said = UnknownCameraError(camera_id="none")
        assert unknown.value.code == said.code
        assert (unknown.value.text, unknown.value.remedy) == (said.text(), said.advice())
        with pytest.raises(ForbiddenError, match=r"user\.view"):
            list_users.sync(center)
        with pytest.raises(InvalidRequestError) as invalid:
            list_observations.sync(center, limit=999)
        assert invalid.value.code == "invalid_request"
    with (
        Center(f"http://127.0.0.1:{free_port()}", retries=Retries(attempts=1)) as nobody,
        pytest.raises(UnreachableError, match="gave no answer to GET /api/me"),
    ):
        who_am_i.sync(nobody)


def test_a_proxy_that_answers_for_the_centre_is_told_apart() -> None:
    proxy = FastAPI()
    proxy.get("/{path:path}", response_class=PlainTextResponse, status_code=418)(lambda: "<h1>a teapot</h1>")
    with served(proxy) as url, Center(url) as center, pytest.raises(ProblemError) as refused:
        who_am_i.sync(center)
    assert type(refused.value) is ProblemError
    assert (refused.value.status, refused.value.code) == (418, "http_418")
    assert "proxy" in refused.value.remedy


class Busy:
    """Refuses the first `times` requests for observations, and asks to come back after `retry_after_s`.

    The centre's own loops ask the archive for other things meanwhile.
    """

    def __init__(self, archive: FakeArchive, times: int, *, retry_after_s: int = 0) -> None:
        self._archive = archive
        self.left = times
        self.refused = 0
        self._retry_after_s = retry_after_s

    def __call__(self) -> JSONResponse | None:
        if self.left == 0 or self._archive.asked[-1] != "/observations":
            return None
        self.left -= 1
        self.refused += 1
        said = {"error": "busy", "detail": "x"}
        return JSONResponse(said, 503, headers={"Retry-After": str(self._retry_after_s)})


async def test_what_only_reads_is_asked_again_as_often_as_is_allowed(
    whole: Whole, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Center(whole.url, token=token) as center:
        monkeypatch.setattr(whole.archive, "answer", busy := Busy(whole.archive, 3))
        assert list_observations.sync(center, limit=1).items
        assert busy.refused == 3
        monkeypatch.setattr(whole.archive, "answer", busy := Busy(whole.archive, 99))
        with pytest.raises(UnavailableError) as away:
            list_observations.sync(center)
        assert (away.value.code, away.value.retry_after_s, busy.refused) == ("query_busy", 0, 4)
        monkeypatch.setattr(whole.archive, "answer", busy := Busy(whole.archive, 99, retry_after_s=3600))
        with pytest.raises(UnavailableError, match="3600 seconds"):
            list_observations.sync(center)
        assert busy.refused == 1
    async with AsyncCenter(whole.url, token=token) as concurrent:
        monkeypatch.setattr(whole.archive, "answer", busy := Busy(whole.archive, 3))
        assert (await list_observations.asyncio(concurrent, limit=1)).items
        assert busy.refused == 3


def test_only_what_reads_and_what_may_pass_is_repeated() -> None:
    away = UnreachableError("unreachable", "no answer", "")
    retries = Retries(attempts=4, first_pause_s=1, longest_pause_s=3)
    assert [retries.pause_s("get", attempt, away) for attempt in (1, 2, 3, 4)] == [1, 2, None, None]
    assert [retries.pause_s(method, 1, away) for method in ("POST", "PUT", "DELETE", "PATCH")] == [None] * 4
    assert retries.pause_s("GET", 1, NotFoundError(404, "unknown_camera", "", "")) is None


def of_another_version(whole: Whole) -> FastAPI:
    """A centre of before, and in two fields of later: the real one's answers without what came since."""
    app = FastAPI()

    @app.get("/{path:path}")
    def answer(path: str) -> JSONResponse:
        with whole.browser(ADMINISTRATOR) as browser:
            asked = browser.get(f"/{'api/none' if path == 'api/wall' else path}")
        body = asked.json()
        if path == "api/cameras":
            for camera in body:
                del camera["has_recorder"]
                camera |= {"state": "dreaming", "tilt_deg": 3}
        if path == "api/me":
            del body["permissions"]
        return JSONResponse(body, asked.status_code)

    return app


def test_a_centre_of_another_version_is_understood_or_named(whole: Whole) -> None:
    with served(of_another_version(whole)) as url, Center(url) as center:
        cameras = list_cameras.sync(center)
        assert {camera.has_recorder for camera in cameras} == {UNSET}
        assert {camera.state for camera in cameras} == {"dreaming"}
        assert cameras[0].state not in list(DeviceState)
        assert cameras[0].additional_properties == {"tilt_deg": 3}
        with pytest.raises(UnreadableAnswerError) as unreadable:
            who_am_i.sync(center)
        assert "GET /api/me is of another version of the API: the field 'permissions' is missing" in str(
            unreadable.value
        )
        with pytest.raises(NoRouteError, match=r"nothing at GET /api/wall.*older than this client"):
            center.ask(lambda response: response, method="get", url="/wall")


def test_alarms_are_followed_from_an_event_on(whole: Whole, token: str) -> None:
    with Center(whole.url, token=token) as center:
        following = follow_alarms(center, after=0)
        push = next(following)
        following.close()
    assert (push.event.event, push.alarm.id, push.alarm.camera_id) == ("raised", 1, "cam-1")


async def test_what_happens_while_the_line_is_cut_is_not_left_out(whole: Whole, token: str) -> None:
    async with relay(whole.url) as (url, line), AsyncCenter(url, token=token) as center:
        center.retries = Retries(attempts=99, first_pause_s=0.05, longest_pause_s=LONG_S)
        following = follow_alarms_async(center)
        first = asyncio.ensure_future(anext(following))
        await eventually(lambda: b"\nid: " in line.answered)
        line.cut()
        await eventually(lambda: line.refused > 0)
        with whole.browser(ADMINISTRATOR) as browser:
            browser.post("/api/alarms/1/acknowledge", json={"comment": "seen"}).raise_for_status()
        line.mend()
        async with within():
            push = await first
        await following.aclose()
    assert (push.event.event, push.event.comment, push.alarm.state) == ("acknowledged", "seen", "acknowledged")
