"""Programs from Debian that these tests ask."""

import subprocess

import pytest

from provisioning.broker.mosquitto import Mosquitto
from tests.support import mosquittos

SYSTEM_PYTHON = "/usr/bin/python3"


@pytest.fixture(scope="session")
def mosquitto() -> Mosquitto:
    """The broker's program."""
    return mosquittos.installed()


@pytest.fixture(scope="session")
def rtsp_python() -> str:
    """A python that can serve RTSP."""
    script = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    done = subprocess.run([SYSTEM_PYTHON, "-c", script], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("gst-rtsp-server is not installed: apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi")
    return SYSTEM_PYTHON
