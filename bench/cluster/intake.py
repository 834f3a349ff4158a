"""Measures the cost of Ray Serve and the rate of the intake, beside the bare programs.

Run it with `python -m bench.cluster.intake [--quick] [--json FILE]`.

1. A handle's call of one byte beside a plain actor's, 1, 64 and 512 at a time; as Ray is by default, and with
   RAY_SERVE_THROUGHPUT_OPTIMIZED=1.
2. Pictures a second through the parser's deployment, beside the same `Parser` in this process: same decoding, network,
   pre- and post-processing, group and threads.
3. Messages a second from the broker into the archive with parser and canary stubbed, in turns: the same custody in one
   process without Ray, a process for each stage (spread), and all stages in the intake's process (composed). Beside
   them a bare subscriber at the same broker; and from publishing to *archived* at a rate that is no burden. What is
   archived can be searched.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from rich.console import Console
from rich.table import Table

from bench.measure import Comparison, compare
from bench.process import cpu_s, descendants
from engines.catalog.catalog import Catalog, default_models_dir
from engines.detection.detector import Detector
from provisioning.contracts.config.cluster import ClusterConfig, IntakeStage
from provisioning.contracts.config.processes import Broker
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Archived
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import Photo
from ray_cluster.node import environment
from tests.ray_cluster.world import snapshot
from tests.support.custodian import Custodian
from tests.support.exchange import Exchange
from tests.support.ports import free_port

GROUP: Final = 8
AGENT: Final = "street"
_CALLERS: Final = 3
"""Groups on their way at a time: the replica is never idle, and no queue hides it."""
_PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything. The first of `bursts` warms up."""

    calls: float = 1.0
    pictures: int = 64
    runs: int = 5
    burst: int = 2000
    bursts: int = 3
    turns: int = 2
    bare: int = 3
    calm_s: float = 20.0


FULL: Final = Sizes()
QUICK: Final = Sizes(calls=0.02, pictures=16, runs=1, burst=200, bursts=2, turns=1, bare=1, calm_s=4.0)
"""Everything is touched; the figures mean nothing."""


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.intake", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--only", choices=["handles", "parser", "intake"], help="one part")
    parser.add_argument("--group", type=int, default=GROUP, help=f"parser_batch, and so snapshots a call ({GROUP})")
    parser.add_argument("--turns", type=int, default=FULL.turns, help=f"of the forms of the intake ({FULL.turns})")
    parser.add_argument("--quick", action="store_true", help="in its smallest form: does it work?")
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else replace(FULL, turns=arguments.turns)
    report: dict[str, Any] = {"cores": os.cpu_count(), "load_average": os.getloadavg(), "group": arguments.group}
    if arguments.only in {None, "handles"}:
        report["handles"] = {
            "default": _handles(sizes),
            "throughput optimized": _handles(sizes, optimized=True),
        }
        _print_handles(report["handles"])
    with tempfile.TemporaryDirectory(prefix="wayside-bench-") as folder:
        if arguments.only in {None, "parser", "intake"}:
            report |= _served(Path(folder), arguments.only, arguments.group, sizes)
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _handles(sizes: Sizes, *, optimized: bool = False) -> dict[str, dict[str, float]]:
    switches = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    if optimized:
        switches["RAY_SERVE_THROUGHPUT_OPTIMIZED"] = "1"
    command = [sys.executable, "-m", "bench.cluster.handles", str(sizes.calls)]
    done = subprocess.run(command, env=os.environ | switches, stdout=subprocess.PIPE, check=True)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _print_handles(found: dict[str, dict[str, dict[str, float]]]) -> None:
    table = Table("one byte", "at a time", "p50 ms", "p99 ms", "calls/s", title="a handle's call")
    for mode, rows in found.items():
        for name, row in rows.items():
            kind, concurrent = name.split()
            table.add_row(
                f"{kind}, {mode}", concurrent, f"{row['p50_ms']:.1f}", f"{row['p99_ms']:.1f}", f"{row['per_s']:.0f}"
            )
    Console().print(table)


