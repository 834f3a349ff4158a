"""Reads a camera's password, from its file or unsealed, each time anew: it stays in no attribute."""

from collections.abc import Callable
from typing import TypeAlias

from edge_agent.errors import WrongCredentials
from provisioning.contracts.causes import streams
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ConfigError
from provisioning.signing.documents import SealError

Unlock: TypeAlias = Callable[[str, str], str]
"""(camera id, sealed password) → password, at the moment it is used. Raises SealError."""


def read_password(
    camera_id: str, source: processes.CameraSource | processes.Recorder, unlock: Unlock | None
) -> str | None:
    """Returns the password of a camera or recorder that has one. `unlock` opens sealed ones in an enrolled agent.

    `camera_id`: of a recorder its `secret_name`.

    Raises:
        WrongCredentials: its file is of no use, or the sealed one does not open here.
    """
    if not isinstance(source, processes.AuthenticatedSource):
        return None
    try:
        if source.password_file is not None:
            return processes.read_secret(source.password_file)
        if source.password_sealed is None:
            return None
        if unlock is None:
            raise WrongCredentials(camera_id, streams.PASSWORD_SEALED())
        return unlock(camera_id, source.password_sealed)
    except (ConfigError, SealError) as error:
        detail = str(error).removeprefix(f"camera {camera_id}: ")
        raise WrongCredentials(camera_id, streams.PASSWORD_UNUSABLE(detail=detail)) from error
