"""Builds the bind graph: the deployments, their callers, and the roles of the machines on which they run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, cast

from ray import serve

from provisioning.contracts.config.cluster import ClusterConfig, IntakeStage, NodeRole
from provisioning.contracts.detectors import WantedDetectors
from ray_cluster.node.ray_command import LIGHT
from ray_cluster.node.replica_counts import Scale, configured
from ray_cluster.serve.archiver_deployment import ArchiverReplica
from ray_cluster.serve.canary_deployment import CanaryReplica
from ray_cluster.serve.composed import Composed
from ray_cluster.serve.embedder_deployment import EmbedderReplica
from ray_cluster.serve.intake_deployment import DRAIN_S, IntakeReplica
from ray_cluster.serve.parser_deployment import ParserReplica
from ray_cluster.serve.parser_scaling import CALLS, replicas_wanted
from ray_cluster.serve.query_deployment import QueryReplica
from ray_cluster.serve.upkeep_deployment import UpkeepReplica

APPLICATION: Final = "wayside"
QUEUED_CALLS: Final = 64
"""Most calls queued in a handle beyond its replicas'. Overflow: `drop_newest`, as `Unavailable`; intake retries."""
QUERY_REQUESTS: Final = 1024
"""Most requests that wait or are at work in `query`: more than its queues hold, which are fair, and Serve's is not."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Classes of replicas: a test or a measurement replaces a network by a cheap one."""

    parser: type = ParserReplica
    canary: type = CanaryReplica
    embedder: type = EmbedderReplica


PARTS: Final = Parts()
_BY_NAME: Final = (ClusterConfig, ArchiverReplica, Composed, IntakeReplica, QueryReplica, UpkeepReplica)
"""Classes that Serve pickles by their modules' names, which it keeps as long as the version is the same: a head that
comes back on a release in which one has moved would ask for the old name without end."""


def build(
    config: ClusterConfig,
    scales: Mapping[str, Scale] | None = None,
    *,
    parts: Parts = PARTS,
    wanted: WantedDetectors | None = None,
) -> serve.Application:
    """Build the application for `serve.run`.

    Intake runs beside the broker, so that its TLS stays on one machine and it fails only together with the broker;
    the pictures then cross the network twice, to `parse` and to `archive`, as they would with intake on `archive`.
    Stages of `config.composed` run in its process, on a machine that has their roles, too. Canary and embedder have
    deployments even so: `query` calls those, lest a picture that an analyst brings ends the intake.
    """
    stages = config.composed
    # Another assignment of detectors is another `user_config`, not another version: replicas stay, and adopt it.
    detectors = (wanted or WantedDetectors()).model_dump(mode="json")
    scale = configured(config) | dict(scales or {})
    content = f"{config.model_dump_json(exclude={'node'})} {sorted(stages)} {parts} {_BY_NAME}"
    version = sha256(content.encode()).hexdigest()[:16]

    def deployment(name: str, replica: type, role: NodeRole, **options: Any) -> Any:
        return _deployment(name, replica, role, version, **options)

    def called(stage: IntakeStage, replica: type, deployed: Callable[[], Any]) -> Any:
        return Composed(replica) if stage in stages else deployed()

    canary = deployment(
        "canary", parts.canary, NodeRole.PARSE, max_ongoing_requests=16, max_queued_requests=QUEUED_CALLS
    ).bind(config)
    embedder = deployment(
        "embedder",
        parts.embedder,
        NodeRole.ARCHIVE,
        gpus=config.embedder_gpus,
        max_ongoing_requests=16,
        max_queued_requests=QUEUED_CALLS,
        **_replicas(scale.get("embedder", Scale(1, 1))),
    ).bind(config)
    parser = called(
        IntakeStage.PARSER,
        parts.parser,
        lambda: deployment(
            "parser",
            parts.parser,
            NodeRole.PARSE,
            slots=1.0,
            gpus=config.parser_gpus,
            max_ongoing_requests=16,
            max_queued_requests=QUEUED_CALLS,
            user_config=detectors,
            **_replicas(scale["parser"]),
        ).bind(config),
    )

    def writer(number: int) -> Any:
        beside = dict.fromkeys(config.writer_resources((number,)), LIGHT)
        options = {"beside": beside, "max_ongoing_requests": 64}
        return deployment(_of("archiver", number), ArchiverReplica, NodeRole.ARCHIVE, **options).bind(config, number)

    archivers = [
        called(IntakeStage.ARCHIVER, ArchiverReplica, partial(writer, number))
        for number in range(config.archive_writers)
    ]
    beside, gpus = _room(config)
    intake = deployment(
        "intake",
        IntakeReplica,
        NodeRole.BUSINESS,
        beside=beside,
        gpus=gpus,
        num_replicas=config.intake_replicas,
        max_ongoing_requests=16,
        graceful_shutdown_timeout_s=2 * DRAIN_S,
        user_config=detectors,
    ).bind(
        config,
        parser,
        called(IntakeStage.CANARY, parts.canary, lambda: canary),
        called(IntakeStage.EMBEDDER, parts.embedder, lambda: embedder),
        *archivers,
    )
    upkeeps = [
        deployment(_of("upkeep", number), UpkeepReplica, NodeRole.ARCHIVE).bind(config, number)
        for number in range(config.archive_writers)
    ]
    query = deployment("query", QueryReplica, NodeRole.ARCHIVE, max_ongoing_requests=QUERY_REQUESTS).bind(
        config, intake, intake if IntakeStage.PARSER in stages else parser, canary, embedder, *upkeeps
    )
    return cast("serve.Application", query)


