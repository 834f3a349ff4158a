"""The number of parsers that the policy asks for, by Serve's own measure and by what the intakes hold."""

import tomllib
from typing import Any

import pytest

from provisioning.contracts.config.cluster import ClusterConfig
from tests.ray_cluster.world import CONFIG

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own, as it is imported


def test_parsers_follow_what_the_intakes_hold_and_calls_alone_while_no_intake_answers() -> None:
    from ray.serve.config import AutoscalingContext  # noqa: PLC0415 - slow to import

    from ray_cluster.serve.parser_scaling import BACKLOG, replicas_wanted  # noqa: PLC0415

    def wanted(calls: float, reported: dict[str, dict[str, float]], running: int = 2) -> float:
        unset = ("deployment_id", "last_scale_up_time", "last_scale_down_time", "current_time", "config")
        stated: dict[str, Any] = dict.fromkeys(unset) | {
            "deployment_name": "parser", "app_name": "wayside", "current_num_replicas": running,
            "target_num_replicas": 3, "running_replicas": [], "total_num_requests": calls, "total_queued_requests": 0.0,
            "aggregated_metrics": reported, "raw_metrics": {}, "capacity_adjusted_min_replicas": 1,
            "capacity_adjusted_max_replicas": 16, "policy_state": {},
        }  # fmt: skip
        context = AutoscalingContext(**stated)
        return replicas_wanted(context)[0]

    assert wanted(8.0, {}) == 4
    assert wanted(8.0, {BACKLOG: {"a": 31.0, "b": 32.0}}) == 16
    assert wanted(8.0, {BACKLOG: {"a": 0.0}}) == 4
    assert wanted(0.0, {}, running=0) == 3


def test_an_intake_has_a_call_under_way_for_each_of_the_most_parsers_within_what_the_broker_sends_it() -> None:
    from ray_cluster.serve.intake_deployment import at_work  # noqa: PLC0415 - slow to import

    def of(**keys: int) -> int:
        return at_work(ClusterConfig.model_validate({**tomllib.loads(CONFIG), **keys}), 8)

    assert of() == of(parser_replicas=16) == of(parser_replicas_max=8) == 64
    assert of(parser_replicas_max=12) == 96
    assert of(parser_replicas_max=64) == 256
