"""Admits a browser by a permit of the centre, verified here without asking the centre, each permit once."""

from collections.abc import Callable
from typing import Final, TypeAlias

from edge_agent.clock import Clock
from edge_agent.desk.errors import Refused
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.uploads import UploadPermit
from provisioning.signing.documents import LapsedError, SealError

OpenPermit: TypeAlias = Callable[[str], UploadPermit]
"""Verifies the text of a permit. Raises SealError, ContractError, OSError."""
_SCHEME: Final = "Wayside-Permit "


def no_permit(_text: str) -> UploadPermit:
    """Refuses every permit, for an agent that knows no centre."""
    raise SealError("this agent takes no permits")


class Admission:
    """Takes each permit once. Which were taken is known in memory alone: none of before this start is taken."""

    def __init__(self, open_permit: OpenPermit, console: str, clock: Clock) -> None:
        """`console`: origin of the one page that is let in."""
        self._open_permit = open_permit
        self._console = console
        self._clock = clock
        self._since_ms = clock.now_ms()
        self._taken: dict[str, int] = {}

    def check(self, authorization: str, camera_id: str) -> UploadPermit:
        """Verifies the permit of a request, and leaves it as it is. Reads the seal's file.

        Raises:
            Refused: `permit`, `permit_expired`, `permit_used`, `other_camera`, `other_origin`.
        """
        if not authorization.startswith(_SCHEME):
            raise Refused("permit", "send `Authorization: Wayside-Permit` with a permit of the centre")
        try:
            permit = self._open_permit(authorization.removeprefix(_SCHEME))
        except LapsedError as error:
            raise Refused("permit_expired", str(error)) from error
        except (SealError, ContractError) as error:
            raise Refused("permit", str(error)) from error
        except OSError as error:
            raise Refused("permit", f"the number of the warrant cannot be stored ({error.strerror})") from error
        if permit.camera_id != camera_id:
            raise Refused("other_camera", f"the permit is for camera {permit.camera_id}, not {camera_id}")
        if permit.origin != self._console:
            raise Refused(
                "other_origin",
                f"the permit is for pages of {permit.origin}, and [desk] console_url is {self._console}: correct it, or"
                " open the console at that address",
            )
        self._check_unused(permit)
        return permit

    def take(self, permit: UploadPermit) -> None:
        """Takes a verified permit, which has no effect a second time.

        Raises:
            Refused: `permit_used`.
        """
        self._check_unused(permit)
        now_ms = self._clock.now_ms()
        self._taken = {each: ends_at_ms for each, ends_at_ms in self._taken.items() if ends_at_ms > now_ms}
        self._taken[permit.id] = permit.expires_at_ms

    def _check_unused(self, permit: UploadPermit) -> None:
        if permit.id in self._taken or permit.issued_at_ms < self._since_ms:
            raise Refused(
                "permit_used", "the permit was taken before, or this desk has been started since: get another"
            )
