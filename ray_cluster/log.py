"""Sets up log lines of the cluster: on stderr, in one format, with priorities where the journal reads them."""

from typing import Final

from provisioning import logging_setup

_QUIET: Final = ("asyncio", "httpx", "ray", "ray.serve")


def log_to_stderr() -> None:
    """Set up logs of a process. Ray carries a replica's lines to the driver, which prints them (`carry_to_journal`)."""
    logging_setup.log_to_stderr(quiet=_QUIET)


def carry_to_journal() -> None:
    """Print replicas' lines with their priority and without a second timestamp, where stderr is the journal."""
    logging_setup.prioritize_prints()
