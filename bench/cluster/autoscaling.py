"""`python -m bench.cluster.autoscaling [--backlog SECONDS] [--json FILE]`: how soon parsers follow the queue.

One machine, up to three replicas of the parser that need no core; snapshots come at one a second, then at fifty for as
long as it takes to carry them, then at one again. Broker, intake, archive and Serve are real. Exit code 1 if a snapshot
is lost or is there twice, or if the replicas do not follow.

With `--backlog` what several agents kept for so many seconds comes at once, on a head with room for one parser: Ray's
autoscaler starts nodes for further ones, and ends them (`bench.cluster.backlog`).
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from bench.cluster.backlog import drained, parsers
from engines.catalog.catalog import default_models_dir
from provisioning.contracts.config.cluster import ClusterConfig, Node
from ray_cluster.node import environment
from tests.support.custodian import Custodian
from tests.support.exchange import Exchange
from tests.support.ports import free_port

_MOST: Final = 3
_QUIET, _RUSH = 1.0, 49.0
_PATIENCE_S: Final = 120.0


def main() -> int:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.autoscaling", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--backlog", type=float, help="seconds for which agents kept their snapshots, 10 a second")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wayside-bench-") as folder:
        report = _measured(Path(folder)) if arguments.backlog is None else drained(Path(folder), arguments.backlog)
    Console().print_json(data=report)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if report["lost"] or report["twice"] or None in report.values() else 0


def _measured(folder: Path) -> dict[str, Any]:
    exchange = Exchange(folder)
    exchange.start()
    config = ClusterConfig(
        broker=exchange.section("cluster"),
        models_dir=default_models_dir(),
        archive_dir=folder / "archive",
        gcs_port=free_port(),
        dashboard_port=free_port(),
        dashboard=False,
        query_port=free_port(),
        auth_token_file=folder / "ray-token",
        query_token_file=folder / "query-token",
        parser_replicas_max=_MOST,
        node=Node(state_dir=folder / "node", parser_slots=_MOST),
    )
    environment.prepare(config)
    # Ray reads its environment while it is imported.
    from bench.cluster.slow_parser import SlowParser  # noqa: PLC0415
    from ray_cluster.serve.application import Parts, build  # noqa: PLC0415
    from ray_cluster.serve.ray_node import deployed, node, serving  # noqa: PLC0415
    from tests.support.stub_deployer import StubCanary, StubEmbedder  # noqa: PLC0415

    try:
        with tempfile.TemporaryDirectory(prefix="wb-") as run, node(config, run, threading.Event()):
            serving(config)
            deployed(build(config, parts=Parts(SlowParser, StubCanary, StubEmbedder)))
            return _followed(exchange, config)
    finally:
        exchange.stop()


def _followed(exchange: Exchange, config: ClusterConfig) -> dict[str, Any]:
    quiet = Custodian(exchange.section("lane"), "lane", rate=_QUIET)
    rush = Custodian(exchange.section("street"), "street", rate=_RUSH)
    quiet.start()
    time.sleep(10)  # how many there are at rest
    report: dict[str, Any] = {"replicas at 1/s": parsers()}
    rush.start()
    began_s = time.monotonic()
    for number in range(2, _MOST + 1):
        report[f"{number} replicas after, s"] = _until(partial(_are, number), began_s)
    time.sleep(20)  # the rush with all of them
    report["waiting at the sender, 20 s later"] = rush.waiting
    rush.stop()
    began_s = time.monotonic()
    report["all archived after, s"] = _until(lambda: not rush.waiting, began_s)
    report["1 replica again after, s"] = _until(lambda: parsers() == 1, began_s)
    quiet.stop()
    _until(lambda: not quiet.waiting, time.monotonic())
    for each in (quiet, rush):
        each.close()
    from bench.cluster.slow_parser import PICTURE_S  # noqa: PLC0415
    from ray_cluster.query.reader import Query  # noqa: PLC0415

    report["one replica carries, snapshots/s"] = 1 / PICTURE_S
    made = quiet.made + rush.made
    status = Query(config.archive_dir, offset_minutes=config.day_offset_minutes).status()
    delays = sorted(rush.delays_s)
    return report | {
        "delay in the rush, p50 and p99, s": [round(delays[len(delays) * part // 100], 2) for part in (50, 99)],
        "sent": made,
        "lost": made - status.distinct_ids,
        "twice": status.rows - status.distinct_ids,
    }


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
