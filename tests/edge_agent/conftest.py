"""The real models, loaded once."""

import pytest

from edge_agent.clock import SystemClock
from edge_agent.redactor import Redactors
from engines.catalog.catalog import Catalog
from provisioning.contracts.config.processes import Broker, Camera, EdgeConfig, Redactor, RtspSource, Spool
from tests.support.models import fetched_catalog


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return fetched_catalog()


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
