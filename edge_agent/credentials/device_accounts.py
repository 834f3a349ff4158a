"""Reads each device's user name and password at the moment they are needed: they stay in no attribute."""

from collections.abc import Callable, Mapping

from edge_agent.credentials.camera_password import Unlock, read_password
from edge_agent.errors import WrongCredentials
from provisioning.contracts.config import processes
from provisioning.net.digest import Account


class DeviceAccounts:
    """Holds the accounts of devices that register or push. The first camera of a device lends its password."""

    def __init__(
        self,
        cameras: Mapping[str, processes.Gb28181Source | processes.ViidSource],
        unlock: Unlock | None,
        trouble: Callable[[str, str], None],
    ) -> None:
        """`cameras`: by camera id. `trouble`: called with a device's id and why its password cannot be read."""
        self._cameras: dict[str, tuple[str, processes.Gb28181Source | processes.ViidSource]] = {}
        for camera_id, source in cameras.items():
            self._cameras.setdefault(source.device_id, (camera_id, source))
        self._unlock = unlock
        self._trouble = trouble

    def account(self, device_id: str) -> Account | None:
        """Returns a device's account; None when its password file is of no use or its sealed password does not open."""
        camera_id, source = self._cameras[device_id]
        try:
            password = read_password(camera_id, source, self._unlock)
        except WrongCredentials as error:
            self._trouble(device_id, str(error).removeprefix(f"camera {camera_id}: "))
            return None
        return None if password is None or source.username is None else Account(source.username, password)
