"""The real models, loaded once."""

import pytest

from edge_agent.clock import SystemClock
from edge_agent.redactor import Redactors
from engines.catalog.catalog import Catalog
from engines.manifest import Kind
from provisioning.contracts.config.processes import Broker, Camera, EdgeConfig, Redactor, RtspSource, Spool


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    found = Catalog()
    wanted = [each for each in found.manifests() if each.kind is not Kind.CONSOLE]  # those lie with the console
    missing = [each.name for each in wanted if not found.file(each.name).exists()]
    if missing:
        pytest.skip(
            f"run `wayside-engines fetch --kind model --kind footage --kind photo`: {', '.join(missing)} missing"
        )
    return found


@pytest.fixture(scope="session")
def redactors(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Redactors:
    """What `wayside-edge run` loads, with a time limit that a busy machine does not reach."""
    nowhere = tmp_path_factory.mktemp("edge")
    config = EdgeConfig(
        agent_id="cabinet-7",
        broker=Broker(host="127.0.0.1", ca_file=nowhere / "c", cert_file=nowhere / "e", key_file=nowhere / "k"),
        models_dir=catalog.models_dir,
        spool=Spool(directory=nowhere / "spool"),
        redactor=Redactor(timeout_s=120),
        cameras=(Camera(id="cam-1", source=RtspSource(url="rtsp://127.0.0.1/a")),),
    )
    return Redactors.load(config, SystemClock())
