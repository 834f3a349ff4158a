"""Computes the capacity that a county needs, by a table of formulas over named figures, each with its source.

No line is computed in two places: the formula printed beside a result is the one that gave it. A line that needs a
figure that was never measured is not answered, and names that figure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ray_cluster.capacity.inputs import FIGURES, AbsurdInput, Figure, Origin
from ray_cluster.capacity.units import Quantity, UnitMismatch, evaluate, same_unit, terms

_MOST_PER_CAMERA: Final = 25.0
"""Most snapshots a second of one camera: every picture of a stream."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Cameras, snapshots and retention of a county.

    Attributes:
        cameras: streams that an agent decodes.
        picture_sources: devices that push pictures.
        snapshots_per_day: snapshots of all cameras and devices together, as archived.
        retention_days: days for which a day is kept.
    """

    cameras: int
    picture_sources: int
    snapshots_per_day: int
    retention_days: int


@dataclass(frozen=True, slots=True)
class Formula:
    """Formula of a line. `whole`: the result is rounded up, for things that come in pieces."""

    part: str
    name: str
    says: str
    text: str
    unit: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its result. `result` None: `missing` names the figures that were not given."""

    part: str
    name: str
    says: str
    formula: str
    numbers: str
    result: Quantity | None
    whole: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Result of the model: the lines in order, the inputs that they used, and warnings."""

    lines: tuple[Line, ...]
    inputs: tuple[Figure, ...]
    warnings: tuple[str, ...]

    def value(self, name: str) -> float | None:
        """Return the result of one line; None if a figure is missing."""
        result = next(line.result for line in self.lines if line.name == name)
        return None if result is None else result.value


_RATES, _EDGE, _SERVERS, _DISKS, _TOGETHER, _NETWORK = "rates", "edge", "servers", "disks", "together", "bandwidth"


def _up(part: str, name: str, says: str, text: str, unit: str) -> Formula:
    return Formula(part, name, says, text, unit, whole=True)


FORMULAS: Final = (
    Formula(_RATES, "all_cameras", "streams and picture sources", "cameras + picture_sources", "camera"),
    Formula(_RATES, "mean_rate", "snapshots, mean", "snapshots_per_day ÷ seconds_per_day", "snapshot/s"),
    Formula(_RATES, "camera_rate", "of one camera, mean", "mean_rate ÷ all_cameras", "snapshot/camera·s"),
    Formula(_RATES, "peak_rate", "in the busiest hour", "mean_rate × peak_over_mean", "snapshot/s"),
    Formula(_RATES, "design_rate", "what servers and lines are built for", "peak_rate × catch_up", "snapshot/s"),
    Formula(_RATES, "spare_rate", "left over for what waits", "design_rate − mean_rate", "snapshot/s"),
    Formula(_RATES, "backlog", "after an hour's outage at the peak", "peak_rate × seconds_per_hour", "snapshot/h"),
    Formula(_RATES, "drain_time", "until that is archived", "backlog ÷ spare_rate", "s/h"),
    Formula(_EDGE, "watching", "streams watched", "cameras × quiet_stream ÷ seconds_per_minute", "core"),
    Formula(
        _EDGE, "closer", "of them looked at closer", "cameras × moving_share × moving_stream ÷ seconds_per_minute",
        "core",
    ),
    Formula(_EDGE, "fetched_rate", "pictures out of streams", "camera_rate × cameras", "snapshot/s"),
    Formula(_EDGE, "pushed_rate", "pictures that devices push", "mean_rate − fetched_rate", "snapshot/s"),
    Formula(_EDGE, "vehicle_rate", "of them one vehicle, cut out", "pushed_rate × vehicle_share", "snapshot/s"),
    Formula(_EDGE, "scene_rate", "and whole scenes", "pushed_rate − vehicle_rate", "snapshot/s"),
    Formula(_EDGE, "redacting_fetched", "redaction, streams", "fetched_rate × redaction_ms ÷ ms_per_second", "core"),
    Formula(_EDGE, "redacting_scenes", "redaction, scenes", "scene_rate × pushed_ms ÷ ms_per_second", "core"),
    Formula(_EDGE, "redacting_vehicles", "redaction, vehicles", "vehicle_rate × vehicle_ms ÷ ms_per_second", "core"),
    Formula(
        _EDGE, "redacting_mean", "redaction, mean", "redacting_fetched + redacting_scenes + redacting_vehicles", "core"
    ),
    Formula(_EDGE, "redacting", "redaction in the busiest hour", "redacting_mean × peak_over_mean", "core"),
    Formula(_EDGE, "edge_work", "all of it", "watching + closer + redacting", "core"),
    Formula(_EDGE, "edge_cores", "cores of all edge boxes", "edge_work ÷ edge_busy", "core"),
    _up(_EDGE, "edge_boxes", "edge boxes", "edge_cores ÷ cores_per_box", "box"),
    Formula(_EDGE, "agents_memory", "memory of the agents", "edge_boxes × agent_memory ÷ mib_per_gib", "GiB"),
    Formula(_EDGE, "streams_memory", "memory of the streams", "cameras × stream_memory ÷ mib_per_gib", "GiB"),
    Formula(_EDGE, "edge_memory", "together", "agents_memory + streams_memory", "GiB"),
    Formula(_EDGE, "message_bytes", "a message", "picture_bytes + envelope_bytes", "byte/snapshot"),
    Formula(_EDGE, "outage", "the outage to outlast", "outage_hours × seconds_per_hour", "s"),
    Formula(
        _EDGE, "spools", "spools of all agents", "mean_rate × message_bytes × outage × spool_overhead ÷ bytes_per_gb",
        "GB",
    ),
    _up(_SERVERS, "brokers", "brokers", "design_rate ÷ broker_rate", "broker"),
    _up(_SERVERS, "intakes", "intakes, by their window", "design_rate × held_seconds ÷ window", "intake"),
    Formula(_SERVERS, "intake_cores", "intake", "design_rate × intake_ms ÷ ms_per_second", "core"),
    Formula(_SERVERS, "server_room", "of a server, not filled up", "cores_per_server × server_busy", "core/server"),
    _up(_SERVERS, "business_servers", "business servers", "intake_cores ÷ server_room", "server"),
    Formula(_SERVERS, "commits", "commits a second", "design_rate ÷ batch_rows", "commit/s"),
    Formula(_SERVERS, "committing", "share of one writer's time", "commits × commit_ms ÷ ms_per_second", ""),
    Formula(_SERVERS, "writing", "and for the rows", "design_rate × row_ms ÷ ms_per_second", ""),
    Formula(_SERVERS, "lookups", "lookups of what is archived", "design_rate ÷ group_rows", "lookup/s"),
    Formula(_SERVERS, "looking_up", "and for lookups", "lookups × lookup_ms ÷ ms_per_second", ""),
    Formula(_SERVERS, "archiver_share", "together", "committing + writing + looking_up", ""),
    _up(_SERVERS, "archivers", "archives, one writer each", "archiver_share × one_archive", "server"),
    Formula(_SERVERS, "reused_rate", "the edge's machines reused", "design_rate × reuse_share", "snapshot/s"),
    Formula(_SERVERS, "searched_rate", "searched by the parser", "design_rate − reused_rate", "snapshot/s"),
    Formula(_SERVERS, "reusing", "parser, where it reuses", "reused_rate × reuse_ms ÷ ms_per_second", "core"),
    Formula(_SERVERS, "searching", "parser, where it searches", "searched_rate × parser_ms ÷ ms_per_second", "core"),
    Formula(_SERVERS, "parsing", "parser", "reusing + searching", "core"),
    Formula(_SERVERS, "canary", "canary", "design_rate × canary_share × canary_ms ÷ ms_per_second", "core"),
    Formula(_SERVERS, "objects_rate", "machines a second", "design_rate × objects_per_snapshot", "object/s"),
    Formula(_SERVERS, "embedding", "vectors", "objects_rate × embed_ms ÷ ms_per_second", "core"),
    Formula(_SERVERS, "parse_cores", "all networks without a GPU", "parsing + canary + embedding", "core"),
    _up(_SERVERS, "parse_servers", "parse servers without a GPU", "parse_cores ÷ server_room", "server"),
    Formula(_SERVERS, "gpu_room", "of a GPU, not filled up", "parser_per_gpu × server_busy", "snapshot/GPU·s"),
    _up(_SERVERS, "gpus", "GPUs instead", "design_rate ÷ gpu_room", "GPU"),
    _up(_SERVERS, "gpu_servers", "parse servers with them", "gpus ÷ gpus_per_server", "server"),
    Formula(_DISKS, "object_bytes", "a machine, row and index", "object_row_bytes + index_bytes", "byte/object"),
    Formula(
        _DISKS, "objects_bytes", "machines of a snapshot", "objects_per_snapshot × object_bytes", "byte/snapshot"
    ),
    Formula(
        _DISKS, "stored_bytes", "a snapshot on disk", "picture_bytes + snapshot_row_bytes + objects_bytes",
        "byte/snapshot",
    ),
    Formula(_DISKS, "day_gb", "a day", "snapshots_per_day × stored_bytes ÷ bytes_per_gb", "GB/day"),
    Formula(_DISKS, "days_kept", "days on disk", "retention_days + days_more", "day"),
    Formula(_DISKS, "archive_tb", "the archive", "day_gb × days_kept ÷ gb_per_tb", "TB"),
    Formula(_DISKS, "raw_tb", "with copies, disks not filled up", "archive_tb × copies ÷ disk_fill", "TB"),
    _up(_DISKS, "disks", "disks", "raw_tb ÷ disk_tb", "disk"),
    _up(_DISKS, "storage_servers", "storage servers", "disks ÷ disks_per_server", "server"),
    Formula(_DISKS, "disk_write", "written a second", "design_rate × stored_bytes ÷ bytes_per_mb", "MB/s"),
    Formula(
        _TOGETHER, "servers", "servers without a GPU",
        "business_servers + parse_servers + archivers + storage_servers", "server",
    ),
    Formula(
        _TOGETHER, "servers_gpu", "servers with GPUs",
        "business_servers + gpu_servers + archivers + storage_servers", "server",
    ),
    Formula(_NETWORK, "from_streams", "cameras to edge boxes, streams", "cameras × stream_mbit", "Mbit/s"),
    Formula(_NETWORK, "pushing_rate", "pushed pictures", "peak_rate × picture_sources ÷ all_cameras", "snapshot/s"),
    Formula(
        _NETWORK, "from_sources", "devices to edge boxes, pictures",
        "pushing_rate × pushed_bytes × bits_per_byte ÷ bits_per_megabit", "Mbit/s",
    ),
    Formula(_NETWORK, "message_mbit", "a message on the wire",
        "message_bytes × wire_overhead × bits_per_byte ÷ bits_per_megabit", "Mbit/snapshot",
    ),
    Formula(_NETWORK, "uplink_mean", "edge boxes to centre, mean", "mean_rate × message_mbit", "Mbit/s"),
    Formula(_NETWORK, "uplink_peak", "in the busiest hour", "peak_rate × message_mbit", "Mbit/s"),
    Formula(_NETWORK, "uplink", "while it catches up", "design_rate × message_mbit", "Mbit/s"),
    Formula(_NETWORK, "uplink_per_camera", "of it a camera", "uplink ÷ all_cameras", "Mbit/camera·s"),
    Formula(_NETWORK, "server_network", "between the servers", "uplink × hops", "Mbit/s"),
)  # fmt: skip
ANSWERS: Final = (
    "edge_cores", "edge_boxes", "spools", "servers", "gpus", "servers_gpu", "disks", "raw_tb", "uplink",
    "server_network",
)  # fmt: skip


def plan(demand: Demand, figures: Mapping[str, Figure] = FIGURES) -> Plan:
    """Compute every line.

    Raises:
        AbsurdInput: an input that no county has, or two that contradict each other.
    """
    given = _checked(demand)
    known_figures = {**figures, **given}
    known = {name: quantity for name, each in known_figures.items() if (quantity := each.quantity) is not None}
    missing: dict[str, tuple[str, ...]] = {name: (name,) for name, each in known_figures.items() if each.value is None}
    used: dict[str, Figure] = {}
    lines = []
    for formula in FORMULAS:
        names = [name for _, name in terms(formula.text)]
        used |= {name: known_figures[name] for name in names if name in known_figures}
        unknown = tuple(dict.fromkeys(each for name in names for each in missing.get(name, ())))
        if unknown:
            missing[formula.name] = unknown
            lines.append(_line(formula, "", None, unknown))
            continue
        result = _answer(formula, known)
        known[formula.name] = result
        lines.append(_line(formula, _numbers(formula, known), result, ()))
    answered = Plan(tuple(lines), tuple(used.values()), ())
    return Plan(answered.lines, answered.inputs, _warnings(answered, known))


def _answer(formula: Formula, known: Mapping[str, Quantity]) -> Quantity:
    result = evaluate(formula.text, known)
    if not same_unit(result.unit, formula.unit):
        raise UnitMismatch(f"{formula.name}: {formula.text} is in {result.unit!r}, not in {formula.unit!r}")
    if not math.isfinite(result.value):
        raise AbsurdInput(f"{formula.says}: {formula.text} is beyond any number; lower what went into it")
    # A quotient that is whole but for rounding is not one piece more.
    value = float(math.ceil(result.value * (1 - 1e-12))) if formula.whole else result.value
    return Quantity(value, formula.unit)


def _line(formula: Formula, numbers: str, result: Quantity | None, missing: tuple[str, ...]) -> Line:
    return Line(formula.part, formula.name, formula.says, formula.text, numbers, result, formula.whole, missing)


def _numbers(formula: Formula, known: Mapping[str, Quantity]) -> str:
    parts = terms(formula.text)
    first, *rest = [(operator, str(known[name])) for operator, name in parts]
    return " ".join([first[1], *(f"{operator} {number}" for operator, number in rest)])


def _checked(demand: Demand) -> dict[str, Figure]:
    wanted = (
        ("cameras", "streams", demand.cameras, "camera", 0, 100_000),
        ("picture_sources", "devices that push pictures", demand.picture_sources, "camera", 0, 1_000_000),
        ("snapshots_per_day", "snapshots a day", demand.snapshots_per_day, "snapshot/day", 0, 10**10),
        ("retention_days", "days that are kept", demand.retention_days, "day", 1, 366),
    )
    given = {}
    for name, says, value, unit, low, high in wanted:
        source = f"--{name.replace('_', '-').removesuffix('-days')}"
        given[name] = Figure(name, says, None, unit, low, high, Origin.GIVEN, source).given(value, source)
    cameras = demand.cameras + demand.picture_sources
    if demand.snapshots_per_day and not cameras:
        raise AbsurdInput(
            f"{demand.snapshots_per_day:,} snapshots a day of no camera at all: give --cameras or --picture-sources"
        )
    if demand.snapshots_per_day > cameras * _MOST_PER_CAMERA * 86_400:
        raise AbsurdInput(
            f"{demand.snapshots_per_day:,} snapshots a day of {cameras:,} cameras are over {_MOST_PER_CAMERA:g} a "
            "second of each, which is every picture of a stream; check both numbers"
        )
    return given


def _warnings(answered: Plan, known: Mapping[str, Quantity]) -> tuple[str, ...]:
    warnings = []
    if (answered.value("archivers") or 0) > 1:
        warnings.append(
            f"one archive has one writer, and this county wants {known['archiver_share'].value:.2f} of one: faster "
            "disks (measure with `python -m bench.county --costs` there), or two archives with half of the agents each"
        )
    if answered.value("gpus") is None:
        warnings.append("GPUs: not measured on a GPU; give --parser-per-gpu")
    if (answered.value("brokers") or 0) > 1:
        warnings.append("more than one broker's work: see docs/emqx.md")
    return tuple(warnings)
