"""Builds the application for KubeRay's RayService, whose operator hands it to Serve in the place of the deployer."""

from typing import Any

from ray import serve

from engines.catalog.catalog import Catalog
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.detectors import DetectorPlan, WantedDetectors
from ray_cluster.inference.detectors_file import assignment_of, models_of
from ray_cluster.serve.application import build


def application(arguments: dict[str, Any]) -> serve.Application:
    """Build the application from `args` of the Serve configuration: the keys of cluster.toml and of detectors.toml.

    Raises:
        ValidationError: a key is not of `ClusterConfig`, or its value is not allowed; Serve reports it as the state of
            the application.
        BadAssignment, EngineError: a detector cannot be used.
    """
    config = ClusterConfig.model_validate(arguments["config"])
    plan = DetectorPlan.model_validate(arguments.get("detectors") or {})
    models = models_of(assignment_of(config, plan), Catalog(config.models_dir))
    return build(config, wanted=WantedDetectors(plan=plan, models=models))
