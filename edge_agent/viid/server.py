"""Runs the agent's GA/T 1400 server: the one place where devices' requests touch a socket, a clock and a log.

It runs in a thread and an event loop of its own. Bodies stay in memory under one budget and are never written anywhere;
what is not taken is read past without being kept.
"""

import asyncio
import logging
import secrets
import ssl
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import Final

from edge_agent.clock import Backoff, Clock
from edge_agent.credentials.camera_password import Unlock
from edge_agent.credentials.device_accounts import DeviceAccounts
from edge_agent.host_port import host_port
from edge_agent.sources.pushed.picture_queue import PictureQueue
from edge_agent.viid.admission import AdmissionControl
from edge_agent.viid.connections import ViidLimits
from edge_agent.viid.counters import Count, Counters, UnknownViidDevice
from edge_agent.viid.request_handler import RequestHandler
from provisioning.contracts.causes import pictures
from provisioning.contracts.config import processes
from provisioning.net.http_acceptor import Acceptor, listen
from provisioning.net.tls import server_context

_log = logging.getLogger(__name__)

_BACKLOG: Final = 256
_LOOK_S: Final = 0.1
"""Seconds between two checks whether to stop."""


class ViidServer:
    """Serves the devices of all cameras. Counters are readable from any thread."""

    def __init__(
        self,
        viid: processes.Viid,
        cameras: Mapping[str, processes.ViidSource],
        pictures: PictureQueue,
        clock: Clock,
        *,
        unlock: Unlock | None = None,
        limits: ViidLimits | None = None,
    ) -> None:
        """`cameras`: by camera id. `unlock` opens sealed passwords in an enrolled agent."""
        self._viid = viid
        self._pictures = pictures
        self._clock = clock
        self._limits = limits or ViidLimits()
        self._counters = Counters(source.device_id for source in cameras.values())
        self._away: Counter[str] = Counter()
        accounts = DeviceAccounts(cameras, unlock, lambda device_id, why: self._turned_away(device_id, "", why))
        door = AdmissionControl(
            viid.server_id,
            {source.device_id: source.keepalive_s for source in cameras.values()},
            accounts.account,
            self._counters,
            self._turned_away,
            key=secrets.token_bytes(32),
            per_minute=viid.per_device_per_minute,
        )
        self._handler = RequestHandler(
            door, pictures, self._counters, clock, self._limits, max_body_bytes=viid.max_body_bytes
        )

    def counts(self) -> dict[str, dict[Count, int]]:
        """Returns the counters of each device, by device id."""
        return self._counters.counts()

    def strangers(self) -> tuple[UnknownViidDevice, ...]:
        """Returns the devices that tried to register and are in no configuration."""
        return self._counters.strangers()

    def run(self, stop: threading.Event) -> None:
        """Serves until `stop`. Where the port cannot be opened, every camera reports it, and it is tried again."""
        backoff = Backoff(1.0, 30.0)
        while not stop.is_set():
            try:
                tls = self._tls()
                listener = listen(self._viid.host, self._viid.port, _BACKLOG)
            except OSError as error:  # ssl.SSLError is one
                why = f"{error.strerror or type(error).__name__}"
                where = host_port(self._viid.host, self._viid.port)
                self._pictures.shut(pictures.RECEIVER_CLOSED(place=where, error=why))
                _log.error("viid server cannot listen port=%d: %s", self._viid.port, why)
                self._clock.wait(stop, backoff.next_wait_s())
                continue
            self._pictures.shut(None)
            with closing(listener):
                acceptor = Acceptor(listener, tls, self._handler.answer, self._limits.bounds)
                asyncio.run(self._serve(acceptor, stop))

    async def _serve(self, acceptor: Acceptor, stop: threading.Event) -> None:
        serving = asyncio.create_task(acceptor.run())
        while not (stop.is_set() or serving.done()):
            await asyncio.wait({serving}, timeout=_LOOK_S)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=stop.is_set())

    def _tls(self) -> ssl.SSLContext | None:
        if self._viid.tls_cert_file is None:
            return None
        return server_context(self._viid.tls_cert_file, self._viid.tls_key_file)

    def _turned_away(self, device_id: str, source: str, why: str) -> None:
        """Logs the 1st, 10th, 100th refusal: a device tries every minute, and a robot more often."""
        self._pictures.turned_away(device_id, why)
        self._away[why] += 1
        if str(self._away[why]).rstrip("0") == "1":
            _log.warning("device turned away device=%s from=%s count=%d: %s", device_id, source, self._away[why], why)
