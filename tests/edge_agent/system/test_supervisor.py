"""Threads under watch: a bug starts one again, a broken disk ends the agent."""

import threading
from functools import partial

import pytest

from edge_agent.errors import SpoolCorrupt
from edge_agent.system.supervisor import Supervisor
from tests.edge_agent.world import FakeClock
from tests.support.waiting import LONG_S


def _hold(release: threading.Event) -> None:
    release.wait(LONG_S)


def test_a_thread_that_falls_is_started_again_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fallen: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: fallen.append(arguments.exc_type))
    clock = FakeClock()
    supervisor = Supervisor(clock)
    runs: list[int] = []
    told: list[str] = []
    release = threading.Event()

    def fragile() -> None:
        runs.append(1)
        if len(runs) < 3:
            raise ZeroDivisionError

    supervisor.start("fragile", fragile, fell=lambda: told.append("fell"))
    supervisor.start("sturdy", partial(_hold, release), fell=lambda: told.append("never"))
    for _ in range(20):
        supervisor.join("fragile", LONG_S)
        supervisor.restart_fallen()
        clock.pass_s(61)
    assert len(runs) == 3
    assert told == ["fell", "fell"]
    assert fallen == [ZeroDivisionError] * 2
    assert not supervisor.join("sturdy", 0)
    release.set()
    assert supervisor.join("sturdy", LONG_S)


def test_a_restart_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    clock = FakeClock()
    supervisor = Supervisor(clock)
    runs: list[int] = []

    def broken() -> None:
        runs.append(1)
        raise ZeroDivisionError

    supervisor.start("broken", broken, fell=lambda: None)
    supervisor._workers["broken"].backoff._chance = lambda: 1.0
    supervisor.join("broken", LONG_S)
    supervisor.restart_fallen()
    supervisor.restart_fallen()
    assert len(runs) == 1
    clock.pass_s(1)
    supervisor.restart_fallen()
    supervisor.join("broken", LONG_S)
    assert len(runs) == 2


def test_a_disk_that_cannot_be_used_is_raised_at_the_next_look() -> None:
    supervisor = Supervisor(FakeClock())

    def damaged() -> None:
        raise SpoolCorrupt("spool: damaged")

    supervisor.start("publisher", damaged, fell=lambda: None)
    supervisor.join("publisher", LONG_S)
    with pytest.raises(SpoolCorrupt):
        supervisor.restart_fallen()


def test_a_thread_that_returned_is_left_alone() -> None:
    clock = FakeClock()
    supervisor = Supervisor(clock)
    runs: list[int] = []
    supervisor.start("camera gate", lambda: runs.append(1), fell=lambda: runs.append(99))
    supervisor.join("camera gate", LONG_S)
    for _ in range(9):
        clock.pass_s(100)
        supervisor.restart_fallen()
    assert runs == [1]
