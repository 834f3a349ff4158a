"""Plans the demo's site: cameras and configuration of its processes. Pure: paths and ports in, documents out."""

from pathlib import Path
from typing import Final

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import Broker, CenterConfig, Evidence
from provisioning.contracts.wire.topics import Role
from provisioning.demo.ports import Ports
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.state import DemoFolder
from provisioning.pki.identities import EVIDENCE, TIMESTAMP, Identities

HOST: Final = "127.0.0.1"
SITE: Final = "crossing"
AGENT: Final = "street"
CAMERA_USER: Final = "admin"
CAMERAS: Final = {"north": "h264", "south": "h265"}
"""Codec by camera id, of the cameras that the agent connects to."""
REGISTERING: Final = {"east": "h264"}
"""Codec by camera id, of the camera whose device registers by GB/T 28181."""
PLATFORM_ID: Final = "34020000002000000001"
DEVICE_ID: Final = "34020000001180000001"


def camera_list(ports: Ports, password: str, *, with_device: bool = False) -> str:
    """Writes a technician's camera list: a CSV file of both cameras, or of three."""
    lines = ["id,name,url,device_id,channel_id,username,password"]
    for camera, codec in CAMERAS.items():
        address = f"rtsp://{HOST}:{ports.rtsp}/{camera}"
        lines.append(f"{camera},{camera.capitalize()} ({codec.upper()}),{address},,,{CAMERA_USER},{password}")
    if with_device:
        (channel_id,) = DeviceProfile(PLATFORM_ID, "").channel_ids(DEVICE_ID)
        lines.extend(
            f"{camera},{camera.capitalize()} (GB/T 28181),,{DEVICE_ID},{channel_id},,{password}"
            for camera in REGISTERING
        )
    return "\n".join(lines) + "\n"


def sip_section(port: int) -> str:
    """Writes the section that a technician adds to the agent's own file for devices that register."""
    return f'\n[gb28181]\nhost = "{HOST}"\nport = {port}\nplatform_id = "{PLATFORM_ID}"\n'


def cluster(state: DemoFolder, ports: Ports, models_dir: Path) -> ClusterConfig:
    """Returns the configuration of a cluster with all four roles, on this machine."""
    return ClusterConfig(
        broker=_broker(state, ports, Role.CLUSTER),
        models_dir=models_dir,
        archive_dir=state.folder("archive"),
        gcs_port=ports.gcs,
        dashboard_port=ports.dashboard,
        query_port=ports.query,
        auth_token_file=state.secret("ray-token"),
        query_token_file=state.secret("query-token"),
    )


def center(state: DemoFolder, ports: Ports) -> CenterConfig:
    """Returns the configuration of the centre, with API and console."""
    return CenterConfig(
        host=HOST,
        port=ports.console,
        broker=_broker(state, ports, Role.CENTER),
        query_url=f"http://{HOST}:{ports.query}",
        query_token_file=state.secret("query-token"),
        data_dir=state.folder("center"),
        audit_key_file=state.audit_key(),
        seal_key_file=state.folder("home") / "seal" / "seal.pub",
        ray_dashboard_url=f"http://{HOST}:{ports.dashboard}",
        evidence=_evidence(state),
    )


def _evidence(state: DemoFolder) -> Evidence | None:
    """Returns the centre's keys for evidence; None with a kept home that is older than these certificates."""
    identities = Identities.open(state.folder("home"))
    signing, stamping = identities.identity(EVIDENCE), identities.identity(TIMESTAMP)
    if not (signing.cert_file.exists() and stamping.cert_file.exists()):
        return None
    return Evidence(
        ca_file=signing.ca_file,
        signing_cert_file=signing.cert_file,
        signing_key_file=signing.key_file,
        stamp_cert_file=stamping.cert_file,
        stamp_key_file=stamping.key_file,
    )


def _broker(state: DemoFolder, ports: Ports, role: Role) -> Broker:
    identity = Identities.open(state.folder("home")).identity(role.value)
    return Broker(
        host=HOST,
        port=ports.services,
        ca_file=identity.ca_file,
        cert_file=identity.cert_file,
        key_file=identity.key_file,
    )
