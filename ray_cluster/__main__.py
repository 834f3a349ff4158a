"""`wayside-cluster`: run the cluster of one machine, ask it how it is, verify its archive."""

import json
import sys
import urllib.request
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.error import HTTPError, URLError

import typer
from rich.console import Console
from rich.table import Table

from provisioning.contracts.config import ClusterConfig, load, read_secret
from provisioning.contracts.errors import ConfigError

app = typer.Typer(
    help="The centre's machines: take snapshots in, find vehicles, keep them, answer questions about them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ConfigFile = Annotated[Path, typer.Option("--config", help="Configuration of the cluster, TOML.", metavar="FILE")]
_BAD_INPUT = 2


@app.command()
def run(config: ConfigFile) -> None:
    """Start everything on this machine and stay until Ctrl-C or SIGTERM.

    Prints one line `ready http://HOST:PORT` once snapshots can come in and questions be asked. Log lines go to stderr.
    """
    settings = _load(config)
    from engines.errors import EngineError  # noqa: PLC0415 - see below
    from ray_cluster import environment  # noqa: PLC0415
    from ray_cluster.errors import ClusterError  # noqa: PLC0415

    try:
        environment.prepare(settings)
        from ray_cluster import app as cluster  # noqa: PLC0415 - Ray is slow to import and reads its environment then

        cluster.run(settings, lambda line: print(line, flush=True))  # noqa: T201 - for programs, not for eyes
    except (ClusterError, ConfigError, EngineError) as error:
        _fail(str(error))


@app.command()
def status(
    config: ConfigFile, as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False
) -> None:
    """Ask a running cluster what it holds. Exit code 1 if it is not well."""
    settings = _load(config)
    answers: dict[str, Any] = {
        "health": _ask(settings, "/health"),
        "archive": _ask(settings, "/status"),
        "intake": _ask(settings, "/intake"),
    }
    if as_json:
        sys.stdout.write(json.dumps(answers) + "\n")
    else:
        table = Table("what", "value")
        for part, answer in answers.items():
            for key, value in answer.items():
                table.add_row(f"{part} {key}", ", ".join(value) if isinstance(value, list) else str(value))
        Console().print(table)
    if answers["health"].get("status") != "ok":
        raise typer.Exit(1)


@app.command()
def verify(config: ConfigFile) -> None:
    """Read every row's picture and compare its hash. Exit code 1 if one is damaged. The cluster may be running."""
    settings = _load(config)
    from ray_cluster.errors import ClusterError, PictureDamaged, PictureErased  # noqa: PLC0415
    from ray_cluster.query import Query  # noqa: PLC0415 - LanceDB is slow to import

    query = Query(settings.archive_dir, offset_minutes=settings.day_offset_minutes)
    counts = {"rows": 0, "pictures": 0, "erased": 0, "damaged": 0}
    after = 0
    try:
        while items := (page := query.commits(after=after, limit=500)).items:
            after = page.last_commit_seq
            for item in items:
                counts["rows"] += 1
                if item.snapshot.place is None:
                    continue
                try:
                    query.picture_of(item.snapshot)
                except PictureErased:
                    counts["erased"] += 1
                except PictureDamaged as error:
                    counts["damaged"] += 1
                    Console(stderr=True).print(f"{item.snapshot.row_key}: {error}", markup=False)
                else:
                    counts["pictures"] += 1
    except ClusterError as error:
        _fail(str(error))
    table = Table(*counts)
    table.add_row(*map(str, counts.values()))
    Console().print(table)
    if counts["damaged"]:
        raise typer.Exit(1)


def _load(path: Path) -> ClusterConfig:
    try:
        return load(ClusterConfig, path)
    except ConfigError as error:
        _fail(str(error))


def _ask(settings: ClusterConfig, path: str) -> dict[str, Any]:
    url = f"http://{settings.query_host}:{settings.query_port}{path}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        token = read_secret(settings.query_token_file)
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with opener.open(request, timeout=60) as answer:
            return dict(json.load(answer))
    except ConfigError as error:
        _fail(str(error))
    except HTTPError as error:
        return dict(json.load(error))
    except (URLError, TimeoutError, ValueError) as error:
        _fail(f"{url}: no answer ({error}); is `wayside-cluster run` running with this configuration?")


def _fail(text: str) -> NoReturn:
    Console(stderr=True).print(f"wayside-cluster: {text}", style="red", markup=False, soft_wrap=True)
    raise typer.Exit(_BAD_INPUT)


if __name__ == "__main__":
    app()
