"""A centre in a process of its own, as `wayside-center run` starts it; its broker line is standard input.

Forked from one server that has imported the centre already: the import is four of the five seconds of a start.
"""

import functools
import gc
import multiprocessing
import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import IO, Final

from sqlalchemy.orm import configure_mappers

from center import bootstrap
from center.app import serve
from center.console import frame
from center.console.fleet import live
from center.console.system import overview
from provisioning.contracts.config.processes import CenterConfig, load
from tests.center.world import TypedLine, quick_passwords

_LATER: Final = (
    "anyio._backends._asyncio",
    "httpcore",
    "nicegui.middlewares",
    "nicegui.ui_run_with",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
)
"""Modules that a centre imports when it starts to serve and with its first request."""

configure_mappers()  # which the first statement would do: with the modules above 0.1 of the 0.4 s of a start (measured)


@dataclass(frozen=True)
class CenterProcess:
    """One that runs, its standard input and what it prints."""

    process: ForkServerProcess
    stdin: IO[str]
    stdout: IO[str]


def fork_server() -> ForkServerContext:
    """Returns the server that has imported the centre."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload([__name__, *_LATER])
    return forks


def start(config: Path) -> CenterProcess:
    """Serve `config`, whatever else this process does."""
    forks = fork_server()
    typed, stdin = forks.Pipe(duplex=False)
    stdout, printed = forks.Pipe(duplex=False)
    process = forks.Process(target=_serve, args=(config, typed, printed))
    with typed, stdin, stdout, printed:
        process.start()
        return CenterProcess(process, os.fdopen(os.dup(stdin.fileno()), "w"), os.fdopen(os.dup(stdout.fileno())))


def _serve(config: Path, typed: Connection, printed: Connection) -> None:
    gc.freeze()  # a search for garbage would read, and so copy, all that the server has imported
    os.dup2(printed.fileno(), 1)
    os.dup2(printed.fileno(), 2)
    printed.close()
    _hurry()
    serve(
        load(CenterConfig, config),
        lambda line: print(line, flush=True),  # noqa: T201 - what the command prints, too
        functools.partial(TypedLine, lines=os.fdopen(os.dup(typed.fileno()))),
    )


def _hurry() -> None:
    """Has pages look every second, where they do every five or ten, and hashes passwords with the least that may be."""
    frame.HEALTH_CHECK_S = frame.SESSION_CHECK_S = 1.0  # type: ignore[misc]
    overview.REFRESH_S = live.AGAIN_S = 1.0  # type: ignore[misc]
    bootstrap.Passwords = quick_passwords  # type: ignore[assignment,attr-defined]
