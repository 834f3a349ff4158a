"""Plans the demo's site: cameras and configuration of its processes. Pure: paths and ports in, documents out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from provisioning.contracts.config.camera import Camera, RtspSource, Selector, UploadSource
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.map_ground import MapGround
from provisioning.contracts.config.processes import Broker, CenterConfig, Desk, Evidence
from provisioning.contracts.section import Section
from provisioning.contracts.wire.topics import Role
from provisioning.demo import district
from provisioning.demo.district import PlannedCamera
from provisioning.demo.ports import Ports
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.state import DemoFolder
from provisioning.pki.identities import EVIDENCE, TIMESTAMP, Identities

HOST: Final = "127.0.0.1"
SITE: Final = "crossing"
SITE_NAME: Final = "Lake District (demo)"
SITE_PLACE: Final = ("--latitude", "31.2000", "--longitude", "120.1240")
AGENT: Final = district.STREET
CAMERA_USER: Final = "admin"
REGISTERING: Final = {"east": "h264"}
"""Codec by camera id, of the camera whose device registers by GB/T 28181."""
MAP_FILE: Final = "districts.geojson"
PLATFORM_ID: Final = "34020000002000000001"
DEVICE_ID: Final = "34020000001180000001"


def camera_list(
    ports: Ports,
    password: str,
    *,
    with_device: bool = False,
    cameras: Sequence[PlannedCamera] = district.MEASURED,
    host: str = HOST,
) -> str:
    """Writes a technician's camera list: a CSV file of these cameras, and of the registering one `with_device`.

    `host`: the machine that plays them.
    """
    lines = ["id,name,url,device_id,channel_id,username,password,latitude,longitude,bearing_deg"]
    for camera in cameras:
        address = f"rtsp://{host}:{ports.rtsp}/{camera.id}"
        place = f"{camera.latitude},{camera.longitude},{camera.bearing_deg}"
        lines.append(f"{camera.id},{camera.name},{address},,,{CAMERA_USER},{password},{place}")
    if with_device:
        (channel_id,) = DeviceProfile(PLATFORM_ID, "").channel_ids(DEVICE_ID)
        lines.extend(
            f"{camera},{camera.capitalize()} (GB/T 28181),,{DEVICE_ID},{channel_id},,{password},,,"
            for camera in REGISTERING
        )
    return "\n".join(lines) + "\n"


class MillSection(Section):
    """The part of the agent `MILL`'s own file that a technician writes: its desk and its cameras."""

    desk: Desk
    cameras: tuple[Camera, ...]


def mill(state: DemoFolder, ports: Ports, password_file: Path) -> MillSection:
    """Returns desk and cameras of the agent `MILL`: a line, a zone and a lane stand only in an agent's own file."""
    folder = state.folder("mill")
    crossing = RtspSource(
        url=f"rtsp://{HOST}:{ports.rtsp}/{district.CROSSING.id}", username=CAMERA_USER, password_file=password_file
    )
    live = _camera(district.CROSSING, crossing).model_copy(
        update={"lines": (district.LINE,), "zones": (district.ZONE,), "lanes": (district.LANE,)}
    )
    return MillSection(
        desk=Desk(
            port=ports.desk,
            tls_cert_file=folder / "desk.crt",
            tls_key_file=folder / "desk.key",
            token_file=folder / "desk.token",
        ),
        cameras=(live, *(_camera(each, UploadSource()) for each in district.RECORDERS)),
    )


def _camera(planned: PlannedCamera, source: RtspSource | UploadSource) -> Camera:
    return Camera(
        id=planned.id,
        name=planned.name,
        source=source,
        selector=Selector(max_per_second=planned.most_per_second),
        latitude=planned.latitude,
        longitude=planned.longitude,
        bearing_deg=planned.bearing_deg,
    )


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
        map=MapGround(outlines_file=state.folder("configuration") / MAP_FILE),
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
