"""The doctor, and `check`, beside a running agent: they tell of the broker, and the agent stays on its line.

```
wayside-edge run ────MQTT, its one session──▶ Mosquitto
       ▲ /metrics                                ▲
wayside-edge doctor ────────TLS alone────────────┘
```
"""

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.mosquittos import TAKEN_OVER
from tests.support.ports import free_port
from tests.support.premises import BIN, Site
from tests.support.waiting import LONG_S, until

pytestmark = [pytest.mark.peer, pytest.mark.network, pytest.mark.timeout(300)]

AGENT = "cabinet-7"
CAMERAS: list[dict[str, Any]] = [{"id": "gate", "source": {"kind": "rtsp", "url": "rtsp://127.0.0.1:9/nobody"}}]


def is_connected(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=LONG_S) as answer:
            return b"\nwayside_edge_broker_connected 1.0" in answer.read()
    except OSError:
        return False


def asked(config: Path) -> dict[str, dict[str, Any]]:
    """What the doctor says, by what it is of."""
    done = subprocess.run(
        [BIN / "wayside-edge", "doctor", "--json", "--config", config], capture_output=True, text=True, check=False
    )
    return {each["where"]: each for each in json.loads(done.stdout)["diagnoses"]}


def test_a_running_agent_stays_on_its_line_while_it_is_looked_at(site: Site) -> None:
    site.exchange.start()
    port = free_port()
    config = site.edge_config(AGENT, CAMERAS, metrics_port=port)
    site.start_agent(AGENT, config)
    until(lambda: is_connected(port), "the agent is connected")

    def is_left_on_its_line() -> bool:
        return is_connected(port) and not TAKEN_OVER.search(site.exchange.log.read_text())

    # --- the doctor asks the agent, or the broker by TLS alone where the agent cannot be asked
    broker = asked(config)["broker"]
    assert (broker["fault"], is_left_on_its_line()) == (None, True)
    assert "accepts agent cabinet-7: the running agent says so" in broker["found"]
    unmeasured = site.edge_config(AGENT, CAMERAS)
    broker = asked(unmeasured)["broker"]
    assert (broker["fault"], is_left_on_its_line()) == (None, True)
    assert "lets this certificate in" in broker["found"]

    # --- `check` as well
    config = site.edge_config(AGENT, CAMERAS, metrics_port=port)
    command: list[str | Path] = [BIN / "wayside-edge", "check", "--config", config]
    said = " ".join(subprocess.run(command, capture_output=True, text=True, check=False).stdout.split())
    assert "lets this certificate in; the running agent was left on its line" in said
    assert is_left_on_its_line()
    assert "closed the connection" not in site.text(AGENT)

    # --- a broker that is away is told
    site.exchange.kill()
    until(lambda: not is_connected(port), "the agent has noticed")
    assert asked(config)["broker"]["fault"] == "broker_unreachable"
    assert asked(site.edge_config(AGENT, CAMERAS))["broker"]["fault"] == "broker_unreachable"
