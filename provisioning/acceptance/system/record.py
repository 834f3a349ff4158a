"""Judges rows and compares them with the last run's: pure. Signs and verifies the record, as a box signs a survey.

The key is the home's `evidence`, which signs what leaves the centre for people who do not trust it.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from pydantic import Field, ValidationError

from provisioning.acceptance.system.contract import ContractRow, Part
from provisioning.acceptance.system.measurement import Measured, NotMeasuredError
from provisioning.acceptance.system.measures import Sense
from provisioning.contracts.config.processes import name_faults
from provisioning.contracts.section import Section
from provisioning.contracts.wire.messages import Signature
from provisioning.errors import AcceptanceError
from provisioning.home.home import Home
from provisioning.pki.authority import load_key
from provisioning.pki.identities import EVIDENCE
from provisioning.servers.inventory import Inventory
from provisioning.signing.statements import Attested, AttestError, attest

MAX_BYTES: Final = 16 * 1024 * 1024
_CONTEXT: Final = b"wayside acceptance 1\0"
"""A signature over this can never pass for one over another kind of statement by the same key."""


_SIDES: Final = {Sense.AT_LEAST: "≥ ", Sense.AT_MOST: "≤ ", Sense.YES: ""}


class RowResult(StrEnum):
    """Result of a row."""

    MET = "met"
    NOT_MET = "not_met"
    NOT_MEASURED = "not_measured"
    DECLINED = "declined"


class JudgedRow(Section):
    """A row with its result. `value` and `at_ms` are there if it is met or not met, and never otherwise."""

    id: str
    part: Part
    zh: str
    en: str
    wanted: float | bool | None
    unit: str
    sense: Sense
    result: RowResult
    value: float | bool | None = None
    at_ms: int | None = None
    how_zh: str
    how_en: str
    """The way in which it was measured, or the reason for which it was not, or is declined."""

    def promise(self, yes_no: tuple[str, str]) -> str:
        """Writes the wanted value for people, with the side on which it is kept."""
        return f"{_SIDES[self.sense]}{figure(self.wanted, self.unit, yes_no)}"


class RowChange(Section):
    """Difference of a row from the last run. None: the row was, or is, not there."""

    id: str
    before: RowResult | None
    after: RowResult | None
    value_before: float | bool | None = None
    value_after: float | bool | None = None


class PastRun(Section):
    """The run that this one is compared with."""

    at_ms: int
    contract_sha256: str
    changes: tuple[RowChange, ...]


class AcceptanceRecord(Section):
    """Record of one run."""

    kind: Literal["wayside-acceptance 1"] = "wayside-acceptance 1"
    contract: str
    title_zh: str
    title_en: str
    buyer: str
    supplier: str
    contract_sha256: str
    at_ms: int
    software: str
    home: str
    centre: str | None
    rows: tuple[JudgedRow, ...]
    servers: tuple[Inventory, ...]
    faults: dict[str, str] = Field(default_factory=dict)
    """Rows of the contract that cannot be used, by id or number: they count as not measured."""
    past: PastRun | None = None

    @property
    def is_accepted(self) -> bool:
        """True if every row is met or declined."""
        return not self.faults and all(each.result in {RowResult.MET, RowResult.DECLINED} for each in self.rows)

    def counts(self, part: Part | None = None) -> Mapping[RowResult, int]:
        """Counts rows by result: those of a part, or all with the faulty ones."""
        counts = dict.fromkeys(RowResult, 0)
        for row in self.rows:
            counts[row.result] += part in {None, row.part}
        if part is None:
            counts[RowResult.NOT_MEASURED] += len(self.faults)
        return counts


class SignedRecord(Section):
    """Content of a record's file: the text that was signed, and the signature."""

    record: str
    signature: Signature


