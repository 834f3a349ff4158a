"""`python -m bench.cluster.archive.month FOLDER [--machines N] [--days D] [--questions Q] [--cold Q] [--json FILE]`.

Pages of machines by attribute out of a month of days of 20 million machines, in windows of an hour. Two windows are
made in bulk and closed by upkeep; the month is made of copies of them (`copies`), so that it takes some 12 GB of disk;
what was made before in FOLDER is used again. Questions go to `Query.observations`, as `GET /observations` does, each in
another version: other attributes, cameras and spans. `--cold`: so many more of each kind, each by a new reader after
the archive's files were taken out of the page cache.
"""

import argparse
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from bench.cluster.archive.bulk import AGENT, add_window
from bench.cluster.archive.city import CAMERAS, DAY_START_MS, MACHINES_A_SNAPSHOT
from bench.cluster.archive.copies import copy_window
from bench.cluster.archive.load import OFFSET_MINUTES, peak_memory_mb
from bench.cluster.archive.search import Searched
from bench.cluster.archive.searches import CLOSED_MS
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.query.lookalike import LookalikeRequest, MachineRef
from provisioning.contracts.query.search import Wanted
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.archive.lance_tables import connect, newest_version, quoted, window_names
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.archive.summaries.store import Summaries
from ray_cluster.archive.summaries.summary import WindowSummary, summarise
from ray_cluster.archive.windows import span_ms, window_at
from ray_cluster.maintenance.upkeep import Upkeep
from ray_cluster.query.filters import Cursor, Filter
from ray_cluster.query.lookalike import Lookalike
from ray_cluster.query.reader import Query

_HOUR_MS: Final = 3_600_000
PAGE: Final = 50
TENTH: Final = 10
RARE_WINDOWS: Final = 5
"""Windows of the month with rare machines."""
RARE_ROWS: Final = 24
"""Purple buses of such a window, and bicycles."""
CAR, BUS, TRUCK, BICYCLE, MOTORCYCLE = MachineClass
SPARSE: Final = Wanted(cls=(BUS,), colour=(MachineColour.ORANGE,))
"""One in a thousand: of one camera one or two a window."""
SINGLE: Final = Wanted(cls=(BUS,), colour=(MachineColour.BLUE,))
"""One a window, of all cameras."""
RARE: Final = Wanted(cls=(BUS,), colour=(MachineColour.PURPLE,))
RARE_CLASS: Final = Wanted(cls=(BICYCLE,))
NOWHERE: Final = Wanted(cls=(TRUCK,), colour=(MachineColour.PINK,))
"""There are trucks, and there are pink machines."""
_COMMON_COLOURS: Final = tuple(sorted(set(MachineColour) - {MachineColour.PURPLE, MachineColour.PINK}))
_SMALLEST, _LARGEST = 24, 700
_SPARSE_EVERY: Final = 1000


_Span = tuple[int, int]
_Drawn = Callable[[_Span, Wanted, random.Random], Filter]


def _camera(dice: random.Random) -> tuple[str, ...]:
    return (f"cam-{dice.randrange(CAMERAS)}",)


def _twenty(dice: random.Random) -> tuple[str, ...]:
    return tuple(f"cam-{camera}" for camera in dice.sample(range(CAMERAS), 20))


def _middle(span: _Span) -> _Span:
    third = (span[1] - span[0]) // 3
    return span[0] + third, span[0] + 2 * third


