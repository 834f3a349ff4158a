"""A recorder that is not ours: GStreamer's RTSP server plays a file with the times of ONVIF replay in its packets."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import av
import pytest

from provisioning.contracts.config.recorder import RtspRecorder
from tests.edge_agent.fetching import START_S, Fetching
from tests.support.recorded_film import HEIGHT, PER_SECOND, WIDTH, painted

SYSTEM_PYTHON: Final = "/usr/bin/python3"
SECONDS: Final = 12
_PROGRAM: Final = """
import sys, gi
for name in ("Gst", "GstRtsp", "GstRtspServer"):
    gi.require_version(name, "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer.new()
server.set_address("127.0.0.1"); server.set_service("0")
auth = GstRtspServer.RTSPAuth.new()
auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
token = GstRtspServer.RTSPToken()
token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
auth.add_digest("admin", "s3cret", token)
server.set_auth(auth)
factory = GstRtspServer.RTSPMediaFactory.new()
factory.set_launch(
    "( filesrc location=" + sys.argv[1] + " ! matroskademux ! h264parse ! rtph264pay pt=96 config-interval=-1"
    " ! rtponviftimestamp name=pay0 ntp-offset=" + sys.argv[2] + " )")
permissions = GstRtspServer.RTSPPermissions()
permissions.add_role("viewer")
for each in (GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT):
    permissions.add_permission_for_role("viewer", each, True)
factory.set_permissions(permissions)
server.get_mount_points().add_factory("/replay/1", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""
_NTP_UNIX_S: Final = 2_208_988_800
pytestmark = pytest.mark.peer


@contextmanager
def playing(file: Path) -> Iterator[int]:
    probe = [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"]
    if shutil.which(SYSTEM_PYTHON) is None or subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("gst-rtsp-server is not installed: apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi")
    offset_ns = (START_S + _NTP_UNIX_S) * 1_000_000_000
    command = [SYSTEM_PYTHON, "-c", _PROGRAM, str(file), str(offset_ns)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def film(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=PER_SECOND)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(PER_SECOND)}
        for number in range(SECONDS * PER_SECOND):
            frame = av.VideoFrame.from_ndarray(painted(START_S * 1000 + number * 1000 // PER_SECOND), format="gray")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def test_its_film_comes_faster_than_real_time_and_each_second_has_its_time(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("s3cret")
    with playing(film(tmp_path / "film.mkv")) as port:
        recorder = RtspRecorder.model_validate(
            {
                "id": "nvr",
                "url": f"rtsp://127.0.0.1:{port}/replay/{{channel}}?from={{start}}&to={{end}}",
                "zone": "+00:00",
                "speed": 4,
                "username": "admin",
                "password_file": password,
                "clock_offset_s": 0,
            }
        )
        fetching = Fetching(recorder, SECONDS, speed=4)
        assert fetching.seconds() == list(range(SECONDS))
        assert (fetching.missing(), fetching.left_out()) == ([], [])
