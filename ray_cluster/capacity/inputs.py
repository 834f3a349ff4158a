"""Defines the inputs of the capacity model: each figure with its unit, bounds and source."""

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ray_cluster.capacity.units import Quantity, same_unit, written
from ray_cluster.errors import ClusterError


class AbsurdInput(ClusterError):
    """An input that no site has, or that contradicts another; the text names the input and the possible values."""


class Origin(StrEnum):
    """Origin of a figure, and so its reliability."""

    MEASURED = "measured"
    """Measured on two cores without a GPU: right for another machine in its order of magnitude."""
    ASSUMED = "assumed"
    """Assumed by judgement; give your own."""
    BUILT = "built"
    """Fixed by the programs or the calendar."""
    GIVEN = "given"
    """Given by the user."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the model. `value` None: it was never measured, and no guess would be honest."""

    name: str
    says: str
    value: float | None
    unit: str
    low: float
    high: float
    origin: Origin
    source: str

    @property
    def quantity(self) -> Quantity | None:
        """The value with its unit; None without a value."""
        return None if self.value is None else Quantity(self.value, self.unit)

    def given(self, value: float, source: str, origin: Origin = Origin.GIVEN) -> "Figure":
        """Return the figure with another value.

        Raises:
            AbsurdInput: it is no number, or out of bounds.
        """
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise AbsurdInput(
                f"{self.name} = {value:g} ({source}): {self.says} must be {written(self.low)} to {written(self.high)} "
                f"{self.unit}".rstrip()
                + "; check the unit"
            )
        return replace(self, value=value, source=source, origin=origin)


_M, _A, _B = Origin.MEASURED, Origin.ASSUMED, Origin.BUILT
_COUNTY: Final = "docs/capacity.md, 2026-11-26"
_NETWORKS: Final = "docs/capacity.md, 2026-11-29: bench.county --costs"
_STREAMS: Final = "docs/figures/streams.md, 2026-11-25"
_REDACTION: Final = "docs/figures/redaction.md, 2026-11-29"


def _f(
    name: str, says: str, value: float | None, unit: str, bounds: tuple[float, float], at: tuple[Origin, str]
) -> Figure:
    return Figure(name, says, value, unit, *bounds, *at)


