"""One camera's media over UDP, in a process of its own.

Run it with `python -m bench.edge.gb28181_camera SSRC SECONDS receive|look`.

It prints the port that it listens on, and when the time is over its processor seconds from the first datagram on.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext, suppress

from edge_agent.clock import SystemClock
from edge_agent.errors import Ended, SourceError
from edge_agent.gb28181.media.depacketizer import AccessUnit, Receiver
from edge_agent.sources.gb28181.media_socket import Media, MediaSocket
from edge_agent.sources.gb28181.stream import Gb28181Stream
from provisioning.contracts.causes.work import OTHER

_HOST = "127.0.0.1"


def main() -> None:
    """See the module."""
    ssrc, seconds, what = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.bind((_HOST, 0))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        port = sock.getsockname()[1]
        print(port, flush=True)
        sock.recv(1, socket.MSG_PEEK)
        until_s = time.monotonic() + seconds + 1
        over = Ended("bench", OTHER(detail="the time is over"))
        media = Media(
            "udp", sock, (_HOST, 0), ssrc, f"{_HOST}:{port}", ended=lambda: over if time.monotonic() > until_s else None
        )
        began_s = time.process_time()
        pictures = 0
        with suppress(SourceError):
            for _ in _looked(media) if what == "look" else _received(media):
                pictures += 1
        print(json.dumps({"cpu_s": time.process_time() - began_s, "pictures": pictures}), flush=True)


def _looked(media: Media) -> Iterator[object]:
    stream = Gb28181Stream("bench", lambda: nullcontext(media), SystemClock())
    return (item for item in stream.frames(threading.Event()) if item is not None)


def _received(media: Media) -> Iterator[AccessUnit]:
    clock, receiver = SystemClock(), Receiver("udp", media.ssrc)
    with MediaSocket("bench", media, clock) as arriving:
        while media.ended() is None:
            for arrived in arriving.read():
                if arrived is not None:
                    receiver.receive_datagram(*arrived, clock.monotonic_s())
            for event in iter(receiver.next_event, None):
                if isinstance(event, AccessUnit):
                    yield event


if __name__ == "__main__":
    main()
