"""What an export says of itself: who, when, for which case, and size and SHA-256 of each file.

Canonical: keys in order, no white space, UTF-8, integers and no fractions (RFC 8785 gives the same bytes). What is
signed are these bytes; a manifest that says the same in other bytes is refused.
"""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from center.evidence.names import is_safe
from center.evidence.zip_container import Entry
from provisioning.contracts.ids import Sha256
from provisioning.contracts.wire.messages import Count, TimeMs

MAX_BYTES: Final = 8 * 1024 * 1024
"""Two thousand pictures make 0.7 MB."""


class ManifestError(ValueError):
    """Not a manifest that this version wrote."""


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("is empty, or has a line break or another character that cannot be printed")
    return text


OneLine = Annotated[str, AfterValidator(_one_line)]
CaseNumber = Annotated[OneLine, Field(min_length=1, max_length=64)]
Purpose = Annotated[OneLine, Field(min_length=1, max_length=500)]
Requester = Annotated[OneLine, Field(min_length=1, max_length=200)]


class Fact(BaseModel):
    """Base of everything in a manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Case(Fact):
    """For what the pictures were taken out."""

    number: CaseNumber
    purpose: Purpose
    requester: Requester


class FileFact(Fact):
    """One file of the archive."""

    name: str
    sha256: Sha256
    size: Count


class LeftOut(Fact):
    """An observation that was asked for and has no picture here."""

    row_key: str
    reason: Literal["erased", "withheld", "leak", "damaged", "unknown"]
    erased_at_ms: TimeMs | None = None


class ClockFact(Fact):
    """The clock that the time stamp rests on."""

    synchronised: bool | None
    """What the kernel says; None: it could not be asked."""
    max_error_ms: Count | None
    """The kernel's own bound; None unless it is synchronised."""
    source: str
    """In the operator's words; empty: not known."""


class Manifest(Fact):
    """`manifest.json`."""

    format: Literal["wayside-evidence"] = "wayside-evidence"
    version: Literal[1] = 1
    export_id: str
    case: Case
    exported_by: str
    exported_at_ms: TimeMs
    exported_at: str
    software: str
    clock: ClockFact
    asked_for: Count
    left_out: list[LeftOut]
    files: list[FileFact]

    def encode(self) -> bytes:
        """The bytes that are signed."""
        return canonical(self.model_dump(mode="json"))

    @classmethod
    def decode(cls, data: bytes) -> "Manifest":
        """Read what `encode` made.

        Raises:
            ManifestError: it is something else, or not in these very bytes.
        """
        try:
            found = cls.model_validate_json(data)
        except ValidationError as error:
            raise ManifestError(f"no manifest of this version ({error.error_count()} faults)") from error
        if found.encode() != data:
            raise ManifestError("not in canonical form")
        if any(not is_safe(file.name) for file in found.files):
            raise ManifestError("a file's name is not safe")
        if len({file.name for file in found.files}) != len(found.files):
            raise ManifestError("a file is there twice")
        return found


def canonical(value: Any) -> bytes:
    """JSON with one spelling. Every number must be an integer."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def file_fact(entry: Entry) -> FileFact:
    """What the manifest says of a file."""
    return FileFact(name=entry.name, sha256=entry.sha256, size=entry.size)
