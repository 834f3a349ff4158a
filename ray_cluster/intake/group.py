"""Derives the secret name of the shared MQTT group in which the intake's replicas split all snapshots.

Mosquitto checks the right to read at delivery, and counts messages for a member without that right as
delivered (measured: a guest that joins a group of one takes half of all pictures). So no agent may know the name. It
is derived from the cluster's private key, which all machines of a cluster share and no agent has, so it is sent
nowhere, and `wayside-provision service replace cluster` changes it.
"""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from provisioning.contracts.errors import ConfigError

_PURPOSE: Final = b"wayside intake group 1"
_BYTES: Final = 16


def derive(key_file: Path) -> str:
    """Return the group's name, 32 hex digits. It depends on the key, not on the encoding of its file.

    Raises:
        ConfigError: the file holds no private key that can be read.
    """
    try:
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no unencrypted private key in PEM"
        raise ConfigError(
            f"{key_file}: cannot be read ({reason}); copy the cluster's key there again, mode 0600"
        ) from error
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return HKDF(SHA256(), _BYTES, salt=None, info=_PURPOSE).derive(secret).hex()
