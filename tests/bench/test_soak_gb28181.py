"""The promises of the soak of devices: each is broken by what breaks it, and by nothing else."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.soak import __main__
from bench.soak.devices.promises import Findings, Life, back_after_s, broken, least_there, most_per_s, per_s
from bench.soak.devices.reporter import Report
from bench.soak.devices.settlement import MEDIA_PORTS, Settlement

DEVICES, WATCHED = 100, 20
COUNTS = {
    "keepalives_sent": 0,
    "keepalives_answered": 0,
    "keepalives_lost": 0,
    "keepalives_refused": 0,
    "refreshes": 0,
    "registrations": DEVICES,
    "refusals": 0,
    "invites": 0,
    "queries": 0,
    "subscriptions": 0,
    "repeats": 0,
    "cpu_s": 0.0,
}


def station(at_s: float, **changes: Any) -> Report:
    said = {"there": DEVICES, "came": DEVICES, "gone": {}, "held": WATCHED, "rss_mib": 100.0, "cpu_s": at_s / 10}
    return Report(at_s, said | changes)


def life(how: str, seconds: Iterable[int], **changes: Any) -> Life:
    return Life(how, 2.0, [station(at_s, **changes) for at_s in seconds], 0)


def fleet(**changes: Any) -> list[Report]:
    """Nine hundred seconds; at 20, 302 and 602 sessions were asked for, ten a second."""
    reports = []
    for at_s in range(1, 900):
        invites = sum(max(0, min(WATCHED, 10 * (at_s - since_s))) for since_s in (20, 302, 602))
        said = {"invites": invites, "queries": min(3 * DEVICES, 30 * at_s), "cpu_s": at_s / 20}
        reports.append(Report(at_s, COUNTS | said | {name: made(at_s) for name, made in changes.items()}))
    return reports


GOOD = Findings(
    over_udp=DEVICES,
    over_tcp=0,
    watched=WATCHED,
    heartbeat_s=60.0,
    complete_s=50.0,
    steady=(50.0, 290.0),
    lives=[
        life("start", range(2, 300)),
        replace(life("SIGTERM", range(304, 600)), exit_code=-9),
        life("SIGKILL", range(604, 900)),
    ],
    udp=fleet(),
)


def with_life(number: int, **changes: Any) -> Findings:
    """One of the lives, as it went on after its two hundredth report."""
    lives = list(GOOD.lives)
    changed = lives[number]
    later = [Report(each.at_s, each.said | changes) for each in changed.reports[200:]]
    lives[number] = replace(changed, reports=[*changed.reports[:200], *later])
    return replace(GOOD, lives=lives)


def test_a_soak_that_went_well_breaks_nothing() -> None:
    assert broken(GOOD) == []
    figures = GOOD.figures()
    assert figures["cores: platform, steady"] == pytest.approx(0.1)
    assert figures["SIGTERM: INVITEs"] == WATCHED
    assert figures["SIGTERM: all heard after, s"] == 2.0
    assert figures["fewest there"] == DEVICES
    assert GOOD.as_json()["broken"] == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(GOOD, udp=fleet(keepalives_lost=lambda at_s: at_s // 800)), "1 keepalives were lost"),
        (replace(GOOD, udp=fleet(keepalives_refused=lambda at_s: at_s // 800)), "1 keepalives were refused"),
        (replace(GOOD, udp=fleet(refusals=lambda at_s: at_s // 400)), "2 registrations were refused"),
        (replace(GOOD, udp=fleet(registrations=lambda _: 101)), "101 times a device registered from nothing"),
        (with_life(0, rss_mib=140.0), "the platform's memory grew from 100 to 140 MiB"),
        (with_life(1, gone={"silent": 3}), "SIGTERM: 3 devices were called offline"),
        (with_life(2, there=99), "SIGKILL: at one moment only 99 of 100 were there"),
        (replace(GOOD, lives=[replace(GOOD.lives[0], exit_code=1), *GOOD.lives[1:]]), "start: the platform ended"),
    ],
)
def test_each_promise_can_be_broken(found: Findings, said: str) -> None:
    (fault,) = broken(found)
    assert fault.startswith(said)


def test_a_platform_that_comes_back_empty_is_found_at_its_first_word() -> None:
    empty = life("SIGTERM", range(304, 600))
    empty = replace(empty, reports=[station(304, there=0, came=0), *empty.reports[1:]])
    assert broken(replace(GOOD, lives=[GOOD.lives[0], empty, GOOD.lives[2]])) == [
        "SIGTERM: at one moment only 0 of 100 were there"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"came": 99}, "SIGTERM: not all were heard within 95 s (99 of 100 in the end)"),
        ({"held": 19}, "SIGTERM: 19 of 20 sessions stand"),
    ],
)
def test_who_does_not_come_back_is_missed(changes: dict[str, Any], said: str) -> None:
    assert broken(replace(GOOD, lives=[GOOD.lives[0], life("SIGTERM", range(304, 600), **changes)])) == [said]


@pytest.mark.parametrize(
    ("name", "jump", "said"),
    [
        ("invites", 80, ["a storm: 16.0 INVITEs a second", "80 INVITEs for 20 cameras"]),
        ("queries", 300, ["a storm: 60.0 queries a second"]),
    ],
)
def test_a_storm_after_a_restart_is_one_wherever_it_falls(name: str, jump: int, said: list[str]) -> None:
    stormy = replace(GOOD, udp=fleet(**{name: lambda at_s: jump * (at_s >= 650)}))
    assert broken(stormy) == [f"SIGKILL: {text}" for text in said]


def test_a_rate_is_taken_over_five_seconds_however_reports_come() -> None:
    reports = [Report(at_s, {"n": count}) for at_s, count in ((0, 0), (1, 10), (5, 10), (5.1, 20), (30, 145))]
    assert most_per_s(reports, "n") == 5.0
    assert most_per_s(reports, "n", until_s=6.0) == 3.9
    assert per_s(reports, "n") == pytest.approx(145 / 30)
    assert most_per_s([], "n") == 0.0


def test_somebody_who_was_not_there_yet_was_not_lost() -> None:
    coming = Life("start", 1.0, [station(1, there=0, came=0), station(60), station(61)], 0)
    assert least_there(coming, 50.0) == DEVICES
    assert back_after_s(coming, DEVICES) == 60.0
    assert back_after_s(coming, DEVICES + 1) is None


def test_every_device_has_a_camera_of_its_own() -> None:
    settlement = Settlement(over_udp=30, over_tcp=5, watched=4, heartbeat_s=60.0)
    sources = settlement.sources(Path("/nowhere/password"))
    assert len(sources) == settlement.devices == len({source.channel_id for source in sources.values()})
    assert settlement.section(5060).media_ports == MEDIA_PORTS


def test_one_soak_or_both(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[str, list[str]]] = []

    def run(module: str, **_: object) -> None:
        ran.append((module, sys.argv[3:]))
        raise SystemExit(len(ran) % 2)

    monkeypatch.setattr("runpy.run_module", run)
    monkeypatch.setattr("sys.argv", [])
    assert __main__.main([]) == 1
    assert __main__.main(["devices", "--devices", "5"]) == 1
    assert ran == [("bench.soak.cameras", []), ("bench.soak.devices", []), ("bench.soak.devices", ["--devices", "5"])]
    assert __main__.main(["--for", "5"]) == 2
