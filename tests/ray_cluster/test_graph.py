"""The bind graph without a cluster: a deployment's version is what Serve must not keep."""

import tomllib

import pytest

from provisioning.contracts.config.cluster import ClusterConfig
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
