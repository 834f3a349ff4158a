"""The agent as one process, all of it but the networks: `python -m tests.chaos.agent CONFIG_JSON`."""

import signal
import sys
from functools import partial
from pathlib import Path
from typing import Final

from edge_agent.clock import SystemClock
from edge_agent.config_runner import Configurator
from edge_agent.frames import Redacted, Selected
from edge_agent.uplink.mqtt import PahoLink
from provisioning.contracts.config.processes import Camera, EdgeConfig
from provisioning.logging_setup import log_to_stderr
from tests.edge_agent.world import redacted

READY: Final = "the agent is ready"
PICTURE_BYTES: Final = 100 * 1024
"""As large as a real one (DESIGN, sizing): disk and line are to have the work that they will have."""


class Cover:
    """A redactor that paints over everything."""

    def __init__(self, agent_id: str) -> None:
        self._agent_id = agent_id
        self._picture = b"\xff\xd8\xff" + bytes(PICTURE_BYTES - 3)

    def redact(self, selected: Selected) -> Redacted:
        """See `frames.Redact`."""
        return redacted(selected.frame, self._picture, agent_id=self._agent_id)


def main(file: Path) -> None:
    """Until SIGTERM."""
    edge = EdgeConfig.model_validate_json(file.read_bytes())
    log_to_stderr()
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))

    def cover(_: EdgeConfig, __: Camera) -> Cover:
        return Cover(edge.agent_id)

    agent = Configurator(
        edge, lambda _: cover, partial(PahoLink, edge.broker, edge.agent_id), SystemClock(), software="chaos"
    )
    agent.start()
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    agent.run(lambda: bool(asked))
    agent.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
