"""Reads a contract: a head and rows. A faulty row is named with the nearest right word, and the others stay good."""

import difflib
import hashlib
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, ValidationError, model_validator

from provisioning.acceptance.system.measures import KINDS, SERVER, Measure, Sense
from provisioning.contracts.config.processes import name_faults
from provisioning.contracts.section import Section
from provisioning.errors import AcceptanceError

MAX_BYTES: Final = 1024 * 1024
MAX_ROWS: Final = 1000
_SHOWN: Final = 60
"""Characters of a foreign word that an error repeats."""


def _inside(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not value.isprintable():
        raise ValueError("give a path below the contract's folder")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("has characters that cannot be printed")
    return value


Line = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_printable)]
Inside = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_inside)]
Number = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False, strict=False)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Part(StrEnum):
    """Part of a contract."""

    FUNCTIONS = "functions"
    QUANTITIES = "quantities"
    PERFORMANCE = "performance"
    SERVERS = "servers"
    LICENCES = "licences"
    DOCUMENTS = "documents"
    TRAINING = "training"


class Declined(Section):
    """Reason for which a row is not delivered, and the document that says so."""

    zh: Line
    en: Line
    document: Line


class ContractRow(Section):
    """One promise, with the way in which it is tested: a measurement, a dated report, or none since it is declined."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    part: Part
    zh: Line
    en: Line
    wanted: StrictBool | Number | None = None
    unit: str = Field(default="", max_length=20)
    measure: Measure | None = None
    of: Line | None = None
    like: Line | None = None
    """Words that a disk's or GPU's model has."""
    each: Number | None = None
    """Size of one that counts: TB of a disk, GiB of a GPU's memory."""
    sha256: Sha256 | None = None
    report: Inside | None = None
    within_days: int | None = Field(default=None, ge=1, le=3650)
    sense: Sense | None = None
    declined: Declined | None = None

    @model_validator(mode="after")
    def _has_one_test(self) -> Self:
        tests = [name for name in ("measure", "report", "declined") if getattr(self, name) is not None]
        if len(tests) != 1:
            raise ValueError(f"give one of measure, report, declined; it has {' and '.join(tests) or 'none'}")
        allowed = {"measure": {"of", "like", "each", "sha256"}, "report": {"within_days", "sense"}}.get(tests[0], set())
        for key in ("of", "like", "each", "sha256", "within_days", "sense"):
            if key not in allowed and getattr(self, key) is not None:
                raise ValueError(f"{key} does not go with {tests[0]}")
        if self.measure is not None:
            _check_measured(self, self.measure)
        elif self.report is not None:
            _check_reported(self)
        elif self.wanted is not None or self.unit:
            raise ValueError("a declined row wants nothing: leave out wanted and unit")
        return self

    @property
    def judged_by(self) -> Sense:
        """Side on which a value keeps this promise."""
        if self.measure is not None:
            return KINDS[self.measure].sense
        return Sense.YES if isinstance(self.wanted, bool) or self.sense is None else self.sense


def _check_measured(row: ContractRow, measure: Measure) -> None:
    kind = KINDS[measure]
    if kind.sense is Sense.YES and row.wanted is not True:
        raise ValueError(f"{measure} is a yes or a no: wanted = true")
    if kind.sense is not Sense.YES and (row.wanted is None or isinstance(row.wanted, bool)):
        raise ValueError(f"{measure} is a number of {kind.unit}: wanted = NUMBER")
    if row.unit != kind.unit:
        raise ValueError(f"{measure} is measured in {kind.unit!r}: unit = {kind.unit!r}")
    if bool(kind.of) != bool(row.of):
        raise ValueError(f"{measure} needs of = the {kind.of}" if kind.of else f"{measure} has no `of`")
    if kind.words and row.of not in kind.words:
        raise ValueError(f"of = {_unknown(row.of or '', sorted(kind.words))}")
    if kind.beside:
        _inside(row.of or "")
    for key in ("like", "each", "sha256"):
        if getattr(row, key) is not None and key not in kind.takes:
            raise ValueError(f"{measure} has no `{key}`")


def _check_reported(row: ContractRow) -> None:
    if row.within_days is None:
        raise ValueError("a report grows old: within_days = DAYS")
    if row.wanted is None or row.wanted is False:
        raise ValueError("wanted = NUMBER, or true")
    if (row.wanted is True) != (row.sense in {None, Sense.YES}):
        raise ValueError('a number needs sense = "at_least" or "at_most"; a yes needs none')


