"""Pictures asked for over HTTP, from a real server that can also answer what no camera should.

camera ──HTTP(S), login──▶ Snapshots ──▶ Glance, Skipped or a typed error
"""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import (
    Ended,
    NoPicture,
    NotFound,
    SourceError,
    Stalled,
    Unreachable,
    WrongCredentials,
)
from edge_agent.frames import Glance, Skipped, SkipReason
from edge_agent.sources.thumbnail import grey_of
from tests.edge_agent.asking import Asking
from tests.edge_agent.pictures import JPEG, PNG
from tests.edge_agent.world import EPOCH_MS
from tests.support.picture_camera import Given, PictureCamera
from tests.support.pki import Pki
from tests.support.waiting import LONG_S
from tests.support.wire_answer import answering

GOOD = Given(JPEG)


Ask = Callable[..., Asking]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    return lambda url, **options: Asking(url, tmp_path, **options)


@contextmanager
def camera(*answers: Given, **options: object) -> Iterator[PictureCamera]:
    """Answers one after the other, the last one for ever."""
    with PictureCamera(lambda number: answers[min(number, len(answers) - 1)], **options) as served:  # type: ignore[arg-type]
        yield served


def test_a_picture_comes_at_each_interval_with_signs_of_life_between(ask: Ask) -> None:
    with camera(GOOD, Given(PNG, type="image/png")) as served:
        asking = ask(served.url)
        items = list(islice(asking.source.frames(threading.Event()), 12))
    assert [isinstance(item, Glance) for item in items] == [True, *[False] * 10, True]
    first, second = items[0], items[-1]
    assert isinstance(first, Glance)
    assert isinstance(second, Glance)
    assert (first.captured_at_ms, second.captured_at_ms) == (EPOCH_MS, EPOCH_MS + 10_000)
    assert first.source_key != second.source_key
    assert not first.pushed
    assert first.grey.tolist() == grey_of(first.pixels()).tolist()


def test_capture_times_never_go_back(ask: Ask) -> None:
    with camera(GOOD) as served:
        asking = ask(served.url)
        asking.some(1)
        asking.clock._start_ms -= 10_300  # NTP corrects the agent's clock by less than what is believed
        (later,) = asking.some(1)
    assert isinstance(later, Glance)
    assert later.captured_at_ms == EPOCH_MS


@pytest.mark.parametrize("login", ["digest", "digest-sha256", "basic", "both"])
def test_a_login_is_answered_as_the_camera_wants_it_and_basic_only_where_nothing_else_is_offered(
    ask: Ask, login: str
) -> None:
    with camera(GOOD, login=login) as served:
        (seen,) = ask(served.url, login=True).some(1)
    assert isinstance(seen, Glance)
    assert served.schemes == ["", "Basic" if login == "basic" else "Digest"]


@pytest.mark.parametrize("login", ["digest", "basic"])
def test_a_wrong_password_is_tried_once_an_interval(ask: Ask, login: str) -> None:
    with camera(GOOD, login=login) as served:
        served.account = type(served.account)("admin", "other")
        asking = ask(served.url, login=True)
        failure = asking.failure()
        assert isinstance(failure, WrongCredentials)
        assert "check username and password_file" in str(failure)
        tries = len(served.schemes)
        assert list(islice(asking.source.frames(threading.Event()), 9)) == [None] * 9
        assert len(served.schemes) == tries


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Given(b"<html>log in</html>", type="text/html; charset=utf-8"), NoPicture, "text/html"),
        (Given(b"--b\r\n", type="multipart/x-mixed-replace;boundary=b"), NoPicture, "MJPEG stream"),
        (Given(status=302, headers={"Location": "http://192.0.2.9/login"}), NoPicture, "redirects to 192.0.2.9:80"),
        (Given(status=302, headers={"Location": "http://[::bad"}), NoPicture, "no HTTP"),
        (Given(status=302, headers={"Location": "//evil.invalid/x"}), NoPicture, "redirects to evil.invalid:80"),
        (Given(status=302, headers={"Location": "file:///etc/passwd"}), NoPicture, "check port and path"),
        (Given(b"x" * 4096, length=500 * 1024**2, endless=True), NoPicture, "over 8388608 bytes"),
        (Given(b"x" * 4096, length=-1, endless=True), NoPicture, "over 8388608 bytes"),
        (Given(status=404), NotFound, "no such picture"),
        (Given(status=500), NoPicture, "answers 500"),
        (Given(status=204), NoPicture, "answers 204"),
        (Given(status=403), WrongCredentials, "refuses user or password"),
        (Given(JPEG, length=2 * len(JPEG)), Ended, "broke off"),
        (Given(JPEG, headers={"Last-Modified": formatdate(1e9, usegmt=True)}), NoPicture, "minutes old"),
    ],
    ids=lambda value: "" if isinstance(value, Given | type) else value.replace(" ", "-")[:20],
)
def test_what_is_no_picture_is_a_typed_error_and_the_next_one_comes(
    ask: Ask, answer: Given, kind: type[SourceError], says: str
) -> None:
    with camera(answer, GOOD) as served:
        asking = ask(served.url)
        failure = asking.failure()
        assert type(failure) is kind
        assert says in str(failure)
        (after,) = asking.some(1)
    assert isinstance(after, Glance)
    assert served.poured < 32 * 1024**2  # what the sockets hold is on the way when the client hangs up


