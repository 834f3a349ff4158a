"""The Helm chart, rendered by Helm's own library and checked against what it must fit, without a Kubernetes.

Kubernetes' schemas; what Ray's autoscaler and Serve make of it; our configurations; the firewall's table of ports. With
WAYSIDE_KUBERAY_CRDS=DIR, where `ray.io_rayservices.yaml` of a KubeRay lies, also that definition.
"""

import os
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from helm_python import chart as helm
from helm_python.errors import HelmError

from engines.catalog.catalog import default_models_dir
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import CenterConfig
from provisioning.home.home import HomeConfig
from provisioning.servers.ports import openings
from tests.support.county import plan

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own, as it is imported

CHART = Path(__file__).parents[2] / "deploy" / "chart" / "wayside"
SHAPES = ("default", "laptop", "county", "edgeless")
KUBERNETES = ("1.29", "1.37")
"""The oldest that Chart.yaml takes, and the newest whose schemas are at hand."""
CRDS = os.environ.get("WAYSIDE_KUBERAY_CRDS")
Document = dict[str, Any]


@cache
def _chart() -> helm.Chart:
    return helm.Chart.load(CHART)


def values(shape: str) -> Document:
    return {} if shape == "default" else yaml.safe_load((CHART / "shapes" / f"{shape}.yaml").read_text("utf-8"))


def rendered(given: Document, name: str = "wayside") -> list[Document]:
    texts = _chart().render(given, name=name, namespace="wayside")
    return [each for file, text in texts.items() if file.endswith(".yaml") for each in yaml.safe_load_all(text) if each]


def one(documents: list[Document], kind: str, name: str = "wayside") -> Document:
    return next(each for each in documents if each["kind"] == kind and each["metadata"]["name"] == name)


def groups(service: Document) -> list[Document]:
    """The head's group, and those of workers."""
    cluster = service["spec"]["rayClusterConfig"]
    return [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]


def pods(documents: list[Document]) -> Iterator[Document]:
    """Everything that has a pod's specification, as a pod."""
    for each in documents:
        templates = [each["spec"]["template"]] if each["kind"] == "Deployment" else []
        templates += [group["template"] for group in groups(each)] if each["kind"] == "RayService" else []
        for template in templates:
            metadata = {"name": "a-pod", **template["metadata"]}
            yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_what_kubernetes_takes_and_runs_with_nothing_that_it_need_not_have(shape: str) -> None:
    report = helm.lint(CHART, values(shape))
    assert [each for each in report["messages"] if each["severity"] > 1] == [] == report["errors"]
    documents = rendered(values(shape))
    for document in [each for each in documents if each["kind"] != "RayService"] + list(pods(documents)):
        for version in KUBERNETES if shape == "county" else KUBERNETES[-1:]:
            kubernetes_validate.validate(document, version, strict=True)
    for pod in pods(documents):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        of_pod = spec["securityContext"]
        assert (of_pod["runAsNonRoot"], of_pod["runAsUser"]) == (True, 10001)
        # Else a mount makes every key readable by the group, and our processes refuse it.
        assert of_pod["fsGroupChangePolicy"] == "OnRootMismatch"
        for container in [*spec.get("initContainers", ()), *spec["containers"]]:
            of_container = container["securityContext"]
            assert of_container["readOnlyRootFilesystem"] is True
            assert of_container["allowPrivilegeEscalation"] is False
            assert of_container["capabilities"] == {"drop": ["ALL"]}
            assert of_container["seccompProfile"] == {"type": "RuntimeDefault"}
            assert "memory" in container["resources"]["limits"]
            assert not [each for each in container.get("env", ()) if "valueFrom" in each]  # secrets are files
        tokens = [each["name"] for each in spec["volumes"] if "serviceAccountToken" in str(each)]
        mounted = {each["name"] for container in spec["containers"] for each in container["volumeMounts"]}
        assert not mounted.intersection(tokens)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(one(documents, "Deployment", "wayside-home") | {"spce": 1}, "1.37", strict=True)


