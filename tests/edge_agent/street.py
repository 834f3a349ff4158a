"""A whole enrolled agent with its threads, between cameras, a broker and an archive that the test plays.

Time is the test's: a thread that waits looks again after a moment, and the clock stands until the test moves it.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import ClassVar

from edge_agent.agent import LoadRedactors, MakeRedactor
from edge_agent.capture.camera_capture import Capture
from edge_agent.config_runner import Configurator
from edge_agent.errors import BrokerError, Ended, Unreachable
from edge_agent.frames import Glance, Redacted, Selected, Skipped
from edge_agent.spool.ledger import total
from edge_agent.uplink.mqtt import NO_TIMES, Acknowledged, Arrived, Connected, Disconnected, MqttEvent
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.config import processes
from provisioning.contracts.fleet.documents import Configured
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CameraState, CameraStatus, Ledger
from tests.edge_agent.publishing import archived
from tests.edge_agent.told import Centre
from tests.edge_agent.world import EPOCH_MS, FakeClock, GreyRedactor, edge_config, glance
from tests.support.waiting import until

_MOMENT_S = 0.005
_SILENT_S = 5
"""Half of what a camera is silent for until it counts as offline."""


class PacedClock(FakeClock):
    def wait(self, event: threading.Event, timeout_s: float) -> bool:
        return event.wait(min(timeout_s, _MOMENT_S))


class Camera:
    """Does what its address says: works, dead, silent. One that is named in `dead` is, whatever its address says."""

    dead: ClassVar[set[str]] = set()
    _numbers = count()

    def __init__(self, camera: processes.Camera) -> None:
        assert isinstance(camera.source, processes.RtspSource)
        self._id = camera.id
        self._place = camera.source.url.split("/")[3]

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped]:
        if self._place == "dead" or self._id in self.dead:
            raise Unreachable(self._id, OTHER(detail="10.0.0.9:554 refuses the connection: check address and port"))
        while not stop.wait(0.01):
            if self._id in self.dead:
                raise Ended(self._id, OTHER(detail="10.0.0.9:554 closed the stream"))
            if self._place == "works":
                number = next(self._numbers)
                yield glance(number, camera_id=self._id, at_ms=EPOCH_MS + 1000 * number)


class SlowRedactor(GreyRedactor):
    """Slower than its camera, so that something always waits for it."""

    def redact(self, selected: Selected) -> Redacted:
        time.sleep(0.03)
        return super().redact(selected)


class Broker:
    """Keeps what is retained; what is sent is archived at once, unless the archive is away."""

    def __init__(self) -> None:
        self.retained: dict[str, bytes] = {}
        self.rows: set[str] = set()
        self.words: list[Configured] = []
        self.is_down = False
        self.archives = True
        self._report: Callable[[MqttEvent], None] = lambda _: None
        self._mids = count(1)

    def dial(self, report: Callable[[MqttEvent], None]) -> "Broker":
        if self.is_down:
            raise BrokerError("broker 127.0.0.1:1: cannot be reached")
        self._report = report
        report(Connected())
        if (configuration := self.retained.get(topics.configuration("street"))) is not None:
            report(Arrived(topics.configuration("street"), configuration))
        return self

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry_s: int | None = None,
        times: Mapping[str, int] = NO_TIMES,
    ) -> int:
        mid = next(self._mids)
        if topic == topics.snapshots("street") and self.archives:
            self.rows.add(codec.decode_snapshot(payload)[0].observation_id)
            self._report(Acknowledged(mid, 0, "Success"))
            self._report(archived(payload))
        if topic == topics.configured("street"):
            self.words.append(codec.decode(Configured, payload))
        if retain and payload:
            self.retained[topic] = payload
        elif retain:
            self.retained.pop(topic, None)
        return mid

    def close(self) -> None:
        pass

    def tell(self, payload: bytes) -> None:
        """Publish a configuration, retained."""
        self.retained[topics.configuration("street")] = payload
        self._report(Arrived(topics.configuration("street"), payload))

    def fall(self) -> None:
        self.is_down = True
        self._report(Disconnected("broker 127.0.0.1:1 closed the connection"))

    def shown(self) -> dict[str, CameraStatus]:
        """The cameras that stand at the broker."""
        prefix = topics.camera_status("street", "")
        return {
            topic.removeprefix(prefix): codec.decode(CameraStatus, payload)
            for topic, payload in list(self.retained.items())
            if topic.startswith(prefix)
        }


class Street:
    """Probation lasts 60 s, and 10 s of it all must work."""

    def __init__(self, folder: Path, *cameras: processes.Camera) -> None:
        self.centre = Centre(folder / "box")
        self.edge = edge_config(folder, *cameras, provisioning=self.centre.section.model_dump())
        self.broker = Broker()
        self.clock = PacedClock()
        self.loads: list[int] = []
        self.load: LoadRedactors = self.grey
        self.beside: dict[str, Callable[[threading.Event], None]] = {}
        self.started()

    def grey(self, edge: processes.EdgeConfig) -> MakeRedactor:
        self.loads.append(edge.redactor.threads)
        return lambda _, camera: SlowRedactor(camera)

    def _load(self, edge: processes.EdgeConfig) -> MakeRedactor:
        return self.load(edge)  # a test may put another in its place

    def started(self) -> None:
        self.configurator = Configurator(
            self.edge,
            self._load,
            self.broker.dial,
            self.clock,
            software="test",
            open_capture=lambda camera, _: Capture(camera, Camera(camera), self.clock),
            beside=self.beside,
        )
        self.configurator.start()

    def killed(self) -> None:
        """As by `kill -9`: nobody writes anything down any more."""
        agent = self.configurator._agent
        assert agent is not None
        agent.stop()
        self.configurator._lasting.spool.close()

    @contextmanager
    def time_passing(self) -> Iterator[None]:
        """Ten times as fast as ours, for what waits in the middle of a look."""
        ended = threading.Event()

        def tick() -> None:
            while not ended.wait(0.01):
                self.clock.pass_s(0.1)

        thread = threading.Thread(target=tick)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def until(self, condition: Callable[[], object]) -> None:
        """Look on, while the clock stands, until it is so."""

        def is_so() -> bool:
            if holds := bool(condition()):
                return holds
            self.configurator.tick()
            return False

        until(is_so, seen=lambda: self.broker.words, step_s=_MOMENT_S)

    def live(self, seconds: int) -> None:
        """Let time pass, with a look each second."""
        for _ in range(seconds):
            self.clock.pass_s(1)
            time.sleep(_MOMENT_S)  # the threads see it too
            until(self._keeps_up, step_s=_MOMENT_S)
            self.configurator.tick()

    def _keeps_up(self) -> bool:
        """Tell if each camera that works has been heard lately: a slow disk holds its thread up, and not the clock."""
        working = {each.camera_id for each in self.configurator.statuses() if each.state is CameraState.ONLINE}
        watches = [] if (agent := self.configurator._agent) is None else agent._health._watches.values()
        spoke_s = [each.figures.spoke_s for each in watches if each.camera.id in working]
        return all(each_s is None or self.clock.monotonic_s() - each_s < _SILENT_S for each_s in spoke_s)

    def online(self, *cameras: str) -> bool:
        """Whether these work now, and the broker has heard so."""
        shown = self.broker.shown()
        return shown.keys() == set(cameras) and all(each.state.value == "online" for each in shown.values())

    def pass_probation(self, number: int, *cameras: str) -> None:
        """Wait until a document is in use and its cameras work, and let it settle."""
        self.until(lambda: self.word() == (number, "trying", number) and self.online(*cameras))
        self.live(1)
        self.live(10)
        self.until(lambda: self.word() == (number, "applied", number))

    def word(self) -> tuple[int | None, str, int | None] | None:
        """Number, verdict and what is in use, as the broker heard it last."""
        if not self.broker.words:
            return None
        last = self.broker.words[-1]
        return last.number, last.verdict.value, last.active

    def ledger(self) -> dict[str, Ledger]:
        """By camera; an empty one before its first picture."""
        return defaultdict(lambda: total({}), self.configurator._lasting.spool.ledgers())
