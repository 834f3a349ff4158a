"""Waits for a cluster that starts, from outside, as a client sees it."""

import logging
import threading
import urllib.request
from urllib.error import URLError

LOG = logging.getLogger(__name__)
_POLL_S = 0.2


def wait_until_healthy(address: str, stop: threading.Event) -> bool:
    """Poll `/health` until it is good and log each new cause once; False if `stop` was set before.

    Until the application is deployed, Serve's proxy answers 404; until the broker is reached, `query` answers 503.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    logged = ""
    while not stop.wait(_POLL_S):
        try:
            with opener.open(f"{address}/health", timeout=5):
                return True
        except (URLError, TimeoutError, ConnectionError) as error:
            if str(error) != logged:
                logged = str(error)
                LOG.info("not ready yet: %s", logged)
    return False


def healthy(address: str) -> bool:
    """True if `/health` is good at this moment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/health", timeout=5):
            return True
    except (URLError, TimeoutError, ConnectionError):
        return False
