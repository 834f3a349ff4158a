"""Runs the intake as a deployment, with the stages that share its process."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from provisioning.contracts.config.cluster import ClusterConfig, IntakeStage
from provisioning.contracts.detectors import ParserStatus
from provisioning.contracts.query.archive import IntakeStatus
from ray_cluster.inference.canary_sampler import CanarySampler
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.agent_proofs import AgentProofs
from ray_cluster.intake.coalescing import CoalescedArchiver
from ray_cluster.intake.in_hand import InHand
from ray_cluster.intake.in_process import ArchiverInProcess, CanaryInProcess, EmbedderInProcess, ParserInProcess
from ray_cluster.intake.intake import AT_WORK, MAX_GROUP, Intake
from ray_cluster.intake.mqtt_client import MqttBroker
from ray_cluster.intake.partitioned import PartitionedIntake, WatchedArchiver
from ray_cluster.intake.stages import ArchiverStage, Stages
from ray_cluster.log import log_to_stderr
from ray_cluster.serve.composed import Composed
from ray_cluster.serve.handles import ArchiverHandle, CanaryHandle, EmbedderHandle, Handle, ParserHandle
from ray_cluster.serve.metrics import IntakeMetricsInputs, intake_families
from ray_cluster.serve.replica import check_running, now_ms, open_metrics

DRAIN_S: Final = 5.0
_T = TypeVar("_T")


class IntakeReplica:
    """Replica of the intake, with its MQTT client. Each stage is a deployment's handle, or starts in this process."""

    async def __init__(  # type: ignore[misc] # Serve awaits it
        self,
        config: ClusterConfig,
        parser: Handle | Composed,
        canary: Handle | Composed,
        embedder: Handle | Composed,
        *archivers: Handle | Composed,
    ) -> None:
        log_to_stderr()
        loop = asyncio.get_running_loop()
        self._composed: dict[IntakeStage, Any] = {}

        async def stage(
            name: IntakeStage,
            callee: Handle | Composed,
            by_handle: Callable[[Handle], _T],
            in_process: Callable[[Any], _T],
        ) -> _T:
            if not isinstance(callee, Composed):
                return by_handle(callee)
            self._composed[name] = await callee.start(config)
            return in_process(self._composed[name])

        handles = [ArchiverHandle(each) for each in archivers if not isinstance(each, Composed)]
        by_partition: list[ArchiverStage]
        if len(archivers) > 1:
            watched = [WatchedArchiver(CoalescedArchiver(each)) for each in handles]
            by_partition = list(watched)
        else:
            by_partition = [
                await stage(
                    IntakeStage.ARCHIVER,
                    archivers[0],
                    lambda handle: CoalescedArchiver(ArchiverHandle(handle)),
                    ArchiverInProcess,
                )
            ]
        stages = Stages(
            parser=await stage(IntakeStage.PARSER, parser, ParserHandle, ParserInProcess),
            canary=await stage(IntakeStage.CANARY, canary, CanaryHandle, CanaryInProcess),
            embedder=await stage(IntakeStage.EMBEDDER, embedder, EmbedderHandle, EmbedderInProcess),
            archiver=by_partition[0],
        )
        proofs = AgentProofs(CanarySampler(config.canary_share).takes, pictures=config.canary_proof, now_ms=now_ms)
        # The home of Ray's processes is a folder of this run of the node, see `environment.home`.
        in_hand = InHand.in_folder(Path.home())
        group = min(MAX_GROUP, config.parser_batch, config.embedder_batch)
        intakes = [
            Intake(
                replace(stages, archiver=archiver),
                proofs=proofs,
                now_ms=now_ms,
                group=group,
                room=config.receive_maximum,
                live_ms=round(config.live_s * 1000),
                in_hand=in_hand,
                at_work=at_work(config, group),
            )
            for archiver in by_partition
        ]
        self._intake: Intake | PartitionedIntake = intakes[0]
        if len(intakes) > 1:
            places = [each.places for each in handles]
            self._intake = PartitionedIntake(intakes, watched, places, share=config.receive_maximum // 2)
        self._broker = MqttBroker(config.broker, loop, self._intake.deliver, receive_maximum=config.receive_maximum)
        self._acks = Acks(self._broker, on_sent=self._intake.hops.acknowledged)
        inputs = IntakeMetricsInputs(
            lambda: self._intake.status(self._broker, self._acks), self._intake.hops, self._intake.groups
        )
        self._metrics = open_metrics(lambda: intake_families(inputs), config, "intake")
        self._work = loop.create_task(self._intake.run(self._broker, self._acks))
        self._is_started = False

    async def reconfigure(self, wanted: dict[str, Any]) -> None:
        """Pass the head's `WantedDetectors` to a parser in this process; then connect to the broker, once.

        Serve calls this after the constructor, and on a change; so the first picture meets the detectors of its camera.
        """
        parser = self._composed.get(IntakeStage.PARSER)
        if parser is not None:
            await parser.reconfigure(wanted)
        if not self._is_started:
            self._is_started = True
            self._broker.start()

    async def status(self) -> IntakeStatus:
        """Return the counters since this replica started."""
        return self._intake.status(self._broker, self._acks)

    async def parser_backlog(self) -> float:
        """Return the calls of a full group that the parsers have at work, or will get."""
        return self._intake.parser_backlog

    async def parser_status(self) -> ParserStatus:
        """Return the status of the parser in this process."""
        return await self._composed[IntakeStage.PARSER].parser_status()  # type: ignore[no-any-return]

    async def leave(self) -> bool:
        """Leave the broker, finish arrived messages and acknowledge them. False if any was left after `DRAIN_S`."""
        self._broker.leave()
        finished = await self._intake.drained(DRAIN_S)
        self._acks.flush()
        return finished

    def check_health(self) -> None:
        """Raise if the replica must be replaced, which Serve then does; an archiver in this process may be why."""
        check_running(self._work)
        if (archiver := self._composed.get(IntakeStage.ARCHIVER)) is not None:
            archiver.check_health()

    async def __del__(self) -> None:
        """Drain and close; Serve calls and awaits this on shutdown."""
        await self.leave()
        self._work.cancel()
        self._metrics.close()
        if (archiver := self._composed.get(IntakeStage.ARCHIVER)) is not None:
            archiver.close()
        await asyncio.to_thread(self._broker.stop)


def at_work(config: ClusterConfig, group: int) -> int:
    """Return the number of snapshots at work: a call for each parser. The others wait, and can be overtaken."""
    most = config.parser_replicas_max or 1
    return max(AT_WORK, min(most * group, config.receive_maximum))
