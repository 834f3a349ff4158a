"""Programs from Debian that these tests ask."""

import os
import shutil
import subprocess

import pytest

SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="session")
def mosquitto() -> str:
    """Path of the broker's program."""
    path = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    return path


@pytest.fixture(scope="session")
def rtsp_python() -> str:
    """A python that can serve RTSP."""
    script = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    done = subprocess.run([SYSTEM_PYTHON, "-c", script], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("gst-rtsp-server is not installed: apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi")
    return SYSTEM_PYTHON
