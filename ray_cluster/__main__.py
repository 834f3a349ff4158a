"""`wayside-cluster`: the cluster of one machine, or this machine's part in one of several; how it is; its archive."""

import typer

from ray_cluster.commands.backup import backup, restore
from ray_cluster.commands.detectors import detectors
from ray_cluster.commands.erase import erase
from ray_cluster.commands.hold import hold, holds, release
from ray_cluster.commands.plan import plan
from ray_cluster.commands.retention import retention
from ray_cluster.commands.run import run
from ray_cluster.commands.scale import scale
from ray_cluster.commands.status import status
from ray_cluster.commands.up import down, up
from ray_cluster.commands.verify import verify

app = typer.Typer(
    help="The centre's machines: take snapshots in, find vehicles, keep them, answer questions about them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    run,
    up,
    status,
    scale,
    detectors,
    down,
    verify,
    erase,
    hold,
    holds,
    release,
    retention,
    backup,
    restore,
    plan,
)
for command in COMMANDS:
    app.command()(command)

if __name__ == "__main__":
    app()
