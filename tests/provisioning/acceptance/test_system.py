"""`wayside-provision accept system`: each result of a row, what has no value, faulty rows, changes, and the record."""

import hashlib
import json
import shutil
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.acceptance.system import contract as contracts
from provisioning.acceptance.system import pdf, record, reference, reports
from provisioning.acceptance.system.centre_measures import CentreMeasures, percentile
from provisioning.acceptance.system.contract import ContractRow, Part
from provisioning.acceptance.system.local_measures import LocalMeasures, parts_of_bill
from provisioning.acceptance.system.measurement import Bilingual, Measured, NotMeasuredError
from provisioning.acceptance.system.measures import KINDS, Measure, Sense
from provisioning.acceptance.system.record import AcceptanceRecord, JudgedRow, RowResult
from provisioning.contracts.query.archive import ZONE
from provisioning.errors import AcceptanceError
from provisioning.files import backup
from tests.provisioning.acceptance.contracts import HEAD, contract, inventory, row
from tests.support.office import DAY_MS, Technician

ROOT: Final = Path(__file__).parents[3]
DECLINED: Final = {"zh": "不做", "en": "faces are found only to be covered", "document": "docs/scope.md"}


@pytest.fixture(scope="module")
def technician(tmp_path_factory: pytest.TempPathFactory) -> Technician:
    made = Technician(tmp_path_factory.mktemp("office") / "home")
    made.asks("init", "--host", "10.0.0.5")
    return made


def today() -> str:
    return f"{datetime.now(UTC).astimezone(ZONE):%Y-%m-%d}"


def sheet(path: Path, **changes: Any) -> Path:
    """A report with one figure of the row `recall`."""
    told = {"row": "recall", "value": 99.4, "unit": "%", "by": "Li", "how": "make evaluate"} | changes
    dated = told.pop("dated", today())
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["[[figure]]", f"dated = {dated}", *lines]))
    return path


RECALL: Final = row("recall", wanted=99, unit="%", sense="at_least", report="reports/bench.toml", within_days=90)


# --- judging, pure


def promise(measure: Measure, wanted: float | bool, **keys: Any) -> ContractRow:
    told = {"id": "a", "part": Part.SERVERS, "zh": "z", "en": "e", "wanted": wanted, "unit": KINDS[measure].unit}
    return ContractRow.model_validate(told | {"measure": measure} | keys)


@pytest.mark.parametrize(
    ("measure", "wanted", "value", "result"),
    [
        (Measure.CLUSTER_NODES, 4, 4, RowResult.MET),
        (Measure.CLUSTER_NODES, 4, 3, RowResult.NOT_MET),
        (Measure.SEARCH_P95, 1000, 1000, RowResult.MET),
        (Measure.SEARCH_P95, 1000, 1000.1, RowResult.NOT_MET),
        (Measure.HEALTH_OK, True, True, RowResult.MET),
        (Measure.HEALTH_OK, True, False, RowResult.NOT_MET),
    ],
)
def test_a_value_is_met_on_its_side(
    measure: Measure, wanted: float | bool, value: float | bool, result: RowResult
) -> None:
    judged = record.judge(promise(measure, wanted), Measured(value, 7, Bilingual("甲", "a")))
    assert (judged.result, judged.value, judged.at_ms) == (result, value, 7)


def test_what_has_no_value_is_not_measured_and_what_is_declined_says_where() -> None:
    judged = record.judge(promise(Measure.CLUSTER_NODES, 4), NotMeasuredError("无", "nothing"))
    assert (judged.result, judged.value, judged.at_ms) == (RowResult.NOT_MEASURED, None, None)
    assert (judged.how_zh, judged.how_en) == ("无", "nothing")
    told = {"id": "faces", "part": "functions", "zh": "z", "en": "e", "declined": DECLINED}
    judged = record.judge(ContractRow.model_validate(told), None)
    assert judged.result is RowResult.DECLINED
    assert judged.how_en == "faces are found only to be covered (docs/scope.md)"


def judged(name: str, result: RowResult, value: float | None = None) -> JudgedRow:
    return JudgedRow(
        id=name, part=Part.SERVERS, zh="z", en="e", wanted=1, unit="", sense=Sense.AT_LEAST, result=result,
        value=value, at_ms=None if value is None else 1, how_zh="", how_en="",
    )  # fmt: skip