def test_what_is_said_to_be_too_large_is_not_read_at_all(ask: Ask) -> None:
    with camera(Given(b"x" * 4096, length=500 * 1024**2, endless=True)) as served:
        asking = ask(served.url)
        asking.failure()
        assert asking.source.meter.total_bytes < 1024


def test_a_redirect_within_the_camera_is_followed_three_times(ask: Ask) -> None:
    moved = Given(status=301, headers={"Location": "/other.jpg"})
    with camera(moved, moved, moved, GOOD) as served:
        assert isinstance(ask(served.url).some(1)[0], Glance)
        assert served.paths[1:] == ["/other.jpg"] * 3
    with camera(moved) as served:
        assert "answers 301" in str(ask(served.url).failure())
        assert len(served.paths) == 4


def test_the_login_goes_to_no_other_origin(ask: Ask) -> None:
    with camera(GOOD, login="basic") as other:
        away = Given(status=302, headers={"Location": other.url})
        with camera(away, login="basic") as served:
            assert "redirects" in str(ask(served.url, login=True).failure())
    assert other.schemes == []


def test_a_camera_that_says_nothing_is_left_after_its_time(ask: Ask) -> None:
    with camera(Given(silent=True)) as served:
        failure = ask(served.url, timeout_s=0.3).failure()
    assert isinstance(failure, Stalled)
    assert "within 0.3 s" in str(failure)


def test_a_camera_that_drips_is_left_after_its_time_too(ask: Ask) -> None:
    with camera(Given(b"", length=100)) as served, camera(GOOD):
        served.answer = lambda _: Given(JPEG[:100], length=-1, endless=True)
        failure = ask(served.url, timeout_s=0.3, max_bytes=32 * 1024**2).failure()
    assert isinstance(failure, Stalled | NoPicture)


def test_nobody_there_is_tried_again_at_once_and_other_failures_at_the_next_interval(ask: Ask) -> None:
    asking = ask("http://127.0.0.1:1/secret-token")
    for _ in range(2):
        assert isinstance(asking.failure(), Unreachable)
    assert asking.clock.waits == []


def test_stop_ends_a_request_that_hangs(ask: Ask) -> None:
    asked, stop = threading.Event(), threading.Event()

    def hang(_: int) -> Given:
        asked.set()
        return Given(silent=True)

    def stop_then() -> None:
        asked.wait(LONG_S)
        stop.set()

    with PictureCamera(hang) as served:
        asking = ask(served.url)
        threading.Thread(target=stop_then, daemon=True).start()
        assert list(asking.source.frames(stop)) == []


def test_a_picture_that_does_not_decode_is_skipped_and_three_in_a_row_are_an_error(ask: Ask) -> None:
    half = Given(JPEG[: len(JPEG) // 2])
    with camera(half, half, GOOD, half, half, half, GOOD) as served:
        asking = ask(served.url)
        reasons = [item.reason if isinstance(item, Skipped) else None for item in asking.some(5)]
        assert reasons == [SkipReason.BROKEN, SkipReason.BROKEN, None, SkipReason.BROKEN, SkipReason.BROKEN]
        failure = asking.failure()
        assert "cut off" in str(failure)
        assert isinstance(asking.some(1)[0], Glance)


def test_bytes_of_pictures_and_refused_logins_are_counted(ask: Ask) -> None:
    with camera(GOOD, login="digest") as served:
        asking = ask(served.url, login=True)
        asking.some(2)
    assert 2 * len(JPEG) < asking.source.meter.total_bytes < 2 * (len(JPEG) + 1024)


class Shop:
    """Certificates of an authority of its own, for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self.pki = Pki(folder)
        self.identity = self.pki.issue("broker")
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.identity.cert_file, self.identity.key_file)


def test_over_tls_the_given_certificate_is_trusted_and_no_other(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "other").mkdir()
    shop, other = Shop(tmp_path / "mine"), Pki(tmp_path / "other").issue("broker")
    with camera(GOOD, tls=shop.tls) as served:
        for ca_file in (shop.identity.ca_file, shop.identity.cert_file):
            assert isinstance(ask(served.url, ca_file=ca_file).some(1)[0], Glance)
        for options in ({}, {"ca_file": other.ca_file}):
            failure = ask(served.url, **options).failure()
            assert isinstance(failure, Unreachable)
            assert "is not trusted" in str(failure)
        plain = served.url.replace("https", "http")
        assert isinstance(ask(plain).failure(), Ended | NoPicture)
    assert "cannot be used" in str(ask(served.url, ca_file=tmp_path / "absent").failure())


@given(answer=st.binary(max_size=400))
def test_no_answer_on_the_wire_is_more_than_a_typed_error(
    answer: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with answering(answer) as port:
        asking = Asking(f"http://127.0.0.1:{port}/secret-token", tmp_path_factory.getbasetemp())
        with pytest.raises(SourceError) as caught:
            asking.some(1)
    assert "secret-token" not in str(caught.value)
