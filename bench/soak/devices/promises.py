"""What a soak of devices must show, judged from what they and the platform said. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bench.soak.devices.reporter import Report

WINDOW_S: Final = 5.0
"""Reports come about every second; a rate is taken over this long."""
INVITES_PER_S: Final = 12.0
"""`endpoint.INVITES_PER_S`, and a fifth for reports that come late."""
QUERIES_PER_S: Final = 20.0
"""After a restart. Lists are younger than an hour: nothing is to be asked."""
INVITES_EACH: Final = 2
"""Of one camera, after one restart."""
COME_BACK_S: Final = 35.0
"""After one keepalive interval; a request is repeated for 32 s."""
_FLAT: Final = 1.05
_FLAT_MIB: Final = 30.0


@dataclass(frozen=True)
class Life:
    """Of one process of the platform."""

    how: str
    """What came before it: a start, SIGTERM, SIGKILL."""
    ready_s: float
    """From its start to its first report."""
    reports: Sequence[Report]
    exit_code: int


@dataclass(frozen=True)
class Findings:
    """All that was found."""

    over_udp: int
    over_tcp: int
    watched: int
    heartbeat_s: float
    complete_s: float
    """When all were there, had told their channels, and all sessions stood; monotonic."""
    steady: tuple[float, float]
    """From when to when nothing was done to them."""
    lives: Sequence[Life]
    """The first, and one for each restart."""
    udp: Sequence[Report] = field(default_factory=list)
    """Counts of the devices that came over UDP."""
    tcp: Sequence[Report] = field(default_factory=list)

    @property
    def devices(self) -> int:
        """All of them."""
        return self.over_udp + self.over_tcp

    def figures(self) -> dict[str, Any]:
        """For the table and the report."""
        first = self.lives[0].reports
        quiet = _between(first, *self.steady)
        middle, end = _thirds(quiet)
        figures: dict[str, Any] = {
            "devices over UDP, over TCP": f"{self.over_udp}, {self.over_tcp}",
            "cameras that hold a session": self.watched,
            "all there, listed and watched after, s": round(self.complete_s - self.udp[0].at_s, 1),
            "most queries a second while they came": most_per_s(self.udp, "queries", until_s=self.complete_s),
            "steady for, s": round(self.steady[1] - self.steady[0]),
            "cores: platform, steady": round(per_s(quiet, "cpu_s"), 3),
            "cores: devices over UDP, steady": round(per_s(_between(self.udp, *self.steady), "cpu_s"), 3),
            "platform MiB, second and last third": f"{middle:.0f}, {end:.0f}",
            "keepalives sent": self._last("keepalives_sent"),
            "keepalives answered": self._last("keepalives_answered"),
            "keepalives lost": self._last("keepalives_lost"),
            "keepalives refused": self._last("keepalives_refused"),
            "registrations renewed": self._last("refreshes"),
            "registrations from nothing, UDP": self.udp[-1]["registrations"],
            "registrations refused": self._last("refusals"),
            "false offline": sum(_gone(life) for life in self.lives),
            "fewest there": min(least_there(life, self.complete_s) for life in self.lives),
        }
        for life in self.lives[1:]:
            figures |= {f"{life.how}: {name}": figure for name, figure in self._after(life).items()}
        return figures

    def as_json(self) -> dict[str, Any]:
        """Everything, for the report."""
        return {
            "figures": self.figures(),
            "broken": broken(self),
            "lives": [{"how": life.how, "reports": [each.said for each in life.reports]} for life in self.lives],
            "udp": [each.said | {"at_s": each.at_s} for each in self.udp],
            "tcp": [each.said | {"at_s": each.at_s} for each in self.tcp],
        }

    def _after(self, life: Life) -> Mapping[str, Any]:
        """What a restart brought about."""
        since_s, until_s = life.reports[0].at_s - life.ready_s, life.reports[-1].at_s
        after = _between(self.udp, since_s, until_s)
        back_s = back_after_s(life, self.devices)
        held_s = next((each.at_s for each in life.reports if each["held"] == self.watched), None)
        return {
            "ready after, s": round(life.ready_s, 1),
            "there at its first word": life.reports[0]["there"],
            "all heard after, s": None if back_s is None else round(back_s, 1),
            "sessions stand after, s": None if held_s is None else round(held_s - since_s, 1),
            "INVITEs": _rise(after, "invites"),
            "most INVITEs a second": most_per_s(after, "invites"),
            "queries": _rise(after, "queries"),
            "most queries a second": most_per_s(after, "queries"),
            "most subscriptions a second": most_per_s(after, "subscriptions"),
            "repeated requests": _rise(after, "repeats"),
            "platform MiB at its end": round(life.reports[-1]["rss_mib"]),
        }

    def _last(self, name: str) -> int:
        return sum(int(reports[-1][name]) for reports in (self.udp, self.tcp) if reports)


def broken(found: Findings) -> list[str]:
    """The promises that were not kept, a line each."""
    figures = found.figures()
    anew = figures["registrations from nothing, UDP"]
    middle, end = _thirds(_between(found.lives[0].reports, *found.steady))
    rules = [
        (figures["keepalives lost"] == 0, f"{figures['keepalives lost']} keepalives were lost"),
        (figures["keepalives refused"] == 0, f"{figures['keepalives refused']} keepalives were refused"),
        (figures["registrations refused"] == 0, f"{figures['registrations refused']} registrations were refused"),
        (
            anew == found.over_udp,
            f"{anew} times a device registered from nothing over UDP, and there are {found.over_udp}",
        ),
        (
            end <= max(middle * _FLAT, middle + _FLAT_MIB),
            f"the platform's memory grew from {middle:.0f} to {end:.0f} MiB",
        ),
    ]
    for life in found.lives:
        gone, least = _gone(life), least_there(life, found.complete_s)
        rules += [
            (not gone, f"{life.how}: {gone} devices were called offline, and none was: {life.reports[-1]['gone']}"),
            (least == found.devices, f"{life.how}: at one moment only {least} of {found.devices} were there"),
        ]
    for life in found.lives[:-1]:
        rules.append((life.exit_code in {0, -9}, f"{life.how}: the platform ended with code {life.exit_code}"))
    for life in found.lives[1:]:
        rules += [(holds, f"{life.how}: {text}") for holds, text in _restarted(found, life)]
    return [text for holds, text in rules if not holds]


def _restarted(found: Findings, life: Life) -> list[tuple[bool, str]]:
    name = f"{life.how}: "
    figures = {key.removeprefix(name): each for key, each in found.figures().items() if key.startswith(name)}
    back_s, limit_s = figures["all heard after, s"], found.heartbeat_s + COME_BACK_S
    return [
        (
            back_s is not None and back_s <= limit_s,
            f"not all were heard within {limit_s:g} s ({life.reports[-1]['came']} of {found.devices} in the end)",
        ),
        (
            figures["sessions stand after, s"] is not None,
            f"{life.reports[-1]['held']} of {found.watched} sessions stand",
        ),
        (
            figures["most INVITEs a second"] <= INVITES_PER_S,
            f"a storm: {figures['most INVITEs a second']} INVITEs a second",
        ),
        (
            figures["INVITEs"] <= INVITES_EACH * found.watched,
            f"{figures['INVITEs']} INVITEs for {found.watched} cameras",
        ),
        (
            figures["most queries a second"] <= QUERIES_PER_S,
            f"a storm: {figures['most queries a second']} queries a second",
        ),
    ]


def most_per_s(reports: Sequence[Report], name: str, *, until_s: float = float("inf")) -> float:
    """The highest rate of a count over any `WINDOW_S`."""
    points = [(each.at_s, float(each[name])) for each in reports if each.at_s <= until_s]
    most, begin = 0.0, 0
    for at_s, count in points:
        while begin + 1 < len(points) and points[begin + 1][0] <= at_s - WINDOW_S:
            begin += 1
        since_s, before = points[begin]
        most = max(most, (count - before) / max(WINDOW_S, at_s - since_s))
    return round(most, 1)


def per_s(reports: Sequence[Report], name: str) -> float:
    """The mean rate of a count."""
    first, last = reports[0], reports[-1]
    return float(last[name] - first[name]) / (last.at_s - first.at_s)


def least_there(life: Life, complete_s: float) -> int:
    """The fewest devices that were there at one moment, once all had come."""
    return min(int(each["there"]) for each in life.reports if each.at_s >= complete_s)


def back_after_s(life: Life, devices: int) -> float | None:
    """From the start of a process to when it had heard everybody; None: it never did."""
    since_s = life.reports[0].at_s - life.ready_s
    return next((each.at_s - since_s for each in life.reports if each["came"] == devices), None)


def _gone(life: Life) -> int:
    return sum(life.reports[-1]["gone"].values())


def _rise(reports: Sequence[Report], name: str) -> int:
    return int(reports[-1][name] - reports[0][name]) if reports else 0


def _between(reports: Sequence[Report], since_s: float, until_s: float) -> list[Report]:
    return [each for each in reports if since_s <= each.at_s <= until_s]


def _thirds(reports: Sequence[Report]) -> tuple[float, float]:
    """Median memory of the second third, and of the last."""
    third = max(1, len(reports) // 3)
    parts = reports[third : 2 * third] or reports, reports[-third:]
    middle, end = (statistics.median(float(each["rss_mib"]) for each in part) for part in parts)
    return middle, end
