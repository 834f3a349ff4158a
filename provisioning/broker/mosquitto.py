"""Finds the installed Mosquitto: its release, and the plugin by which 2.1 and later read access files.

Mosquitto 2.0 reads access files itself (`acl_file`, for each listener by `per_listener_settings`). 2.1 has the same
code as a plugin, which one listener can use, and calls the former options deprecated; 3.0 is to drop them.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.errors import BrokerError

PROGRAM: Final = "mosquitto"
ACL_PLUGIN: Final = "mosquitto_acl_file.so"
PLUGINS_SINCE: Final = (2, 1)
_PLACES: Final = (f"lib*/{ACL_PLUGIN}", f"lib*/*/{ACL_PLUGIN}", f"lib*/*/mosquitto/{ACL_PLUGIN}")
"""Below the prefix of the program: upstream's place, then those of distributions (Debian: `lib/TRIPLET/mosquitto`)."""
_VERSION: Final = re.compile(r"^mosquitto version ((\d+)\.(\d+)\S*)")
_ANSWER_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """Holds the path of a Mosquitto, and what its release decides."""

    path: Path
    version: str
    acl_plugin: Path | None
    """None: a release before 2.1, which reads access files itself."""


def installed() -> Mosquitto:
    """Asks the first Mosquitto on the path for its release.

    Raises:
        BrokerError: none is installed, it does not tell its release, or its plugin for access files is missing.
    """
    program = shutil.which(PROGRAM, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise BrokerError(f"{PROGRAM} is not installed: apt-get install mosquitto")
    return inspect(Path(program))


def inspect(program: Path) -> Mosquitto:
    """Asks a Mosquitto for its release; 2.0 ends with code 3 after its help, 2.1 with 0.

    Raises:
        BrokerError: it does not tell its release, or its plugin for access files is missing.
    """
    try:
        told = subprocess.run(  # noqa: S603 - the program that is about to run the broker
            [program, "-h"], capture_output=True, text=True, check=False, timeout=_ANSWER_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BrokerError(f"{program} -h: no answer ({error}); install it again") from error
    match = _VERSION.match(told.stdout)
    if match is None:
        line = f"{told.stdout}{told.stderr}".strip().partition("\n")[0]
        raise BrokerError(f"{program} -h begins with {line[:200]!r} and names no release; install it again")
    release = int(match.group(2)), int(match.group(3))
    plugin = _acl_plugin(program, match.group(1)) if release >= PLUGINS_SINCE else None
    return Mosquitto(program, match.group(1), plugin)


def _acl_plugin(program: Path, version: str) -> Path:
    prefix = program.resolve().parent.parent
    for place in _PLACES:
        if found := sorted(prefix.glob(place)):
            return found[0]
    raise BrokerError(
        f"{program} is Mosquitto {version}, and its plugin {ACL_PLUGIN}, which holds all rights, is nowhere below"
        f" {prefix}/lib; install Mosquitto with its plugins"
    )
