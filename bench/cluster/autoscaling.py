"""`python -m bench.cluster.autoscaling [--backlog SECONDS] [--json FILE]`: how soon parsers follow the queue.

One machine, up to three replicas of the parser that need no core; snapshots come at one a second, then at fifty for as
long as it takes to carry them, then at one again. Broker, intake, archive and Serve are real. Exit code 1 if a snapshot
is lost or is there twice, or if the replicas do not follow.

With `--backlog` what several agents kept for so many seconds comes at once, on a head with room for one parser: Ray's
autoscaler starts nodes for further ones, and ends them (`bench.cluster.backlog`).
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from bench.cluster.backlog import drain
from bench.cluster.slow_street import Figures, counted, delays_s, deploy, parser_rate, parsers, slow_street
from provisioning.contracts.config.cluster import ClusterConfig, Node
from tests.support.custodian import Custodian
from tests.support.exchange import Exchange

_MOST: Final = 3
_QUIET, _RUSH = 1.0, 49.0
_PATIENCE_S: Final = 120.0


def main() -> int:
    """Measures, prints, and with `--json` writes."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.autoscaling", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here, as they come")
    parser.add_argument("--backlog", type=float, help="seconds for which agents kept their snapshots, 10 a second")
    arguments = parser.parse_args()
    figures = Figures(arguments.json)
    with tempfile.TemporaryDirectory(prefix="wayside-bench-") as folder:
        if arguments.backlog is None:
            _measure(Path(folder), figures)
        else:
            drain(Path(folder), arguments.backlog, figures)
    return 1 if figures.values["lost"] or figures.values["twice"] or None in figures.values.values() else 0


def _measure(folder: Path, figures: Figures) -> None:
    place = Node(state_dir=folder / "node", parser_slots=_MOST)
    with slow_street(folder, _MOST, place) as (exchange, config):
        # Ray reads its environment while it is imported.
        from ray_cluster.serve.ray_node import node  # noqa: PLC0415

        with tempfile.TemporaryDirectory(prefix="wb-") as run, node(config, run, threading.Event()):
            deploy(config)
            _follow(exchange, config, figures)


def _follow(exchange: Exchange, config: ClusterConfig, figures: Figures) -> None:
    quiet = Custodian(exchange.section("lane"), "lane", rate=_QUIET)
    rush = Custodian(exchange.section("street"), "street", rate=_RUSH)
    quiet.start()
    time.sleep(10)  # how many there are at rest
    figures.add({"replicas at 1/s": parsers(), "one replica carries, snapshots/s": parser_rate()})
    rush.start()
    began_s = time.monotonic()
    for number in range(2, _MOST + 1):
        figures.add({f"{number} replicas after, s": _until(partial(_are, number), began_s)})
    time.sleep(20)  # the rush with all of them
    figures.add({"waiting at the sender, 20 s later": rush.waiting})
    rush.stop()
    began_s = time.monotonic()
    figures.add({"all archived after, s": _until(lambda: not rush.waiting, began_s)})
    figures.add({"delay in the rush, p50 and p99, s": delays_s(rush)})
    figures.add({"1 replica again after, s": _until(lambda: parsers() == 1, began_s)})
    quiet.stop()
    _until(lambda: not quiet.waiting, time.monotonic())
    figures.add(counted(config, [quiet, rush]))


def _are(least: int) -> bool:
    return parsers() >= least


def _until(done: Callable[[], bool], began_s: float) -> float | None:
    """Seconds from then; None: it did not come."""
    while not done():
        if time.monotonic() - began_s > _PATIENCE_S:
            return None
        time.sleep(0.2)  # Serve tells nobody when a replica runs
    return round(time.monotonic() - began_s, 1)


if __name__ == "__main__":
    sys.exit(main())
