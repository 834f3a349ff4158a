"""Runs a command of `wayside-edge`: its exit code, its one clear line on stderr, its configuration."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from rich.console import Console
from rich.markup import escape

from edge_agent.clock import SystemClock
from edge_agent.errors import EdgeError
from edge_agent.remote_config.documents import in_use
from provisioning.contracts.config.processes import EdgeConfig, load
from provisioning.contracts.errors import ConfigError

_P = ParamSpec("_P")
out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)


def one_line(command: Callable[_P, int]) -> Callable[_P, int]:
    """Turn an error that we know into its own text and exit code 2; any other is a bug and shows as one."""

    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except (ConfigError, EdgeError) as error:
            err.print(f"[red]error[/red] {escape(str(error))}", highlight=False)
            return 2

    return wrapped


def config_of(path: Path) -> EdgeConfig:
    """Load it. A camera's password is read when the camera is opened: a bad one is that camera's trouble alone."""
    edge = load(EdgeConfig, path)
    key = edge.broker.key_file
    if key.exists() and key.stat().st_mode & 0o077:
        raise ConfigError(f"{key}: others may read this private key; run: chmod 600 {key}")
    return edge


def config_in_use(path: Path) -> EdgeConfig:
    """Load it, with the cameras of the document in force."""
    return in_use(config_of(path), SystemClock())
