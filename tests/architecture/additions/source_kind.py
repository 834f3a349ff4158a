"""A source that shows one grey picture: its configuration is read, and a capture takes the picture."""

import threading
from pathlib import Path

from edge_agent.agent import open_source
from edge_agent.frames import Glance
from edge_agent.source_kinds import traits_of
from provisioning.contracts.config.processes import EdgeConfig, load
from provisioning.contracts.wire.messages import SourceKind
from tests.architecture.additions.tree import Tree
from tests.edge_agent.world import FakeClock

KIND = "a source kind"
RUN_IN = "tests/edge_agent/sources"
CONTRACT = "provisioning.contracts.config.camera"
CONFIG = """
agent_id = "street"
models_dir = "models"
[broker]
host = "127.0.0.1"
ca_file = "a"
cert_file = "b"
key_file = "c"
[spool]
directory = "spool"
[[cameras]]
id = "gate"
source = { kind = "blank", grey = 90 }
"""


def add(tree: Tree) -> None:
    camera = "provisioning/contracts/config/camera.py"
    tree.before(
        camera,
        "class Selector(Section):\n",
        '''class BlankSource(Section):
    """One grey picture."""

    kind: Literal["blank"] = "blank"
    grey: int = Field(default=128, ge=0, le=255)


''',
    )
    tree.after(camera, "    | RecorderSource\n", "    | BlankSource\n")
    tree.after("provisioning/contracts/wire/messages.py", '    REPLAY = "replay"\n', '    BLANK = "blank"\n')
    source = "edge_agent/sources/blank/source.py"
    tree.write(
        source,
        '''"""Delivers one grey picture."""

import threading
from collections.abc import Iterator

import numpy as np

from edge_agent.clock import Clock
from edge_agent.frames import Glance
from edge_agent.sources.thumbnail import glance_of
from provisioning.contracts.wire.messages import ClockQuality


class Blank:
    """Delivers the picture once."""

    def __init__(self, camera_id: str, source: BlankSource, clock: Clock) -> None:
        self._camera_id, self._source, self._clock = camera_id, source, clock

    def frames(self, stop: threading.Event) -> Iterator[Glance]:
        picture = np.full((360, 640, 3), self._source.grey, np.uint8)
        if not stop.is_set():
            yield glance_of(self._camera_id, self._clock.now_ms(), ClockQuality.ARRIVAL, "f0", picture)
''',
    )
    tree.import_before(source, "from provisioning.contracts.wire", CONTRACT, "BlankSource")
    kinds = "edge_agent/source_kinds.py"
    tree.import_before(kinds, "from provisioning.contracts.config.processes import", CONTRACT, "BlankSource")
    tree.before(
        kinds,
        "        case ReplaySource():\n",
        "        case BlankSource():\n            return SourceTraits(Arrival.RECORDED, has_fixed_view=True)\n",
    )
    agent = "edge_agent/agent.py"
    tree.import_before(agent, "from edge_agent.sources.gb28181.channel", "edge_agent.sources.blank.source", "Blank")
    tree.import_before(agent, "from provisioning.contracts.config.processes import", CONTRACT, "BlankSource")
    tree.before(
        agent,
        "        case ReplaySource() as source:\n",
        "        case BlankSource() as source:\n            return Blank(camera.id, source, clock)\n",
    )


def test_its_configuration_is_read_and_its_picture_comes(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(CONFIG, encoding="utf-8")
    (camera,) = load(EdgeConfig, file).cameras
    assert SourceKind(camera.source.kind) == "blank"
    traits = traits_of(camera.source)
    assert (traits.arrives, traits.has_fixed_view, traits.is_brought) == ("recorded", True, False)
    (glance,) = open_source(camera, FakeClock()).frames(threading.Event())
    assert isinstance(glance, Glance)
    assert set(glance.frame().image.ravel().tolist()) == {90}
