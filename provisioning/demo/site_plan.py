"""The configuration of every process of the demo's street. Pure: paths, ports and identities in, documents out."""

from pathlib import Path
from typing import Final

from provisioning.authority import Identity
from provisioning.contracts.config import Broker, Camera, CenterConfig, ClusterConfig, EdgeConfig, RtspSource, Spool
from provisioning.demo.ports import Ports
from provisioning.demo.state import State

HOST: Final = "127.0.0.1"
AGENT: Final = "street"
CAMERAS: Final = {"north": "h264", "south": "h265"}
"""Camera id and the codec it sends."""
_HEARTBEAT_S: Final = 2.0
"""Short, so that the console's figures follow; an agent at a site says 10 s."""


def edge(state: State, ports: Ports, identity: Identity, models_dir: Path) -> EdgeConfig:
    """Both cameras in one agent."""
    cameras = tuple(
        Camera(
            id=camera,
            name=f"{camera.capitalize()} ({codec.upper()})",
            source=RtspSource(url=f"rtsp://{HOST}:{ports.rtsp}/{camera}"),
        )
        for camera, codec in CAMERAS.items()
    )
    return EdgeConfig(
        agent_id=AGENT,
        broker=_broker(ports, identity),
        models_dir=models_dir,
        spool=Spool(directory=state.folder("spool")),
        heartbeat_s=_HEARTBEAT_S,
        cameras=cameras,
    )


def cluster(state: State, ports: Ports, identity: Identity, models_dir: Path) -> ClusterConfig:
    """All four server roles that need Ray, on this machine."""
    return ClusterConfig(
        broker=_broker(ports, identity),
        models_dir=models_dir,
        archive_dir=state.folder("archive"),
        gcs_port=ports.gcs,
        dashboard_port=ports.dashboard,
        query_port=ports.query,
        auth_token_file=state.secret("ray-token"),
        query_token_file=state.secret("query-token"),
    )


def center(state: State, ports: Ports, identity: Identity) -> CenterConfig:
    """API and console."""
    return CenterConfig(
        host=HOST,
        port=ports.console,
        broker=_broker(ports, identity),
        query_url=f"http://{HOST}:{ports.query}",
        query_token_file=state.secret("query-token"),
        data_dir=state.folder("center"),
        ray_dashboard_url=f"http://{HOST}:{ports.dashboard}",
    )


def _broker(ports: Ports, identity: Identity) -> Broker:
    return Broker(
        host=HOST,
        port=ports.broker,
        ca_file=identity.ca_file,
        cert_file=identity.cert_file,
        key_file=identity.key_file,
    )
