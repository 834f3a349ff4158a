"""Verifies an exported audit, far from the centre that wrote it."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from center.audit import chain
from center.audit.chain import ChainCheck
from center.errors import AuditFileError
from provisioning.contracts.ids import Sha256

MAX_LINE: Final = 64 * 1024
"""An entry has 4,096 characters of detail, each at most twelve bytes in JSON."""

_Number = Annotated[int, Field(ge=0, le=2**53)]
_Text = Annotated[str, Field(max_length=8192)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Top(_Line):
    kind: Literal["audit"]
    version: Literal[1]
    number: _Number
    sha256: Sha256


class _Head(_Line):
    kind: Literal["head"]
    day: Annotated[str, Field(max_length=10)]
    number: _Number
    sha256: Sha256
    at_ms: _Number
    key: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
    signature: Annotated[str, Field(pattern=r"^([0-9a-f]{128})?$")]


class _Entry(_Line):
    kind: Literal["entry"]
    number: _Number
    at_ms: _Number
    actor: _Text
    action: _Text
    detail: _Text
    previous: Sha256
    sha256: Sha256


_LINE: Final[TypeAdapter[_Top | _Head | _Entry]] = TypeAdapter(
    Annotated[_Top | _Head | _Entry, Field(discriminator="kind")]
)


def verify(lines: Iterable[str], trusted: tuple[str, ...] = ()) -> ChainCheck:
    """Verifies the lines that `Audit.export` wrote, as `Audit.verify` does the database.

    Raises:
        AuditFileError: they are no export; a break in the chain is a finding and no error.
    """
    parsed = _parsed(lines)
    top = next(parsed, None)
    if not isinstance(top, _Top):
        raise AuditFileError(line=1, cause="it does not begin like an exported audit")
    heads: list[chain.Head] = []
    first: _Entry | None = None
    for line in parsed:
        if isinstance(line, _Entry):
            first = line
            break
        if isinstance(line, _Top):
            raise AuditFileError(line=1, cause="it begins twice")
        heads.append(chain.Head(**line.model_dump(exclude={"kind"})))
    heads.sort(key=lambda head: head.number)
    return chain.walk(_entries(first, parsed), heads, newest=(top.number, top.sha256), trusted=trusted)


def _parsed(lines: Iterable[str]) -> Iterator[_Top | _Head | _Entry]:
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            raise AuditFileError(line=number, cause="it is too long")
        try:
            yield _LINE.validate_json(line)
        except ValidationError as error:
            raise AuditFileError(line=number, cause=f"{error.error_count()} faults") from error


def _entries(first: _Entry | None, rest: Iterable[_Top | _Head | _Entry]) -> Iterator[chain.ChainEntry]:
    if first is not None:
        yield chain.ChainEntry(**first.model_dump(exclude={"kind"}))
    for line in rest:
        if not isinstance(line, _Entry):
            raise AuditFileError(line=0, cause=f"a line of kind {line.kind!r} stands among the entries")
        yield chain.ChainEntry(**line.model_dump(exclude={"kind"}))
