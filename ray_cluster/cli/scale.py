"""`wayside-cluster scale`: changes the number of a deployment's replicas."""

from typing import Annotated

import typer
from rich.console import Console

from ray_cluster.cli.options import ConfigFile, fail, loaded


def scale(
    deployment: Annotated[str, typer.Argument(help="Which deployment: parser.", show_default=False)],
    replicas: Annotated[str, typer.Argument(help="How many: 4, or 2..8 to follow the queue.", show_default=False)],
    config: ConfigFile,
) -> None:
    """Change the number of replicas of a deployment, on the head, while it runs. A restart keeps it."""
    settings = loaded(config)
    from ray_cluster.errors import BadScale, ClusterError  # noqa: PLC0415
    from ray_cluster.node import ray_command  # noqa: PLC0415 - `--help` stays quick
    from ray_cluster.node.replica_counts import FILE, Scale, configured, read, write  # noqa: PLC0415

    try:
        node = ray_command.node_of(settings)
        known = configured(settings)
        if deployment in settings.composed:
            raise BadScale(f"{deployment} runs in the intake's process; leave it out of with_intake to have several")
        if deployment not in known:
            raise BadScale(f"{deployment!r}: the number of these can be changed: {', '.join(known)}")
        if not ray_command.is_head(settings):
            raise BadScale(f"say it on the head, {ray_command.head_address(settings)}")
        path = node.state_dir / FILE
        node.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        wanted = Scale.parse(replicas)
        write(path, read(path, known) | {deployment: wanted})
    except ClusterError as error:
        fail(str(error))
    Console().print(f"{deployment} {wanted}: a running head takes it within seconds")
