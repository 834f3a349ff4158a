"""`wayside-cluster`: runs the cluster of one machine, or this machine's part of several; its state; its archive."""

import typer

from provisioning.program_version import version_option
from ray_cluster.cli.backup import backup, restore
from ray_cluster.cli.detectors import detectors
from ray_cluster.cli.erase import erase
from ray_cluster.cli.export import export
from ray_cluster.cli.hold import hold, holds, release
from ray_cluster.cli.plan import plan
from ray_cluster.cli.retention import retention
from ray_cluster.cli.scale import scale
from ray_cluster.cli.status import status
from ray_cluster.cli.store import store
from ray_cluster.cli.up import down, run, up
from ray_cluster.cli.verify import verify

app = typer.Typer(
    help="The centre's machines: take snapshots in, find vehicles, keep them, answer questions about them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.callback()(version_option)
COMMANDS = (
    run,
    up,
    status,
    store,
    scale,
    detectors,
    down,
    verify,
    erase,
    export,
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
