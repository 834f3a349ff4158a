"""Inbox of signed documents: each is for this agent, of one kind, newer than the last, and taken once.

The newest stays on its topic, so that each connection brings it again; the refusal of another one ends with that.
"""

import logging
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from pydantic import Field

from edge_agent.clock import Clock
from edge_agent.errors import ConfigurationRefused, UpdateRefused
from provisioning.contracts.causes import work
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.documents import Number, Verdict
from provisioning.contracts.wire.messages import CodedCause, Message, TimeMs
from provisioning.signing.documents import OutdatedError, Seal, SealError

MAX_CAUSE: Final = 500
_B = TypeVar("_B", bound=Message)
_log = logging.getLogger(__name__)


class DocumentVerdict(Message):
    """Verdict on the newest document, with its cause and time."""

    number: Number | None
    verdict: Verdict
    cause: str = Field(default="", max_length=MAX_CAUSE)
    reason: CodedCause | None = Field(default=None, exclude=True)
    """The cause in code; kept apart on the disk, since an older release may have to read this."""
    at_ms: TimeMs


class DocumentInbox(Generic[_B]):
    """Verifies documents of one kind and remembers the refusal of one. Not thread-safe: its owner serialises."""

    def __init__(self, seal: Seal, agent_id: str, kind: type[_B], what: str, clock: Clock) -> None:
        """`what`: the kind, in words for a person."""
        self._seal = seal
        self._agent_id = agent_id
        self._kind = kind
        self._what = what
        self._clock = clock
        self.refusal: DocumentVerdict | None = None
        """Verdict on the newest document if it was not taken; in memory alone, since the document is sent again."""

    def receive(
        self,
        payload: bytes,
        *,
        newer_than: int,
        take: Callable[[int, _B], None],
        is_newest: Callable[[int], bool],
    ) -> None:
        """Hand a document to `take`, or remember its refusal. No content of a document makes this raise.

        Args:
            payload: as it came.
            newer_than: the number that was seen before.
            take: keeps number and body; may raise `ConfigurationRefused` or `UpdateRefused`.
            is_newest: true if an old number is that of the document that was taken last.
        """
        number: int | None = None
        try:
            document = self._seal.open(payload, addressee=self._agent_id, newer_than=newer_than)
            number = document.number
            if isinstance(document.body, self._kind):
                take(number, document.body)
                self.refusal = None
            else:
                self._refuse(number, f"document {number} is a {document.body.kind} and no {self._what}")
        except OutdatedError as error:
            if is_newest(error.number):
                self.refusal = None
            else:
                self._refuse(error.number, str(error))
        except (SealError, ContractError, ConfigurationRefused, UpdateRefused) as error:
            self._refuse(number, str(error))

    def word(
        self, number: int | None, verdict: Verdict, cause: str = "", reason: CodedCause | None = None
    ) -> DocumentVerdict:
        """Make a verdict of this moment."""
        return DocumentVerdict(
            number=number, verdict=verdict, cause=cause[:MAX_CAUSE], reason=reason, at_ms=self._clock.now_ms()
        )

    def _refuse(self, number: int | None, cause: str) -> None:
        before = self.refusal
        reason = work.DOCUMENT_REFUSED(detail=cause)
        refusal = self.word(number, Verdict.REFUSED, f"{cause}; what is in use goes on", reason)
        if before is None or (before.number, before.cause) != (refusal.number, refusal.cause):
            self.refusal = refusal
            _log.warning("%s refused: %s", self._what, cause)
