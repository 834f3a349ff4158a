"""The bench of the whole way: what it makes of what the centre stored and the page said."""

from typing import Any

from bench.edge.capture_to_browser import BOUNDS_MS, HOPS, joined, measured

ORDER = (
    "captured",
    "selected",
    "redacted",
    "spooled",
    "published",
    "received",
    "parsed",
    "committed",
    "heard",
    "decided",
    "stored",
    "sent",
)


def alarm(key: str, step_ms: int, **changes: int | None) -> dict[str, Any]:
    times = {f"{name}_at_ms": 1_000 + number * step_ms for number, name in enumerate(ORDER)}
    return {"row_key": key, "times": {"clock": "synced", **times, **changes}}


def arrival(step_ms: int) -> dict[str, int]:
    return {"inserted_at_ms": 1_000 + 12 * step_ms, "drawn_at_ms": 1_000 + 13 * step_ms}


def test_each_hop_is_of_the_alarms_whose_every_moment_is_known() -> None:
    alarms = [alarm("a", 10), alarm("b", 30), alarm("unseen", 9), alarm("restarted", 9, spooled_at_ms=None)]
    arrivals = {"a": arrival(10), "b": arrival(30), "restarted": arrival(9), "of another rule": arrival(9)}
    hops = {each.hop.name: each for each in measured(joined(alarms, arrivals))}
    assert hops["parse, with its lane"].values == (10, 30)
    assert hops["capture to browser"].values == (120, 360)
    assert hops["capture to browser"].cuts[3] == 360
    assert all(sum(each.counts) == 2 and len(each.counts) == len(BOUNDS_MS) + 1 for each in hops.values())


def test_the_hops_lead_from_capture_to_browser_without_a_gap() -> None:
    ends = [(hop.first, hop.last) for hop in HOPS if not hop.name.startswith(("of it", "capture to"))]
    assert [last for _, last in ends[:-1]] == [first for first, _ in ends[1:]]
    assert (ends[0][0], ends[-1][1]) == ("captured", "drawn")
