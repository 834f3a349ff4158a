"""Tokens, passwords and the servers' own keys, each made once and kept beside the rendered files."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.pki.authority import CLIENT, SERVER, load_key, new_key, private_pem, public_pem
from provisioning.pki.identities import LOOPBACK, SERVICE_LIFETIME


class SecretStore:
    """A folder of secrets: another run finds those of the run before."""

    def __init__(self, home: Home, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._home = home
        self._folder = folder

    def token(self, name: str) -> bytes:
        """Returns 32 random bytes in hex."""
        file = self._folder / name
        if not file.exists():
            durable.write(file, secrets.token_hex(32).encode())
        return file.read_bytes()

    def certificate(self, server: str, purpose: str, hosts: Sequence[str]) -> tuple[bytes, bytes]:
        """Returns certificate with its chain, and key, PEM, for one purpose on one server, loopback included.

        Renewed when a third of its life is left. Its name has no rights at the broker.
        """
        key_file = self._folder / f"{server}-{purpose}.key"
        cert_file = key_file.with_suffix(".pem")
        if not key_file.exists():
            durable.write(key_file, private_pem(new_key()))
        if not cert_file.exists() or _is_due(cert_file.read_bytes()):
            services = self._home.identities.services
            made = services.sign(
                load_key(key_file).public_key(),
                f"server.{server}.{purpose}",
                SERVER,
                lifetime=SERVICE_LIFETIME,
                hosts=(*hosts, *LOOPBACK),
                also=(CLIENT,) if purpose == "journal" else (),
            )
            durable.write(cert_file, public_pem(made) + services.chain_pem(), mode=durable.PUBLIC)
        return cert_file.read_bytes(), key_file.read_bytes()


def _is_due(pem: bytes) -> bool:
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc - datetime.now(UTC) < SERVICE_LIFETIME / 3
