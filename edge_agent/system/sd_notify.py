"""Notifies systemd as sd_notify(3) has it: a datagram to the socket that it named. Does nothing without systemd."""

import os
import socket
from typing import Final

_SOCKET: Final = "NOTIFY_SOCKET"


def ready(status: str = "") -> None:
    """Report that the agent works: `systemctl start` returns, and units after it may start."""
    _say("READY=1", status)


def stopping() -> None:
    """Report that the agent stops on request."""
    _say("STOPPING=1")


def watchdog() -> None:
    """Report that the agent is alive. Called by the loop whose standing still would be the agent's."""
    _say("WATCHDOG=1")


def _say(*facts: str) -> None:
    place = os.environ.get(_SOCKET, "")
    if place[:1] not in {"/", "@"}:
        return
    # A name that begins with @ is an abstract one, which the kernel spells with a NUL.
    address = "\0" + place[1:] if place.startswith("@") else place
    text = "\n".join(f"STATUS={fact}" if "=" not in fact else fact for fact in facts if fact)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)  # systemd that is busy must not hold up the agent
            line.sendto(text.encode(), address)
    except OSError:
        return  # systemd misses one; if it misses many it starts the agent again, which is what it is there for