KINDS: Final[dict[str, _Drawn]] = {
    "class and colour": lambda span, both, _: Filter(*span, wanted=both),
    "the same of one camera": lambda span, both, dice: Filter(*span, _camera(dice), wanted=both),
    "of twenty cameras": lambda span, both, dice: Filter(*span, _twenty(dice), wanted=both),
    "and of a size": lambda span, both, _: Filter(*span, wanted=both.model_copy(update={"min_side_px": 400})),
    "ten days in the middle": lambda span, both, _: Filter(*_middle(span), wanted=both),
    "one or two a window, of one camera": lambda span, _, dice: Filter(*span, _camera(dice), wanted=SPARSE),
    "one a window": lambda span, _both, _dice: Filter(*span, wanted=SINGLE),
    "in five windows": lambda span, _both, _dice: Filter(*span, wanted=RARE),
    "a class in five windows": lambda span, _both, _dice: Filter(*span, wanted=RARE_CLASS),
    "nowhere": lambda span, _both, _dice: Filter(*span, wanted=NOWHERE),
    "nowhere, one camera": lambda span, _, dice: Filter(*span, _camera(dice), wanted=NOWHERE),
    "a size that nothing has": lambda span, both, _: Filter(*span, wanted=both.model_copy(update={"min_side_px": 900})),
    "a camera without rows": lambda span, both, _: Filter(*span, (f"cam-{CAMERAS}",), wanted=both),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Answers to questions of one kind. `cpu_ms`: processor time, all threads; the others are wall time."""

    what: str
    page: int
    cold: bool
    questions: int
    cpu_p50_ms: float
    cpu_p95_ms: float
    p50_ms: float
    p95_ms: float
    rows: float

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return asdict(self)


def main() -> None:
    """Make the month, or go on with it, and ask."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.archive.month", description=__doc__)
    parser.add_argument("folder", type=Path, help="on the disk that is to be measured")
    parser.add_argument("--machines", type=int, default=833_333, help="machines of a window (833,333)")
    parser.add_argument("--days", type=int, default=30, help="days of the month (30)")
    parser.add_argument("--questions", type=int, default=50, help="questions of each kind (50)")
    parser.add_argument("--cold", type=int, default=0, help="questions of each kind with a cold page cache (0)")
    parser.add_argument("--lookalikes", type=int, default=0, help="look-alike searches of the month, too (0)")
    parser.add_argument("--only", action="append", choices=KINDS, help="this kind of question; may be given again")
    parser.add_argument("--seconds", type=float, default=120, help="after which a kind has questions enough (120)")
    parser.add_argument("--no-summaries", action="store_true", help="as an archive before its first upkeep")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    make(arguments.folder, arguments.machines, 24 * arguments.days)
    if arguments.no_summaries:
        shutil.rmtree(archive_of(arguments.folder) / "summaries", ignore_errors=True)
    else:
        summarise_all(arguments.folder)
    report: dict[str, Any] = {"machines": arguments.machines, "days": arguments.days}
    report["load_average"] = os.getloadavg()
    report["asked"] = [each.as_json() for each in ask(arguments.folder, 24 * arguments.days, arguments)]
    if arguments.lookalikes:
        report["lookalikes"] = [each.as_json() for each in lookalikes(arguments.folder, arguments.lookalikes)]
    report["load_average_after"] = os.getloadavg()
    report["peak_mb"] = peak_memory_mb()
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    _print(report)


def archive_of(folder: Path) -> Path:
    """The month's archive."""
    return folder / "archive"


def make(folder: Path, machines: int, windows: int) -> None:
    """Make the sources and the month, a window after the other; what is there stays."""
    common, rare = folder / "common", folder / "rare"
    name = window_at(DAY_START_MS, OFFSET_MINUTES, 1)
    if not (common / "upkeep.json").exists():
        add_window(common, 0, 1, machines, _common)
        status = Upkeep(common, offset_minutes=OFFSET_MINUTES).run_once(now_ms=CLOSED_MS)
        if status.faults:
            raise SystemExit(f"upkeep: {status.faults}")
        _say(f"{machines} machines, closed")
    if not rare.exists():
        copy_window(common, name, rare, name, 0)
        _mark_rare(rare, name)
    archive = archive_of(folder)
    (archive / "tables").mkdir(parents=True, exist_ok=True)
    there = set(window_names(connect(archive)))
    marked = rare_windows(windows)
    began = time.perf_counter()
    for hour in range(windows):
        copied = window_at(DAY_START_MS + hour * _HOUR_MS, OFFSET_MINUTES, 1)
        if copied not in there:
            copy_window(rare if hour in marked else common, name, archive, copied, hour * _HOUR_MS)
            if not (hour + 1) % 24:
                _say(f"{hour + 1} windows, {time.perf_counter() - began:.0f} s")


def summarise_all(folder: Path) -> None:
    """Summarise each window. The rows of a copy are those of its source at other times, and so is its summary."""
    archive = archive_of(folder)
    tables = connect(archive)
    summaries = Summaries(archive, tables)
    done: dict[bool, tuple[WindowSummary, int]] = {}
    names = window_names(tables)
    rare = rare_windows(len(names))
    for number, name in enumerate(names):
        first_ms = span_ms(name, OFFSET_MINUTES)[0]
        if (number in rare) not in done:
            objects = connect(archive, cache_bytes=1 << 26).open_table(OBJECTS + name)
            done[number in rare] = summarise(objects, int(objects.version)), first_ms
        found, of_ms = done[number in rare]
        times = {"first_ms": found.first_ms - of_ms + first_ms, "last_ms": found.last_ms - of_ms + first_ms}
        version = newest_version(tables, OBJECTS + name)
        summaries.put(name, found.model_copy(update=times | {"version": version}))


