"""Runs the whole cluster on one machine, in the foreground."""

import logging
import resource
import shutil
import tempfile
import threading
from collections.abc import Callable

from engines.catalog.catalog import Catalog
from provisioning.contracts.config.cluster import ClusterConfig
from ray_cluster.inference.detectors_file import DetectorsFile
from ray_cluster.log import log_to_stderr
from ray_cluster.node.lease import held
from ray_cluster.node.wait_ready import wait_until_healthy
from ray_cluster.serve.application import build
from ray_cluster.serve.canary_deployment import FACE_MODEL
from ray_cluster.serve.ray_node import application, deployed, node

LOG = logging.getLogger(__name__)
_POLL_S = 1.0


def run(config: ClusterConfig, announce: Callable[[str], None]) -> None:
    """Start everything, `announce` the address once `/health` is good, and stay until SIGTERM or SIGINT.

    Raises:
        StartFailed: a deployment does not come up; the text has the cause.
        ArchiveInUse: another cluster works on this archive directory.
        EngineError: a model is missing or damaged.
    """
    log_to_stderr()
    # A picture with a face in it may be in memory, and memory must not reach a disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _check_models(config)
    stop = threading.Event()
    # Ray's sockets are files in this folder, and a socket's path ends at 107 bytes: it must be short.
    temporary = tempfile.mkdtemp(prefix="wr-", dir="/tmp")
    try:
        file = DetectorsFile(config)
        wanted = file.wanted()
        with held(config.archive_dir), node(config, temporary, stop), application(config, wanted):
            address = f"http://{config.query_host}:{config.query_port}"
            if wait_until_healthy(address, stop):
                announce(f"ready {address}")
            while not stop.wait(_POLL_S):
                if (now := file.wanted()) != wanted:
                    wanted = now
                    deployed(build(config, wanted=wanted))
            LOG.info("stopping")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_models(config: ClusterConfig) -> None:
    """Check the models before the start: a missing one is the likeliest mistake and has a one-line remedy."""
    catalog = Catalog(config.models_dir)
    for name in (config.parser_model, config.embedder_model, FACE_MODEL):
        catalog.path(name)
