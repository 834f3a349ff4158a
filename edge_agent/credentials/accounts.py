"""What each device has to know, read at the moment it is needed: it stays in no attribute."""

from collections.abc import Callable, Mapping

from edge_agent.credentials.camera_password import Unlock, read_password
from edge_agent.credentials.digest import Account
from edge_agent.errors import WrongCredentials
from provisioning.contracts.config import processes


class Accounts:
    """Of all cameras whose devices push."""

    def __init__(
        self,
        cameras: Mapping[str, processes.ViidSource],
        unlock: Unlock | None,
        trouble: Callable[[str, str], None],
    ) -> None:
        """`cameras`: by camera id. `trouble`: told a device's id and why its password cannot be had."""
        self._cameras = {source.device_id: (camera_id, source) for camera_id, source in cameras.items()}
        self._unlock = unlock
        self._trouble = trouble

    def account(self, device_id: str) -> Account | None:
        """One device's; None when its password file is of no use or its sealed password does not open."""
        camera_id, source = self._cameras[device_id]
        try:
            password = read_password(camera_id, source, self._unlock)
        except WrongCredentials as error:
            self._trouble(device_id, str(error).removeprefix(f"camera {camera_id}: "))
            return None
        return None if password is None or source.username is None else Account(source.username, password)