_ALL: Final = (
    # The day
    _f("seconds_per_day", "a day", 86_400, "s/day", (86_400, 86_400), (_B, "calendar")),
    _f("seconds_per_hour", "an hour", 3600, "s/h", (3600, 3600), (_B, "calendar")),
    _f("seconds_per_minute", "a minute", 60, "s/min", (60, 60), (_B, "calendar")),
    _f("ms_per_second", "a second", 1000, "ms/s", (1000, 1000), (_B, "calendar")),
    _f("bits_per_byte", "a byte", 8, "bit/byte", (8, 8), (_B, "definition")),
    _f("bytes_per_gb", "a gigabyte", 1e9, "byte/GB", (1e9, 1e9), (_B, "definition")),
    _f("bytes_per_mb", "a megabyte", 1e6, "byte/MB", (1e6, 1e6), (_B, "definition")),
    _f("gb_per_tb", "a terabyte", 1000, "GB/TB", (1000, 1000), (_B, "definition")),
    _f("bits_per_megabit", "a megabit", 1e6, "bit/Mbit", (1e6, 1e6), (_B, "definition")),
    _f("mib_per_gib", "a gibibyte", 1024, "MiB/GiB", (1024, 1024), (_B, "definition")),
    # What comes
    _f("peak_over_mean", "the busiest hour over the mean", 2.0, "", (1, 24), (_A, "diurnal curve of bench.county")),
    _f("catch_up", "what is built over the peak, for what waits", 1.5, "", (1.05, 20),
       (_A, "an hour's outage is made up for within hours")),
    _f("outage_hours", "an outage of the centre that the edge must outlast", 72, "h", (0, 720),
       (_A, "docs/custody.md")),
    _f("picture_bytes", "a redacted picture", 100_000, "byte/snapshot", (1, 8_388_608), (_A, "reference county")),
    _f("objects_per_snapshot", "machines in a picture", 3, "object/snapshot", (0, 512), (_A, "reference county")),
    _f("pushed_bytes", "a picture as a device pushes it", 300_000, "byte/snapshot", (1, 8_388_608),
       (_A, "1080p JPEG, quality 85 to 95")),
    _f("stream_mbit", "a camera's stream", 4, "Mbit/camera·s", (0.05, 100), (_A, "1080p25 H.264")),
    _f("envelope_bytes", "the envelope beside a picture", 1270, "byte/snapshot", (100, 262_144), (_M, _COUNTY)),
    _f("wire_overhead", "TCP, TLS and MQTT around a message", 1.05, "", (1, 2),
       (_A, "headers of 1,460-byte segments, TLS records")),
    # The edge
    _f("quiet_stream", "processor time of a quiet stream", 0.78, "core·s/camera·min", (0.01, 60),
       (_M, f"{_STREAMS}: 0.69 H.264, 0.86 H.265")),
    _f("moving_stream", "processor time of a stream looked at closer", 9.15, "core·s/camera·min", (0.01, 300),
       (_M, f"{_STREAMS}: 8.0 H.264, 10.3 H.265")),
    _f("moving_share", "streams looked at closer at a time", 4 / 30, "", (0, 1),
       (_B, "streams.moving_cameras, 4 of 30")),
    _f("vehicle_share", "share of pushed pictures that are one vehicle, cut out", 0, "", (0, 1),
       (_A, "whole scenes alone: checkpoint cameras push both")),
    _f("redaction_ms", "processor time of redacting a stream's 1080p picture", 1010, "core·ms/snapshot", (1, 60_000),
       (_M, f"{_REDACTION}: bench.edge.steps; 660 at 720p")),
    _f("pushed_ms", "and a scene of 1080p that a device pushes", 1340, "core·ms/snapshot", (1, 60_000),
       (_M, f"{_REDACTION}: bench.edge.steps; all its text is looked for")),
    _f("vehicle_ms", "and a vehicle of 600 px", 493, "core·ms/snapshot", (1, 60_000),
       (_M, f"{_REDACTION}: bench.edge.steps")),
    _f("edge_busy", "how far an agent fills its cores", 0.9, "", (0.1, 1), (_B, "docs/streams.md: the budget")),
    _f("cores_per_box", "cores of an edge box", 16, "core/box", (1, 512), (_A, "a common size")),
    _f("agent_memory", "memory of an agent", 1525, "MiB/box", (100, 1e6), (_M, f"{_STREAMS}: make soak")),
    _f("stream_memory", "memory of a camera's process", 47, "MiB/camera", (1, 1e5), (_M, _STREAMS)),
    _f("spool_overhead", "the spool's file over its messages", 1.01, "", (1, 2), (_M, "docs/custody.md, 2026-11-25")),
    # The servers
    _f("broker_rate", "messages of 100 KiB a broker takes under TLS", 3484, "snapshot/broker·s", (1, 1e7),
       (_M, "docs/figures/emqx.md, 2026-11-24")),
    _f("intake_ms", "processor time of intake and acknowledgement", 0.9, "core·ms/snapshot", (0.001, 10_000),
       (_M, _COUNTY)),
    _f("window", "snapshots that one intake holds", 256, "snapshot/intake", (1, 65_535), (_B, "receive_maximum")),
    _f("held_seconds", "from an intake's beginning to the commit", 0.6, "s", (0.001, 600),
       (_A, "0.2 s until the archive flushes, parsing, commit")),
    _f("batch_rows", "rows of a commit while much waits", 200, "snapshot/commit", (1, 10_000),
       (_B, "flush_rows; one intake's window fills it")),
    _f("commit_ms", "the archiver's time for a commit", 18.1, "ms/commit", (0.01, 60_000), (_M, _COUNTY)),
    _f("group_rows", "snapshots of a lookup while much waits", 8, "snapshot/lookup", (1, 64), (_B, "intake.GROUP")),
    _f("lookup_ms", "its time for a lookup of what is new", 0.14, "ms/lookup", (0.001, 10_000), (_M, _COUNTY)),
    _f("row_ms", "and for each row in it with its picture", 0.23, "ms/snapshot", (0.001, 10_000), (_M, _COUNTY)),
    _f("parser_ms", "processor time of parsing a 1080p picture", 66, "core·ms/snapshot", (0.1, 60_000),
       (_M, _NETWORKS)),
    _f("canary_ms", "processor time of the canary on it", 364, "core·ms/snapshot", (0.1, 60_000), (_M, _NETWORKS)),
    _f("canary_share", "share of pictures that the canary sees", 0.03, "", (0, 1),
       (_B, "cluster setting canary_share; 1 until an agent is proven")),
    _f("reuse_share", "share of pictures whose machines the edge found", 0.97, "", (0, 1),
       (_B, "1 − canary_share; 0 where the parser has a model of its own")),
    _f("reuse_ms", "processor time of parsing it where they are reused", 5, "core·ms/snapshot", (0.1, 60_000),
       (_M, _NETWORKS)),
    _f("embed_ms", "processor time of one machine's vector", 13.8, "core·ms/object", (0.01, 10_000),
       (_M, "docs/figures/appearance.md, 2026-11-29")),
    _f("parser_per_gpu", "pictures a second through all networks of a GPU", None, "snapshot/GPU·s", (0.1, 1e6),
       (_A, "nobody has measured it")),
    _f("server_busy", "how far a server is filled", 0.7, "", (0.1, 1), (_A, "room for one of three to fall out")),
    _f("cores_per_server", "cores of a server", 32, "core/server", (1, 1024), (_A, "a common size")),
    _f("one_archive", "a writer's server", 1, "server", (1, 1),
       (_B, "an archive has one writer, by its fencing epoch")),
    _f("gpus_per_server", "GPUs of a server", 2, "GPU/server", (1, 16), (_A, "a common size")),
    _f("hops", "times a message crosses the servers' network", 5, "", (1, 20),
       (_B, "into intake, to parser, canary, embedder and archiver")),
    # The archive
    _f("snapshot_row_bytes", "a snapshot's row", 266, "byte/snapshot", (1, 1e6), (_M, _COUNTY)),
    _f("object_row_bytes", "a machine's row with its vector", 1170, "byte/object", (1, 1e6), (_M, _COUNTY)),
    _f("index_bytes", "a machine in the vector index", 151, "byte/object", (0, 1e6),
       (_M, "docs/figures/archive.md, 2026-11-29: IVF_RQ, four bits for each of 256 dimensions")),
    _f("days_more", "days on disk beyond the retention", 1, "day", (0, 31),
       (_B, "a day is dropped whole when its last row is old enough")),
    _f("copies", "copies of the archive", 2, "", (1, 10), (_A, "the archive and a backup")),
    _f("disk_fill", "how far disks are filled", 0.8, "", (0.1, 1), (_A, "a common size")),
    _f("disk_tb", "a disk", 16, "TB/disk", (0.1, 1000), (_A, "a common size")),
    _f("disks_per_server", "disks of a storage server", 12, "disk/server", (1, 200), (_A, "a common size")),
)  # fmt: skip
FIGURES: Final[Mapping[str, Figure]] = {figure.name: figure for figure in _ALL}


