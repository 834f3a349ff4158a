"""Sends what waits for one superior: registered, kept alive, each camera's observations in their order.

A picture is read from the archive when it is sent, so that one that was erased meanwhile does not go up. A superior
that is away, busy or denies the centre takes nothing from the outbox; what it refuses is dropped by name.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from center.background import Periodic
from center.errors import CenterError, NoPictureError, PictureBrokenError, UnknownObservationError
from center.search.client import Search
from center.viid_cascade.answers import Reception, ViidAnswer
from center.viid_cascade.composing import ObjectKind, ViidMessage, messages
from center.viid_cascade.errors import SuperiorAwayError, SuperiorDeniesError, SuperiorError, SuperiorLoopError
from center.viid_cascade.outbox import CascadeOutbox, Settlement, WaitingObservation
from center.viid_cascade.selection import DropName
from center.viid_cascade.superior_client import SuperiorClient
from provisioning.contracts.config.viid_cascade import ViidSuperior
from provisioning.contracts.wire.messages import CameraStatus

EVERY_S: Final = 1.0
BATCH: Final = 32
"""Observations that are read from the outbox at once, and sent again at most after a kill."""
MOST_FALLS: Final = 8
"""Attempts that end an observation over which a superior falls that answers otherwise."""
LONGEST_PAUSE_S: Final = 60.0
FORBIDDEN_ADDRESS: Final = "forbidden_address"
_DENIALS: Final = frozenset({Reception.UNREGISTERED, Reception.FORBIDDEN})
Statuses = Callable[[], Mapping[tuple[str, str], CameraStatus]]


@dataclass(slots=True)
class _Sent:
    """Results of the observations of one camera, until the first that has to wait. `stop`: why it has to."""

    done: list[WaitingObservation] = field(default_factory=list)
    sent: Counter[ObjectKind] = field(default_factory=Counter)
    dropped: Counter[DropName] = field(default_factory=Counter)
    at: WaitingObservation | None = None
    stop: ViidAnswer | CenterError | None = None


class Sender:
    """Sends to one superior. Belongs to one event loop."""

    def __init__(
        self,
        settings: ViidSuperior,
        client: SuperiorClient,
        outbox: CascadeOutbox,
        search: Search,
        statuses: Statuses,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._client = client
        self._outbox = outbox
        self._search = search
        self._statuses = statuses
        self._monotonic_s = monotonic_s
        self._places = asyncio.Semaphore(settings.parallel)
        self.is_registered = False
        self._alive_at_s = 0.0
        self._pause_s = 1.0
        self._paused_until_s = 0.0
        self._trouble: SuperiorError | None = None
        self.loop = Periodic(f"the cascade to {settings.id}", EVERY_S, self.turn)

    async def turn(self) -> None:
        """Sends all that waits.

        Raises:
            SuperiorError: the superior takes nothing now.
            QueryError: the archive does not answer.
            StoreUnavailableError: the database does not work; what was sent last is sent again.
        """
        if self._trouble is not None and self._monotonic_s() < self._paused_until_s:
            raise self._trouble
        try:
            async with self._client.connected():
                await self._send_all()
        except SuperiorError as error:
            self._trouble = error
            self._paused_until_s = self._monotonic_s() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            raise
        self._trouble, self._pause_s = None, 1.0

    async def leave(self) -> None:
        """Ends the registration, once and in bounded time, at the end of the process."""
        if self.is_registered:
            self.is_registered = False
            await self._client.unregister()

    async def _send_all(self) -> None:
        has_registered = await self._be_registered()
        while True:
            await self._be_alive()
            batch = await asyncio.to_thread(self._outbox.heads, self.settings.id, BATCH)
            if not batch:
                return
            stop = await self._send(batch)
            if isinstance(stop, CenterError):
                raise stop
            if stop is None:
                self._alive_at_s = self._monotonic_s()
            elif stop.reception is Reception.UNREGISTERED and not has_registered:
                self.is_registered = False
                has_registered = await self._be_registered()
            else:
                raise self._trouble_of(stop)

    async def _be_registered(self) -> bool:
        """Registers if it is not; returns whether it had to."""
        if (cause := self._loop_cause()) or (not self.is_registered and (cause := await self._stranger())):
            self.is_registered = False
            raise SuperiorLoopError(superior=self.settings.id, cause=cause)
        if self.is_registered:
            return False
        answer = await self._client.register()
        if answer.reception is not Reception.TAKEN:
            raise self._trouble_of(answer, denied=answer.reception is Reception.REFUSED)
        self.is_registered, self._alive_at_s = True, self._monotonic_s()
        return True

    async def _be_alive(self) -> None:
        """Sends a keepalive if one is due."""
        if self._monotonic_s() - self._alive_at_s < self.settings.keepalive_s:
            return
        answer = await self._client.keepalive()
        if answer.reception is Reception.UNREGISTERED:
            self.is_registered = False
            await self._be_registered()
        elif answer.reception is not Reception.TAKEN:
            raise self._trouble_of(answer)
        self._alive_at_s = self._monotonic_s()

    def _loop_cause(self) -> str:
        """Returns why this superior leads back to an agent of this system; empty: it does not."""
        mine = self.settings.device_id
        for (agent_id, camera_id), status in self._statuses().items():
            if status.device_id == mine:
                return f"camera {camera_id} of agent {agent_id} takes pictures of {mine}, which is this centre"
        return ""

    async def _stranger(self) -> str:
        """Returns which other server answers in place of the superior; empty: none that is known."""
        stated = await self._client.server_id()
        if stated in {"", self.settings.superior_id}:
            return ""
        return f"the server there is {stated}, not {self.settings.superior_id}"

    async def _send(self, batch: Collection[WaitingObservation]) -> ViidAnswer | CenterError | None:
        """Sends a batch, cameras beside each other; returns the first cause for which an observation has to wait."""
        by_camera: dict[str, list[WaitingObservation]] = {}
        for each in batch:
            by_camera.setdefault(each.place, []).append(each)
        results = await asyncio.gather(*map(self._of_camera, by_camera.values()))
        whole = Settlement()
        for result in results:
            whole.done += result.done
            whole.sent += result.sent
            whole.dropped += result.dropped
            if isinstance(result.stop, ViidAnswer) and result.stop.reception is Reception.FAULTY and result.at:
                await self._fallen(whole, result.at)
        await asyncio.to_thread(self._outbox.settle, self.settings.id, whole)
        return next((each.stop for each in results if each.stop is not None), None)

    async def _fallen(self, whole: Settlement, at: WaitingObservation) -> None:
        """Counts an attempt against an observation only if the superior answers well otherwise."""
        if (await self._client.keepalive()).reception is not Reception.TAKEN:
            return
        if at.attempts + 1 < MOST_FALLS:
            whole.fell.append(at)
        else:
            whole.done.append(at)
            whole.dropped[DropName.REFUSED] += 1

    async def _of_camera(self, waiting: Collection[WaitingObservation]) -> _Sent:
        result = _Sent()
        async with self._places:
            for each in waiting:
                try:
                    result.stop = await self._one(each, result)
                except CenterError as error:
                    result.stop = error
                if result.stop is not None:
                    result.at = each
                    break
                result.done.append(each)
        return result

    async def _one(self, waiting: WaitingObservation, result: _Sent) -> ViidAnswer | None:
        """Sends one observation; returns the answer for which it has to wait."""
        try:
            found = await self._messages(waiting)
        except UnknownObservationError:
            result.dropped[DropName.NOT_IN_ARCHIVE] += 1
            return None
        except (NoPictureError, PictureBrokenError):
            result.dropped[DropName.NO_PICTURE] += 1
            return None
        sent, refused = Counter[ObjectKind](), False
        for message in found:
            answer = await self._client.send(message)
            if answer.reception not in {Reception.TAKEN, Reception.REFUSED}:
                return answer
            sent[message.kind] += len(message.ids) - len(answer.refused)
            refused = refused or bool(answer.refused)
        result.sent += sent
        result.dropped[DropName.REFUSED] += refused
        return None

    async def _messages(self, waiting: WaitingObservation) -> list[ViidMessage]:
        observation = await self._search.archived(waiting.row_key)
        is_shown = self.settings.pictures != "none"
        jpeg = await self._search.exported(waiting.row_key) if is_shown else None
        row = observation.snapshot
        status = self._statuses().get((row.agent_id, row.camera_id))
        return list(
            messages(
                observation,
                jpeg,
                device_id=waiting.device_id,
                bearing_deg=None if status is None else status.bearing_deg,
                classes=self.settings.classes,
                pictures=self.settings.pictures,
            )
        )

    def _trouble_of(self, answer: ViidAnswer, *, denied: bool = False) -> SuperiorError:
        if answer.code == FORBIDDEN_ADDRESS:
            return SuperiorLoopError(superior=self.settings.id, cause="its address is this machine or no host")
        is_denial = denied or answer.reception in _DENIALS
        if is_denial:
            self.is_registered = False
        kind = SuperiorDeniesError if is_denial else SuperiorAwayError
        return kind(superior=self.settings.id, cause=answer.code)
