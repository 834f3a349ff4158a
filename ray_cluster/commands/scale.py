"""`wayside-cluster scale`."""

from typing import Annotated

import typer
from rich.console import Console

from ray_cluster.commands.options import ConfigFile, fail, loaded


def scale(
    deployment: Annotated[str, typer.Argument(help="Which deployment: parser.", show_default=False)],
    replicas: Annotated[str, typer.Argument(help="How many: 4, or 2..8 to follow the queue.", show_default=False)],
    config: ConfigFile,
) -> None:
    """Change how many replicas a deployment may have, on the head, while it runs. It stays so after a restart."""
    settings = loaded(config)
    from ray_cluster import machine  # noqa: PLC0415 - `--help` stays quick
    from ray_cluster.errors import BadScale, ClusterError  # noqa: PLC0415
    from ray_cluster.scales import FILE, Scale, configured, read, write  # noqa: PLC0415

    try:
        node = machine.node_of(settings)
        known = configured(settings)
        if deployment not in known:
            raise BadScale(f"{deployment!r}: the number of these can be changed: {', '.join(known)}")
        if not machine.is_head(settings):
            raise BadScale(f"say it on the head, {machine.head_address(settings)}")
        path = node.state_dir / FILE
        node.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        wanted = Scale.parse(replicas)
        write(path, read(path, known) | {deployment: wanted})
    except ClusterError as error:
        fail(str(error))
    Console().print(f"{deployment} {wanted}: a running head takes it within seconds")
