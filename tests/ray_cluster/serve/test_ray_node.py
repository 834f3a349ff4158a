"""A Ray that does not start: one line with the raylet's reason, and what to do."""

import threading
from pathlib import Path

import pytest

from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.errors import StartFailed

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own, as it is imported

ABORTED = (
    "[2026-12-01 19:34:28,835 C 26658 26658] (raylet) node_manager.cc:3588:  An unexpected system state has occurred."
    " Check failed: statussetor3588.has_value() Timed out waiting for file /tmp/wr-1/dashboard_agent_listen_port_fe0a\n"
)
CONFIG = {"models_dir": "m", "archive_dir": "a", "auth_token_file": "t", "query_token_file": "q"} | {
    "broker": {"host": "h", "ca_file": "c", "cert_file": "c", "key_file": "k"}
}


@pytest.mark.parametrize(
    ("log", "reason"),
    [(ABORTED, "Timed out waiting for file"), ("", "The current node timed out during startup.")],
    ids=["aborted", "silent"],
)
def test_a_ray_that_does_not_start_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: str, reason: str
) -> None:
    from ray_cluster.serve import ray_node  # noqa: PLC0415 - Ray is slow to import

    def fails(_config: ClusterConfig, temporary: str) -> None:
        logs = Path(temporary, "session_2026", "logs")
        logs.mkdir(parents=True)
        (logs / "raylet.out").write_text(f"[2026 I 1 1] (raylet) main.cc:1: started\n{log}")
        raise Exception("The current node timed out during startup.\nThe GCS has become overloaded.")  # noqa: TRY002 - as Ray does

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(ray_node, "_start", fails)
    config = ClusterConfig.model_validate(CONFIG, context={"base": tmp_path})
    with pytest.raises(StartFailed, match=reason) as raised, ray_node.node(config, str(tmp_path), threading.Event()):
        pytest.fail("there is no node")
    assert "\n" not in str(raised.value)
    assert "uptime" in str(raised.value)