def _served(folder: Path, only: str | None, group: int, sizes: Sizes) -> dict[str, Any]:
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
        parser_batch=group,
        embedder_batch=group,
        parser_batch_wait_ms=5,
    )
    report: dict[str, Any] = {}
    before = _bare_rates(folder, exchange, sizes) if only != "parser" else []
    environment.prepare(config)
    # Ray reads its environment while it is imported.
    from ray_cluster.serve.ray_node import node, serving  # noqa: PLC0415

    try:
        with tempfile.TemporaryDirectory(prefix="wb-") as run, node(config, run, threading.Event()):
            if only != "intake":
                found = _parser(config, sizes)
                report["parser"] = found.as_json()
                _print_ratio(found.name, found.ours, found.baseline, found.ratio, "pictures/s")
            if only != "parser":
                serving(config)
                forms = _in_turns(folder, config, exchange, sizes)
        if only != "parser":
            bare = statistics.median(before + _bare_rates(folder, exchange, sizes))
            report["intake"] = {"bare_per_s": bare} | {name: form.as_json(sizes) for name, form in forms.items()}
            _print_forms(report["intake"])
    finally:
        exchange.stop()
    return report


def _print_ratio(name: str, ours: float, baseline: float, ratio: float, unit: str) -> None:
    Console().print(f"{name}: {ours:.1f} beside {baseline:.1f} {unit}, ratio {ratio:.2f}")


def _print_forms(found: dict[str, Any]) -> None:
    single = found["single"]
    table = Table(
        "form", "messages/s", "of the single process", "ms a message", "p50 / p99 ms", title="broker to archive"
    )
    for name in ("single", "spread", "composed"):
        form = found[name]
        delays = f"{form['p50_ms']:.0f} / {form['p99_ms']:.0f}" if "p50_ms" in form else ""
        ratio = f"{form['per_s'] / single['per_s']:.2f}"
        table.add_row(name, f"{form['per_s']:.0f}", ratio, f"{form['cpu_ms_a_message']:.2f}", delays)
    Console().print(table)
    Console().print(f"a bare subscriber: {found['bare_per_s']:.0f} messages/s")
    Console().print({name: found[name]["cpu_ms_by_process"] for name in ("single", "spread", "composed")})


# --- the parser -----------------------------------------------------------------------------------------------------


def _photos(catalog: Catalog, count: int) -> list[Photo]:
    capture = cv2.VideoCapture(str(catalog.path("bikes")))
    photos: list[Photo] = []
    while len(photos) < count:
        read, image = capture.read()
        assert read
        done, jpeg = cv2.imencode(".jpg", image)
        assert done
        photos.append(Photo(jpeg.tobytes(), image.shape[1], image.shape[0], ()))
    return photos


