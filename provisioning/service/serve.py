"""Runs `wayside-provision serve`: enrolment, delivery, and daily renewals. One process for each home."""

import asyncio
import fcntl
import logging
import os
import signal
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from provisioning import logging_setup
from provisioning.delivery.publisher import DocumentPublisher
from provisioning.enrolment.https_server import HttpsServer, Limits
from provisioning.enrolment.service import Enrolment, tls_context
from provisioning.errors import HomeError, ProvisioningError
from provisioning.home.home import Home
from provisioning.pki import revocation_list
from provisioning.pki.identities import ENROLMENT, SERVICES
from provisioning.service import metrics

_log = logging.getLogger(__name__)
LOCK: Final = "serve.lock"
CHORES_S: Final = 86_400.0
DUE: Final = timedelta(days=60)
"""Time before the end of a certificate at which serve warns that it cannot renew it, for want of the services' key."""


def serve(home: Home, announce: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT. Calls `announce` when boxes can connect. To be called from the main thread.

    Raises:
        HomeError: another process serves this home, or one of its ports cannot be used.
        ProvisioningError: it could not go on: the register, an authority or a file of the home is of no use.
    """
    with _alone(home), metrics.open_door(home):
        logging_setup.log_to_stderr()
        asyncio.run(_serve(home, announce))


async def _serve(home: Home, announce: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def end(error: ProvisioningError | None) -> None:
        if ended.done():
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, None)
    config = home.config
    await asyncio.to_thread(chores, home)
    tls = tls_context(home)
    server = HttpsServer(config.listen, config.enrolment_port, tls, Enrolment(home, end), Limits())
    publisher = DocumentPublisher(home, lambda error: loop.call_soon_threadsafe(end, error))
    tasks = {ended, loop.create_task(server.run()), loop.create_task(_daily(home, tls))}
    try:
        publisher.start()
        host = f"[{config.host}]" if ":" in config.host else config.host
        announce(f"ready https://{host}:{config.enrolment_port}")
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(asyncio.to_thread(publisher.stop), *tasks, return_exceptions=True)
        server.close()


async def _daily(home: Home, tls: ssl.SSLContext) -> None:
    own = home.identities.identity(ENROLMENT)
    while True:
        await asyncio.sleep(CHORES_S)
        if ENROLMENT in await asyncio.to_thread(chores, home):
            tls.load_cert_chain(own.cert_file, own.key_file)  # for handshakes from now on


def chores(home: Home) -> list[str]:
    """Renews certificates and lists before they end. Returns the names of the services whose certificates were.

    Raises:
        AuthorityError: something cannot be signed or written.
        RegisterError: the register cannot be used.
    """
    home.publish_revocations()
    services = home.identities.services
    if services.key_file.exists():
        renewed = home.renew_services()
        if renewed:
            _log.info("renewed services=%s", ",".join(renewed))
        return renewed
    now = datetime.fromtimestamp(home.now_ms() / 1000, UTC)
    for what, ends_at in _ends(home):
        if ends_at - now < DUE:
            _log.warning("due %s ends=%s: bring %s here for a day", what, f"{ends_at:%Y-%m-%d}", services.key_file.name)
    return []


def _ends(home: Home) -> Iterator[tuple[str, datetime]]:
    """Yields ends that only the services' authority can renew. A certificate that is not here is with its service."""
    identities = home.identities
    for name in SERVICES:
        if identities.identity(name).cert_file.exists():
            yield f"certificate={name}", identities.certificate(name).not_valid_after_utc
    yield "revocation_list=services", revocation_list.read(identities.services.crl_file, identities.services).ends_at


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Locks the home: two processes would work against one another at the broker. The lock ends with the process."""
    path = home.directory / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise HomeError(f"{path}: cannot be written ({error.strerror}): is this home yours?") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise HomeError(f"{home.directory}: another wayside-provision serve runs on it: end that first") from error
        yield
    finally:
        os.close(handle)
