"""Shares among commands the configuration option, requests to `query`, output, and exits with an error."""

import json
import sys
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn
from urllib.error import HTTPError, URLError

import typer
from rich.console import Console
from rich.table import Table

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import load, read_secret
from provisioning.contracts.errors import ConfigError
from provisioning.files.awaited import wait_for
from ray_cluster.errors import NotUp

ConfigFile = Annotated[Path, typer.Option("--config", help="Configuration of the cluster, TOML.", metavar="FILE")]
_BAD_INPUT = 2
MOMENT_FORMATS: Final = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]
"""Moments that a command takes: with their offset."""
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def loaded(path: Path, wait_s: float = 0) -> ClusterConfig:
    """Load the configuration, looked for `wait_s` seconds; a faulty one ends the program with exit code 2."""
    wait_for(path, wait_s)
    try:
        return load(ClusterConfig, path)
    except ConfigError as error:
        fail(str(error))


def ask_query(settings: ClusterConfig, path: str) -> dict[str, Any]:
    """GET a path of `query` with its token. Raises `NotUp` without an answer."""
    url = f"http://{settings.query_host}:{settings.query_port}{path}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        token = read_secret(settings.query_token_file)
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with opener.open(request, timeout=60) as answer:
            return dict(json.load(answer))
    except ConfigError as error:
        raise NotUp(str(error)) from error
    except HTTPError as error:
        try:
            return dict(json.load(error))
        except ValueError as garbled:
            raise NotUp(f"{url}: status {error.code}") from garbled
    except (URLError, TimeoutError, ValueError) as error:
        raise NotUp(
            f"{url}: no answer ({error}); is `wayside-cluster run` or `up` running with this configuration?"
        ) from error


def moment_ms(moment: datetime | None) -> int:
    """Return milliseconds since 1970; 0 for no moment."""
    return 0 if moment is None else int(moment.timestamp() * 1000)


def fail(text: str) -> NoReturn:
    """Print the reason on stderr and end with exit code 2."""
    Console(stderr=True).print(f"wayside-cluster: {text}", style="red", markup=False, soft_wrap=True)
    raise typer.Exit(_BAD_INPUT)


def show(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print facts as a table of one row, or as one JSON object."""
    if as_json:
        sys.stdout.write(json.dumps(facts) + "\n")
        return
    table = Table(*facts)
    table.add_row(*(", ".join(map(str, value)) if isinstance(value, list) else str(value) for value in facts.values()))
    Console().print(table)
