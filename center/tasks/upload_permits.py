"""Permits a user to bring recordings from the browser to a desk agent. The recordings themselves never come here.

A permit counts for minutes, for one camera; while a file is under way the page asks for further ones, and so ends soon
after the account has lost the right to it. Each permit is in the audit before it is given.
"""

import secrets
from dataclasses import dataclass

from pydantic import BaseModel

from center.access.permissions import Identity, Scope
from center.audit.log import Audit, locked
from center.clock import NowMs
from center.database.store import Store
from center.errors import CenterError, PurposeMissingError, UnknownCameraError, marked
from center.fleet.devices import Devices, DeviceState
from center.tasks.errors import NotATaskError
from center.tasks.sender import CommandSender
from center.tasks.views import TaskKind, task_kind
from provisioning.contracts.fleet.documents import Power
from provisioning.contracts.fleet.uploads import MAX_PURPOSE, PERMIT_LIFE_MS, DeskAddress, UploadPermit


class UploadsOffError(CenterError):
    """The centre has no key whose warrant lets it permit uploads."""

    code = "uploads_off"
    message = marked("This centre cannot permit uploads from the browser: its key has no warrant for it.")
    remedy = marked(
        "Have provisioning sign a warrant with wayside-provision service warrant --upload, and restart the centre."
    )


class NoDeskError(CenterError):
    """The agent has no address for browsers, or has been revoked."""

    code = "no_desk"
    message = marked("Agent {agent_id} takes no recordings from browsers.")
    remedy = marked("Set public_url and console_url in [desk] of the agent, or use wayside-edge ingest.")


class OtherConsoleError(CenterError):
    """The page was opened at another address than the one that the desk names."""

    code = "other_console"
    message = marked("Agent {agent_id} takes recordings only from the console at {console}.")
    remedy = marked("Open the console at that address, or correct console_url in [desk] of the agent.")


class PermitView(BaseModel):
    """A permit for a page."""

    permit: str
    """To be sent to the desk as `Authorization: Wayside-Permit …`."""
    id: str
    url: str
    """Address of the desk."""
    lasts_ms: int
    """Time for which it counts from now."""


@dataclass(frozen=True, slots=True)
class DeskView:
    """A desk agent that takes recordings from this console, with its cameras in sight."""

    agent_id: str
    address: DeskAddress
    cameras: tuple[tuple[str, str], ...]
    """Id and name of each."""


class UploadPermits:
    """Gives permits. Blocks: call it from a worker thread."""

    def __init__(self, store: Store, audit: Audit, devices: Devices, sender: CommandSender, now_ms: NowMs) -> None:
        self._store = store
        self._audit = audit
        self._devices = devices
        self._now_ms = now_ms
        self._sender = sender

    @property
    def is_on(self) -> bool:
        """True if the centre's key may permit uploads."""
        return self._sender.may(Power.UPLOAD)

    def desks(self, sight: Scope) -> tuple[DeskView, ...]:
        """Lists the desks with cameras in sight that browsers can reach."""
        names = {(each.agent_id, each.camera_id): each.title for each in self._devices.cameras()}
        found = (
            DeskView(
                agent_id,
                report.desk,
                tuple(
                    (camera_id, names.get((agent_id, camera_id), camera_id))
                    for camera_id in sorted(report.tasks)
                    if sight.holds(agent_id, camera_id)
                ),
            )
            for agent_id, report in sorted(self._devices.tasks().items())
            if report.desk is not None and not self._is_revoked(agent_id)
        )
        return tuple(each for each in found if each.cameras)

    def give(
        self,
        agent_id: str,
        camera_id: str,
        purpose: str,
        *,
        asker: Identity,
        sight: Scope,
        origin: str | None,
        renews: str = "",
    ) -> PermitView:
        """Signs a permit for one camera. `origin`: of the page that asks; None for a program. `renews`: id of another.

        Raises:
            UnknownCameraError: no such camera in sight.
            NotATaskError: no recordings are brought to this camera.
            UploadsOffError, NoDeskError, OtherConsoleError, PurposeMissingError: no permit can be given.
            StoreUnavailableError: the database does not work.
        """
        status = self._devices.statuses().get((agent_id, camera_id))
        if status is None or not sight.holds(agent_id, camera_id):
            raise UnknownCameraError(agent_id=agent_id, camera_id=camera_id)
        if task_kind(status) is not TaskKind.OFFLINE:
            raise NotATaskError(agent_id=agent_id, camera_id=camera_id)
        if not self.is_on:
            raise UploadsOffError
        report = self._devices.tasks().get(agent_id)
        if report is None or report.desk is None or self._is_revoked(agent_id):
            raise NoDeskError(agent_id=agent_id)
        if origin not in {None, report.desk.console}:
            raise OtherConsoleError(agent_id=agent_id, console=report.desk.console)
        if not (stated := purpose.strip()[:MAX_PURPOSE]):
            raise PurposeMissingError
        now_ms = self._now_ms()
        permit = UploadPermit(
            id=secrets.token_hex(16),
            agent_id=agent_id,
            camera_id=camera_id,
            origin=report.desk.console,
            actor=asker.actor[:64],
            purpose=stated,
            issued_at_ms=now_ms,
            expires_at_ms=now_ms + PERMIT_LIFE_MS,
        )
        facts = {"agent_id": agent_id, "camera_id": camera_id, "permit": permit.id, "purpose": stated}
        with self._store.transaction() as session:
            locked(session)
            self._audit.add(session, asker.actor, "task.upload", facts | ({"renews": renews} if renews else {}))
        text = self._sender.sign_permit(permit)
        return PermitView(permit=text, id=permit.id, url=report.desk.url, lasts_ms=PERMIT_LIFE_MS)

    def _is_revoked(self, agent_id: str) -> bool:
        return any(each.agent_id == agent_id and each.state is DeviceState.REVOKED for each in self._devices.agents())