def figure(value: float | bool | None, unit: str, yes_no: tuple[str, str]) -> str:
    """Writes a value for people."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return yes_no[0] if value else yes_no[1]
    digits = f"{value:,.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    return f"{digits} {unit}".strip()


def judge(row: ContractRow, found: Measured | NotMeasuredError | None) -> JudgedRow:
    """Judges a row by its value. `found`: None of a declined row."""
    told = {
        "id": row.id, "part": row.part, "zh": row.zh, "en": row.en, "wanted": row.wanted, "unit": row.unit,
        "sense": row.judged_by,
    }  # fmt: skip
    if row.declined is not None:
        why = row.declined
        how = {"how_zh": f"{why.zh}（{why.document}）", "how_en": f"{why.en} ({why.document})"}
        return JudgedRow.model_validate(told | how | {"result": RowResult.DECLINED})
    if not isinstance(found, Measured):
        text = None if found is None else found.why
        how = {"how_zh": "" if text is None else text.zh, "how_en": "" if text is None else text.en}
        return JudgedRow.model_validate(told | how | {"result": RowResult.NOT_MEASURED})
    result = RowResult.MET if _keeps(row, found.value) else RowResult.NOT_MET
    value = {"value": found.value, "at_ms": found.at_ms, "how_zh": found.how.zh, "how_en": found.how.en}
    return JudgedRow.model_validate(told | value | {"result": result})


def _keeps(row: ContractRow, value: float | bool) -> bool:
    wanted = row.wanted if row.wanted is not None else True
    match row.judged_by:
        case Sense.AT_LEAST:
            return value >= wanted
        case Sense.AT_MOST:
            return value <= wanted
        case Sense.YES:
            return value is True


def changes(before: Sequence[JudgedRow], after: Sequence[JudgedRow]) -> tuple[RowChange, ...]:
    """Returns rows whose result or value differs, that are new, and that are gone; in the order of the new run."""
    old, new = {each.id: each for each in before}, {each.id: each for each in after}
    found = []
    for name in dict.fromkeys([*new, *old]):
        was, now = old.get(name), new.get(name)
        change = RowChange(
            id=name,
            before=None if was is None else was.result,
            after=None if now is None else now.result,
            value_before=None if was is None else was.value,
            value_after=None if now is None else now.value,
        )
        if (change.before, change.value_before) != (change.after, change.value_after):
            found.append(change)
    return tuple(found)


def sign(record: AcceptanceRecord, home: Home) -> SignedRecord:
    """Signs a record.

    Raises:
        AcceptanceError: the home's `evidence` is not here.
    """
    text = record.model_dump_json()
    certificate, key = _signer(home)
    return SignedRecord(record=text, signature=attest(_CONTEXT + text.encode(), certificate, key))


def sign_paper(data: bytes, home: Home) -> bytes:
    """Signs a PDF: detached CMS (RFC 5652), DER, which `openssl cms -verify` checks.

    Raises:
        AcceptanceError: as `sign`.
    """
    certificate, key = _signer(home)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])


def read(file: Path, authority: x509.Certificate) -> AcceptanceRecord:
    """Reads a record and verifies its signature by the certificate of the services' authority.

    Raises:
        AcceptanceError: it cannot be read, is no record of this version, or was not signed by `evidence`.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise AcceptanceError(f"{file}: cannot be read ({error.strerror})") from error
    if len(data) > MAX_BYTES:
        raise AcceptanceError(f"{file}: over {MAX_BYTES >> 20} MiB, which no record is")
    try:
        signed = SignedRecord.model_validate_json(data)
        record = AcceptanceRecord.model_validate_json(signed.record)
        Attested(authority).check(
            _CONTEXT + signed.record.encode(),
            signed.signature,
            agent_id=EVIDENCE,
            first_ms=record.at_ms,
            last_ms=record.at_ms,
        )
    except ValidationError as error:
        raise AcceptanceError(
            f"{file}: no record of this version's `accept system` ({name_faults(error)[:300]}); take it away, or name"
            " another folder"
        ) from error
    except AttestError as error:
        raise AcceptanceError(
            f"{file}: was changed, or is another home's ({error}); take it away, or name another folder"
        ) from error
    return record


def _signer(home: Home) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    identity = home.identities.identity(EVIDENCE)
    if not identity.key_file.exists() or not identity.cert_file.exists():
        raise AcceptanceError(
            f"{identity.key_file}: the key that signs records is not here; run this where it is, or make another:"
            f" wayside-provision service replace {EVIDENCE}"
        )
    return home.identities.certificate(EVIDENCE), load_key(identity.key_file)