def overridden(figures: Mapping[str, Figure], pairs: Iterable[str]) -> dict[str, Figure]:
    """Replace figures by `NAME=VALUE` pairs of a command line.

    Raises:
        AbsurdInput: an unknown name, no number, or out of bounds.
    """
    known = dict(figures)
    for pair in pairs:
        name, equals, text = pair.partition("=")
        try:
            value = float(text)
        except ValueError as error:
            raise AbsurdInput(f"--set {pair}: write NAME=VALUE with a number") from error
        if not equals:
            raise AbsurdInput(f"--set {pair}: write NAME=VALUE")
        known[name] = _named(known, name, f"--set {pair}").given(value, "on the command line")
    return known


def read(path: Path, figures: Mapping[str, Figure] = FIGURES) -> dict[str, Figure]:
    """Read figures of a TOML file: `name = value`, or a table with `value` and optional `unit`, `source`, `date`.

    `python -m bench.county --figures FILE` writes one about the machine that it runs on.

    Raises:
        AbsurdInput: the file cannot be read, or has a figure that is unknown, in another unit, or out of bounds.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AbsurdInput(f"{path}: cannot be read ({error.strerror}); give the file with --figures") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AbsurdInput(f"{path}: not valid TOML in UTF-8: {error}") from error
    known = dict(figures)
    for name, content in table.items():
        known[name] = _replaced(_named(known, name, str(path)), content, path)
    return known


def _replaced(figure: Figure, content: Any, path: Path) -> Figure:
    where = f"{path}: {figure.name}"
    facts = content if isinstance(content, dict) else {"value": content}
    value = facts.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AbsurdInput(f"{where}: needs a number as its value, in {figure.unit or 'no unit'}")
    if strange := sorted(facts.keys() - {"value", "unit", "source", "date"}):
        raise AbsurdInput(f"{where}: {', '.join(strange)} is not known; value, unit, source and date are")
    if "unit" in facts and not same_unit(str(facts["unit"]), figure.unit):
        raise AbsurdInput(f"{where}: is in {facts['unit']}, must be in {figure.unit or 'no unit'}")
    source = ", ".join(str(facts[key]) for key in ("source", "date") if key in facts)
    return figure.given(float(value), source or path.name, Origin.MEASURED if "source" in facts else Origin.GIVEN)


def _named(figures: Mapping[str, Figure], name: str, where: str) -> Figure:
    if name not in figures:
        raise AbsurdInput(f"{where}: there is no figure {name!r}; `wayside-cluster plan --list` names all")
    return figures[name]
