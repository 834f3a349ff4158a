"""A span of a recorder by RTSP: what was recorded then comes, dated by the recording, whatever the recorder does."""

import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge_agent.clock import SystemClock
from edge_agent.errors import NoPicture, NotFound, SourceError, Stalled, Unreachable, WrongCredentials
from edge_agent.sources.span_progress import ClockReference
from provisioning.contracts.config.recorder import RtspRecorder
from provisioning.net.digest import Account
from tests.edge_agent.fetching import FILM, START_S, Fetching
from tests.support.pki import Pki
from tests.support.recorded_film import Film
from tests.support.rtsp_recorder import BEIJING, Behaviour
from tests.support.rtsp_recorder import RtspRecorder as Simulated


class ShiftedClock(SystemClock):
    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s

    def stand_still(self) -> None:
        """As if agent and recorder had not run for a minute: the agent waits already, and looks first."""
        time.sleep(0.3)  # three looks: it has begun to wait
        self.ahead_s += 60.0
        time.sleep(0.3)  # three more, at each of which nothing has come


class CountingClock(SystemClock):
    waited_s = 0.0

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.waited_s += seconds
        return super().wait(event, seconds)


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour({"1": [(START_S - 600, START_S + 600)], "2": [(START_S - 600, START_S + 600)]})


@pytest.fixture
def simulated(behaviour: Behaviour) -> Iterator[Simulated]:
    with Simulated(behaviour, FILM) as served:
        yield served


def recorder(simulated: Simulated, **options: object) -> RtspRecorder:
    given = {"id": "nvr", "url": f"{simulated.url}/replay/{{channel}}", "speed": 16, "read_timeout_s": 5.0}
    return RtspRecorder.model_validate(given | options)


def test_by_range_every_second_comes_and_is_dated_by_the_recording(simulated: Simulated) -> None:
    fetching = Fetching(recorder(simulated))
    assert fetching.seconds() == list(range(20))
    progress = fetching.channel.progress()
    assert (progress.share, progress.missing, progress.left_out, progress.is_over) == (1, (), (), True)
    play = next(each for each in simulated.asked if each.method == "PLAY")
    assert play.headers["range"] == "clock=20261123T160000Z-20261123T160020Z"
    assert play.headers["speed"] == "16.0"


@pytest.mark.parametrize(
    ("form", "address"),
    [
        ("hikvision", "/Streaming/tracks/101?starttime=20261124T000000Z&endtime=20261124T000020Z"),
        ("dahua", "/cam/playback?channel=1&subtype=0&starttime=2026_11_24_00_00_00&endtime=2026_11_24_00_00_20"),
    ],
)
def test_by_a_makers_address_in_the_stated_zone(
    simulated: Simulated, behaviour: Behaviour, form: str, address: str
) -> None:
    behaviour.zone = BEIJING
    fetching = Fetching(recorder(simulated, url=simulated.url, form=form, zone="+08:00"))
    assert fetching.seconds() == list(range(20))
    assert {each.url for each in simulated.asked if each.method == "DESCRIBE"} == {simulated.url + address}


def test_h265_comes_too(behaviour: Behaviour) -> None:
    with Simulated(behaviour, Film("h265")) as served:
        assert Fetching(recorder(served), 5).seconds() == list(range(5))


def test_over_tls_too(behaviour: Behaviour, tmp_path: Path) -> None:
    identity = Pki(tmp_path).issue("broker")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(identity.cert_file, identity.key_file)
    with Simulated(behaviour, FILM, tls) as served:
        assert served.url.startswith("rtsps://")
        assert Fetching(recorder(served), 20).seconds() == list(range(20))
        with Simulated(behaviour, FILM) as plain:
            failure = Fetching(recorder(plain, url=f"rtsps://127.0.0.1:{plain.port}/{{channel}}")).failure()
    assert isinstance(failure, Unreachable)


