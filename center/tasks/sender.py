"""Signs commands and permits by the centre's own key, under provisioning's warrant. See decisions 12, 31."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.errors import StartError
from center.tasks.errors import StartNotAuthorisedError, TasksOffError
from center.tasks.tables import JobRecord, TaskOrderRecord
from provisioning.contracts.config.tasks import Tasks as TasksConfig
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.commands import LIFE_MS, TaskCommand
from provisioning.contracts.fleet.documents import Document, Power, Sealed, Warrant
from provisioning.contracts.fleet.uploads import UploadPermit
from provisioning.contracts.wire import codec, topics
from provisioning.signing.documents import SealError, SealKey

Publish = Callable[[str, bytes, int], bool]
"""Sends topic, payload and seconds after which the broker drops it; returns whether it was sent."""
EXPIRY_S: Final = LIFE_MS // 1000


class CommandSender:
    """Sends commands; their numbers are chosen here, since they grow for each agent whatever they are about."""

    def __init__(self, publish: Publish, config: TasksConfig | None) -> None:
        """Raises StartError where the key or its warrant cannot be used."""
        self._publish = publish
        self._signs = None if config is None else _signs(config)
        self._powers = frozenset[Power]() if self._signs is None else _powers(self._signs[1])

    @property
    def is_on(self) -> bool:
        """True if there is a key to sign with."""
        return self._signs is not None

    def may(self, power: Power) -> bool:
        """True if there is a key and its warrant has this power."""
        return power in self._powers

    def sign_permit(self, permit: UploadPermit) -> str:
        """Signs a permit, in the form in which a header carries it.

        Raises:
            TasksOffError: there is no key.
        """
        if self._signs is None:
            raise TasksOffError
        key, warrant = self._signs
        return key.sign_permit(permit, warrant)

    def check(self, power: Power) -> None:
        """Checks that the centre's key has a power.

        Raises:
            TasksOffError: there is no key.
            StartNotAuthorisedError: it may not begin jobs.
        """
        if self._signs is None:
            raise TasksOffError
        if power is Power.START and power not in self._powers:
            raise StartNotAuthorisedError

    def next_number(self, session: Session, agent_id: str, now_ms: int) -> int:
        """Returns the number of the next command to an agent; the caller stores it in the same transaction.

        By the clock: a database that was restored from a backup does not fall behind what agents have seen.
        """
        highest = [
            session.scalar(select(func.max(table.number)).where(table.agent_id == agent_id)) or 0
            for table in (TaskOrderRecord, JobRecord)
        ]
        return max(now_ms, *(number + 1 for number in highest))

    def send(self, command: TaskCommand) -> bool:
        """Signs a command and sends it; returns whether it was sent.

        Raises:
            TasksOffError: there is no key.
        """
        if self._signs is None:
            raise TasksOffError
        key, warrant = self._signs
        payload = codec.encode(key.sign_command(command, warrant))
        return self._publish(topics.commands(command.agent_id), payload, EXPIRY_S)


def _signs(config: TasksConfig) -> tuple[SealKey, Sealed]:
    try:
        return SealKey.load(config.key_file), codec.decode(Sealed, config.warrant_file.read_bytes())
    except (SealError, ContractError, OSError) as error:
        raise _unusable(error) from error


def _powers(warrant: Sealed) -> frozenset[Power]:
    """Reads what the warrant allows; agents check it by the seal's key."""
    try:
        body = codec.decode(Document, warrant.document.encode()).body
    except ContractError as error:
        raise _unusable(error) from error
    if not isinstance(body, Warrant):
        raise _unusable(f"the document of warrant_file is a {body.kind} and no warrant")
    return frozenset(body.may)


def _unusable(cause: object) -> StartError:
    return StartError(
        what=f"[tasks] cannot be used: {cause}",
        what_to_do="Make the key with wayside-center task-key, its warrant with wayside-provision service warrant",
    )