class ContractHead(Section):
    """Table `[contract]`: title, parties, and the age at which an inventory of a server no longer counts."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")
    zh: Line
    en: Line
    buyer: str = Field(default="", max_length=200)
    supplier: str = Field(default="", max_length=200)
    inventories: Inside = "inventory"
    """Folder with a file for each server, as `wayside-provision inventory` writes it."""
    inventory_within_days: int = Field(default=30, ge=1, le=3650)


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that cannot be used. `row`: its id, or `row NUMBER`."""

    row: str
    text: str


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as read. `faults`: rows that are not in `rows`."""

    head: ContractHead
    rows: tuple[ContractRow, ...]
    faults: tuple[RowFault, ...]
    folder: Path
    sha256: str

    @property
    def servers(self) -> tuple[str, ...]:
        """Servers that rows are about, in the contract's order."""
        rows = (row for row in self.rows if row.measure is not None and KINDS[row.measure].of == SERVER)
        return tuple(dict.fromkeys(row.of for row in rows if row.of))

    def check_server(self, name: str) -> None:
        """Checks that rows are about this server.

        Raises:
            AcceptanceError: none is.
        """
        if name not in self.servers:
            raise AcceptanceError(f"--here {_unknown(name, self.servers)}: no row is about it")


def read(path: Path) -> Contract:
    """Reads a contract.

    Raises:
        AcceptanceError: it cannot be read, is no TOML, has no valid head, or no row at all.
    """
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise AcceptanceError(f"{path}: cannot be read ({error.strerror}); name the contract's file") from error
    head, rows, faults = parse(data, str(path))
    return Contract(head, rows, faults, path.absolute().parent, hashlib.sha256(data).hexdigest())


def parse(data: bytes, name: str) -> tuple[ContractHead, tuple[ContractRow, ...], tuple[RowFault, ...]]:
    """Parses a contract; `name` is the file's, for errors.

    Raises:
        AcceptanceError: as `read`.
    """
    if len(data) > MAX_BYTES:
        raise AcceptanceError(f"{name}: over {MAX_BYTES >> 20} MiB, which no contract is")
    try:
        table = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise AcceptanceError(f"{name}: not valid TOML in UTF-8: {error}") from error
    if unknown := sorted(table.keys() - {"contract", "row"}):
        raise AcceptanceError(f"{name}: {_unknown(unknown[0], ('contract', 'row'))}")
    listed = table.get("row", [])
    if not isinstance(listed, list) or not listed:
        raise AcceptanceError(f"{name}: it has no [[row]]: a contract without a promise cannot be accepted")
    if len(listed) > MAX_ROWS:
        raise AcceptanceError(f"{name}: it has {len(listed)} rows, and {MAX_ROWS} at most are read")
    head = _head(table.get("contract", {}), name)
    rows: dict[str, ContractRow] = {}
    faults: list[RowFault] = []
    for number, each in enumerate(listed, 1):
        found = _row(number, each)
        if isinstance(found, ContractRow) and found.id in rows:
            found = RowFault(f"row {number}", f"id {found.id!r} is there twice")
        if isinstance(found, RowFault):
            faults.append(found)
        else:
            rows[found.id] = found
    return head, tuple(rows.values()), tuple(faults)


def _head(data: Any, name: str) -> ContractHead:
    if isinstance(data, dict) and (unknown := sorted(data.keys() - ContractHead.model_fields.keys())):
        raise AcceptanceError(f"{name}: [contract] {_unknown(unknown[0], ContractHead.model_fields.keys())}")
    try:
        return ContractHead.model_validate(data)
    except ValidationError as error:
        raise AcceptanceError(f"{name}: [contract] {name_faults(error)}") from error


def _row(number: int, data: object) -> ContractRow | RowFault:
    if not isinstance(data, Mapping):
        return RowFault(f"row {number}", "is no table: write [[row]]")
    given = data.get("id")
    name = given[:_SHOWN] if isinstance(given, str) and given.isprintable() and given else f"row {number}"
    unknown = list(_unknown_words(data))
    if unknown:
        return RowFault(name, "; ".join(unknown))
    try:
        return ContractRow.model_validate(data)
    except ValidationError as error:
        return RowFault(name, name_faults(error).replace("file: Value error, ", ""))


def _unknown_words(data: Mapping[str, Any]) -> Iterator[str]:
    for key in data:
        if key not in ContractRow.model_fields:
            yield _unknown(key, ContractRow.model_fields.keys())
    for key, words in (("measure", Measure), ("part", Part), ("sense", Sense)):
        given = data.get(key)
        if isinstance(given, str) and given not in {each.value for each in words}:
            yield f"{key} = {_unknown(given, [each.value for each in words])}"


def _unknown(word: str, known: Collection[str]) -> str:
    shown = word[:_SHOWN] if word.isprintable() else ascii(word)[:_SHOWN]
    near = difflib.get_close_matches(shown, list(known), 1, 0.0)
    return f"{shown!r} is unknown" + (f"; the nearest is {near[0]!r}" if near else "")
