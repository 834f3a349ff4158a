"""The manifest of an export: exporter, time, case, and size and SHA-256 of each file.

Canonical: keys in order, no white space, UTF-8, integers and no fractions (RFC 8785 gives the same bytes). These bytes
are signed; a manifest that says the same in other bytes is refused.
"""

import json
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from center.evidence.names import is_safe
from center.evidence.zip_container import ZipEntry
from provisioning.contracts.ids import Sha256
from provisioning.contracts.wire.messages import Count, TimeMs

MAX_BYTES: Final = 8 * 1024 * 1024
"""Largest manifest that is read; two thousand pictures make 0.7 MB."""


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
    """Case, purpose and requester for which the pictures were exported."""

    number: CaseNumber
    purpose: Purpose
    requester: Requester


class FileFact(Fact):
    """Name, size and hash of one file of the archive."""

    name: str
    sha256: Sha256
    size: Count


class LeftOut(Fact):
    """A requested observation that has no picture in the export."""

    row_key: str
    reason: Literal["erased", "withheld", "leak", "damaged", "unknown"]
    erased_at_ms: TimeMs | None = None


class ClockFact(Fact):
    """State of the clock on which the time stamp rests."""

    synchronised: bool | None
    """As the kernel reports; None: it could not be asked."""
    max_error_ms: Count | None
    """The kernel's own bound; None unless it is synchronised."""
    source: str
    """In the operator's words; empty: not known."""


class Manifest(Fact):
    """Content of `manifest.json`, which is signed."""

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
        """Encodes the manifest as the bytes that are signed."""
        return canonical(self.model_dump(mode="json"))

    @classmethod
    def decode(cls, data: bytes) -> "Manifest":
        """Reads a manifest that `encode` made.

        Raises:
            ManifestError: the data is something else, or not in these very bytes.
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
    """Encodes JSON in one spelling. Every number must be an integer."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def file_fact(entry: ZipEntry) -> FileFact:
    """Makes the manifest's entry of a file."""
    return FileFact(name=entry.name, sha256=entry.sha256, size=entry.size)
