"""An agent without cameras or models: the real spool, publisher and link, given pictures that are covered already."""

import threading
from functools import partial
from pathlib import Path

from edge_agent.clock import Backoff, SystemClock
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from edge_agent.spool import ledger
from edge_agent.spool.spool import Spool
from edge_agent.uplink.mqtt import PahoLink
from edge_agent.uplink.publisher import Publisher
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import Ledger
from provisioning.pki.identities import Identity
from tests.edge_agent.world import edge_config, frame, jpeg_of, redacted, replay_camera
from tests.support.waiting import LONG_S

CAMERA = "gate"


class Box:
    """Publishes, in a thread of its own, from `start` to `stop`."""

    def __init__(self, folder: Path, identity: Identity, port: int, *, resend_after_s: float = 2.0) -> None:
        folder.mkdir(exist_ok=True)
        self._agent_id = identity.common_name
        broker = processes.Broker(
            host="127.0.0.1",
            port=port,
            ca_file=identity.ca_file,
            cert_file=identity.cert_file,
            key_file=identity.key_file,
        )
        edge = edge_config(
            folder,
            replay_camera(CAMERA, folder),
            agent_id=self._agent_id,
            broker=broker.model_dump(),
            window={"resend_after_s": resend_after_s},
        )
        clock = SystemClock()
        self._stop, self._woken = threading.Event(), threading.Event()
        self._kept = 0
        self.spool = Spool(edge.spool, clock)
        self.publisher = Publisher(
            edge,
            self.spool,
            Health(self._agent_id, edge.cameras, Pauses(edge.spool.directory), clock, self._woken.set),
            clock,
            partial(PahoLink, broker, self._agent_id),
            self._woken,
            software="test",
            reconnect=Backoff(0.5, 30.0),
            refused=Backoff(0.5, 15.0),
        )
        self._thread = threading.Thread(target=self.publisher.run, args=(self._stop, 0.0))

    def keep(self, count: int, *, size: int = 1000) -> list[str]:
        """Spool so many more pictures of this size. Returns their observation ids."""
        kept = []
        for number in range(self._kept, self._kept + count):
            look = frame(number, camera_id=CAMERA)
            assert self.spool.select(look.observation_id, CAMERA)
            self.spool.append(redacted(look, jpeg_of(size), agent_id=self._agent_id))
            kept.append(look.observation_id)
        self._kept += count
        self._woken.set()
        return kept

    def start(self) -> None:
        """Connect, and publish."""
        self._thread.start()

    def stop(self) -> None:
        """Leave, and close the spool."""
        self._stop.set()
        self._woken.set()
        self._thread.join(LONG_S)
        assert not self._thread.is_alive()
        self.spool.close()

    @property
    def ledger(self) -> Ledger:
        """What became of every picture."""
        return ledger.total(self.spool.ledgers())
