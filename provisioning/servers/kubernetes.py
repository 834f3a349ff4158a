"""Writes the content of the Secrets that the Helm chart mounts, a folder each (docs/kubernetes.md).

OUT/wayside-home/     home.wayside-backup
OUT/wayside-cluster/  ca.pem cluster.pem cluster.key query-token
OUT/wayside-center/   ca.pem center.pem center.key seal.pub query-token console.pem console.key
OUT/wayside-ray/      auth_token
"""

import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from provisioning.contracts.wire.topics import Role
from provisioning.errors import ClusterPlanError
from provisioning.files import durable
from provisioning.home import backup
from provisioning.home.home import Home
from provisioning.output import CommandResult
from provisioning.pki.authority import SERVER, load_key, new_key, private_pem, public_pem
from provisioning.pki.identities import LOOPBACK, SERVICE_LIFETIME

HOME_BACKUP: Final = "home.wayside-backup"
MOST_BYTES: Final = 1024**2
"""Most bytes of a Secret that Kubernetes takes."""


def render(home: Home, out: Path, console: str) -> CommandResult:
    """Writes a folder for each Secret. Tokens and the console's key are kept: a second run changes none.

    Raises:
        ClusterPlanError: other pods cannot reach the home's broker, or the home is too large for a Secret.
        AuthorityError: the services' authority has its key elsewhere, or an identity is missing.
        OSError: `out` cannot be written.
    """
    if home.config.services_host is None or home.config.services_listen in LOOPBACK:
        raise ClusterPlanError(
            f"{home.directory}: other pods cannot reach this home's broker: make the home with --services-listen"
            " 0.0.0.0 and --services-host, the name of the chart's Service (docs/kubernetes.md)"
        )
    query_token = _token(out / "wayside-cluster" / "query-token")
    content = {
        "wayside-home": {HOME_BACKUP: _backup(home)},
        "wayside-cluster": {**_identity(home, Role.CLUSTER), "query-token": query_token},
        "wayside-center": {
            **_identity(home, Role.CENTER),
            "seal.pub": f"{home.seal_key.seal.key}\n".encode(),
            "query-token": query_token,
            **_console(home, out / "wayside-center" / "console.key", console),
        },
        "wayside-ray": {"auth_token": _token(out / "wayside-ray" / "auth_token")},
    }
    for name, files in content.items():
        _write(out / name, files)
    shown = [f"{name}: {', '.join(files)}" for name, files in content.items()]
    step = (
        f"for each of them: kubectl create secret generic NAME --from-file={out}/NAME; {out} is as secret as they are"
    )
    facts = {"out": str(out), "secrets": {name: list(files) for name, files in content.items()}}
    return CommandResult(facts, [*shown, step])


def _identity(home: Home, role: Role) -> dict[str, bytes]:
    identity = home.identities.identity(role.value)
    return {
        "ca.pem": identity.ca_file.read_bytes(),
        f"{role.value}.pem": identity.cert_file.read_bytes(),
        f"{role.value}.key": identity.key_file.read_bytes(),
    }


def _console(home: Home, key_file: Path, host: str) -> dict[str, bytes]:
    """Returns the console's key, kept if there is one, and a new certificate of the services' authority."""
    key = load_key(key_file) if key_file.exists() else new_key()
    services = home.identities.services
    made = services.sign(key.public_key(), "console", SERVER, lifetime=SERVICE_LIFETIME, hosts=(host, *LOOPBACK))
    return {"console.key": private_pem(key), "console.pem": public_pem(made) + services.chain_pem()}


def _backup(home: Home) -> bytes:
    with tempfile.TemporaryDirectory(prefix="wayside-home-") as place:
        made = Path(str(backup.back_up(home, Path(place), keep=1).facts["file"])).read_bytes()
    if len(made) > MOST_BYTES:
        raise ClusterPlanError(
            f"{home.directory}: {len(made)} bytes are more than a Secret takes; put the home into its volume by hand"
            " (docs/kubernetes.md)"
        )
    return made


def _token(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else secrets.token_hex(32).encode()


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in files.items():
        durable.write(folder / name, data)