def test_changes_are_results_values_new_rows_and_rows_that_are_gone() -> None:
    before = [
        judged("same", RowResult.MET, 1), judged("fell", RowResult.MET, 2), judged("grew", RowResult.MET, 3),
        judged("gone", RowResult.NOT_MEASURED),
    ]  # fmt: skip
    after = [
        judged("same", RowResult.MET, 1), judged("fell", RowResult.NOT_MET, 0), judged("grew", RowResult.MET, 4),
        judged("new", RowResult.NOT_MEASURED),
    ]  # fmt: skip
    assert [(each.id, each.before, each.after) for each in record.changes(before, after)] == [
        ("fell", RowResult.MET, RowResult.NOT_MET),
        ("grew", RowResult.MET, RowResult.MET),
        ("new", None, RowResult.NOT_MEASURED),
        ("gone", RowResult.NOT_MEASURED, None),
    ]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_the_percentile_is_one_of_the_values_that_no_more_than_one_in_twenty_exceed(values: list[float]) -> None:
    found = percentile(values)
    assert found in values
    assert sum(each > found for each in values) <= len(values) / 20


# --- contracts


def test_every_measure_has_a_kind_and_a_source() -> None:
    assert set(KINDS) == set(Measure)
    local = LocalMeasures(None, None, None).table  # type: ignore[arg-type]
    centre = CentreMeasures(None, lambda: 0).table  # type: ignore[arg-type]
    assert not local.keys() & centre.keys()
    assert local.keys() | centre.keys() == set(Measure)


def test_the_shipped_contract_is_whole_and_declines_what_the_scope_declines() -> None:
    head, rows, faults = contracts.parse(reference.text(), "shipped")
    assert (head.id, faults) == ("reference-county", ())
    assert {each.part for each in rows} == set(Part)
    declined = [each for each in rows if each.declined is not None]
    scope = (ROOT / "docs/scope.md").read_text(encoding="utf-8")
    assert scope.count("| declined") == len(declined)
    for each in declined:
        assert f"{each.en}" in scope, each.id


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"measure": "search.p59"}, "measure = 'search.p59' is unknown; the nearest is 'search.p95'"),
        ({"withindays": 2}, "'withindays' is unknown; the nearest is 'within_days'"),
        ({"part": "function"}, "part = 'function' is unknown; the nearest is 'functions'"),
        ({"measure": "search.p95", "wanted": 1, "unit": "s"}, "search.p95 is measured in 'ms': unit = 'ms'"),
        ({"measure": "health.ok", "wanted": 1}, "health.ok is a yes or a no: wanted = true"),
        ({"measure": "search.p95", "wanted": True, "unit": "ms"}, "search.p95 is a number of ms: wanted = NUMBER"),
        ({"measure": "hardware.cores", "wanted": 1, "unit": "cores"}, "hardware.cores needs of = the server"),
        ({"measure": "health.ok", "wanted": True, "of": "x"}, "health.ok has no `of`"),
        (
            {"measure": "cameras.in_state", "wanted": 0, "unit": "cameras", "of": "ofline"},
            "of = 'ofline' is unknown; the nearest is 'offline'",
        ),
        ({"measure": "document.present", "wanted": True, "of": "../secret"}, "give a path below the contract's folder"),
        ({"measure": "health.ok", "wanted": True, "declined": DECLINED}, "give one of measure, report, declined"),
        ({"wanted": True}, "give one of measure, report, declined; it has none"),
        ({"report": "r.toml", "wanted": 1}, "a report grows old: within_days = DAYS"),
        ({"report": "r.toml", "wanted": 1, "within_days": 3}, "a number needs sense"),
        ({"declined": DECLINED, "wanted": True}, "a declined row wants nothing"),
    ],
)  # fmt: skip
def test_a_faulty_row_is_named_with_the_nearest_word_and_the_others_stay(keys: dict[str, Any], said: str) -> None:
    good = row("good", measure="health.ok", wanted=True)
    text = "\n".join([HEAD, good, row("bad", **keys), row("good", measure="health.ok", wanted=True)])
    _, rows, (fault, twice) = contracts.parse(text.encode(), "c.toml")
    assert [each.id for each in rows] == ["good"]
    assert (fault.row, said in fault.text) == ("bad", True), fault
    assert (twice.row, twice.text) == ("row 3", "id 'good' is there twice")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml", "not valid TOML"),
        (HEAD, "it has no [[row]]"),
        (HEAD.replace("[contract]", "[contracts]"), "'contracts' is unknown; the nearest is 'contract'"),
        (row("a", measure="health.ok", wanted=True), "[contract] id: Field required"),
        (
            HEAD + "inventory_days = 3\n" + row("a"),
            "'inventory_days' is unknown; the nearest is 'inventory_within_days'",
        ),
        ("x = " + "9" * 5000, "not valid TOML"),
    ],
)
def test_a_file_that_is_no_contract_is_refused_as_a_whole(text: str, said: str) -> None:
    with pytest.raises(AcceptanceError) as refused:
        contracts.parse(text.encode(), "c.toml")
    assert said in str(refused.value)


_VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from([*ContractRow.model_fields, "other"]), _VALUES, max_size=8),
    st.sampled_from([*Measure, None]),
)
def test_no_row_however_odd_ends_the_reading(odd: dict[str, Any], measure: Measure | None) -> None:
    found = contracts._row(1, odd | ({} if measure is None else {"measure": measure.value}))
    assert isinstance(found, ContractRow) or found.text


@given(st.binary(max_size=300))
def test_no_file_however_odd_ends_the_reading(data: bytes) -> None:
    for text in (data, HEAD.encode() + b"[[row]]\n" + data):
        with suppress(AcceptanceError):
            contracts.parse(text, "c.toml")
    for parse in (reports.parse, parts_of_bill):
        with suppress(NotMeasuredError):
            parse(data, "r.toml")


# --- the command


def accept(technician: Technician, file: Path, *words: str | Path, code: int = 1) -> dict[str, Any]:
    return technician.asks("accept", "system", file, "-o", file.parent / "records", *words, code=code)


def results(answer: dict[str, Any]) -> dict[str, str]:
    return {each["id"]: each["result"] for each in answer["rows"]}


def test_a_contract_with_unknown_rows_loses_nothing_else(technician: Technician, tmp_path: Path) -> None:
    file = contract(
        tmp_path / "c.toml",
        row("certificates", measure="certificates.days_left", wanted=14, unit="d"),
        row("speed", measure="search.p59", wanted=1000, unit="ms"),
        row("faces", declined=DECLINED),
    )
    answer = accept(technician, file)
    assert results(answer) == {"certificates": "met", "faces": "declined"}
    assert answer["faults"] == {"speed": "measure = 'search.p59' is unknown; the nearest is 'search.p95'"}
    assert (answer["accepted"], answer["counts"]["not_measured"]) == (False, 1)
    shown = technician.types("accept", "system", file, "-o", tmp_path / "again").stdout
    assert "the other 2 rows are fine, and were judged" in shown
    shutil.rmtree(tmp_path / "records")
    contract(file, row("faces", declined=DECLINED))
    assert accept(technician, file, code=0)["accepted"] is True


def test_a_report_counts_while_it_is_young_and_its_paper_unchanged(tmp_path: Path) -> None:
    _, (promised,), _ = contracts.parse((HEAD + RECALL).encode(), "c.toml")
    report, now = tmp_path / "reports/bench.toml", datetime.now(ZONE)
    now_ms, dated = round(now.timestamp() * 1000), f"{now:%Y-%m-%d}"

    def figure() -> Measured:
        return reports.read_figure(promised, tmp_path, now_ms)

    def refused() -> str:
        with pytest.raises(NotMeasuredError) as error:
            figure()
        assert error.value.why.zh != error.value.why.en
        return error.value.why.en

    assert refused() == "there is no report reports/bench.toml (No such file or directory)"
    sheet(report, dated=dated)
    found = figure()
    assert found.value == 99.4
    assert hashlib.sha256(report.read_bytes()).hexdigest()[:16] in found.how.en
    assert datetime.fromtimestamp(found.at_ms / 1000, ZONE).date().isoformat() == dated
    old = f"{now - timedelta(days=91):%Y-%m-%d}"
    for changes, why in (
        ({"dated": old}, f"is too old: {old}, 91 days, 90 are allowed"),
        ({"dated": "2099-01-01"}, "which is to come"),
        ({"unit": "ms"}, "is in 'ms', and the contract wants '%'"),
        ({"value": True}, "the contract wants '%'"),
        ({"row": "other"}, "has no figure for this row"),
        ({"file": "paper.pdf"}, "file and sha256 go together"),
        ({"file": "paper.pdf", "sha256": "0" * 64}, "is not there"),
    ):
        sheet(report, **{"dated": dated} | changes)
        assert why in refused(), changes
    (report.parent / "paper.pdf").write_bytes(b"paper")
    assert "is not the file that the report" in refused()
    sheet(report, dated=dated, file="paper.pdf", sha256=hashlib.sha256(b"paper").hexdigest())
    assert figure().value == 99.4