def _of(name: str, number: int) -> str:
    """Name the deployment of a partition."""
    return f"{name}-{number}" if number else name


def _room(config: ClusterConfig) -> tuple[dict[str, float], float]:
    """Return the slots of roles, and the GPUs, that the intake takes for the stages in its process."""
    stages = config.composed
    slots: dict[str, float] = {}
    if IntakeStage.CANARY in stages:
        slots[NodeRole.PARSE] = LIGHT
    if IntakeStage.PARSER in stages:
        slots[NodeRole.PARSE] = 1.0
    if stages & {IntakeStage.EMBEDDER, IntakeStage.ARCHIVER}:
        slots[NodeRole.ARCHIVE] = LIGHT
    gpus = {IntakeStage.PARSER: config.parser_gpus, IntakeStage.EMBEDDER: config.embedder_gpus}
    return slots, sum(share for stage, share in gpus.items() if stage in stages)


def _replicas(scale: Scale) -> dict[str, Any]:
    """Scale up fast and down slowly: a burst comes within seconds, and loading a network again is expensive."""
    if scale.least == scale.most:
        return {"num_replicas": scale.least}
    return {
        "autoscaling_config": {
            "min_replicas": scale.least,
            "max_replicas": scale.most,
            "target_ongoing_requests": CALLS,
            "policy": {"policy_function": f"{replicas_wanted.__module__}:{replicas_wanted.__name__}"},
            "upscale_delay_s": 2.0,
            "downscale_delay_s": 60.0,
            # Serve's default is ten seconds, and a burst waits as long (measured: 19 s to the second replica, 11 s with
            # this). The field is to become an environment variable, which 2.60 does not read yet.
            "metrics_interval_s": 2.0,
            "look_back_period_s": 6.0,
        }
    }


def _deployment(
    name: str,
    replica: type,
    role: NodeRole,
    version: str,
    *,
    slots: float = LIGHT,
    beside: Mapping[str, float] = MappingProxyType({}),
    gpus: float = 0.0,
    **options: Any,
) -> Any:
    """Deploy on machines of the role and with the resources of `beside`; half a CPU slot, health checks in seconds."""
    resources = {role.value: slots} | {str(each): share for each, share in beside.items()}
    return serve.deployment(
        name=name,
        ray_actor_options={"num_cpus": 0.5, "num_gpus": gpus, "resources": resources},
        health_check_period_s=2.0,
        health_check_timeout_s=30.0,
        graceful_shutdown_wait_loop_s=0.2,
        **options,
        # Serve gives every deployment a new version at each `serve.run`, and so replaces every replica, unless told
        # that it is the same one. `options` is the only way to do so (2.60).
    )(replica).options(version=version, _internal=True)
