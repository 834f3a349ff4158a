"""An export of 1, 50 and 500 pictures beside plain zipfile of the same bytes.

Run it with `python -m bench.center.evidence [--json FILE]`.

Each measurement is a process of its own, so that its peak of memory is its own. Pictures are 1080p JPEGs, read from the
disk one by one as they would come from the archive. Of the peak, what the process had before it began is taken off.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import cv2
from rich.console import Console
from rich.table import Table

from bench.edge.drawn_street import street
from center.evidence.package import ExportOrder, Package
from center.evidence.trust import Roots
from center.evidence.verify import verify
from center.evidence.zip_container import Reader
from provisioning.contracts.query.archive import Observation
from tests.center.evidence.desk import AUDIT, CASE, open_desk
from tests.center.street import NOW_MS, observation

COUNTS: Final = (1, 50, 500)
RUNS: Final = 3
DRAWN: Final = 8
SCRIPT: Final = Path(__file__).parents[1] / "bin/verify-evidence"


def draw(folder: Path) -> None:
    """Pictures to export, the same for every measurement."""
    for number in range(DRAWN):
        path = folder / f"picture-{number}.jpg"
        cv2.imwrite(str(path), street(number, 1920, 1080), [cv2.IMWRITE_JPEG_QUALITY, 85])


def rows(folder: Path, count: int) -> Iterator[tuple[Observation, bytes]]:
    """`count` observations, one at a time."""
    known = [observation(f"cam-{number}", NOW_MS - number * 1000, number)[0] for number in range(DRAWN)]
    for number in range(count):
        yield known[number % DRAWN], (folder / f"picture-{number % DRAWN}.jpg").read_bytes()


def export(folder: Path, count: int) -> Callable[[], object]:
    """Ours: pictures, metadata, chain, audit, summary, README, manifest, signature, stamp."""
    desk = open_desk(folder / f"desk-{time.time_ns()}")
    made = rows(folder, count)

    def work() -> None:
        with (folder / "ours.zip").open("wb") as target:
            package = Package(target, ExportOrder("a" * 32, CASE, "operator", count), desk.sealer)
            for item, jpeg in made:
                package.add(item, jpeg, camera_name="Station Street 站前街")
            package.close(dict(AUDIT), now_ms=NOW_MS)
        (folder / "root.pem").write_bytes(desk.root.read_bytes())

    return work


def plain(folder: Path, _count: int) -> Callable[[], object]:
    """The baseline: Python's zipfile, stored, of the files that ours holds, from a folder."""
    source = folder / "ours.zip"
    unpacked = folder / f"unpacked-{time.time_ns()}"
    with zipfile.ZipFile(source) as archive:
        archive.extractall(unpacked)
        names = archive.namelist()

    def work() -> None:
        with zipfile.ZipFile(folder / "plain.zip", "w", zipfile.ZIP_STORED) as target:
            for name in names:
                target.write(unpacked / name, name)

    return work


def check(folder: Path, _count: int) -> Callable[[], object]:
    """`wayside-center evidence verify`."""
    roots = Roots.load(folder / "root.pem")
    return lambda: verify(folder / "ours.zip", roots)


def script(folder: Path, _count: int) -> Callable[[], object]:
    """`bin/verify-evidence`; of its memory nothing is known here."""
    return lambda: subprocess.run([SCRIPT, folder / "ours.zip", folder / "root.pem"], check=True, capture_output=True)


PARTS: Final = {"export": export, "zipfile": plain, "verify": check, "verify-evidence": script}


def status_mib(name: str) -> float:
    """Of this process, from /proc/self/status."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def child(part: str, folder: Path, count: int) -> None:
    """One measurement: seconds, and MiB above what the process had."""
    work = PARTS[part](folder, count)
    # 5: the peak begins anew (proc(5)); what imports took before is not counted.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = status_mib("VmRSS")
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    peak = status_mib("VmHWM") - before
    size = sum(entry.size for entry, _ in Reader.open(folder / "ours.zip").entries()) / 1e6
    print(json.dumps({"seconds": seconds, "peak_mib": peak, "megabytes": size}))


def measure(folder: Path, count: int) -> dict[str, Any]:
    """Medians of `RUNS`, the parts taking turns."""
    found: dict[str, list[dict[str, float]]] = {part: [] for part in PARTS}
    for _ in range(RUNS):
        for part in PARTS:
            words = [sys.executable, "-m", "bench.center.evidence", "--child", part, str(folder), str(count)]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            found[part].append(json.loads(done.stdout))
    return {
        part: {name: statistics.median(run[name] for run in runs) for name in runs[0]} for part, runs in found.items()
    }


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.evidence", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--child", nargs=3, metavar=("PART", "FOLDER", "COUNT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        part, folder, count = arguments.child
        child(part, Path(folder), int(count))
        return
    results = {}
    with tempfile.TemporaryDirectory(prefix="wayside-bench-") as folder:
        draw(Path(folder))
        for count in COUNTS:
            results[count] = measure(Path(folder), count)
    table = Table("pictures", "MB", *(f"{part} s" for part in PARTS), "export MiB", "zipfile MiB", "verify MiB")
    for count, found in results.items():
        seconds = [f"{found[part]['seconds']:.2f}" for part in PARTS]
        peaks = [f"{found[part]['peak_mib']:.0f}" for part in ("export", "zipfile", "verify")]
        table.add_row(str(count), f"{found['export']['megabytes']:.0f}", *seconds, *peaks)
    Console(width=140).print(table)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
