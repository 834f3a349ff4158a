"""Accepts the whole system for `wayside-provision accept system`: measures each row, records, signs, draws."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from provisioning.acceptance.system import contract as contracts
from provisioning.acceptance.system import record as records
from provisioning.acceptance.system import reports
from provisioning.acceptance.system.centre import CentreClient
from provisioning.acceptance.system.centre_measures import CentreMeasures
from provisioning.acceptance.system.contract import Contract, ContractRow, Part
from provisioning.acceptance.system.local_measures import LocalMeasures
from provisioning.acceptance.system.measurement import Measured, NotMeasuredError
from provisioning.acceptance.system.measures import SCOPES, Measure
from provisioning.acceptance.system.record import AcceptanceRecord, JudgedRow, PastRun, RowResult, figure
from provisioning.errors import AcceptanceError
from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.output import CommandResult, table
from provisioning.program_version import installed_version
from provisioning.servers.inventory import HardwareReader, Inventory

_MARKS: Final = {
    RowResult.MET: "met",
    RowResult.NOT_MET: "NOT MET",
    RowResult.NOT_MEASURED: "not measured",
    RowResult.DECLINED: "declined",
}
_YES_NO: Final = ("yes", "no")


@dataclass(frozen=True, slots=True)
class SystemOptions:
    """Options of `accept system`. `here`: name that the contract has for this machine."""

    contract: Path
    out: Path
    centre: str | None = None
    token_file: Path | None = None
    ca_file: Path | None = None
    here: str | None = None


def accept(home: Home, wish: SystemOptions, seconds: Callable[[], float] = time.perf_counter) -> CommandResult:
    """Judges every row of a contract, and writes record and paper. Exit code 0: all met or declined; 1: some are not.

    Raises:
        AcceptanceError: the contract, the address of the centre, the name of this server or the last record is
            unusable, or the folder of records cannot be written.
        ConfigError: the token cannot be read.
    """
    contract = contracts.read(wish.contract)
    authority = home.identities.services.certificate
    client = _client(wish)
    last = _last(wish.out, contract.head.id)
    past = None if last is None else records.read(last, authority)
    if wish.here is not None:
        contract.check_server(wish.here)
    here = None if wish.here is None else HardwareReader().take(wish.here, home.now_ms())
    local = LocalMeasures(home, contract, here)
    sources: dict[Measure, Callable[[ContractRow], Measured]] = dict(local.table)
    if client is not None:
        sources |= CentreMeasures(client, home.now_ms, seconds).table
    rows = tuple(_judged(row, contract, sources, home.now_ms()) for row in contract.rows)
    made = _record(home, contract, wish, rows, _servers(contract, local))
    if past is not None:
        changed = records.changes(past.rows, rows)
        made = made.model_copy(
            update={"past": PastRun(at_ms=past.at_ms, contract_sha256=past.contract_sha256, changes=changed)}
        )
    files = _write(home, made, wish.out)
    return _answer(made, files)


def check(home: Home, file: Path) -> CommandResult:
    """Verifies a record by the home's authority.

    Raises:
        AcceptanceError: it cannot be read, or is not what the home signed.
    """
    found = records.read(file, home.identities.services.certificate)
    at = f"{datetime.fromtimestamp(found.at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    facts = {"file": str(file), "contract": found.contract, "at_ms": found.at_ms, "accepted": found.is_accepted}
    return CommandResult(facts, [f"{file}: signed by this home: {found.contract}, {at}"])


def _client(wish: SystemOptions) -> CentreClient | None:
    if wish.centre is None:
        if wish.token_file is not None:
            raise AcceptanceError("--token-file is there without --centre: give the centre's address, too")
        return None
    if wish.token_file is None:
        raise AcceptanceError(
            f"--centre needs --token-file: a file of mode 0600 with a token of the scopes {', '.join(SCOPES)}"
        )
    return CentreClient.open(wish.centre, wish.token_file, wish.ca_file)


def _last(folder: Path, contract: str) -> Path | None:
    """Finds the newest record of a contract: its name has the time."""
    return max(folder.glob(f"{contract}-[0-9]*T[0-9]*Z.json"), default=None)


def _judged(
    row: ContractRow, contract: Contract, sources: Mapping[Measure, Callable[[ContractRow], Measured]], now_ms: int
) -> JudgedRow:
    found: Measured | NotMeasuredError | None = None
    try:
        if row.report is not None:
            found = reports.read_figure(row, contract.folder, now_ms)
        elif row.measure is not None:
            if row.measure not in sources:
                raise NotMeasuredError(  # noqa: TRY301 - a row without a value, like the others
                    "没有询问中心：给出 --centre 和 --token-file",
                    "the centre was not asked: give --centre, --token-file",
                )
            found = sources[row.measure](row)
    except NotMeasuredError as error:
        found = error
    return records.judge(row, found)


def _servers(contract: Contract, local: LocalMeasures) -> tuple[Inventory, ...]:
    """Collects the inventories of the servers that the contract names, in its order; absent ones are told by rows."""
    found = []
    for name in contract.servers:
        try:
            found.append(local.inventory(name))
        except NotMeasuredError:
            continue
    return tuple(found)


def _record(
    home: Home, contract: Contract, wish: SystemOptions, rows: tuple[JudgedRow, ...], servers: tuple[Inventory, ...]
) -> AcceptanceRecord:
    head = contract.head
    return AcceptanceRecord(
        contract=head.id,
        title_zh=head.zh,
        title_en=head.en,
        buyer=head.buyer,
        supplier=head.supplier,
        contract_sha256=contract.sha256,
        at_ms=home.now_ms(),
        software=installed_version(),
        home=home.config.name,
        centre=wish.centre,
        rows=rows,
        servers=servers,
        faults={each.row: each.text for each in contract.faults},
    )


def _write(home: Home, made: AcceptanceRecord, folder: Path) -> dict[str, Path]:
    from provisioning.acceptance.system import pdf  # noqa: PLC0415 - draws, which nothing else here does

    name = f"{made.contract}-{datetime.fromtimestamp(made.at_ms / 1000, UTC):%Y%m%dT%H%M%SZ}"
    signed = records.sign(made, home).model_dump_json().encode() + b"\n"
    paper = pdf.as_pdf(made, hashlib.sha256(signed).hexdigest())
    signature = records.sign_paper(paper, home)
    files = {
        "data": (folder / f"{name}.json", signed),
        "report": (folder / f"{name}.pdf", paper),
        "report_signature": (folder / f"{name}.pdf.p7s", signature),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.values():
            durable.write(path, data, mode=durable.PUBLIC)
    except OSError as error:
        raise AcceptanceError(f"{folder}: the record cannot be written there ({error.strerror})") from error
    return {what: path for what, (path, _) in files.items()}


def _answer(made: AcceptanceRecord, files: Mapping[str, Path]) -> CommandResult:
    counts = made.counts()
    facts: dict[str, Any] = {
        "contract": made.contract,
        "accepted": made.is_accepted,
        "counts": dict(counts),
        "rows": [each.model_dump(mode="json") for each in made.rows],
        "faults": made.faults,
        "changes": None if made.past is None else [each.model_dump(mode="json") for each in made.past.changes],
        **{what: str(path) for what, path in files.items()},
    }
    shown: list[Any] = [_table(made)]
    shown += [_line(row) for row in made.rows if row.result in {RowResult.NOT_MET, RowResult.NOT_MEASURED}]
    if made.faults:
        shown += [f"{name}: cannot be used: {text}" for name, text in made.faults.items()]
        shown.append(f"the other {len(made.rows)} rows are fine, and were judged")
    if made.past is not None:
        changed = [each for each in made.past.changes if each.before is not each.after]
        shown.append(f"since the last run: {len(changed)} results differ")
        shown += [
            f"{each.id}: {'new' if each.before is None else _MARKS[each.before]} → "
            f"{'gone' if each.after is None else _MARKS[each.after]}"
            for each in changed
        ]
    said = ", ".join(f"{_MARKS[result]} {count}" for result, count in counts.items())
    shown.append(f"{made.contract}: {'accepted' if made.is_accepted else 'NOT ACCEPTED'}: {said}")
    shown += [str(path) for path in files.values()]
    return CommandResult(facts, shown, 0 if made.is_accepted else 1)


def _line(row: JudgedRow) -> str:
    if row.result is RowResult.NOT_MEASURED:
        return f"{row.id}: not measured: {row.how_en}"
    found = figure(row.value, row.unit, _YES_NO)
    return f"{row.id}: {_MARKS[row.result]}: {found}, wanted {row.promise(_YES_NO)}: {row.how_en}"


def _table(made: AcceptanceRecord) -> Any:
    rows = [
        (part, *(made.counts(part)[result] for result in RowResult)) for part in Part if any(made.counts(part).values())
    ]
    return table(("part", *(_MARKS[each] for each in RowResult)), rows)
