"""The documents folder: at most three sealed documents, one small file with the role of each, and one with a cause.

Only `state.json` decides, and it is replaced whole, so a change of configuration happens at one moment or not at all. A
document's file name repeats its role and number (`trial-8.json`, `document-7.json`): were the state damaged, it is
rebuilt from them. Documents rest as they came, signed, with camera passwords encrypted; each is verified again when it
is read.
"""

import contextlib
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from pydantic import Field, model_validator

from edge_agent.errors import ConfigurationRefused, DocumentsError
from edge_agent.remote_config.inbox import MAX_CAUSE, DocumentVerdict
from provisioning.contracts.errors import ContractError
from provisioning.contracts.fleet.documents import Configuration, Key32, Number, Sealed, Verdict
from provisioning.contracts.ids import AgentId, CameraId
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import CodedCause, Message, TimeMs
from provisioning.files import durable
from provisioning.signing.documents import Seal, SealError

_STATE: Final = "state.json"
_REASON: Final = "reason.json"
_NAMED: Final = re.compile(r"(trial|document)-([1-9][0-9]{0,9})\.json")


class TrialStage(StrEnum):
    """Progress of a trial."""

    WAITING = "waiting"
    """Accepted and not begun; or ended by an orderly stop of the agent, and to be begun again."""
    RUNNING = "running"
    """Being tried. Found at a start: the process died during the trial."""


class Trial(Message):
    """The newest document, on its way to being in force."""

    number: Number
    stage: TrialStage = TrialStage.WAITING
    online: frozenset[CameraId] | None = None
    """Cameras that worked under the configuration in force; None until the trial is begun for the first time."""


class DocumentState(Message):
    """State of the folder. `addressee` and `seal` name whose numbers these are: another centre's begin at 1 again."""

    addressee: AgentId
    seal: Key32
    seen: int = Field(default=0, ge=0, le=2**31)
    """The highest number ever accepted; it never falls."""
    active: Number | None = None
    previous: Number | None = None
    trial: Trial | None = None
    is_lost: bool = False
    """The file of document `seen` is damaged, and nothing else was wrong with it: it may be accepted once more."""
    word: DocumentVerdict | None = None

    @model_validator(mode="after")
    def _seen_is_highest(self) -> Self:
        if self.trial is not None and self.trial.number != self.seen:
            raise ValueError("only the newest document can be on trial")
        if max(self.active or 0, self.previous or 0) > self.seen:
            raise ValueError("a document is in use that was never seen")
        return self


class VerdictReason(Message):
    """Coded cause of a verdict, and the verdict that it belongs to.

    It has a file of its own: an older release, which an agent may go back to, reads `state.json` and no field that is
    new to it.
    """

    number: Number | None
    verdict: Verdict
    at_ms: TimeMs
    reason: CodedCause

    def belongs_to(self, word: DocumentVerdict) -> bool:
        """True if it is the cause of this verdict, not of one before."""
        return (self.number, self.verdict, self.at_ms) == (word.number, word.verdict, word.at_ms)


