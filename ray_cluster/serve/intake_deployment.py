"""Runs the intake as a deployment."""

import asyncio
from typing import Final

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.query.archive import IntakeStatus
from ray_cluster.inference.canary_sampler import CanarySampler
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.agent_proofs import AgentProofs
from ray_cluster.intake.coalescing import CoalescedStages
from ray_cluster.intake.intake import MAX_GROUP, Intake
from ray_cluster.intake.mqtt_client import MqttBroker
from ray_cluster.log import log_to_stderr
from ray_cluster.serve.handles import Handle, Handles
from ray_cluster.serve.metrics import IntakeMetricsInputs, intake_families
from ray_cluster.serve.replica import check_running, now_ms, open_metrics

DRAIN_S: Final = 5.0


class IntakeReplica:
    """Replica of the intake, with its MQTT client."""

    async def __init__(  # type: ignore[misc] # Serve awaits it
        self, config: ClusterConfig, parser: Handle, canary: Handle, embedder: Handle, archiver: Handle
    ) -> None:
        log_to_stderr()
        loop = asyncio.get_running_loop()
        self._intake = Intake(
            CoalescedStages(Handles(parser, canary, embedder, archiver)),
            proofs=AgentProofs(CanarySampler(config.canary_share).takes, pictures=config.canary_proof, now_ms=now_ms),
            now_ms=now_ms,
            group=min(MAX_GROUP, config.parser_batch, config.embedder_batch),
            room=config.receive_maximum,
            live_ms=round(config.live_s * 1000),
        )
        self._broker = MqttBroker(config.broker, loop, self._intake.deliver, receive_maximum=config.receive_maximum)
        self._acks = Acks(self._broker, on_sent=self._intake.hops.acknowledged)
        inputs = IntakeMetricsInputs(
            lambda: self._intake.status(self._broker, self._acks), self._intake.hops, self._intake.groups
        )
        self._metrics = open_metrics(lambda: intake_families(inputs), config, "intake")
        self._work = loop.create_task(self._intake.run(self._broker, self._acks))
        self._broker.start()

    async def status(self) -> IntakeStatus:
        """Return the counters since this replica started."""
        return self._intake.status(self._broker, self._acks)

    async def leave(self) -> bool:
        """Leave the broker, finish arrived messages and acknowledge them. False if any was left after `DRAIN_S`."""
        self._broker.leave()
        finished = await self._intake.drained(DRAIN_S)
        self._acks.flush()
        return finished

    def check_health(self) -> None:
        """Raise if the replica must be replaced, which Serve then does."""
        check_running(self._work)

    async def __del__(self) -> None:
        """Drain and close; Serve calls and awaits this on shutdown."""
        await self.leave()
        self._work.cancel()
        self._metrics.close()
        await asyncio.to_thread(self._broker.stop)
