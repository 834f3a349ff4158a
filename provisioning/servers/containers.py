"""Renders what the containers of centre and cluster read, as it lies under / of each: for one machine.

```
/etc/wayside-center/   center.toml   secrets/
/etc/wayside-cluster/  cluster.toml  secrets/
```

Both reach the broker by the home's host name. The home itself, whose keys can sign for everybody, is mounted where
broker and enrolment run, and nowhere else.
"""

from pathlib import Path
from typing import Final

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import Broker
from provisioning.errors import ClusterPlanError
from provisioning.files import toml
from provisioning.home.home import Home
from provisioning.output import CommandResult
from provisioning.pki.identities import LOOPBACK
from provisioning.servers import center_files, cluster_files
from provisioning.servers.render import MODELS, cluster_secrets
from provisioning.servers.secret_store import SecretStore
from provisioning.servers.tree import STORE, File, write

CONSOLE_PORT: Final = 8443
QUERY_PORT: Final = 8100
EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - of a container, whose network decides who reaches it


def check_host(host: str) -> None:
    """Checks the name under which containers reach the broker's.

    Raises:
        ClusterPlanError: each of them would reach itself by it.
    """
    if host in LOOPBACK:
        raise ClusterPlanError(
            f"--host {host}: in each container that is the container itself; give the name of this machine, or one"
            " that only the containers' network knows, such as wayside"
        )


def render(home: Home, root: Path, cluster: str) -> CommandResult:
    """Writes configuration and secrets under `root`. A second run changes no secret and no configuration.

    `cluster`: host name of the cluster's container, for the centre.

    Raises:
        AuthorityError: the services' authority has its key elsewhere, or an identity is missing.
        OSError: `root` cannot be written.
    """
    config = home.config
    store = SecretStore(home, home.directory.parent / STORE)
    console = store.certificate("containers", "console", (config.host,))
    center = center_files.configuration(
        home,
        host=EVERY_ADDRESS,
        port=CONSOLE_PORT,
        broker=config.host,
        query_url=f"http://{cluster}:{QUERY_PORT}",
    )
    texts = {
        center_files.CONFIGURATION: toml.text(center),
        f"{cluster_files.ETC}/cluster.toml": toml.text(_cluster(home)),
    }
    write(
        [
            *center_files.secrets(home, query_token=store.token("query-token"), console=console),
            *cluster_secrets(home, store),
            # Last: the services wait for these, and read what they name.
            *(File.text(path, text) for path, text in texts.items() if not (root / path.lstrip("/")).exists()),
        ],
        root,
    )
    url = f"https://localhost:{CONSOLE_PORT}"
    code = f"wayside-center setup-code --config {center_files.CONFIGURATION}"
    return CommandResult(
        {"host": config.host, "cluster": cluster, "console": url},
        [
            f"containers of {config.host} have their configuration under {root}, secrets among it",
            f"the console will be {url}; its one-time code, in the centre's container: {code}",
        ],
    )


def _cluster(home: Home) -> ClusterConfig:
    secrets = Path(cluster_files.ETC, "secrets")
    return ClusterConfig(
        broker=Broker(
            host=home.config.host,
            port=home.config.services_port,
            ca_file=secrets / "ca.pem",
            cert_file=secrets / "cluster.pem",
            key_file=secrets / "cluster.key",
        ),
        models_dir=Path(MODELS),
        archive_dir=Path(cluster_files.STATE, "archive"),
        detectors_file=Path(cluster_files.STATE, "detectors.toml"),
        query_host=EVERY_ADDRESS,
        query_port=QUERY_PORT,
        auth_token_file=secrets / "ray-token",
        query_token_file=secrets / "query-token",
    )
