"""Log lines: plain text on stderr, one format in every process of the cluster."""

import logging
import sys

_QUIET = ("asyncio", "httpx", "ray", "ray.serve")


def log_to_stderr() -> None:
    """Set this process up. Ray carries a replica's lines to the driver's stderr."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
