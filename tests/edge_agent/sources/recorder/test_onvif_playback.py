"""A span of a recorder by ONVIF Profile G: recordings are looked up, and each picture has the recorder's own time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import NoAnswer, NoPicture, NotFound, OnvifError, Unreachable, WrongCredentials
from edge_agent.onvif import soap
from edge_agent.onvif.named_address import rtsp_on_host
from edge_agent.sources.recorder.onvif_recordings import recordings_in
from edge_agent.sources.span_progress import ClockReference
from provisioning.contracts.config.recorder import OnvifRecorder
from provisioning.net.digest import Account
from tests.edge_agent.fetching import FILM, START_S, Fetching
from tests.support.onvif_recorder import OnvifHolding, OnvifNvr, onvif_nvr
from tests.support.rtsp_recorder import Behaviour, RtspRecorder

HELD = (START_S - 600, START_S + 600)


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour({"rec-1": [HELD], "rec-2": [HELD]}, has_extension=True, tells_range=False)


@pytest.fixture
def playing(behaviour: Behaviour) -> Iterator[RtspRecorder]:
    with RtspRecorder(behaviour, FILM) as served:
        yield served


@pytest.fixture
def nvr(playing: RtspRecorder) -> Iterator[OnvifNvr]:
    holdings = [OnvifHolding("rec-2", "video-2", *HELD), OnvifHolding("rec-1", "1", *HELD)]
    with onvif_nvr(OnvifNvr(holdings, f"rtsp://192.168.250.9:{playing.port}/replay/{{token}}")) as served:
        yield served


def recorder(nvr: OnvifNvr, **options: object) -> OnvifRecorder:
    given = {"id": "nvr", "url": nvr.url, "speed": 16, "read_timeout_s": 5.0}
    return OnvifRecorder.model_validate(given | options)


def test_each_second_comes_with_the_recorders_own_time_and_its_inner_host_is_not_asked(
    nvr: OnvifNvr, playing: RtspRecorder
) -> None:
    fetching = Fetching(recorder(nvr), 30)
    assert fetching.seconds() == list(range(30))
    play = next(each for each in playing.asked if each.method == "PLAY")
    assert (play.headers["require"], play.headers["rate-control"]) == ("onvif-replay", "no")
    assert play.headers["range"] == "clock=20261123T160000Z-20261123T160030Z"
    assert play.url == f"{playing.url}/replay/rec-1/"
    assert nvr.asked[:2] == ["GetSystemDateAndTime", "GetServices"]
    assert fetching.channel.progress().clock.reference is ClockReference.ONVIF


def test_the_clock_offset_is_applied_to_the_question_and_to_the_pictures(
    nvr: OnvifNvr, playing: RtspRecorder, behaviour: Behaviour
) -> None:
    nvr.ahead_s = -90
    fetching = Fetching(recorder(nvr))
    assert fetching.seconds(-90) == list(range(20))
    assert fetching.channel.progress().clock.offset_ms == -90_000
    play = next(each for each in playing.asked if each.method == "PLAY")
    assert play.headers["range"] == "clock=20261123T155830Z-20261123T155850Z"


def test_recordings_have_a_session_each_and_what_lies_between_is_missing(
    nvr: OnvifNvr, playing: RtspRecorder, behaviour: Behaviour
) -> None:
    parts = [(START_S - 60, START_S + 8), (START_S + 20, START_S + 90)]
    nvr.holdings = [OnvifHolding("rec-1", "1", *part) for part in parts[:1]]
    nvr.holdings += [OnvifHolding("rec-3", "1", *part) for part in parts[1:]]
    behaviour.recordings = {"rec-1": parts[:1], "rec-3": parts[1:]}
    fetching = Fetching(recorder(nvr), 40)
    assert fetching.seconds() == [*range(8), *range(20, 40)]
    assert fetching.missing() == [(8, 20)]
    assert len(playing.methods("PLAY")) == 2


def test_a_gap_that_the_list_does_not_tell_moves_no_time(nvr: OnvifNvr, behaviour: Behaviour) -> None:
    behaviour.recordings["rec-1"] = [(START_S - 60, START_S + 8), (START_S + 20, START_S + 90)]
    behaviour.jumps_gaps = True
    fetching = Fetching(recorder(nvr), 40)
    assert fetching.seconds() == [*range(8), *range(20, 40)]


def test_broken_off_it_goes_on(nvr: OnvifNvr, playing: RtspRecorder, behaviour: Behaviour) -> None:
    behaviour.hangs_up_after = [11.0]
    assert sorted(set(Fetching(recorder(nvr), 30).seconds())) == list(range(30))
    assert len(playing.methods("PLAY")) == 2


def test_pictures_of_another_span_are_refused(nvr: OnvifNvr, behaviour: Behaviour) -> None:
    behaviour.shift_s = 300
    behaviour.is_endless = True
    assert Fetching(recorder(nvr)).failure().reason.code == "recorder_gives_another_span"


def test_without_a_search_the_list_serves_and_the_span_is_asked_for_as_a_whole(nvr: OnvifNvr) -> None:
    nvr.services = ("recording", "replay")
    assert Fetching(recorder(nvr)).seconds() == list(range(20))
    assert "GetRecordings" in nvr.asked


def test_recordings_without_times_are_asked_for_as_a_whole(nvr: OnvifNvr) -> None:
    nvr.has_times = False
    assert Fetching(recorder(nvr)).seconds() == list(range(20))


def test_a_channel_that_is_not_recorded_is_told_with_those_that_are(nvr: OnvifNvr) -> None:
    nvr.holdings = nvr.holdings[:1]
    failure = Fetching(recorder(nvr)).failure()
    assert isinstance(failure, NotFound)
    assert failure.reason.params["known"] == "n-video-2, video-2"


def test_a_span_of_which_nothing_is_held(nvr: OnvifNvr) -> None:
    nvr.holdings = [OnvifHolding("rec-1", "1", START_S - 600, START_S - 60)]
    failure = Fetching(recorder(nvr)).failure()
    assert (type(failure), failure.reason.code) == (NotFound, "recorder_has_nothing")


def test_a_recorder_without_replay(nvr: OnvifNvr, behaviour: Behaviour) -> None:
    behaviour.answer = lambda method: (
        b"RTSP/1.0 551 Option not supported\r\nCSeq: $CSEQ\r\n\r\n" if method == "DESCRIBE" else None
    )
    assert Fetching(recorder(nvr)).failure().reason.code == "recorder_without_replay"


@pytest.mark.parametrize("services", [(), ("search",), ("replay",)])
def test_services_that_are_missing(nvr: OnvifNvr, services: tuple[str, ...]) -> None:
    nvr.services = services
    failure = Fetching(recorder(nvr)).failure()
    assert (type(failure), failure.reason.code) == (NoPicture, "recorder_search_unusable")


def test_a_search_without_end_is_ended(nvr: OnvifNvr) -> None:
    nvr.never_completes = True
    assert isinstance(Fetching(recorder(nvr)).failure(), NoAnswer)
    assert nvr.asked.count("GetRecordingSearchResults") == 64


@pytest.mark.parametrize("call", ["GetServices", "FindRecordings", "GetRecordingSearchResults", "GetReplayUri"])
@pytest.mark.parametrize("given", ["<html></html>", "", "no XML", "<?xml version='1.0'?><!DOCTYPE a><a/>"])
def test_answers_that_are_none(nvr: OnvifNvr, call: str, given: str) -> None:
    nvr.answers[call] = given
    failure = Fetching(recorder(nvr)).failure()
    assert (type(failure), failure.reason.code) == (NoPicture, "recorder_search_unusable")


@pytest.mark.parametrize("url", ["http://192.168.250.9/a", "", "rtsp://", "rtsp://h/a b", "rtsp://h:0/a"])
def test_an_address_that_plays_nothing(nvr: OnvifNvr, url: str) -> None:
    nvr.replay_url = url
    assert Fetching(recorder(nvr)).failure().reason.code == "recorder_search_unusable"


def test_the_login_goes_to_both_servers(nvr: OnvifNvr, behaviour: Behaviour, tmp_path: Path) -> None:
    nvr.camera.login = ("admin", "s3cret")
    behaviour.login = Account("admin", "s3cret")
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("s3cret")
    login = {"username": "admin", "password_file": password}
    assert Fetching(recorder(nvr, **login), 3).seconds() == [0, 1, 2]
    assert isinstance(Fetching(recorder(nvr)).failure(), WrongCredentials)
    password.write_text("other")
    assert isinstance(Fetching(recorder(nvr, **login)).failure(), WrongCredentials)


def test_nobody_there() -> None:
    with onvif_nvr(OnvifNvr()) as gone:
        pass
    assert isinstance(Fetching(recorder(gone)).failure(), Unreachable)


@given(named=st.text(max_size=60) | st.from_regex(r"rtsps?://[a-z.:\[\]@0-9]{0,20}/[ -~]{0,10}", fullmatch=True))
def test_no_host_but_the_configured_one_is_asked(named: str) -> None:
    try:
        url = rtsp_on_host(named, "http://10.0.0.6:8000/onvif/device_service")
    except ValueError:
        return
    assert url.split("://")[1].startswith("10.0.0.6")


_PIECES = r"(<(RecordingInformation|RecordingToken|Track|TrackType|DataFrom|Source)>[0-9TZVido:-]{0,20}|</\w+>){0,9}"


@given(content=st.text(max_size=200) | st.from_regex(_PIECES, fullmatch=True))
def test_any_answer_is_a_list_or_an_onvif_error(content: str) -> None:
    whole = f"<e:Envelope xmlns:e='e'><e:Body><Response><List>{content}</List></Response></e:Body></e:Envelope>"
    try:
        response = soap.read(whole.encode("utf-8", "replace"), "Response")
    except OnvifError:
        return
    for recording in recordings_in(response[0]):
        assert recording.token
        assert recording.started_at_ms is None or recording.started_at_ms >= 0
