"""`wayside-cluster run`: runs the cluster of one machine."""

from provisioning.contracts.errors import ConfigError
from ray_cluster.cli.options import ConfigFile, fail, loaded


def run(config: ConfigFile) -> None:
    """Start everything on this machine and stay until Ctrl-C or SIGTERM.

    Prints one line `ready http://HOST:PORT` once snapshots and queries can come in. Log lines go to stderr.
    """
    settings = loaded(config)
    from engines.errors import EngineError  # noqa: PLC0415 - see below
    from ray_cluster.errors import ClusterError  # noqa: PLC0415
    from ray_cluster.node import environment  # noqa: PLC0415

    try:
        environment.prepare(settings)
        from ray_cluster.serve import single_node as cluster  # noqa: PLC0415 - Ray is slow to import and reads its environment then

        cluster.run(settings, lambda line: print(line, flush=True))  # noqa: T201 - for programs, not for eyes
    except (ClusterError, ConfigError, EngineError) as error:
        fail(str(error))
