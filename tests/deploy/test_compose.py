"""compose.yaml: what podman starts again by itself, and what the images' programs wait for instead."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def _needs(service: dict[str, Any]) -> set[str]:
    """The containers without which this one does not start."""
    network = service.get("network_mode", "")
    return {*service.get("depends_on", ()), *re.findall(r"^service:(.+)", network)}


def test_what_restarts_depends_on_nothing_that_ends() -> None:
    ends = {name for name, service in SERVICES.items() if service["restart"] == "no"}
    assert ends == {"setup", "enrol"}
    assert {name: needed for name in SERVICES.keys() - ends if (needed := _needs(SERVICES[name]) & ends)} == {}


def test_broker_and_provisioning_share_a_network_that_neither_of_them_holds() -> None:
    """Podman makes a network anew with the container that holds it; who shares it is left in the old one."""
    assert {name: needed for name, service in SERVICES.items() if (needed := _needs(service)) and name != "enrol"} == {
        "broker": {"home"},
        "provisioning": {"home"},
    }


def test_each_image_of_what_restarts_waits_for_its_configuration() -> None:
    stages = re.split(r"^FROM \S+ AS ", (ROOT / "deploy/containers/Containerfile").read_text(), flags=re.MULTILINE)
    by_name = {stage.split()[0]: stage for stage in stages[1:]}
    for name, service in SERVICES.items():
        if service["restart"] != "no" and "entrypoint" not in service:
            assert "command" not in service, name
            image = re.fullmatch(r"localhost/wayside-(\w+):.*", service["image"])
            assert image is not None
            assert '"--wait", "600"]' in by_name[image[1]], name
