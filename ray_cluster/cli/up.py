"""`wayside-cluster run`, `up` and `down`: the cluster of one machine, or this machine's part of several."""

import os
import resource
import signal
import sys
import time

import typer

from provisioning.contracts.errors import ConfigError
from provisioning.files.awaited import WaitS
from ray_cluster.cli.options import ConfigFile, fail, loaded

_PATIENCE_S = 90.0


def run(config: ConfigFile, wait_s: WaitS = 0) -> None:
    """Start everything on this machine and stay until Ctrl-C or SIGTERM.

    Prints one line `ready http://HOST:PORT` once snapshots and queries can come in. Log lines go to stderr.
    """
    settings = loaded(config, wait_s)
    from engines.errors import EngineError  # noqa: PLC0415 - see below
    from ray_cluster.errors import ClusterError  # noqa: PLC0415
    from ray_cluster.node import environment  # noqa: PLC0415

    try:
        environment.prepare(settings)
        from ray_cluster.serve import single_node as cluster  # noqa: PLC0415 - Ray is slow to import and reads its environment then

        cluster.run(settings, lambda line: print(line, flush=True))  # noqa: T201 - for programs, not for eyes
    except (ClusterError, ConfigError, EngineError) as error:
        fail(str(error))


def up(config: ConfigFile) -> None:
    """Start this machine's node, on the head the application too, and stay until Ctrl-C, SIGTERM or `down`.

    Its roles and the head's address are set under [node]. Prints one line: on the head `ready http://HOST:PORT`
    once snapshots can come in, elsewhere `joined HOST:PORT`. Exit code 1 if the node ended by itself.
    """
    settings = loaded(config)
    from ray_cluster.errors import ClusterError  # noqa: PLC0415
    from ray_cluster.log import log_to_stderr  # noqa: PLC0415
    from ray_cluster.node import supervise as machine  # noqa: PLC0415 - `--help` stays quick

    log_to_stderr()
    # A picture with a face in it may be in memory, and memory must not reach a disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        code = machine.up(settings, config.absolute(), _say)
    except (ClusterError, ConfigError) as error:
        fail(str(error))
    raise typer.Exit(code)


def down(config: ConfigFile) -> None:
    """End this machine's `up` and wait for it. On the head the application is drained first."""
    settings = loaded(config)
    from ray_cluster.errors import ClusterError  # noqa: PLC0415
    from ray_cluster.node.supervise import holder  # noqa: PLC0415

    try:
        process = holder(settings)
    except ClusterError as error:
        fail(str(error))
    os.kill(process, signal.SIGTERM)
    deadline_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline_s:
        try:
            if holder(settings) != process:
                break
        except ClusterError:
            break
        time.sleep(0.2)
    else:
        fail(f"process {process} did not end within {_PATIENCE_S:.0f} s; look at its log, or kill it: nothing is lost")
    _say("down")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
