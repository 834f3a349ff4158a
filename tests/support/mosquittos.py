"""Mosquitto as tests take it: the first on the path, so that `PATH=FOLDER:$PATH pytest …` tries another."""

import re
from pathlib import Path
from typing import Final

import pytest

from provisioning.broker import mosquitto
from provisioning.broker.mosquitto import Mosquitto
from provisioning.errors import BrokerError

FORMER: Final = Mosquitto(Path("/usr/sbin/mosquitto"), "2.0.21", None)
PRESENT: Final = Mosquitto(Path("/usr/sbin/mosquitto"), "2.1.2", Path("/usr/lib/mosquitto_acl_file.so"))
"""One of each kind, to render for where none is started."""

TAKEN_OVER: Final = re.compile(r"Client \S+ (already connected, closing old|\[\S+\] disconnected: session taken over)")
"""A client that came a second time, in the log of 2.0 and of 2.1."""
OUT_OF_MEMORY: Final = re.compile(r"Client \S+ (disconnected due to|\[\S+\] disconnected:) out of memory")


def installed() -> Mosquitto:
    """The installed one; without one the test is skipped."""
    try:
        return mosquitto.installed()
    except BrokerError as error:
        pytest.skip(str(error))
