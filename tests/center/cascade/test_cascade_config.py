"""`[[cascade]]` of the centre's configuration: what is refused, and that a whole centre takes it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from center import config_view
from center.app import build
from center.pipeline.stages import Stage
from provisioning.contracts.config.processes import Broker, CenterConfig
from tests.center.cascade.above import OWN, SUPERIOR, settings
from tests.center.world import OpenLine

OTHER = "34020000002000000002"


def configured(folder: Path, *superiors: dict[str, Any]) -> CenterConfig:
    for name in ("query", "password"):
        (folder / name).write_text("a secret of a test", encoding="utf-8")
        (folder / name).chmod(0o600)
    common = {"host": "192.0.2.50", "own_id": OWN, "password_file": folder / "password"}
    return CenterConfig.model_validate(
        {
            "broker": Broker(host="b", ca_file=folder, cert_file=folder, key_file=folder),
            "query_token_file": folder / "query",
            "data_dir": folder / "data",
            "cascade": [common | each for each in superiors],
        }
    )


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"id": OWN}, "would register with itself"),
        ({"id": SUPERIOR[:-1]}, "String should match"),
        ({"id": "34020000001180000001"}, "a SIP server has 200"),
        ({"own_id": "99020000002000000001"}, "no province"),
        ({"host": "sip:x@y"}, "String should match"),
        ({"camera_codes": {"agent-1/cam-1": "34020100002160000001"}}, "a camera has 131 or 132"),
        ({"camera_codes": {"cam-1": "34020100001320000001"}}, "String should match"),
        ({"district_codes": {"north": "34020100001320000001"}}, "a group has 215 or 216"),
        ({"camera_codes": {"a/c": "34020100001320000001", "a/d": "34020100001320000001"}}, "given twice"),
        ({"keepalive_s": 1}, "greater than or equal to 5"),
        ({"cameras": []}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        settings(**changed)


@pytest.mark.parametrize(
    ("superiors", "fault"),
    [
        ([{"id": SUPERIOR}, {"id": SUPERIOR}], "configured twice"),
        ([{"id": SUPERIOR, "own_id": OTHER}, {"id": OTHER}], "would register with itself"),
        ([{"id": SUPERIOR, "local_port": 5062}, {"id": OTHER, "local_port": 5062}], "given to two superiors"),
    ],
)
def test_superiors_that_cannot_be_together_are_refused(
    tmp_path: Path, superiors: list[dict[str, Any]], fault: str
) -> None:
    with pytest.raises(ValidationError, match=fault):
        configured(tmp_path, *superiors)


def test_a_centre_has_a_loop_and_a_stage_for_its_superiors_and_shows_no_address(tmp_path: Path) -> None:
    config = configured(tmp_path, {"id": SUPERIOR}, {"id": OTHER})
    center = build(config, link=OpenLine())
    try:
        names = {loop.name for loop in center.metrics.loops()}
        assert {"what goes to superior platforms", f"the connection to superior {OTHER}"} <= names
        targets = [each.target for each in center.services.pipeline.prober.reports if each.stage is Stage.SUPERIORS]
        assert targets == [SUPERIOR, OTHER]
        assert "192.0.2.50" not in str(config_view.shown(config))
    finally:
        center.metrics.store.close()


def test_a_centre_without_superiors_has_neither(tmp_path: Path) -> None:
    center = build(configured(tmp_path), link=OpenLine())
    try:
        assert not any("superior" in loop.name for loop in center.metrics.loops())
    finally:
        center.metrics.store.close()