def hardware(measure: str, wanted: float | bool, **keys: Any) -> str:
    return row(measure, part="servers", measure=measure, of="parse", wanted=wanted, **keys)


HARDWARE: Final = (
    hardware("hardware.cores", 32, unit="cores"),
    hardware("hardware.threads", 64, unit="threads"),
    hardware("hardware.memory", 256, unit="GiB"),
    hardware("hardware.disks", 24, unit="disks", each=7.9, like="hgst"),
    hardware("hardware.disk_space", 192, unit="TB"),
    hardware("hardware.raid", wanted=True),
    hardware("hardware.network", 10, unit="Gbit/s"),
    hardware("hardware.gpus", 4, unit="GPUs", like="T4", each=14),
)


def test_hardware_is_compared_with_what_was_bought(technician: Technician, tmp_path: Path) -> None:
    file = contract(tmp_path / "c.toml", *HARDWARE)
    now_ms = round(datetime.now(UTC).timestamp() * 1000)
    (tmp_path / "inventory").mkdir()

    def lies(**changes: Any) -> dict[str, str]:
        made = inventory(**{"taken_at_ms": now_ms - DAY_MS} | changes)
        (tmp_path / "inventory/parse.json").write_text(made.model_dump_json())
        done = technician.types("accept", "system", file, "-o", tmp_path / "records", "--json")
        return results(json.loads(done.stdout))

    assert set(results(accept(technician, file)).values()) == {"not_measured"}  # a server that was not asked
    misspelt = technician.refused("accept", "system", file, "--here", "pars")
    assert misspelt == "--here 'pars' is unknown; the nearest is 'parse': no row is about it\n"
    assert set(lies().values()) == {"met"}
    assert set(lies(taken_at_ms=now_ms + 60_000).values()) == {"met"}  # its clock is a minute ahead
    bought = inventory()
    fewer = lies(gpus=bought.gpus[:3] if bought.gpus else (), memory_bytes=2**30)
    assert [name for name, result in fewer.items() if result == "not_met"] == ["hardware.memory", "hardware.gpus"]
    unread = lies(gpus=None, unread={"gpus": "nvidia-smi is not installed"}, arrays=())
    assert [name for name, result in unread.items() if result == "not_measured"] == ["hardware.raid", "hardware.gpus"]
    broken = {"name": "md0", "level": "raid6", "members": 23, "intact": False}
    assert lies(arrays=(broken,))["hardware.raid"] == "not_met"
    assert set(lies(taken_at_ms=now_ms - 31 * DAY_MS).values()) == {"not_measured"}
    assert set(lies(server="archive").values()) == {"not_measured"}


