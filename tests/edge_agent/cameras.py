"""Cameras on loopback: gst-rtsp-server in a process of its own, fed with footage that a test draws."""

import functools
import json
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from provisioning.demo.encode import access_units
from provisioning.demo.simulators import rtsp_server
from provisioning.demo.simulators.rtsp_server import write_footage
from tests.edge_agent.world import Image, write_video

SYSTEM_PYTHON = "/usr/bin/python3"
GOP = 5


@functools.cache
def _has_server() -> bool:
    probe = [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"]
    return shutil.which(SYSTEM_PYTHON) is not None and subprocess.run(probe, capture_output=True).returncode == 0  # noqa: PLW1510 - the code is the answer


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """Port and process of an RTSP server; skips where Debian's gst-rtsp-server is missing."""
    if not _has_server():
        pytest.skip("gst-rtsp-server is not installed: apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi")
    command = [SYSTEM_PYTHON, rtsp_server.__file__, "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["port"], process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


def encoded(folder: Path, images: list[Image], codec: str) -> list[bytes]:
    """Access units of `images` in Annex B form, a keyframe every `GOP`."""
    video = write_video(folder / f"drawn-{codec}-{len(images)}-{images[0].shape[1]}.mkv", images)
    return list(access_units(video, codec, gop=GOP, bitrate=4_000_000)[1])


def footage(path: Path, codec: str, units: Sequence[bytes], *, rate: int = 25) -> str:
    """Write footage and return the mount for the server's command line."""
    write_footage(path, codec, (rate, 1), units)
    return f"{path.stem}={path}"