@pytest.mark.skipif(CRDS is None, reason="WAYSIDE_KUBERAY_CRDS=DIR names no KubeRay's definitions")
@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_a_rayservice_of_kuberay(shape: str) -> None:
    definition = yaml.load((Path(str(CRDS)) / "ray.io_rayservices.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)
    versions = definition["spec"]["versions"]
    schema = _closed(next(each for each in versions if each["name"] == "v1")["schema"]["openAPIV3Schema"])
    schema["properties"]["metadata"] = {"type": "object"}
    service = one(rendered(values(shape)), "RayService")
    jsonschema.validate(service, schema)
    service["spec"]["rayClusterConfig"]["headGroupSpec"]["rayStartParam"] = {}
    with pytest.raises(jsonschema.ValidationError, match="rayStartParam"):
        jsonschema.validate(service, schema)


def _closed(schema: Any) -> Any:
    """A structural schema of Kubernetes as JSON Schema that takes no unknown key."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _closed(each) for key, each in schema.items() if key != "format" or not isinstance(each, str)}
    if made.pop("x-kubernetes-int-or-string", False):
        return {"type": ["integer", "string"]}
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


@pytest.mark.parametrize("shape", SHAPES)
def test_centre_and_cluster_take_their_configurations_and_ray_its_own(shape: str) -> None:
    from ray.autoscaler._private.kuberay.autoscaling_config import (  # noqa: PLC0415 - slow to import
        _derive_autoscaling_config_from_ray_cr as derived,
    )
    from ray.serve.schema import ServeDeploySchema  # noqa: PLC0415

    from ray_cluster.serve.kubernetes import application  # noqa: PLC0415

    documents, given = rendered(values(shape)), values(shape)
    text = one(documents, "ConfigMap", "wayside-center")["data"]["center.toml"]
    center = CenterConfig.model_validate(tomllib.loads(text))
    service = one(documents, "RayService")
    (served,) = ServeDeploySchema.model_validate(yaml.safe_load(service["spec"]["serveConfigV2"])).applications
    module, _, function = served.import_path.partition(":")
    assert (module, function) == (application.__module__, application.__name__)
    stated = served.args["config"]
    config = ClusterConfig.model_validate(stated)
    assert center.query_url == f"http://wayside-head-svc:{config.query_port}"
    assert center.broker.host == config.broker.host == "wayside-home"
    built = application({**served.args, "config": {**stated, "models_dir": str(default_models_dir())}})
    assert built._bound_deployment.name == "query"
    secret = {each.rpartition("/")[2] for each in _under(stated, "/run/wayside/")} - {"ray-token"}
    assert secret == {"ca.pem", "cluster.pem", "cluster.key", "query-token"}

    cluster = {"metadata": {"name": "wayside", "namespace": "n"}, "spec": service["spec"]["rayClusterConfig"]}
    types = derived(cluster)["available_node_types"]
    wanted = given.get("cluster", {})
    for group in wanted.get("groups", ()):
        slots = {"parse": 1.0 + group["parserSlots"]} if "parse" in group["roles"] else {}
        resources = {"CPU": 32, **dict.fromkeys(group["roles"], 1.0), **slots}
        if group.get("gpus"):
            resources["GPU"] = group["gpus"]
        found = types[group["name"]]
        assert {key: found["resources"][key] for key in resources} == resources
        assert (found["min_workers"], found["max_workers"]) == (group["minReplicas"], group["maxReplicas"])
    assert types.keys() == {"headgroup", *(group["name"] for group in wanted.get("groups", ()))}


def _under(content: Any, folder: str) -> Iterator[str]:
    """Every text of a document that begins so."""
    if isinstance(content, str) and content.startswith(folder):
        yield content
    for each in content.values() if isinstance(content, dict) else ():
        yield from _under(each, folder)


def test_ray_is_started_with_the_ports_and_switches_of_wayside_cluster_up() -> None:
    import ray  # noqa: PLC0415 - slow to import

    from ray_cluster.node import ray_command  # noqa: PLC0415

    service = one(rendered(values("county")), "RayService")
    assert service["spec"]["rayClusterConfig"]["rayVersion"] == ray.__version__
    content = yaml.safe_load(service["spec"]["serveConfigV2"])["applications"][0]["args"]["config"]
    for index, group in enumerate(groups(service)):
        node = {"state_dir": "/x", "head_address": None if index == 0 else "10.0.0.1"}
        config = ClusterConfig.model_validate({**content, "node": node})
        command = ray_command.ray_start(config, Path("/x"))
        ports = {word[2:]: value for word, value in pairwise(command) if word.endswith("-port")}
        stated = {
            key: value for key, value in group["rayStartParams"].items() if key == "port" or key.endswith("-port")
        }
        assert stated == {key: value for key, value in ports.items() if index == 0 or key != "port"}
        switches = ray_command.environment(config, {})
        ours = {each["name"]: each["value"] for each in group["template"]["spec"]["containers"][0]["env"]}
        # KubeRay's own: the token, and where the head keeps its state.
        of_kuberay = {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN_PATH", "RAY_gcs_storage", "RAY_gcs_storage_path"}
        assert ours.items() - {("HOME", "/var/lib/wayside-ray")} == {
            (key, value) for key, value in switches.items() if key not in of_kuberay
        }


def test_policies_open_what_the_firewall_opens_and_nothing_else() -> None:
    opened: dict[str, set[int]] = {}
    for policy in (each for each in rendered(values("county")) if each["kind"] == "NetworkPolicy"):
        for rule in policy["spec"].get("ingress") or ():
            ports = {p for each in rule["ports"] for p in range(each["port"], each.get("endPort", each["port"]) + 1)}
            opened.setdefault(policy["metadata"]["name"].removeprefix("wayside-"), set()).update(ports)
    home = HomeConfig(name="county", host="10.2.0.5", services_listen="10.2.0.5", account="nobody")
    county = plan()
    table = [each for server in county.servers for each in openings(county, server, home)]
    of = {
        "home": ("wayside-broker", "wayside-provision"),
        "center": ("wayside-center",),
        "cluster": ("wayside-cluster",),
    }
    for name, units in of.items():
        ours = [each for each in table if each.unit.removesuffix(".service") in units]
        ports = {port for each in ours for port in range(each.first, each.last + 1)}
        # Ray's exporter is asked from the namespace of a Prometheus, which this shape names none.
        assert opened[name] == ports - {6405}
    closed = one(rendered(values("county")), "NetworkPolicy", "wayside-closed")["spec"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert not closed.keys() & {"ingress", "egress"}


REFUSED: list[tuple[Document, str]] = [
    ({"centre": {}}, "centre"),
    ({"images": {"pullPolicy": "Sometimes"}}, "/images/pullPolicy"),
    ({"cluster": {"config": {"parser_replica": 2}}}, "parser_replica"),
    ({"cluster": {"config": {"parser_threshold": 1}}}, "/cluster/config/parser_threshold"),
    ({"cluster": {"head": {"roles": ["business", "parsing"]}}}, "/cluster/head/roles"),
    ({"network": {"agents": ["everywhere"]}}, "/network/agents"),
    ({"home": {"enabled": False}}, "broker.host"),
    ({"cluster": {"enabled": False}}, "center.queryUrl"),
    ({"cluster": {"head": {"roles": ["business", "parse"]}}}, "the role archive"),
    ({"cluster": {"config": {"parser_replicas_max": 9}}}, "9 parsers may be wanted"),
    ({"cluster": {"config": {"parser_gpus": 0.5}}}, "head has the role parse and no GPU"),
    ({"cluster": {"autoscaling": {"enabled": True}}}, "network.apiServer.cidrs"),
    ({"center": {"settings": {"host": "127.0.0.1"}}}, "center.settings.host"),
    ({"center": {"database": {"url": "postgresql://w@db/w"}}}, "center.database.passwordSecretName"),
]
GROUPS: list[tuple[Document, str]] = [
    ({"maxReplicas": 3}, "groups.more: minReplicas and maxReplicas differ"),
    ({"maxReplicas": 0}, "/cluster/groups/0/maxReplicas"),
    ({"name": "head"}, "the name head is there twice"),
    ({"roles": ["archive"]}, "cluster.archive.accessMode: 2 pods"),
]


@pytest.mark.parametrize(("given", "named"), REFUSED + [({"cluster": {"groups": [each]}}, why) for each, why in GROUPS])
def test_values_that_cannot_be_are_refused_by_name(given: Document, named: str) -> None:
    whole = deepcopy(given)
    resources = {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}
    for group in whole.get("cluster", {}).get("groups", ()):
        more = {"name": "more", "roles": ["parse"], "minReplicas": 1, "maxReplicas": 1, "resources": resources}
        group.update({key: value for key, value in more.items() if key not in group})
    with pytest.raises(HelmError, match=named):
        rendered(whole)


def test_keys_of_the_clusters_file_have_the_bounds_that_the_cluster_checks() -> None:
    schema = _chart().schema
    assert schema is not None
    stated = schema["properties"]["cluster"]["properties"]["config"]["properties"]
    checked = ClusterConfig.model_json_schema()["properties"]
    for key, bounds in stated.items():
        kinds = [checked[key], *checked[key].get("anyOf", ())]
        assert any(bounds.items() <= each.items() for each in kinds), key
