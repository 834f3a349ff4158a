"""The simulated county: the same day for the same seed, the model's peak, and nothing lost in a small one."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from bench.county.day import HOURLY, Day, taken
from bench.county.model import comparison, measured, toml
from bench.county.replay import PICTURE, Outage, played
from ray_cluster.capacity.inputs import FIGURES, read


def test_a_seed_is_a_day() -> None:
    day = Day(3000, agents=5)
    first = taken(day, 7)
    assert first == taken(day, 7)
    assert first != taken(day, 8)
    assert abs(len(first) - 3000) < 5 * 3000**0.5
    assert [each.number for each in first] == list(range(len(first)))
    assert [each.at_s for each in first] == sorted(each.at_s for each in first)
    assert {each.agent for each in first} == set(range(5))
    assert 0 <= first[0].at_s <= first[-1].at_s < 86_400
    rush = sum(8 * 3600 <= each.at_s < 9 * 3600 for each in first)
    night = sum(2 * 3600 <= each.at_s < 3 * 3600 for each in first)
    assert rush > 5 * night


def test_the_curve_is_the_models() -> None:
    assert sum(HOURLY) / 24 == pytest.approx(1)
    assert max(HOURLY) == FIGURES["peak_over_mean"].value


def test_an_outage_ends_when_no_more_waits_than_before_it() -> None:
    outage = Outage(ends_s=20)
    for at_s, is_out, waiting, seen, heard in (
        (5, False, 3, 50, 47),
        (10, True, 9, 60, 47),
        (19, True, 90, 150, 47),
        (21, False, 60, 160, 90),
        (25, False, 4, 200, 196),
        (30, False, 2, 250, 248),
    ):
        outage.note(at_s, is_out=is_out, waiting=waiting, taken=seen, heard=heard)
    assert (outage.backlog, outage.drain_s, outage.taken, outage.heard) == (90, 5, 50, 149)
    assert outage.rate == pytest.approx(149 / 5)


@pytest.mark.filterwarnings("ignore:optimize")
def test_a_small_day_goes_through_and_its_figures_fit_the_model(tmp_path: Path) -> None:
    day = Day(120, agents=3)
    snapshots = taken(day, 1)
    ran = played(day, snapshots, seconds=3, intakes=2, seed=1, folder=tmp_path / "archive")
    assert (ran.lost, ran.twice, ran.left) == (0, 0, 0)
    assert (ran.rows, ran.objects) == (len(snapshots), 3 * len(snapshots))
    assert ran.duplicates == ran.repeated == len([each for each in snapshots if each.number % 100 == 0])
    assert sum(hour.taken for hour in ran.hours) == sum(hour.archived for hour in ran.hours) == len(snapshots)
    figures = measured(ran, len(PICTURE))
    assert [name for name, _, _ in comparison(ran, figures)]
    file = tmp_path / "mine.toml"
    file.write_text(toml(figures, date(2026, 11, 26)))
    assert set(tomllib.loads(file.read_text())) == {each.name for each in figures.figures}
    assert read(file)["intake_ms"].source == "bench.county, 2026-11-26"