def test_documents_the_bill_and_backups_lie_beside_the_contract(technician: Technician, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    text = b"how to install"
    file = contract(
        tmp_path / "c.toml",
        row("manual", measure="document.present", of="documents/install.md", wanted=True,
            sha256=hashlib.sha256(text).hexdigest()),
        row("bill", measure="licences.unnamed", of="sbom.cdx.json", wanted=0, unit="parts"),
        row("backup", measure="backup.age", of=str(backups), wanted=26, unit="h"),
    )  # fmt: skip

    def judged_now() -> list[str]:
        done = technician.types("accept", "system", file, "-o", tmp_path / "records", "--json")
        return list(results(json.loads(done.stdout)).values())

    assert judged_now() == ["not_measured"] * 3
    (tmp_path / "documents").mkdir()
    (tmp_path / "sbom.cdx.json").write_text("{}")
    backups.mkdir()
    assert judged_now() == ["not_met", "not_measured", "not_measured"]
    (tmp_path / "documents/install.md").write_bytes(b"another text")
    named = {"name": "a", "licenses": [{"license": {"id": "MIT"}}]}
    bill = {"bomFormat": "CycloneDX", "components": [named, {"name": "b"}]}
    (tmp_path / "sbom.cdx.json").write_text(json.dumps(bill))
    old = datetime.now(UTC) - timedelta(days=2)
    backup.make(backups, "home", {"home.toml": tmp_path / "c.toml"}, now=old, keep=9)
    (backups / f"home-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.wayside-backup").write_bytes(b"cut short")
    assert judged_now() == ["not_met"] * 3
    (tmp_path / "documents/install.md").write_bytes(text)
    (tmp_path / "sbom.cdx.json").write_text(json.dumps(bill | {"components": [named]}))
    technician.asks("backup", backups)
    assert judged_now() == ["met"] * 3


def test_a_record_says_what_changed_and_one_that_was_changed_is_refused(technician: Technician, tmp_path: Path) -> None:
    file, report = (
        contract(tmp_path / "c.toml", RECALL, row("faces", declined=DECLINED)),
        tmp_path / "reports/bench.toml",
    )
    sheet(report)
    first = accept(technician, file, code=0)
    assert first["changes"] is None
    sheet(report, value=97)
    contract(file, RECALL, row("certificates", measure="certificates.days_left", wanted=14, unit="d"))
    Path(first["data"]).rename(tmp_path / "records/county-20200101T000000Z.json")
    second = accept(technician, file)
    assert [(each["id"], each["before"], each["after"]) for each in second["changes"]] == [
        ("recall", "met", "not_met"),
        ("certificates", None, "met"),
        ("faces", "declined", None),
    ]
    data = Path(second["data"])
    assert technician.asks("accept", "check", data)["accepted"] is False
    signed = json.loads(data.read_text())
    data.write_text(json.dumps(signed | {"record": signed["record"].replace('"not_met"', '"met"')}))
    for words in (("check", data), ("system", file, "-o", data.parent)):
        assert "was changed, or is another home's" in technician.refused("accept", *words)


@pytest.mark.peer
def test_the_paper_is_signed_and_has_every_row_in_both_languages(technician: Technician, tmp_path: Path) -> None:
    if shutil.which("openssl") is None or shutil.which("pdftotext") is None:
        pytest.skip("openssl or poppler-utils is not installed: apt-get install openssl poppler-utils")
    file = contract(tmp_path / "c.toml", RECALL, row("bad", measure="x", wanted=1), row("faces", declined=DECLINED))
    answer = accept(technician, file)
    paper, signature = Path(answer["report"]), answer["report_signature"]
    verify = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", paper]
    verify += ["-CAfile", technician.directory / "authority/services.crt", "-out", "/dev/null"]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 0
    text = subprocess.run(["pdftotext", "-layout", paper, "-"], capture_output=True, check=True, text=True).stdout
    for wanted in (
        "系统验收报告",
        "未通过 NOT ACCEPTED",
        "未测",
        "不提供",
        "约定",
        "promise",
        "承建单位 Supplier",
    ):
        assert wanted in text, wanted
    assert hashlib.sha256(Path(answer["data"]).read_bytes()).hexdigest() in text
    paper.write_bytes(paper.read_bytes() + b"\n")
    assert subprocess.run(verify, capture_output=True, check=False).returncode != 0


def test_rows_longer_than_a_page_and_foreign_text_are_drawn() -> None:
    long = {"zh": "<b>字</b>" * 40, "how_zh": "字" * 1500, "how_en": "x" * 1500}
    rows = tuple(judged(each, each, 1.5).model_copy(update=long) for each in RowResult)
    made = AcceptanceRecord(
        contract="c", title_zh="<i>", title_en="&", buyer="", supplier="", contract_sha256="0" * 64, at_ms=1,
        software="1", home="h", centre=None, rows=rows, servers=(inventory(),), faults={"row 1": "x" * 2000},
    )  # fmt: skip
    assert pdf.as_pdf(made, "0" * 64).startswith(b"%PDF")


def test_the_shipped_contract_is_written_once_and_judged(technician: Technician, tmp_path: Path) -> None:
    file = tmp_path / "county.toml"
    written = technician.types("accept", "contract", "-o", file, "--json", home=False)
    assert json.loads(written.stdout)["rows"] > 90
    again = technician.types("accept", "contract", "-o", file, home=False)
    assert (again.exit_code, "stays as it is" in again.stderr) == (2, True)
    answer = accept(technician, file)
    assert answer["faults"] == {}
    assert answer["counts"]["declined"] == 6
    met = {each["id"] for each in answer["rows"] if each["result"] == "met"}
    assert met == {"certificates"}  # nothing else is known without a centre, inventories and reports
    assert technician.refused("accept", "system", file, "--centre", "http://10.0.0.9").startswith(
        "--centre needs --token"
    )