def rare_windows(windows: int) -> set[int]:
    """Numbers of the windows with rare machines, spread over the month."""
    return {windows * (2 * number + 1) // (2 * RARE_WINDOWS) for number in range(RARE_WINDOWS)}


def ask(folder: Path, windows: int, options: argparse.Namespace) -> Iterator[Asked]:
    """Ask each kind of question: its first and its tenth page, warm, and the first one cold."""
    archive = archive_of(folder)
    warm = Query(archive, offset_minutes=OFFSET_MINUTES)
    asked = max(options.questions, options.cold)
    files = _files(archive) if options.cold else []
    for kind in options.only or KINDS:
        versions = [version(kind, random.Random(number), windows) for number in range(asked + 1)]
        for page in (1, TENTH):
            # The first of them warms.
            took = list(_series(lambda: warm, versions[: options.questions + 1], page, options.seconds))[1:]
            if took:
                yield _said(_figures(kind, page, took, is_cold=False))
        took = list(_series(partial(_cold, archive, files), versions[: options.cold], 1, options.seconds))
        if took:
            yield _said(_figures(kind, 1, took, is_cold=True))


def lookalikes(folder: Path, questions: int) -> Iterator[Searched]:
    """Search all windows for machines that look alike, as the centre asks; of the clock also to the first page."""
    archive = archive_of(folder)
    alike = Lookalike(archive, offset_minutes=OFFSET_MINUTES, now_ms=lambda: CLOSED_MS)
    for what, cameras in (("250 of 500 cameras", CAMERAS // 2), ("twenty cameras", 20)):
        sources = tuple(f"{AGENT}/cam-{camera}" for camera in range(cameras))
        took: list[tuple[float, float, float]] = []
        for number in range(questions):
            request = LookalikeRequest(
                case="bench",
                purpose="measurement",
                asked_by="bench",
                machines=(MachineRef(row_key=f"{AGENT}:{1000 * number:032x}", index=0),),
                sources=sources,
                from_ms=DAY_START_MS,
                to_ms=DAY_START_MS + 31 * 24 * _HOUR_MS,
                limit=10,
            )
            began, began_cpu = time.perf_counter(), time.process_time()
            pages = alike.search(request)
            next(pages)
            first_ms = (time.perf_counter() - began) * 1000
            (*_, last) = pages
            if last.failed_days:
                raise SystemExit(f"failed: {last.failed_days}")
            took.append(((time.process_time() - began_cpu) * 1000, first_ms, (time.perf_counter() - began) * 1000))
            _say(
                f"look-alikes, {what}: processor {took[-1][0]:.0f}, first page {first_ms:.0f}, all {took[-1][2]:.0f} ms"
            )
        processor, first, whole = np.median(np.array(took), axis=0)
        yield Searched(f"{what}, first page", float(processor), float(first), float(first), None)
        yield Searched(what, float(processor), float(whole), float(whole), None)


def _series(
    reader: Callable[[], Query], versions: list[Filter], page: int, seconds: float
) -> Iterator[tuple[float, float, int]]:
    """Ask one version after the other, until the time is over; a question without such a page ends them."""
    until = time.monotonic() + seconds
    for number, wanted in enumerate(versions):
        if number > 1 and time.monotonic() > until:
            return
        found = _asked(reader(), wanted, page)
        if found is None:
            return
        yield found


def version(kind: str, dice: random.Random, windows: int) -> Filter:
    """Draw a question of a kind."""
    end = DAY_START_MS + windows * _HOUR_MS
    # Ends differ by up to an hour, so that no two questions end at the same row.
    span = DAY_START_MS, end - dice.randrange(_HOUR_MS)
    both = Wanted(cls=(dice.choice((CAR, TRUCK, MOTORCYCLE)),), colour=(dice.choice(_COMMON_COLOURS),))
    return KINDS[kind](span, both, dice)


def _asked(reader: Query, wanted: Filter, page: int) -> tuple[float, float, int] | None:
    """Processor time and wall time of a page, ms, and its rows, without the pages before it; None if there is none."""
    cursor: Cursor | None = None
    for _ in range(page - 1):
        following = reader.observations(wanted, limit=PAGE, cursor=cursor).next_cursor
        if following is None:
            return None
        cursor = Cursor.parse(following)
    began, began_cpu = time.perf_counter(), time.process_time()
    rows = len(reader.observations(wanted, limit=PAGE, cursor=cursor).items)
    return (time.process_time() - began_cpu) * 1000, (time.perf_counter() - began) * 1000, rows


def _cold(archive: Path, files: list[Path]) -> Query:
    """A reader that has read nothing, of files of which the page cache holds nothing; names stay in memory."""
    for path in files:
        file = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(file)
    return Query(archive, offset_minutes=OFFSET_MINUTES)


def _files(archive: Path) -> list[Path]:
    """Files of the archive, one that copies share once; all of them written to the disk."""
    os.sync()
    found = {path.stat().st_ino: path for path in archive.rglob("*") if path.is_file()}
    return list(found.values())


def _figures(kind: str, page: int, took: list[tuple[float, float, int]], *, is_cold: bool) -> Asked:
    processor, wall, rows = np.array(took).T
    return Asked(
        what=kind,
        page=page,
        cold=is_cold,
        questions=len(took),
        cpu_p50_ms=float(np.median(processor)),
        cpu_p95_ms=float(np.percentile(processor, 95)),
        p50_ms=float(np.median(wall)),
        p95_ms=float(np.percentile(wall, 95)),
        rows=float(np.mean(rows)),
    )


def _common(rows: pa.Table) -> pa.Table:
    """Boxes of many sizes; no bicycles, nothing purple or pink but cars, few orange buses, one blue one a window."""
    cls, colour = _looks(rows)
    dice = np.random.default_rng(rows.num_rows)
    cls[cls == BICYCLE] = MOTORCYCLE
    cls[np.isin(colour, [MachineColour.PURPLE, MachineColour.PINK])] = CAR
    cls[(cls == BUS) & np.isin(colour, [MachineColour.ORANGE, MachineColour.BLUE])] = TRUCK
    sparse = dice.random(rows.num_rows) < 1 / _SPARSE_EVERY
    cls[sparse], colour[sparse] = BUS, MachineColour.ORANGE
    if rows["row_key"][0].as_py() == f"{AGENT}:{0:032x}":
        cls[-1], colour[-1] = BUS, MachineColour.BLUE
    side = np.exp(dice.uniform(np.log(_SMALLEST), np.log(_LARGEST), rows.num_rows)).astype(int)
    left, top = rows["x0"].to_numpy(), rows["y0"].to_numpy()
    sizes = {"x1": left + 1 + side * 4 // 3, "y1": top + 1 + side, "share": side * side * 4 / 3 / (1920 * 1080)}
    for name, values in sizes.items():
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(at), pa.array(values).cast(rows.schema.field(at).type))
    return _with_looks(rows, cls, colour)


def _mark_rare(source: Path, name: str) -> None:
    """Turn some machines of a window into purple buses and bicycles, and write its indexes and fragments anew."""
    tables = connect(source)
    objects, snapshots = tables.open_table(OBJECTS + name), tables.open_table(SNAPSHOTS + name)
    rows = snapshots.count_rows()
    for number in range(2 * RARE_ROWS):
        first = rows * number // (2 * RARE_ROWS) * MACHINES_A_SNAPSHOT
        found = objects.take_offsets(list(range(first, first + MACHINES_A_SNAPSHOT))).select(
            ["object_key", "row_key", "cls"]
        )
        one, *others = found.to_list()
        looks = {"cls": BICYCLE.value} if number % 2 else {"cls": BUS.value, "colour": MachineColour.PURPLE.value}
        objects.update(where=f"object_key = '{one['object_key']}'", values=looks)
        classes = sorted({looks["cls"], *(each["cls"] for each in others if each["row_key"] == one["row_key"])})
        snapshots.update(
            where=f"row_key = '{one['row_key']}'", values_sql={"classes": f"make_array({quoted(classes)})"}
        )
    for table in (objects, snapshots):
        table.optimize(cleanup_older_than=timedelta(milliseconds=1), delete_unverified=True)


def _looks(rows: pa.Table) -> tuple[Any, Any]:
    return np.array(rows["cls"].to_pylist(), dtype=object), np.array(rows["colour"].to_pylist(), dtype=object)


def _with_looks(rows: pa.Table, cls: Any, colour: Any) -> pa.Table:
    for name, values in (("cls", cls), ("colour", colour)):
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, rows.schema.field(at), pa.array([str(value) for value in values]))
    return rows


def _said(each: Asked) -> Asked:
    _say(
        f"{each.what}, page {each.page}{', cold' if each.cold else ''}: processor {each.cpu_p50_ms:.0f} / "
        f"{each.cpu_p95_ms:.0f} ms, clock {each.p50_ms:.0f} / {each.p95_ms:.0f} ms, {each.rows:.0f} rows"
    )
    return each


def _print(report: dict[str, Any]) -> None:
    table = Table("question", "page", "cpu p50", "cpu p95", "p50 ms", "p95 ms", "rows", title="pages of a month")
    for found in report["asked"]:
        figures = (f"{found[name]:.0f}" for name in ("cpu_p50_ms", "cpu_p95_ms", "p50_ms", "p95_ms", "rows"))
        table.add_row(found["what"] + (", cold" if found["cold"] else ""), str(found["page"]), *figures)
    Console().print(table)


def _say(line: str) -> None:
    sys.stdout.write(f"bench.cluster.archive.month: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
