"""The capacity model: as plain arithmetic has it, monotone, in the right units, honest about what it lacks."""

import dataclasses
import math
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.capacity.inputs import FIGURES, AbsurdInput, Figure, Origin, overridden, read
from ray_cluster.capacity.model import ANSWERS, FORMULAS, Demand, plan
from ray_cluster.capacity.units import Quantity, UnitMismatch, evaluate, same_unit, terms, written
from ray_cluster.intake.intake import GROUP

COUNTY = Demand(cameras=30, picture_sources=470, snapshots_per_day=20_000_000, retention_days=30)
MEASURED = overridden(FIGURES, ["parser_per_gpu=200"])
VEHICLE_S = (FIGURES["vehicle_ms"].value or 0) / 1000
EASES = {
    "seconds_per_day", "edge_busy", "server_busy", "cores_per_box", "cores_per_server", "gpus_per_server",
    "parser_per_gpu", "reuse_share", "vehicle_share", "broker_rate", "window", "batch_rows", "group_rows", "disk_fill",
    "disk_tb", "disks_per_server",
}  # fmt: skip
"""Figures that make less of everything necessary when they grow."""
FREE = sorted(name for name, figure in FIGURES.items() if figure.low < figure.high)
DEMANDS = st.builds(
    Demand,
    cameras=st.integers(1, 5000),
    picture_sources=st.integers(0, 50_000),
    snapshots_per_day=st.integers(0, 2_000_000),
    retention_days=st.integers(1, 366),
)


def answers(demand: Demand, figures: dict[str, Figure] = MEASURED) -> dict[str, float]:
    answered = plan(demand, figures)
    return {line.name: line.result.value for line in answered.lines if line.result is not None}


def test_the_reference_county_adds_up() -> None:
    found = answers(COUNTY)
    rate = 20_000_000 / 86_400
    assert found["mean_rate"] == pytest.approx(rate)
    streams, scenes = (FIGURES[name].value or 0 for name in ("redaction_ms", "pushed_ms"))
    picture = (30 * streams + 470 * scenes) / 500 / 1000
    assert found["redacting_mean"] == pytest.approx(rate * picture)
    cores = (30 * 0.78 / 60 + 30 * 4 / 30 * 9.15 / 60 + rate * 2 * picture) / 0.9
    assert found["edge_cores"] == pytest.approx(cores)
    assert found["edge_boxes"] == math.ceil(cores / 16)
    message = 100_000 + FIGURES["envelope_bytes"].quantity.value  # type: ignore[union-attr]
    assert found["uplink_mean"] == pytest.approx(rate * message * 1.05 * 8 / 1e6)
    assert found["spools"] == pytest.approx(rate * message * 72 * 3600 * 1.01 / 1e9)
    row, machine, index = (
        FIGURES[name].value or 0 for name in ("snapshot_row_bytes", "object_row_bytes", "index_bytes")
    )
    stored = 100_000 + row + 3 * (machine + index)
    assert found["archive_tb"] == pytest.approx(20_000_000 * stored * 31 / 1e12)
    assert found["disks"] == math.ceil(20_000_000 * stored * 31 / 1e12 * 2 / 0.8 / 16)
    assert found["gpus"] == math.ceil(rate * 2 * 1.5 / (200 * 0.7))
    design = rate * 2 * 1.5
    assert found["parsing"] == pytest.approx(design * (0.97 * 5 + 0.03 * 66) / 1000)
    assert found["canary"] == pytest.approx(design * 0.03 * 364 / 1000)
    roles = ("business_servers", "parse_servers", "archivers", "storage_servers")
    assert found["servers"] == sum(found[name] for name in roles)


def test_vehicles_that_devices_cut_out_cost_less_than_scenes() -> None:
    vehicles = answers(COUNTY, overridden(MEASURED, ["vehicle_share=1"]))
    assert vehicles["redacting_scenes"] == 0
    assert vehicles["redacting_vehicles"] == pytest.approx(470 / 500 * 20_000_000 / 86_400 * VEHICLE_S)
    assert vehicles["edge_cores"] < answers(COUNTY)["edge_cores"]