def _parser(config: ClusterConfig, sizes: Sizes) -> Comparison:
    from ray import serve  # noqa: PLC0415 - see above

    from ray_cluster.serve.parser_deployment import ParserReplica  # noqa: PLC0415
    from ray_cluster.serve.replica import threads  # noqa: PLC0415

    photos = _photos(Catalog(config.models_dir), sizes.pictures)
    groups = [photos[start : start + GROUP] for start in range(0, len(photos), GROUP)]
    deployment = serve.deployment(name="parser", max_ongoing_requests=16)(ParserReplica)
    handle = serve.run(deployment.bind(config), name="bench", route_prefix=None)
    detector = Detector.load(Catalog(config.models_dir), config.parser_model, threads=threads())
    bare = Parser.alone(detector, threshold=config.parser_threshold)

    async def through() -> None:
        left = iter(groups)

        async def caller() -> None:
            for group in left:
                await handle.parse.remote(group)

        await asyncio.gather(*(caller() for _ in range(_CALLERS)))

    def rate(work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        return len(photos) / (time.perf_counter() - began)

    loop = asyncio.new_event_loop()
    found = compare(
        "parser's deployment",
        "pictures/s",
        lambda: rate(lambda: loop.run_until_complete(through())),
        lambda: rate(lambda: [bare.parse(group) for group in groups]),
        baseline_is="the same Parser in this process",
        runs=sizes.runs,
    )
    loop.close()
    serve.delete("bench")
    return found


# --- the intake -----------------------------------------------------------------------------------------------------


def _payloads(first: int, count: int) -> list[bytes]:
    """Of about 8 KiB, captured now."""
    rng = np.random.default_rng(first)
    done, encoded = cv2.imencode(".jpg", rng.integers(0, 255, (96, 128, 3), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert done
    picture = encoded.tobytes()
    now_ms = time.time_ns() // 1_000_000
    return [
        codec.encode_snapshot(
            snapshot(first + number, agent=AGENT, at_ms=now_ms + number % 1000, picture=picture, size=(128, 96)),
            picture,
        )
        for number in range(count)
    ]


class _Burst:
    """Sends as fast as the broker takes it; counts what comes back as archived."""

    def __init__(self, broker: Broker) -> None:
        self.archived = 0
        self._some = threading.Condition()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench-burst", protocol=mqtt.MQTTv5)
        self._client.tls_set(str(broker.ca_file), str(broker.cert_file), str(broker.key_file))
        self._client.max_inflight_messages_set(1000)
        self._client.on_connect = lambda client, *_: client.subscribe(topics.archived(AGENT), qos=1)
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def send(self, payloads: list[bytes]) -> None:
        """Hand them to paho, which sends in its own thread."""
        for payload in payloads:
            self._client.publish(topics.snapshots(AGENT), payload, qos=1)

    def wait_for(self, count: int, timeout_s: float = _PATIENCE_S) -> None:
        """Until so many are archived in all."""
        with self._some:
            assert self._some.wait_for(lambda: self.archived >= count, timeout_s), self.archived

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with self._some:
            self.archived += len(codec.decode(Archived, bytes(message.payload)).items)
            self._some.notify_all()


def _bare_rates(folder: Path, exchange: Exchange, sizes: Sizes) -> list[float]:
    file = folder / "broker.json"
    file.write_text(exchange.section("cluster").model_dump_json())
    command = [sys.executable, "-m", "bench.cluster.bare_subscriber", str(file), str(sizes.burst), str(sizes.bare)]
    burst = _Burst(exchange.section(AGENT))
    rates = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as subscriber:
        assert subscriber.stdout is not None
        assert subscriber.stdout.readline() == "ready\n"
        for number in range(sizes.bare):
            payloads = _payloads(10_000_000 + number * sizes.burst, sizes.burst)
            began = time.perf_counter()
            burst.send(payloads)
            subscriber.stdout.readline()
            rates.append(sizes.burst / (time.perf_counter() - began))
    burst.close()
    return rates


@dataclass(slots=True)
class _Form:
    """Holds the figures of one form of the same custody, over all its turns."""

    rates: list[float] = field(default_factory=list)
    cpu_ms: list[dict[str, float]] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)

    def as_json(self, sizes: Sizes) -> dict[str, Any]:
        """Medians of rates and of processor time; delays of all calm messages."""
        names = {name for each in self.cpu_ms for name in each}
        by_process = {name: statistics.mean(each.get(name, 0.0) for each in self.cpu_ms) for name in names}
        found: dict[str, Any] = {
            "per_s": statistics.median(self.rates),
            "per_s_each": [round(rate) for rate in self.rates],
            "cpu_ms_a_message": round(statistics.median(sum(each.values()) for each in self.cpu_ms), 2),
            "cpu_ms_each": [round(sum(each.values()), 2) for each in self.cpu_ms],
            "cpu_ms_by_process": {
                name: round(cpu, 2) for name, cpu in sorted(by_process.items(), key=lambda one: -one[1]) if cpu >= 0.01
            },
            "messages": sizes.burst * (sizes.bursts - 1) * len(self.cpu_ms),
        }
        if delays := sorted(self.delays_s):
            found |= {
                "p50_ms": round(delays[len(delays) // 2] * 1000, 1),
                "p99_ms": round(delays[len(delays) * 99 // 100] * 1000, 1),
            }
        return found


def _in_turns(folder: Path, config: ClusterConfig, exchange: Exchange, sizes: Sizes) -> dict[str, _Form]:
    """Each form in each turn, with an archive of its own; the load of other work is then the same for all."""
    forms = {name: _Form() for name in ("single", "spread", "composed")}
    stages = {"spread": (), "composed": tuple(IntakeStage)}
    for turn in range(sizes.turns):
        _single_process(folder, exchange, sizes, forms["single"], turn)
        for name, with_intake in stages.items():
            changed = {"with_intake": with_intake, "archive_dir": folder / f"{name}-{turn}"}
            _deployed(config.model_copy(update=changed), exchange, sizes, forms[name], is_last=turn == sizes.turns - 1)
    return forms


def _single_process(folder: Path, exchange: Exchange, sizes: Sizes, form: _Form, turn: int) -> None:
    """The same custody without Ray: its process, the broker and the sender are counted, and nothing of Ray's."""
    command = [
        sys.executable,
        "-m",
        "bench.cluster.single_process",
        str(folder / "broker.json"),
        str(folder / f"single-{turn}"),
    ]
    of_ray = {pid for pid, name in descendants(os.getpid()).items() if pid != os.getpid() and "mosquitto" not in name}
    burst = _Burst(exchange.section(AGENT))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            _bursts(burst, sizes, form, without=of_ray)
        finally:
            process.terminate()
            burst.close()


def _deployed(config: ClusterConfig, exchange: Exchange, sizes: Sizes, form: _Form, *, is_last: bool) -> None:
    from ray import serve  # noqa: PLC0415 - see above

    from ray_cluster.serve.application import APPLICATION, Parts, build  # noqa: PLC0415
    from ray_cluster.serve.ray_node import deployed  # noqa: PLC0415
    from tests.support.stub_deployer import StubCanary, StubParser  # noqa: PLC0415

    deployed(build(config, parts=Parts(StubParser, StubCanary)))
    burst = _Burst(exchange.section(AGENT))
    try:
        _bursts(burst, sizes, form)
        if is_last:
            custodian = Custodian(exchange.section("lane"), "lane", rate=20.0)
            custodian.start()
            time.sleep(sizes.calm_s)  # what is measured: messages at a rate that is no burden
            custodian.stop()
            time.sleep(2)  # the last are archived after half a second
            custodian.close()
            form.delays_s += custodian.delays_s
    finally:
        burst.close()
        serve.delete(APPLICATION)


def _bursts(burst: _Burst, sizes: Sizes, form: _Form, *, without: Collection[int] = ()) -> None:
    """Messages a second of each burst, and processor milliseconds of a message by process; the first one warms up."""
    warm: dict[str, float] = {}
    for number in range(sizes.bursts):
        payloads = _payloads(number * sizes.burst, sizes.burst)
        began = time.perf_counter()
        burst.send(payloads)
        burst.wait_for((number + 1) * sizes.burst)
        if number:
            form.rates.append(sizes.burst / (time.perf_counter() - began))
        else:
            warm = _spent_s(without)
    each = 1000 / (sizes.burst * (sizes.bursts - 1))
    form.cpu_ms.append({name: (cpu - warm.get(name, 0)) * each for name, cpu in _spent_s(without).items()})


def _spent_s(without: Collection[int]) -> dict[str, float]:
    """Processor seconds so far, by what a process of this run is called."""
    spent: dict[str, float] = {}
    for pid, name in descendants(os.getpid()).items():
        if pid not in without:
            known_as = _known_as(name)
            spent[known_as] = spent.get(known_as, 0.0) + cpu_s(pid)
    return spent


def _known_as(name: str) -> str:
    """Ray puts what an actor does at the moment behind its name."""
    if not name.startswith("ray::"):
        return name
    return name.removeprefix("ray::").removeprefix("ServeReplica:wayside:").partition(".")[0]


if __name__ == "__main__":
    main()
