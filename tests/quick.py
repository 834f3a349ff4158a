"""Runs the tests of what a change touches: `python -m tests.quick [--since REV] [--seconds S] ARGUMENTS`.

A test is as near as the chain of imports from it to what has changed is short; a `conftest.py` is imported by all tests
of its folder. What is no Python is near those who name it, and then to the folder of `tests` that mirrors its own.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import grimp

from tests.support.records import HEAVY, SECONDS

ROOT = Path(__file__).parents[1]
_UNKNOWN_S = 4.0
_START_S = 15.0
"""For workers to start and to collect."""
PACKAGES = ("bench", "center", "edge_agent", "engines", "provisioning", "ray_cluster", "tests")
_LEAST_NAME = 6
"""A shorter name of a file stands in many texts that do not mean it."""


@dataclass(frozen=True)
class Chosen:
    """Test files to run, nearest first, and those that there is no time for."""

    files: list[str]
    seconds: float
    left_out: list[str]
    left_out_s: float


class Project:
    """Who imports whom, and which files of tests there are."""

    def __init__(self, root: Path, packages: Iterable[str]) -> None:
        self._root = root
        self._packages = tuple(packages)
        graph = grimp.build_graph(*self._packages, include_external_packages=False, cache_dir=None)
        self._importers = {module: graph.find_modules_that_directly_import(module) for module in graph.modules}
        self.tests = {_module(file.relative_to(root)): file for file in (root / "tests").rglob("test_*.py")}
        for conftest in (root / "tests").rglob("conftest.py"):
            near = {module for module, file in self.tests.items() if conftest.parent in file.parents}
            self._importers.setdefault(_module(conftest.relative_to(root)), set()).update(near)
        self._texts = {module: file.read_text(encoding="utf-8") for module, file in self.tests.items()}

    def distances(self, changed: Iterable[str]) -> dict[str, int]:
        """Each test file that the changed files reach, and over how many imports."""
        found: dict[str, int] = {}
        level: dict[int, set[str]] = {0: set(), 1: set(), 2: set()}
        for file in changed:
            if file.endswith(".py"):
                level[0].add(_module(Path(file)))
            level[1] |= self._that_name(file)
            if not file.endswith(".py") or Path(file).parts[0] not in self._packages:
                level[2] |= self._beside(Path(file))
        for distance in range(len(self._importers)):
            new = level.get(distance, set()) - found.keys()
            if not new and distance > max(level):
                break
            found |= dict.fromkeys(new, distance)
            importers = {importer for module in new for importer in self._importers.get(module, ())}
            level.setdefault(distance + 1, set()).update(importers)
        return {
            str(self.tests[module].relative_to(self._root)): distance
            for module, distance in sorted(found.items())
            if module in self.tests
        }

    def _that_name(self, file: str) -> set[str]:
        """Tests that name a module as text, which they start, or a file that is no Python."""
        name = _module(Path(file)) if file.endswith(".py") else Path(file).name
        return {module for module, text in self._texts.items() if len(name) >= _LEAST_NAME and name in text}

    def _beside(self, file: Path) -> set[str]:
        for folder in file.parents:
            mirror = self._root / "tests" / folder
            if folder.parts and mirror.is_dir():
                return {module for module, test in self.tests.items() if mirror in test.parents}
        top = f'/ "{file.parts[0]}'
        return {module for module, text in self._texts.items() if top in text}


def choose(distances: Mapping[str, int], took_s: Mapping[str, float], budget_s: float) -> Chosen:
    """Takes the nearest while there is time, the shortest of equally near first, and what has itself changed anyway."""
    files: list[str] = []
    left_out: list[str] = []
    seconds = left_out_s = 0.0
    for file in sorted(distances, key=lambda file: (distances[file], took_s.get(file, _UNKNOWN_S))):
        cost_s = took_s.get(file, _UNKNOWN_S)
        if distances[file] == 0 or seconds + cost_s <= budget_s:
            files.append(file)
            seconds += cost_s
        else:
            left_out.append(file)
            left_out_s += cost_s
    return Chosen(files, seconds, left_out, left_out_s)


def changed_files(root: Path, since: str | None = None) -> tuple[str, list[str]]:
    """Where the change begins (the merge base with main, without one HEAD), and its files, committed or not."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False).stdout

    base = since or git("merge-base", "HEAD", "main").strip() or "HEAD"
    changed = git("diff", "--name-only", base) + git("ls-files", "--others", "--exclude-standard")
    return base, sorted(set(changed.splitlines()))


def main() -> int:
    """Chooses, says what is left out, and runs."""
    parser = argparse.ArgumentParser(prog="python -m tests.quick", allow_abbrev=False)
    parser.add_argument("--since", help="a revision, in place of the merge base with main")
    parser.add_argument("--seconds", type=float, default=100)
    options, arguments = parser.parse_known_args()
    until_s = time.monotonic() + options.seconds
    base, changed = changed_files(ROOT, options.since)
    if not changed:
        print(f"quick: nothing has changed since {base[:12]}; --since REV looks further back")
        return 0
    record = ROOT / ".pytest_cache/v" / SECONDS
    took_s = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    workers = len(os.sched_getaffinity(0))
    distances = Project(ROOT, PACKAGES).distances(changed)
    # They read the whole house, which takes long: where no time is known they come after those that import the change.
    architecture = [str(file.relative_to(ROOT)) for file in sorted((ROOT / "tests/architecture").glob("test_*.py"))]
    chosen = choose(
        distances | {file: distances.get(file, 1) for file in architecture},
        took_s,
        (options.seconds - _START_S) * workers,
    )
    print(
        f"quick: {len(changed)} files have changed since {base[:12]} and reach {len(distances)} files of tests; "
        f"{len(chosen.files)} run, about {_START_S + chosen.seconds / workers:.0f} s",
        *_left_out(chosen),
        sep="\n",
        flush=True,
    )
    marks = " and ".join(f"not {name}" for name in HEAVY)
    command = [sys.executable, "-m", "tests.run", f"--numprocesses={workers}", "-m", marks]
    # The nearest begin first: where the time was judged wrongly, the others are left out.
    order = [f"--until={until_s}", "--no-loadscope-reorder", "--randomly-dont-reorganize"]
    return subprocess.run([*command, *order, *arguments, *chosen.files], cwd=ROOT, check=False).returncode


def _left_out(chosen: Chosen) -> list[str]:
    if not chosen.left_out:
        return []
    folders = Counter("/".join(Path(file).parts[:2]) for file in chosen.left_out).most_common()
    where = ", ".join(f"{folder} {count}" for folder, count in folders)
    size = f"{len(chosen.left_out)} files, about {chosen.left_out_s / 60:.0f} min of one core"
    return [f"quick: left out for time, the furthest away: {size} ({where}); make test runs them"]


def _module(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


if __name__ == "__main__":
    sys.exit(main())