class DocumentStore:
    """Reads and writes the folder. Not thread-safe: `Documents` serialises."""

    def __init__(self, folder: Path, seal_key_file: Path, agent_id: str) -> None:
        """Load the key; the folder is read later.

        Raises:
            DocumentsError: the key file is missing or holds no key.
        """
        try:
            self.seal = Seal.load(seal_key_file)
        except SealError as error:
            raise DocumentsError(str(error)) from error
        self._folder = folder
        self._agent_id = agent_id

    def prepare(self) -> None:
        """Make the folder, for its owner alone.

        Raises:
            DocumentsError: it cannot be made.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
        except OSError as error:
            raise _unusable(self._folder, error) from error

    def load(self, *, now_ms: int) -> DocumentState:
        """Read the state, rebuilt from the documents if its file is damaged. Writes nothing.

        Raises:
            DocumentsError: the folder cannot be read.
        """
        nothing = DocumentState(addressee=self._agent_id, seal=self.seal.key)
        try:
            state = codec.decode(DocumentState, (self._folder / _STATE).read_bytes())
        except FileNotFoundError:
            return self._rebuilt(now_ms=now_ms) if any(self._named()) else nothing
        except (OSError, ContractError):
            return self._rebuilt(now_ms=now_ms)
        is_ours = (state.addressee, state.seal) == (self._agent_id, self.seal.key)
        return self._with_reason(state) if is_ours else nothing

    def configuration(self, number: int) -> Configuration:
        """Read a kept document's content.

        Raises:
            ConfigurationRefused: its file is gone or damaged.
        """
        try:
            document = self.seal.open(self._read(number), addressee=self._agent_id, newer_than=0)
        except (OSError, SealError, ContractError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise ConfigurationRefused(f"the stored document {number} in {self._folder} is damaged ({why})") from error
        if document.number != number or not isinstance(document.body, Configuration):
            raise ConfigurationRefused(f"the stored document {number} in {self._folder} is another one")
        return document.body

    def text(self, number: int) -> str | None:
        """Read the signed text as it is kept; None when its file is gone or damaged."""
        try:
            return codec.decode(Sealed, self._read(number)).document
        except (OSError, ContractError):
            return None

    def keep(self, number: int, payload: bytes) -> None:
        """Put a new document beside the others; it counts for nothing before `commit`.

        Raises:
            ConfigurationRefused: it cannot be written.
        """
        self._write(self._folder / _name("trial", number), payload)

    def discard(self, number: int) -> None:
        """Remove a document that was kept and could not be committed."""
        with contextlib.suppress(OSError):  # then it is tidied away at the next commit
            (self._folder / _name("trial", number)).unlink(missing_ok=True)

    def commit(self, state: DocumentState) -> None:
        """Replace the state; on return it is on the disk.

        Raises:
            ConfigurationRefused: it cannot be written, and nothing has changed.
        """
        word = state.word
        if word is not None and word.reason is not None:
            kept = VerdictReason(number=word.number, verdict=word.verdict, at_ms=word.at_ms, reason=word.reason)
            self._write(self._folder / _REASON, kept.model_dump_json().encode())
        self._write(self._folder / _STATE, state.model_dump_json().encode())
        # The rest is order: what fails here is done at the next commit.
        with contextlib.suppress(OSError):
            self._tidy(state)

    def _with_reason(self, state: DocumentState) -> DocumentState:
        """Adds the coded cause to the verdict; a damaged file costs the code, and the verdict keeps its text."""
        try:
            kept = codec.decode(VerdictReason, (self._folder / _REASON).read_bytes())
        except (OSError, ContractError):
            return state
        if state.word is None or not kept.belongs_to(state.word):
            return state
        return state.model_copy(update={"word": state.word.model_copy(update={"reason": kept.reason})})

    def _tidy(self, state: DocumentState) -> None:
        if state.active is not None:
            trial = self._folder / _name("trial", state.active)
            if trial.exists():
                durable.move(trial, self._folder / _name("document", state.active))
        kept = {state.active, state.previous, state.seen}
        for path, _, number in self._named():
            if number not in kept:
                path.unlink()
        for half_written in self._folder.glob(".*.json.*"):
            half_written.unlink()

    def _rebuilt(self, *, now_ms: int) -> DocumentState:
        """Rebuild the state: the newest applied document is in force; a newer one on trial counts as failed."""
        readable = [(number, role) for _, role, number in self._named() if self._is_readable(number)]
        applied = sorted((number for number, role in readable if role == "document"), reverse=True)
        seen = max((number for number, _ in readable), default=0)
        active = applied[0] if applied else None
        origin = "made anew from the documents" if seen else "no document is left either: send a new one"
        report = DocumentVerdict(
            number=seen or None,
            verdict=Verdict.APPLIED if active == seen else Verdict.ROLLED_BACK,
            cause=f"{self._folder / _STATE} was damaged: {origin}"[:MAX_CAUSE],
            at_ms=now_ms,
        )
        return DocumentState(
            addressee=self._agent_id,
            seal=self.seal.key,
            seen=seen,
            active=active,
            previous=applied[1] if len(applied) > 1 else None,
            word=report,
        )

    def _is_readable(self, number: int) -> bool:
        try:
            self.configuration(number)
        except ConfigurationRefused:
            return False
        return True

    def _named(self) -> Iterator[tuple[Path, str, int]]:
        """Yield path, role and number of every document in the folder."""
        try:
            paths = sorted(self._folder.iterdir()) if self._folder.exists() else []
        except OSError as error:
            raise _unusable(self._folder, error) from error
        for path in paths:
            if (match := _NAMED.fullmatch(path.name)) is not None:
                yield path, match.group(1), int(match.group(2))

    def _read(self, number: int) -> bytes:
        try:
            return (self._folder / _name("document", number)).read_bytes()
        except FileNotFoundError:
            return (self._folder / _name("trial", number)).read_bytes()

    def _write(self, path: Path, data: bytes) -> None:
        try:
            durable.write(path, data)
        except OSError as error:
            raise ConfigurationRefused(
                f"it cannot be written to {self._folder} ({error.strerror}): free some disk and see that the folder is"
                " the agent's own"
            ) from error


def _unusable(folder: Path, error: OSError) -> DocumentsError:
    return DocumentsError(f"documents {folder}: cannot be used ({error.strerror}): check owner and mode")


def _name(role: str, number: int) -> str:
    return f"{role}-{number}.json"
