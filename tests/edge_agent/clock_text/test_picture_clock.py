"""The clock in a picture: right or not known, whatever the picture shows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock_text.picture_clock import EVERY_S, PictureClock
from edge_agent.frames import Frame
from engines.errors import ModelMissing
from provisioning.contracts.query.archive import ZONE
from provisioning.contracts.wire.messages import ClockQuality, ClockSource
from tests.edge_agent.world import FakeClock

PICTURE = np.zeros((8, 8, 3), np.uint8)
Shows = Callable[[datetime], datetime | None]
"""Writes a moment as a camera does, in local time."""


class Watched:
    """A camera with a clock in its picture, and what is told of it."""

    def __init__(self, shows: Shows) -> None:
        self.clock = FakeClock()
        self.told: list[tuple[float, float] | None] = []
        self.reads = 0
        self._shows = shows
        self._picture_clock = PictureClock(
            "gate", None, self._read, lambda _id, _source, *told: self.told.append(told), self._lose, self.clock
        )

    def pass_h(self, hours: float, *, step_s: float = 7.3) -> None:
        end_s = self.clock.monotonic_s() + hours * 3600
        while self.clock.monotonic_s() < end_s:
            self.clock.pass_s(step_s)
            at_ms = self.clock.now_ms()
            self._picture_clock.see(Frame("gate", at_ms, ClockQuality.ARRIVAL, "k1", PICTURE))

    def _lose(self, _id: str, source: ClockSource) -> None:
        assert source is ClockSource.PICTURE
        self.told.append(None)

    def _read(self, _image: object, near: datetime, _area: object) -> datetime | None:
        self.reads += 1
        return self._shows(near)


def whole(shown: datetime) -> datetime:
    return shown.replace(microsecond=0)


@given(skew_ms=st.integers(-240_000, 240_000))
def test_a_clock_that_goes_right_or_wrong_is_told_within_its_bound(skew_ms: int) -> None:
    camera = Watched(lambda now: whole(now + timedelta(milliseconds=skew_ms)))
    camera.pass_h(1)
    assert camera.told
    assert all(each is not None and abs(each[0] - skew_ms) <= each[1] for each in camera.told)


def test_a_camera_is_read_seldom() -> None:
    camera = Watched(whole)
    camera.pass_h(24)
    assert 24 * 3600 / EVERY_S - 3 <= camera.reads <= 24 * 3600 / EVERY_S + 4


def stuck(_now: datetime) -> datetime:
    return datetime.fromtimestamp(FakeClock().now_ms() / 1000 + 100, ZONE).replace(tzinfo=None, microsecond=0)


@pytest.mark.parametrize(
    "shows",
    [
        stuck,
        lambda now: whole(now - timedelta(hours=8)),
        lambda now: whole(now + timedelta(hours=1)),
        lambda now: whole(now.replace(year=1970)),
        lambda now: whole(now + timedelta(seconds=40 * (now.minute % 2))),
        lambda now: whole(now) if now.second % 7 == 0 else whole(now + timedelta(seconds=now.second)),
        lambda _now: None,
        lambda now: whole(now.replace(second=5)),
        lambda now: whole(now.replace(second=now.second % 10 + 30)),
        lambda now: whole(now.replace(second=0, minute=now.minute // 10 * 10)),
    ],
    ids=["stuck", "UTC", "summer time", "1970", "jumps", "half hidden", "hidden", "seconds", "tens", "minutes"],
)
def test_a_clock_of_no_use_is_not_known(shows: Shows) -> None:
    camera = Watched(shows)
    camera.pass_h(6)
    assert camera.reads > 10
    assert set(camera.told) <= {None}


def test_a_clock_that_gets_stuck_is_no_longer_known() -> None:
    camera = Watched(whole)
    camera.pass_h(2)
    assert camera.told[-1] is not None
    camera._shows = stuck
    camera.pass_h(2)
    assert camera.told[-1] is None


def test_a_clock_that_is_set_is_told_anew() -> None:
    skews = [-20_000, 0]
    camera = Watched(lambda now: whole(now + timedelta(milliseconds=skews[0])))
    camera.pass_h(1)
    skews.pop(0)
    camera.pass_h(1)
    assert None in camera.told
    assert camera.told[-1] is not None
    assert abs(camera.told[-1][0]) <= camera.told[-1][1]


def test_a_misread_digit_that_stands_still_is_not_believed() -> None:
    def misread(now: datetime) -> datetime:
        tens = {1: 4}.get(now.second // 10, now.second // 10)
        return whole(now.replace(second=tens * 10 + now.second % 10))

    camera = Watched(misread)
    camera.pass_h(24)
    assert all(each is None or abs(each[0]) <= each[1] for each in camera.told)


def test_a_missing_model_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    def missing(_now: datetime) -> datetime:
        raise ModelMissing("pp-ocr-v4-clock", Path("pp-ocr-v4-clock.onnx"))

    camera = Watched(missing)
    camera.pass_h(3)
    assert [each.levelname for each in caplog.records] == ["ERROR"]
    assert camera.told == []
