"""Debian's sslscan: everything that a TLS listener offers, whether a client of ours would ask for it or not."""

import shutil
import subprocess
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest

from tests.support.waiting import LONG_S

AEAD_1_3 = {"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"}
AEAD_1_2 = {"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"}
"""Suites of a server whose key is on an elliptic curve, as all that provisioning issues are."""


@dataclass(frozen=True)
class Offered:
    """Suites and weaknesses that a listener offers."""

    suites: dict[str, set[str]]
    """By version."""
    weaknesses: set[str]


def offered(port: int, *options: str) -> Offered:
    """Scan a port of this machine; skips the test where sslscan is not installed."""
    program = shutil.which("sslscan")
    if program is None:
        pytest.skip("sslscan is not installed: apt-get install sslscan")
    words = [program, "--xml=-", "--no-cipher-details", "--no-groups", *options, f"127.0.0.1:{port}"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=LONG_S)
    root = ET.fromstring(done.stdout)
    suites: dict[str, set[str]] = {
        each.attrib["version"]: set() for each in root.iter("protocol") if each.attrib["enabled"] == "1"
    }
    for each in root.iter("cipher"):
        suites[each.attrib["sslversion"].removeprefix("TLSv")].add(each.attrib["cipher"])
    weaknesses = {
        each.tag
        for each in root.iter()
        if "1" in (each.attrib.get("vulnerable"), each.tag != "fallback" and each.attrib.get("supported"))
    }
    return Offered(suites, weaknesses)
