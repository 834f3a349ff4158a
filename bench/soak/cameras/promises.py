"""What a soak must show, judged from what was heard and weighed. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from bench.soak.cameras.weighing import Sample
from provisioning.contracts.wire.messages import Heartbeat, Ledger

_FLAT: Final = 1.05
_FLAT_MIB: Final = 30.0
"""Memory of the last third against the second one may grow by a twentieth, or by so little that it is noise."""
_BUSY: Final = 0.005
"""Of what was selected, so much at most may overflow the redactor's queue."""
_HELD: Final = 1.10
"""So much more than the stated rate may be redacted in the long run: it is itself a running mean. Each camera's first
picture is taken whatever the rate."""
_USED: Final = 0.7
"""While pictures are passed over for want of rate, so much of it at least must have been used."""
_EXPECTED: Final = frozenset({"redactor_busy", "second_look"})
"""Drops that may be: the first is counted below, the second is a face that a cover did not hide."""


@dataclass(frozen=True)
class Findings:
    """All that was found."""

    seconds: float
    in_time: int
    """Observations that arrived in that time."""
    ledgers: Mapping[str, Ledger]
    """By camera, once the agent had stopped."""
    delivered: Mapping[str, int]
    """Distinct observations by camera, as the intake counted them to the end."""
    lost: Sequence[str]
    heartbeats: Sequence[Heartbeat]
    samples: Sequence[Sample]
    cameras: Sequence[str]
    sign_of_life_s: float
    exit_code: int

    def figures(self) -> dict[str, Any]:
        """For the table and the report."""
        first, last = self.samples[0], self.samples[-1]
        elapsed_s = max(last.at_s - first.at_s, 1e-3)
        middle, end = _thirds(self.samples)
        rates = [beat.rate for beat in self.heartbeats if beat.rate is not None]
        drops: dict[str, int] = {}
        for ledger in self.ledgers.values():
            for name, count in ledger.dropped.items():
                drops[name] = drops.get(name, 0) + count
        counts = sorted(self.delivered.get(camera, 0) for camera in self.cameras)
        return {
            "seconds": round(self.seconds),
            "cameras": len(self.cameras),
            "lost": len(self.lost),
            "selected": sum(ledger.selected for ledger in self.ledgers.values()),
            "archived": sum(ledger.archived for ledger in self.ledgers.values()),
            "dropped": drops,
            "redacted a second": round(self.in_time / self.seconds, 3),
            "stated rate, median": round(statistics.median(rates), 3) if rates else None,
            "passed over": sum(self.heartbeats[-1].passed_over.values()) if self.heartbeats else None,
            "queued, most": max((beat.queued for beat in self.heartbeats), default=None),
            "snapshots of a camera, least to most": f"{counts[0]} to {counts[-1]}",
            "agent MiB, second and last third": f"{middle[0]:.0f}, {end[0]:.0f}",
            "cameras' processes MiB, second and last third": f"{middle[1]:.0f}, {end[1]:.0f}",
            "cores: agent": round((last.agent_cpu_s - first.agent_cpu_s) / elapsed_s, 3),
            "cores: cameras' processes": round((last.cameras_cpu_s - first.cameras_cpu_s) / elapsed_s, 3),
            "cores: simulated cameras": round((last.server_cpu_s - first.server_cpu_s) / elapsed_s, 3),
            "cores: broker": round((last.broker_cpu_s - first.broker_cpu_s) / elapsed_s, 3),
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, for the report."""
        return {
            "figures": self.figures(),
            "broken": broken(self),
            "lost": list(self.lost),
            "samples": [asdict(each) for each in self.samples],
            "ledgers": {camera: ledger.model_dump() for camera, ledger in self.ledgers.items()},
        }


def broken(found: Findings) -> list[str]:
    """The promises that were not kept, a line each."""
    figures = found.figures()
    middle, end = _thirds(found.samples)
    least = _least(found, figures["stated rate, median"])
    total = {name: sum(getattr(each, name) for each in found.ledgers.values()) for name in ("selected", "in_flight")}
    rate = figures["stated rate, median"]
    busy = figures["dropped"].get("redactor_busy", 0)
    rules = [
        (not found.lost, f"cameras were lost: {'; '.join(found.lost[:5])}"),
        (found.exit_code == 0, f"the agent ended with code {found.exit_code}"),
        (_is_flat(middle[0], end[0]), f"the agent's memory grew from {middle[0]:.0f} to {end[0]:.0f} MiB"),
        (_is_flat(middle[1], end[1]), f"the cameras' memory grew from {middle[1]:.0f} to {end[1]:.0f} MiB"),
        (rate is not None, "the agent stated no rate"),
        (
            rate is None or (found.in_time - len(found.cameras)) / found.seconds <= rate * _HELD,
            f"{figures['redacted a second']} pictures a second were redacted, {rate} were stated",
        ),
        (
            busy <= max(1, _BUSY * total["selected"]),
            f"{busy} pictures overflowed the redactor's queue: the budget was not held",
        ),
        (
            rate is None or not figures["passed over"] or found.in_time / found.seconds >= rate * _USED,
            (
                f"only {figures['redacted a second']} pictures a second were redacted of {rate} stated, and"
                f" {figures['passed over']} were passed over"
            ),
        ),
        (
            set(figures["dropped"]) <= _EXPECTED,
            f"pictures were dropped that should not be: {figures['dropped']}",
        ),
        (total["in_flight"] == 0, f"{total['in_flight']} pictures are unaccounted for"),
        (
            sum(found.delivered.values()) == figures["archived"],
            f"{sum(found.delivered.values())} pictures arrived, the agent was told of {figures['archived']}",
        ),
    ]
    for camera in found.cameras:
        ledger = found.ledgers.get(camera)
        rules.append((ledger is not None and ledger.balanced, f"the ledger of {camera} does not add up"))
        count = found.delivered.get(camera, 0)
        rules.append((count >= least, f"{camera} gave {count} pictures where {least} signs of life were due"))
    return [text for holds, text in rules if not holds]


def _least(found: Findings, rate: float | None) -> int:
    """Signs of life of each camera in that time; on a machine that cannot redact so many, as many as it can."""
    apart_s = max(found.sign_of_life_s, len(found.cameras) / rate if rate else 0.0)
    return max(1, int(found.seconds / apart_s) - 1)


def _is_flat(before: float, after: float) -> bool:
    return after <= max(before * _FLAT, before + _FLAT_MIB)


def _thirds(samples: Sequence[Sample]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Medians of agent and cameras, of the second third and of the last: in the first one things are still filled."""
    third = max(1, len(samples) // 3)
    parts = samples[third : 2 * third] or samples, samples[-third:]
    middle, end = (
        (statistics.median(each.agent_mib for each in part), statistics.median(each.cameras_mib for each in part))
        for part in parts
    )
    return middle, end
