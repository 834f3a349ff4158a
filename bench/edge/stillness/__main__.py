"""A fixed camera's snapshots, searched whole and searched where they changed: milliseconds, and what is covered.

`python -m bench.edge.stillness [--case NAME] [--lines 720] [--deface]`. Each snapshot of every film but its first
counts. What decides is how much of what is labelled the whole search covers and the search in part does not.
"""

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench.edge.deface_peer import Deface
from bench.edge.stillness.cases import CASES, SIZES, Case
from bench.edge.stillness.footage import STREET
from bench.edge.stillness.searches import labels_of, searched
from bench.edge.stillness.tally import Tally
from bench.evaluation.photographs import Image, Photographs
from edge_agent.redact_files import file_policy
from edge_agent.redactor import Redactors
from provisioning.contracts.config.processes import Policy

STILL_S: Final = 10.0

Peer = Callable[[Image], float]
"""What another program takes for a picture, CPU milliseconds."""


def measure(case: Case, ways: tuple[Redactors, Redactors], peer: Peer | None = None) -> Tally:
    """Every film of a case, both ways in turn on the same snapshots."""
    tally = Tally()
    for film in case.films():
        cameras = [way.for_camera(way.config.cameras[0]) for way in ways]
        for number, shot in enumerate(film):
            labels = labels_of(shot)
            whole, part = (searched(camera, shot, labels, number, case.every_ms) for camera in cameras)
            if number:
                tally.add(labels, whole, part)
                tally.deface_ms += [peer(shot.image)] if peer is not None else []
    return tally


def main() -> None:
    """All cases, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m bench.edge.stillness", description=__doc__)
    parser.add_argument("--case", action="append", choices=sorted(CASES), help="again for more; without it all")
    parser.add_argument("--lines", type=int, action="append", choices=sorted(SIZES), help="of the picture")
    parser.add_argument("--street", type=Path, default=STREET, help="vtest.avi")
    parser.add_argument("--deface", action="store_true", help="deface on the same snapshots")
    options = parser.parse_args()
    photographs, loaded = Photographs(), file_policy.load_redactors(None, Policy())
    never, part = (_under(loaded, still_s) for still_s in (0.0, STILL_S))
    with ExitStack() as stack:
        deface = stack.enter_context(Deface()) if options.deface else None
        peer = None if deface is None else lambda image: deface.look(image).cpu_ms
        for lines in options.lines or SIZES:
            for name in options.case or CASES:
                tally = measure(CASES[name](lines, photographs, options.street), (never, part), peer)
                print(*tally.lines(f"{name}, {lines} lines"), sep="\n", flush=True)


def _under(redactors: Redactors, still_s: float) -> Redactors:
    settings = redactors.config.redactor.model_copy(update={"still_s": still_s})
    return redactors.under(redactors.config.model_copy(update={"redactor": settings}))


if __name__ == "__main__":
    main()
