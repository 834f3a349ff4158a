"""Two real parser replicas under Ray Serve whose detectors are swapped under load: `python -m … FOLDER`.

A process of its own, since Ray is started in it once. What it leaves in FOLDER is judged by
tests/scenarios/test_parser_swap.py.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import cv2

from engines.catalog.catalog import Catalog
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import Broker
from provisioning.contracts.detectors import AssignedDetector, DetectorPlan, WantedDetectors
from ray_cluster.errors import Unavailable
from ray_cluster.inference.picture import Parsed, Photo
from ray_cluster.node.environment import prepare
from tests.support.ports import free_port
from tests.support.square_nets import NETS, street
from tests.support.waiting import within

REPLICAS: Final = 2
CAMERAS: Final = ("gate", "quay")
CALLERS: Final = 4
GROUP: Final = 4
SIZE: Final = (320, 200)
NANODET, YOLOX, DETR = NETS[0], NETS[1], NETS[3]
FOUND: Final = "found.json"
BROKEN: Final = "broken"


def config_in(folder: Path) -> ClusterConfig:
    """With the tiny detectors in its models folder."""
    models = folder / "models"
    models.mkdir()
    for net in (NANODET, YOLOX, DETR, YOLOX.with_(name=BROKEN, times=float("nan"))):
        net.put(models)
    return ClusterConfig(
        broker=Broker(host="127.0.0.1", port=1, ca_file=folder, cert_file=folder, key_file=folder),
        models_dir=models,
        archive_dir=folder / "archive",
        auth_token_file=folder / "ray-token",
        query_token_file=folder / "query-token",
        gcs_port=free_port(),
        dashboard_port=free_port(),
        query_port=free_port(),
        parser_model=NANODET.name,
        parser_replicas=REPLICAS,
    )


def wanted(config: ClusterConfig, plan: dict[str, str]) -> WantedDetectors:
    """As the head would say it."""
    entries = tuple(AssignedDetector(name=name, cameras=(camera,)) for camera, name in plan.items())
    catalog = Catalog(config.models_dir)
    models = {name: catalog.manifest(name).sha256 for name in (config.parser_model, *plan.values())}
    return WantedDetectors(plan=DetectorPlan(detectors=entries), models=models)


class Load:
    """Callers that ask without a pause, and what they were answered."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self.sent = 0
        self.seen: Counter[str] = Counter()
        self.wrong = 0
        self.retries = 0
        self.longest_s = 0.0
        """From a call to its answer, retries and all."""
        self.is_over = False
        done, content = cv2.imencode(".jpg", street((100, 60, 180, 150), SIZE))
        assert done
        self._jpeg = content.tobytes()

    async def caller(self) -> None:
        from ray_cluster.serve.handles import answer  # noqa: PLC0415 - it imports Ray, after `prepare`

        while not self.is_over:
            photos = [Photo(self._jpeg, *SIZE, (), "town", CAMERAS[number % 2]) for number in range(GROUP)]
            self.sent += GROUP
            began = time.monotonic()
            while True:
                try:
                    answers = await answer(self._handle.parse.remote(photos))
                    break
                except Unavailable:  # as intake does
                    self.retries += 1
                    await asyncio.sleep(0.1)
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            for photo, one in zip(photos, answers, strict=True):
                if not isinstance(one, Parsed) or one.seen_by is None or len(one.machines) != 1:
                    self.wrong += 1
                else:
                    self.seen[f"{photo.camera_id} {one.seen_by.name}"] += 1


async def story(config: ClusterConfig, load: Load, put: Any, statuses: Any) -> dict[str, Any]:
    """Three assignments one after the other, the second of them broken."""
    callers = [asyncio.create_task(load.caller()) for _ in range(CALLERS)]

    async def until(what: str, condition: Any) -> None:
        async with within():
            while not condition(await statuses()):
                if load.is_over:
                    raise RuntimeError(what)
                await asyncio.sleep(0.1)

    await until("load", lambda _all: load.seen[f"gate {NANODET.name}"] > 40)
    await asyncio.to_thread(put, wanted(config, {"gate": YOLOX.name}))
    await until("first", lambda every: all(YOLOX.name in one.models for one in every))
    await until("seen", lambda _all: load.seen[f"gate {YOLOX.name}"] > 40)
    await asyncio.to_thread(put, wanted(config, {"gate": BROKEN, "quay": DETR.name}))
    await until("refused", lambda every: all(one.faults for one in every))
    faults = [one.faults[0] for one in await statuses()]
    between = load.seen.copy()
    await until("on", lambda _all: load.seen[f"gate {YOLOX.name}"] > between[f"gate {YOLOX.name}"] + 40)
    await asyncio.to_thread(put, wanted(config, {"gate": DETR.name, "quay": DETR.name}))
    await until("last", lambda every: all(DETR.name in one.models for one in every))
    await until("seen", lambda _all: load.seen[f"quay {DETR.name}"] > 40)
    load.is_over = True
    await asyncio.gather(*callers)
    every = await statuses()
    return {
        "sent": load.sent,
        "seen": dict(load.seen),
        "wrong": load.wrong,
        "retries": load.retries,
        "longest_s": load.longest_s,
        "faults": faults,
        "faults_after": [fault for one in every for fault in one.faults],
        "looked_at": sum(sum(one.pictures.values()) for one in every),
        "fell_back": sum(sum(one.fell_back.values()) for one in every),
        "replicas": len(every),
    }


def main(folder: Path) -> None:
    """See the module."""
    config = config_in(folder)
    prepare(config)
    import ray  # noqa: PLC0415 - reads what `prepare` wrote
    from ray import serve  # noqa: PLC0415

    from provisioning.contracts.config.cluster import NodeRole  # noqa: PLC0415
    from ray_cluster.serve.application import _deployment  # noqa: PLC0415
    from ray_cluster.serve.handles import answer_all  # noqa: PLC0415
    from ray_cluster.serve.parser_deployment import ParserReplica  # noqa: PLC0415

    temporary = tempfile.mkdtemp(prefix="wr-", dir="/tmp")
    ray.init(
        num_cpus=4,
        resources={NodeRole.PARSE.value: 4.0},
        object_store_memory=80 * 1024**2,
        include_dashboard=False,
        configure_logging=False,
        log_to_driver=True,
        _node_ip_address="127.0.0.2",
        _temp_dir=temporary,
    )

    def put(told: WantedDetectors) -> Any:
        deployment = _deployment(
            "parser",
            ParserReplica,
            NodeRole.PARSE,
            "same",
            num_replicas=REPLICAS,
            max_ongoing_requests=16,
            max_queued_requests=64,
            user_config=told.model_dump(mode="json"),
        )
        return serve.run(deployment.bind(config), name="swap", route_prefix=None)

    try:
        serve.start(proxy_location="Disabled")
        handle = put(wanted(config, {}))
        found = asyncio.run(story(config, Load(handle), put, lambda: answer_all(handle, "parser_status")))
        (folder / FOUND).write_text(json.dumps(found))
    finally:
        serve.shutdown()  # type: ignore[no-untyped-call] # Ray has no type for it
        ray.shutdown()
        shutil.rmtree(temporary, ignore_errors=True)
    os._exit(0)  # Ray's threads have nothing more to say


if __name__ == "__main__":
    main(Path(sys.argv[1]))
