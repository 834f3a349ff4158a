"""Renders the centre's configuration and the secrets that it reads.

```
/etc/wayside-center/   center.toml  secrets/
```
"""

from pathlib import Path
from typing import Any, Final

from provisioning.contracts.config.processes import Broker, CenterConfig
from provisioning.contracts.wire.topics import Role
from provisioning.home.home import Home
from provisioning.servers.tree import SECRET, File

STATE: Final = "/var/lib/wayside-center"
CONFIGURATION: Final = "/etc/wayside-center/center.toml"
SECRETS: Final = "/etc/wayside-center/secrets"
_USER: Final = "wayside-center"


def configuration(home: Home, *, host: str, port: int, broker: str, query_url: str, **stated: Any) -> CenterConfig:
    """Returns a configuration over the files of `secrets`. `host`: the address on which the centre listens.

    `stated` are keys of `CenterConfig` beside those that follow from the others.
    """
    return CenterConfig(
        host=host,
        port=port,
        broker=Broker(
            host=broker,
            port=home.config.services_port,
            ca_file=Path(f"{SECRETS}/ca.pem"),
            cert_file=Path(f"{SECRETS}/center.pem"),
            key_file=Path(f"{SECRETS}/center.key"),
        ),
        query_url=query_url,
        query_token_file=Path(f"{SECRETS}/query-token"),
        data_dir=Path(f"{STATE}/data"),
        seal_key_file=Path(f"{SECRETS}/seal.pub"),
        tls_cert_file=Path(f"{SECRETS}/console.pem"),
        tls_key_file=Path(f"{SECRETS}/console.key"),
        **stated,
    )


def secrets(
    home: Home, *, query_token: bytes, console: tuple[bytes, bytes], database_password: bytes | None = None
) -> list[File]:
    """Returns certificates, keys and tokens. `console`: its certificate and key."""
    identity = home.identities.identity(Role.CENTER.value)
    certificate, key = console
    public = {
        "ca.pem": identity.ca_file.read_bytes(),
        "center.pem": identity.cert_file.read_bytes(),
        "seal.pub": f"{home.seal_key.seal.key}\n".encode(),
        "console.pem": certificate,
    }
    private = {
        "center.key": identity.key_file.read_bytes(),
        "query-token": query_token,
        "console.key": key,
        **({} if database_password is None else {"database-password": database_password}),
    }
    return [
        *(File(f"{SECRETS}/{name}", data) for name, data in public.items()),
        *(File(f"{SECRETS}/{name}", data, SECRET, _USER) for name, data in private.items()),
    ]