def test_parameter_sets_may_stand_in_the_description_alone(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.describes_sets = True
    assert Fetching(recorder(simulated), 5).seconds() == list(range(5))


def test_with_scale_timestamps_count_what_is_played(simulated: Simulated) -> None:
    assert Fetching(recorder(simulated, faster="scale"), 40, speed=4).seconds() == list(range(40))
    assert simulated.methods("PLAY") == ["PLAY"] * 2  # the first for the comparison alone


class StandingStill(SystemClock):
    """Once, as if this process had not run for three seconds: 1.6 s after it was first asked."""

    def __init__(self) -> None:
        self._began_s = super().monotonic_s()

    def monotonic_s(self) -> float:
        now_s = super().monotonic_s()
        return now_s if now_s - self._began_s < 1.6 else now_s + 3.0


def test_an_agent_that_stands_still_while_it_compares_compares_again(simulated: Simulated) -> None:
    fetching = Fetching(recorder(simulated, faster="scale"), 40, speed=4, clock=StandingStill())
    assert fetching.seconds() == list(range(40))


def test_an_agent_that_stands_still_while_it_reads_fetches_nothing_twice(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ShiftedClock()

    def second(at_s: int) -> list[bytes]:
        if at_s == START_S + 1:
            clock.stand_still()
        return FILM.second(at_s)

    monkeypatch.setattr(simulated, "film", SimpleNamespace(codec=FILM.codec, second=second))
    assert Fetching(recorder(simulated), 5, clock=clock).seconds() == list(range(5))
    assert simulated.methods("PLAY") == ["PLAY"]


@pytest.mark.parametrize("method", ["DESCRIBE", "PLAY"])
def test_an_agent_that_stands_still_while_an_answer_comes_takes_it(
    simulated: Simulated, behaviour: Behaviour, method: str
) -> None:
    clock = ShiftedClock()

    behaviour.answer = lambda asked: clock.stand_still() if asked == method else None
    assert Fetching(recorder(simulated), 5, clock=clock).seconds() == list(range(5))
    assert simulated.methods("PLAY") == ["PLAY"]


def test_with_scale_a_recorder_whose_timestamps_fit_nothing_dates_no_picture(
    simulated: Simulated, behaviour: Behaviour
) -> None:
    behaviour.stands_still = behaviour.is_endless = True
    failure = Fetching(recorder(simulated, faster="scale"), 40, speed=4).failure()
    assert failure.reason.code == "recorder_scale_unclear"


def test_without_the_times_of_the_answer_the_span_is_dated_from_its_start(
    simulated: Simulated, behaviour: Behaviour
) -> None:
    behaviour.tells_range = behaviour.dates = False
    fetching = Fetching(recorder(simulated))
    assert fetching.seconds() == list(range(20))
    assert fetching.channel.progress().clock.reference is ClockReference.UNKNOWN


@pytest.mark.parametrize(("ahead_s", "applied_ms"), [(1, 0), (90, 90_000), (-30, -30_000)])
def test_the_clock_of_the_recorder_is_measured_applied_and_stated(
    simulated: Simulated, behaviour: Behaviour, ahead_s: int, applied_ms: int
) -> None:
    behaviour.ahead_s = ahead_s
    fetching = Fetching(recorder(simulated))
    assert fetching.seconds(applied_ms // 1000) == list(range(20))
    clock = fetching.channel.progress().clock
    assert (clock.reference, clock.offset_ms) == (ClockReference.RTSP, applied_ms)


def test_a_stated_offset_wins_over_what_it_says(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.ahead_s = 90
    fetching = Fetching(recorder(simulated, clock_offset_s=40))
    assert fetching.seconds(40) == list(range(20))
    assert fetching.channel.progress().clock.reference is ClockReference.STATED


def test_a_clock_in_another_zone_is_not_believed(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.ahead_s = 8 * 3600
    failure = Fetching(recorder(simulated)).failure()
    assert isinstance(failure, NoPicture)
    assert (failure.reason.code, failure.reason.params["minutes"]) == ("recorder_clock_far", "480")


def test_it_goes_on_where_it_broke_off(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.hangs_up_after = [6.0, 3.0]
    fetching = Fetching(recorder(simulated), 30)
    assert sorted(set(fetching.seconds())) == list(range(30))
    assert (fetching.missing(), fetching.left_out()) == ([], [])
    assert len(simulated.methods("PLAY")) == 3


def test_what_always_breaks_at_the_same_place_is_left_out_and_said(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.hangs_up_after = [0.0] * 9
    fetching = Fetching(recorder(simulated))
    assert fetching.seconds() == []
    assert fetching.left_out() == [(0, 20)]
    assert len(simulated.methods("PLAY")) == 3


def test_the_end_of_what_was_recorded_is_told_as_missing(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.recordings["1"] = [(START_S - 600, START_S + 8)]
    fetching = Fetching(recorder(simulated), 40)
    assert fetching.seconds() == list(range(8))
    assert fetching.missing() == [(7, 40)]


def test_a_recorder_that_begins_later_dates_what_it_has(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.recordings["1"] = [(START_S + 12, START_S + 600)]
    assert Fetching(recorder(simulated)).seconds() == list(range(12, 20))


def test_another_span_than_asked_is_refused(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.shift_s = 300
    assert Fetching(recorder(simulated)).failure().reason.code == "recorder_gives_another_span"


def test_what_lies_before_the_span_is_passed_over(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.shift_s = -7
    behaviour.is_endless = True
    assert Fetching(recorder(simulated)).seconds() == list(range(20))


@pytest.mark.parametrize("form", ["hikvision", "dahua"])
def test_another_channel_is_refused_where_it_shows(simulated: Simulated, behaviour: Behaviour, form: str) -> None:
    behaviour.plays_channel = "2"
    failure = Fetching(recorder(simulated, url=simulated.url, form=form, zone="+00:00")).failure()
    assert failure.reason.code == "recorder_gives_another_channel"
    assert failure.reason.params | {"place": ""} == {"place": "", "channel": "1", "given": "2"}


def test_one_that_never_stops_is_left_at_the_end_of_the_span(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.is_endless = True
    assert Fetching(recorder(simulated)).seconds() == list(range(20))


def test_one_that_sends_all_at_once_loses_nothing_and_is_held_back(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.is_hasty = behaviour.is_endless = True
    clock = CountingClock()
    assert Fetching(recorder(simulated), 60, clock=clock).seconds() == list(range(60))
    assert clock.waited_s > 0


def test_one_that_falls_silent_is_asked_again(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.silent_after_s = 4.0
    fetching = Fetching(recorder(simulated, read_timeout_s=1.0), 12)
    assert sorted(set(fetching.seconds())) == list(range(12))


def test_one_that_stands_still_is_given_up(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.stands_still = behaviour.is_endless = True
    fetching = Fetching(recorder(simulated, read_timeout_s=1.0))
    assert fetching.seconds() == [0] * 3
    assert fetching.left_out() == [(0, 20)]


ANSWER = b"RTSP/1.0 %b\r\nCSeq: $CSEQ\r\n%b\r\n"


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", NoPicture, "no_rtsp_video"),
        (b"<html><body>Not here</body></html>" + b" " * 20_000, NoPicture, "no_rtsp_video"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n", NoPicture, "no_rtsp_video"),
        (b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 9000, NoPicture, "no_rtsp_video"),
        (ANSWER % (b"302 Moved", b"Location: rtsp://10.9.9.9/a\r\n"), NoPicture, "recorder_redirects"),
        (ANSWER % (b"404 Not Found", b""), NotFound, "recorder_has_nothing"),
        (ANSWER % (b"453 Not Enough Bandwidth", b""), NoPicture, "recorder_busy"),
        (ANSWER % (b"500 Oh", b""), NoPicture, "recorder_refuses"),
        (ANSWER % (b"403 Forbidden", b""), WrongCredentials, "login_refused"),
        (ANSWER % (b"200 OK", b""), NoPicture, "no_video_stream"),
    ],
)
def test_answers_that_no_recorder_should_give(
    simulated: Simulated, behaviour: Behaviour, given: bytes, kind: type[SourceError], code: str
) -> None:
    behaviour.answer = lambda method: given if method == "DESCRIBE" else None
    failure = Fetching(recorder(simulated)).failure()
    assert (type(failure), failure.reason.code) == (kind, code)


def test_the_login_is_digest_and_a_wrong_one_is_said_once(
    simulated: Simulated, behaviour: Behaviour, tmp_path: Path
) -> None:
    behaviour.login = Account("admin", "s3cret-密码")
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("s3cret-密码")
    login = {"username": "admin", "password_file": password}
    assert Fetching(recorder(simulated, **login), 3).seconds() == [0, 1, 2]
    assert Fetching(recorder(simulated), 3).failure().reason.code == "login_refused"
    behaviour.login = replace(behaviour.login, password="other")
    simulated.asked.clear()
    assert isinstance(Fetching(recorder(simulated, **login), 3).failure(), WrongCredentials)
    assert simulated.methods("DESCRIBE") == ["DESCRIBE"] * 2


def test_nobody_there(simulated: Simulated) -> None:
    with Simulated(Behaviour()) as gone:
        url = gone.url
    failure = Fetching(recorder(simulated, url=f"{url}/{{channel}}", clock_offset_s=0)).failure()
    assert isinstance(failure, Unreachable)


def test_it_stops_when_it_is_told_to(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.is_endless = True
    fetching = Fetching(recorder(simulated), 3600, speed=1)
    next(iter(fetching.glances()))
    fetching.stop.set()
    assert list(fetching.glances()) == []
    assert not fetching.channel.is_over


def test_a_recorder_that_says_nothing_is_no_answer(simulated: Simulated, behaviour: Behaviour) -> None:
    behaviour.answer = lambda method: b"" if method == "DESCRIBE" else None
    failure = Fetching(recorder(simulated, read_timeout_s=0.5)).failure()
    assert failure.reason.code == "accepts_and_is_mute"
    assert not isinstance(failure, Stalled)