def test_every_line_shows_the_arithmetic_that_gave_it() -> None:
    for line in plan(COUNTY, MEASURED).lines:
        assert line.result is not None
        shown = [float(word.replace(",", "")) for word in line.numbers.split() if word[0].isdigit()]
        operators = [operator for operator, _ in terms(line.formula)]
        assert len(shown) == len(operators), line
        value = 0.0 if operators[0] == "+" else 1.0
        for operator, number in zip(operators, shown, strict=True):
            value = {"+": value + number, "−": value - number, "×": value * number}.get(operator, value / (number or 1))
        if line.whole:
            assert line.result.value == pytest.approx(math.ceil(value), abs=1)
        else:
            assert line.result.value == pytest.approx(value, rel=0.002)


def test_every_input_has_a_source_and_every_figure_is_used() -> None:
    answered = plan(COUNTY, MEASURED)
    inputs = {figure.name: figure for figure in answered.inputs}
    assert set(FIGURES) <= set(inputs)
    for figure in answered.inputs:
        assert figure.source
        assert figure.origin is not Origin.MEASURED or "2026-11" in figure.source
    assert len({formula.name for formula in FORMULAS}) == len(FORMULAS)
    assert set(ANSWERS) <= {formula.name for formula in FORMULAS}


def test_the_model_is_about_these_programs() -> None:
    assert FIGURES["window"].value == ClusterConfig.model_fields["receive_maximum"].default
    assert FIGURES["group_rows"].value == GROUP
    pages = Path(__file__).parents[3]
    for figure in FIGURES.values():
        if figure.source.startswith("docs/"):
            assert (pages / figure.source.partition(",")[0].partition(":")[0]).exists(), figure


def test_what_nobody_measured_is_not_answered_and_says_so() -> None:
    answered = plan(COUNTY)
    unanswered = {line.name: line.missing for line in answered.lines if line.result is None}
    assert unanswered == dict.fromkeys(("gpu_room", "gpus", "gpu_servers", "servers_gpu"), ("parser_per_gpu",))
    assert "GPUs: not measured on a GPU; give --parser-per-gpu" in answered.warnings
    assert not any("GPU" in warning for warning in plan(COUNTY, MEASURED).warnings)


def test_a_county_that_one_writer_cannot_keep_up_with_is_warned() -> None:
    assert any("two archives" in warning for warning in plan(COUNTY, overridden(MEASURED, ["row_ms=5"])).warnings)
    assert not any(
        "two archives" in warning
        for warning in plan(COUNTY, overridden(MEASURED, ["row_ms=0.3", "lookup_ms=1"])).warnings
    )


def test_without_cameras_nothing_is_needed() -> None:
    found = answers(Demand(cameras=0, picture_sources=0, snapshots_per_day=0, retention_days=30))
    assert {name: found[name] for name in ANSWERS} == dict.fromkeys(ANSWERS, 0)


