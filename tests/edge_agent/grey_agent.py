"""A whole agent as a process of its own, whose redactor covers everything: `python grey_agent.py CONFIG_JSON`."""

import signal
import sys
from functools import partial
from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.config_runner import Configurator
from edge_agent.uplink.mqtt import PahoLink
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.logging_setup import log_to_stderr
from tests.edge_agent.world import grey_for

edge = EdgeConfig.model_validate_json(Path(sys.argv[1]).read_bytes())
log_to_stderr()
asked: list[int] = []
signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
agent = Configurator(
    edge,
    lambda _: lambda _, camera: grey_for(camera),
    partial(PahoLink, edge.broker, edge.agent_id, is_enrolled=edge.provisioning is not None),
    SystemClock(),
    software="wayside-edge test",
)
agent.start()
print("ready", flush=True)  # noqa: T201 - what the test waits for
agent.run(lambda: bool(asked))
agent.stop()
