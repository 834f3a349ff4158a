"""A broker and a cluster whose parsers take their time and no core, for the two benches of scaling.

```
 custodians ─▶ Mosquitto ─▶ intake ─▶ SlowParser, 1 to `parsers_max` ─▶ archive
```
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from engines.catalog.catalog import default_models_dir
from provisioning.contracts.config.cluster import ClusterConfig, Node
from ray_cluster.node import environment
from tests.support.custodian import Custodian
from tests.support.exchange import Exchange
from tests.support.ports import free_port


class Figures:
    """Figures of a run, printed as they come; a file holds all so far, so that a run that is ended keeps them."""

    def __init__(self, file: Path | None) -> None:
        self._console, self._file = Console(soft_wrap=True), file
        self.values: dict[str, Any] = {}

    def add(self, figures: Mapping[str, Any]) -> None:
        """Adds figures by their names."""
        for name, value in figures.items():
            self.values[name] = value
            self._console.print(f"{name}: {json.dumps(value)}", highlight=False)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_text(json.dumps(self.values, indent=2) + "\n", encoding="utf-8")


@contextmanager
def slow_street(folder: Path, parsers_max: int, node: Node, **keys: Any) -> Iterator[tuple[Exchange, ClusterConfig]]:
    """Runs the broker and yields it with the configuration of a cluster, for which this process is prepared."""
    exchange = Exchange(folder)
    exchange.start()
    try:
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
            parser_replicas_max=parsers_max,
            node=node,
            **keys,
        )
        environment.prepare(config)
        yield exchange, config
    finally:
        exchange.stop()


def deploy(config: ClusterConfig) -> None:
    """Deploys the application on the running node."""
    # Ray reads its environment while it is imported.
    from bench.cluster.slow_parser import SlowParser  # noqa: PLC0415
    from ray_cluster.serve.application import Parts, build  # noqa: PLC0415
    from ray_cluster.serve.ray_node import deployed, serving  # noqa: PLC0415
    from tests.support.stub_deployer import StubCanary, StubEmbedder  # noqa: PLC0415

    serving(config)
    deployed(build(config, parts=Parts(SlowParser, StubCanary, StubEmbedder)))


def parsers() -> int:
    """Counts the parsers that run."""
    from ray import serve  # noqa: PLC0415 - imports Ray

    from ray_cluster.serve.application import APPLICATION  # noqa: PLC0415

    states = serve.status().applications[APPLICATION].deployments["parser"].replica_states
    return sum(count for state, count in states.items() if state == "RUNNING")


def parser_rate() -> float:
    """Returns the snapshots a second that one parser carries."""
    from bench.cluster.slow_parser import PICTURE_S  # noqa: PLC0415 - imports Ray

    return 1 / PICTURE_S


def delays_s(custodian: Custodian) -> list[float]:
    """Returns the delays from publish to *archived*: the median and the 99th percentile."""
    delays = sorted(custodian.delays_s)
    return [round(delays[len(delays) * part // 100], 2) for part in (50, 99)]


def counted(config: ClusterConfig, custodians: Sequence[Custodian]) -> dict[str, int]:
    """Ends the custodians and compares what they made with the archive."""
    from ray_cluster.query.reader import Query  # noqa: PLC0415 - imports Ray

    for custodian in custodians:
        custodian.close()
    made = sum(custodian.made for custodian in custodians)
    status = Query(config.archive_dir, offset_minutes=config.day_offset_minutes).status()
    return {"sent": made, "lost": made - status.distinct_ids, "twice": status.rows - status.distinct_ids}
