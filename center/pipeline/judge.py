"""Judges the whole chain: one function a stage, each pure over the same span of evidence."""

from collections.abc import Callable
from typing import Final

from center.pipeline import judge_cluster, judge_edge
from center.pipeline.judge_parties import third_party
from center.pipeline.sample import Sample, SampleSpan
from center.pipeline.stages import THIRD_PARTIES, Stage
from center.pipeline.verdict import StageVerdict
from provisioning.contracts.config.pipeline import Pipeline

RULES: Final[dict[Stage, Callable[[SampleSpan, Pipeline], StageVerdict | None]]] = {
    Stage.DEVICES: judge_edge.devices,
    Stage.PLATFORMS: judge_edge.platforms,
    Stage.AGENTS: judge_edge.agents,
    Stage.BROKER: judge_edge.broker,
    Stage.INTAKE: judge_cluster.intake,
    Stage.PARSE: judge_cluster.parse,
    Stage.ARCHIVE: judge_cluster.archive,
    Stage.STORAGE: judge_cluster.storage,
    Stage.QUERY: judge_cluster.query,
    Stage.NOTIFY: judge_cluster.notify,
    **{stage: third_party(stage) for stage in THIRD_PARTIES},
}


def judge(now: Sample, before: Sample | None, limits: Pipeline) -> tuple[StageVerdict, ...]:
    """Judges every stage in use, in the order of the chain. `before`: evidence of a window ago; None: none yet."""
    span = SampleSpan(now, before)
    verdicts = (rule(span, limits) for rule in RULES.values())
    return tuple(each for each in verdicts if each is not None)