@settings(max_examples=60)
@example(Demand(cameras=1, picture_sources=1, snapshots_per_day=26182, retention_days=1), "cameras")
@given(demand=DEMANDS, name=st.sampled_from(["cameras", "picture_sources", "snapshots_per_day", "retention_days"]))
def test_more_of_anything_never_needs_less(demand: Demand, name: str) -> None:
    more = dataclasses.replace(
        demand, **{name: min(getattr(demand, name) + 1 + getattr(demand, name) // 3, 50_000_000)}
    )
    if name == "retention_days" and more.retention_days > 366:
        return
    try:
        less, found = answers(demand), answers(more)
    except AbsurdInput:
        return  # every picture of a stream, or more
    # Of the same pictures more come out of streams, which cost less to redact than what is pushed.
    spared = {"edge_cores", "edge_boxes"} if name == "cameras" else set()
    assert all(found[answer] >= less[answer] * (1 - 1e-12) for answer in set(ANSWERS) - spared)


@settings(max_examples=60)
@given(demand=DEMANDS, name=st.sampled_from(FREE), factor=st.floats(1.01, 3))
def test_a_worse_figure_never_needs_less(demand: Demand, name: str, factor: float) -> None:
    figure = MEASURED[name]
    assert figure.value is not None
    value = min(figure.value * factor, figure.high)
    changed = MEASURED | {name: figure.given(value, "test")}
    less, more = (
        (answers(demand, changed), answers(demand)) if name in EASES else (answers(demand), answers(demand, changed))
    )
    assert all(more[answer] >= less[answer] * (1 - 1e-9) for answer in ANSWERS), name


@pytest.mark.parametrize(
    ("demand", "said"),
    [
        (dataclasses.replace(COUNTY, cameras=-1), "--cameras"),
        (dataclasses.replace(COUNTY, cameras=10**7), "streams must be 0 to 100,000 camera"),
        (dataclasses.replace(COUNTY, retention_days=0), "--retention"),
        (dataclasses.replace(COUNTY, retention_days=3650), "1 to 366 day"),
        (dataclasses.replace(COUNTY, snapshots_per_day=-5), "--snapshots-per-day"),
        (dataclasses.replace(COUNTY, cameras=0, picture_sources=0), "no camera at all"),
        (Demand(1, 0, 20_000_000, 30), "over 25 a second"),
    ],
)
def test_an_absurd_county_is_refused_in_words(demand: Demand, said: str) -> None:
    with pytest.raises(AbsurdInput, match=said):
        plan(demand)


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("redaction_ms=-3", "must be 1 to 60,000"),
        ("redaction_ms=nan", "check the unit"),
        ("redaction_ms=1e9", "check the unit"),
        ("redaction_ms", "NAME=VALUE"),
        ("redaction_ms=fast", "NAME=VALUE"),
        ("seconds_per_day=10", "86,400 to 86,400"),
        ("catch_up=1", "1.05 to 20"),
        ("cows=3", "no figure 'cows'"),
    ],
)
def test_an_absurd_figure_is_refused_in_words(pair: str, said: str) -> None:
    with pytest.raises(AbsurdInput, match=said):
        overridden(FIGURES, [pair])


def test_a_model_of_the_clusters_own_and_agents_without_a_proof_cost_what_they_did() -> None:
    found = answers(COUNTY, overridden(MEASURED, ["reuse_share=0", "canary_share=1"]))
    design = 20_000_000 / 86_400 * 2 * 1.5
    assert found["parsing"] == pytest.approx(design * 66 / 1000)
    assert found["canary"] == pytest.approx(design * 364 / 1000)


def test_figures_of_other_machines_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        "redaction_ms = 900\n[parser_ms]\nvalue = 30\nunit = 'core·ms/snapshot'\n"
        "source = 'our bench'\ndate = 2026-11-26\n"
    )
    known = read(file)
    assert (known["redaction_ms"].value, known["redaction_ms"].origin) == (900, Origin.GIVEN)
    assert (known["parser_ms"].value, known["parser_ms"].origin) == (30, Origin.MEASURED)
    assert known["parser_ms"].source == "our bench, 2026-11-26"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cows = 3", "no figure 'cows'"),
        ("redaction_ms = 'fast'", "needs a number"),
        ("redaction_ms = true", "needs a number"),
        ("[redaction_ms]\nunit = 's'", "needs a number"),
        ("[redaction_ms]\nvalue = 3\nunit = 's'", "must be in core·ms/snapshot"),
        ("[redaction_ms]\nvalue = 3\ncolour = 's'", "colour is not known"),
        ("[redaction_ms\n", "not valid TOML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(AbsurdInput, match=said):
        read(file)
    with pytest.raises(AbsurdInput, match="--figures"):
        read(tmp_path / "absent.toml")


def test_a_formula_checks_its_units() -> None:
    known = {"way": Quantity(6, "m"), "time": Quantity(2, "s"), "none": Quantity(0, "s")}
    assert evaluate("way ÷ time", known) == Quantity(3, "m/s")
    assert evaluate("none ÷ none", known).value == 0
    with pytest.raises(UnitMismatch, match="is added"):
        evaluate("way + time", known)
    for nonsense in ("way ÷ time + way", "way time", "way ÷", "", "Way"):
        with pytest.raises(UnitMismatch, match="no formula"):
            evaluate(nonsense, known)
    with pytest.raises(ZeroDivisionError):
        evaluate("way ÷ none", known)
    assert same_unit("core·ms/snapshot", "ms·core/snapshot")
    assert not same_unit("ms", "s")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (20_000_000, "20,000,000"), (231.481, "231.5"), (0.012923, "0.01292"), (3600, "3,600"), (2.0, "2")],
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    assert written(value) == text
