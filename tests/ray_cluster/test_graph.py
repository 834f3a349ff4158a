"""The bind graph without a cluster: a deployment's version is what Serve must not keep."""

import tomllib

import pytest

from provisioning.contracts.config.cluster import ClusterConfig, IntakeStage
from ray_cluster.node.ray_command import resources
from tests.ray_cluster.world import CONFIG

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own, as it is imported


@pytest.mark.parametrize("name", ["ArchiverReplica", "IntakeReplica", "ParserReplica", "QueryReplica", "ClusterConfig"])
def test_where_a_class_has_another_name_deployments_have_another_version(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray_cluster.serve import application  # noqa: PLC0415 - Ray is slow to import

    config = ClusterConfig.model_validate(tomllib.loads(CONFIG))
    before = application.build(config)._bound_deployment.version
    assert application.build(config)._bound_deployment.version == before
    monkeypatch.setattr(getattr(application, name), "__module__", "ray_cluster.elsewhere")
    assert application.build(config)._bound_deployment.version != before


@pytest.mark.parametrize(
    ("stated", "separate"),
    [
        ("", {"parser", "canary", "embedder", "archiver"}),
        ("parser_gpus = 0.5\nintake_replicas = 2\n", {"parser", "canary", "embedder", "archiver"}),
        ('with_intake = ["archiver"]\n', {"parser", "canary", "embedder"}),
        ("with_intake = []\n", {"parser", "canary", "embedder", "archiver"}),
    ],
)
def test_stages_in_the_intakes_process_have_no_deployment_but_what_the_queries_call(
    stated: str, separate: set[str]
) -> None:
    from ray.serve._private.build_app import build_app  # noqa: PLC0415 - slow to import

    from ray_cluster.serve import application  # noqa: PLC0415

    config = ClusterConfig.model_validate(tomllib.loads(stated + CONFIG))
    built = build_app(application.build(config), name="wayside")
    assert {each.name for each in built.deployments} == separate | {"intake", "query", "upkeep"}


def test_several_machines_have_a_process_for_each_stage_and_replicas_are_never_in_the_intakes() -> None:
    content = tomllib.loads(CONFIG)
    assert ClusterConfig.model_validate({**content, "node": {"state_dir": "node"}}).composed == frozenset()
    for key in ("intake_replicas", "parser_replicas", "embedder_replicas"):
        with pytest.raises(ValueError, match=f"set {key} to 1"):
            ClusterConfig.model_validate({**content, key: 2, "with_intake": [stage.value for stage in IntakeStage]})


def test_each_writer_has_an_archiver_and_an_upkeep_and_runs_where_a_machine_offers_its_place() -> None:
    from ray.serve._private.build_app import build_app  # noqa: PLC0415 - slow to import

    from ray_cluster.serve import application  # noqa: PLC0415

    content = tomllib.loads(CONFIG) | {"archive_writers": 2}
    built = build_app(application.build(ClusterConfig.model_validate(content)), name="wayside")
    wanted = {
        each.name: (each.ray_actor_options or {})["resources"]
        for each in built.deployments
        if each.name.startswith(("archiver", "upkeep"))
    }
    assert wanted.keys() == {"archiver", "archiver-1", "upkeep", "upkeep-1"}
    assert wanted["archiver-1"].keys() == {"archive", "writer_1"}
    node = {"state_dir": "node", "roles": ["archive"], "writers": [1]}
    assert resources(ClusterConfig.model_validate({**content, "node": node})).keys() == {"archive", "writer_1"}
    with pytest.raises(ValueError, match="set archive_writers to 1"):
        ClusterConfig.model_validate({**content, "with_intake": ["archiver"]})
